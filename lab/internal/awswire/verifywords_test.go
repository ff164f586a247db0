package awswire_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// verifierFunc is a Verifier that remembers the scope that it was asked for.
type verifierFunc func(want awswire.Scope) (string, error)

func (f verifierFunc) Verify(_ *http.Request, _ []byte, want awswire.Scope) (awswire.Signature, error) {
	key, err := f(want)
	return awswire.Signature{AccessKeyID: key}, err
}

func refusing(err error) awswire.Option {
	return awswire.WithVerifier(verifierFunc(func(awswire.Scope) (string, error) { return "AKIAIOSFODNN7EXAMPLE", err }))
}

const (
	invalidToken = "The security token included in the request is invalid."
	mismatch     = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	s3Mismatch   = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)

// TestVerifyWords checks what each family of services answers to each failure of a
// signature.
func TestVerifyWords(t *testing.T) {
	requests := map[string]func() *http.Request{
		"sts":      func() *http.Request { return form("Action=GetCallerIdentity&Version=2011-06-15") },
		"sso-oidc": func() *http.Request { return jsonPost("/token?aws_iam=t", "", `{"clientId":"c","grantType":"g"}`) },
		"s3control": func() *http.Request {
			return get("/v20180820/accessgrantsinstance/dataaccess?target=s3://b/*&permission=READ")
		},
	}
	for _, c := range []struct {
		service string
		kind    awswire.VerifyKind
		status  int
		code    string
		message string
	}{
		{"sts", awswire.VerifyMissing, 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{"sts", awswire.VerifyIncomplete, 403, "IncompleteSignature", "The request signature does not conform to AWS standards."},
		{"sts", awswire.VerifyWrongService, 403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'. "},
		{"sts", awswire.VerifyWrongRegion, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. "},
		{"sts", awswire.VerifySkewed, 403, "SignatureDoesNotMatch", "Signature expired"},
		{"sts", awswire.VerifyUnknownKey, 403, "InvalidClientTokenId", invalidToken},
		{"sts", awswire.VerifyTokenMismatch, 403, "InvalidClientTokenId", invalidToken},
		{"sts", awswire.VerifyExpired, 403, "ExpiredToken", "The security token included in the request is expired"},
		{"sts", awswire.VerifyBadSignature, 403, "SignatureDoesNotMatch", mismatch},
		{"sts", awswire.VerifyPayloadMismatch, 403, "SignatureDoesNotMatch", mismatch},
		{"sts", awswire.VerifyKind(99), 403, "SignatureDoesNotMatch", mismatch},

		{"sso-oidc", awswire.VerifyMissing, 403, "MissingAuthenticationTokenException", "Missing Authentication Token"},
		{"sso-oidc", awswire.VerifyIncomplete, 403, "IncompleteSignatureException", "The request signature does not conform to AWS standards."},
		{"sso-oidc", awswire.VerifyWrongService, 403, "InvalidSignatureException", "Credential should be scoped to correct service: 'sso-oauth'. "},
		{"sso-oidc", awswire.VerifyWrongRegion, 403, "InvalidSignatureException", "Credential should be scoped to a valid region. "},
		{"sso-oidc", awswire.VerifySkewed, 403, "InvalidSignatureException", "Signature expired"},
		{"sso-oidc", awswire.VerifyUnknownKey, 403, "UnrecognizedClientException", invalidToken},
		{"sso-oidc", awswire.VerifyTokenMismatch, 403, "UnrecognizedClientException", invalidToken},
		{"sso-oidc", awswire.VerifyExpired, 403, "ExpiredTokenException", "The security token included in the request is expired"},
		{"sso-oidc", awswire.VerifyBadSignature, 403, "InvalidSignatureException", mismatch},
		{"sso-oidc", awswire.VerifyPayloadMismatch, 403, "InvalidSignatureException", mismatch},

		{"s3control", awswire.VerifyMissing, 403, "AccessDenied", "Access Denied"},
		{"s3control", awswire.VerifyIncomplete, 400, "AuthorizationHeaderMalformed", "The authorization header that you provided is not valid."},
		{"s3control", awswire.VerifyWrongService, 400, "AuthorizationHeaderMalformed", "The authorization header is malformed; incorrect service. This endpoint belongs to &quot;s3&quot;."},
		{"s3control", awswire.VerifyWrongRegion, 400, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region is wrong"},
		{"s3control", awswire.VerifySkewed, 403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."},
		{"s3control", awswire.VerifyUnknownKey, 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."},
		{"s3control", awswire.VerifyTokenMismatch, 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."},
		{"s3control", awswire.VerifyExpired, 400, "ExpiredToken", "The provided token has expired."},
		{"s3control", awswire.VerifyBadSignature, 403, "SignatureDoesNotMatch", s3Mismatch},
		{"s3control", awswire.VerifyPayloadMismatch, 400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."},
	} {
		t.Run(c.service+"/"+c.kind.String(), func(t *testing.T) {
			s := newLab(t, c.service, nil, refusing(&awswire.VerifyError{Kind: c.kind}))
			got := send(t, s, requests[c.service]())
			var want reply
			switch c.service {
			case "sts":
				want = queryError(c.status, stsNamespace, "Sender", c.code, c.message)
			case "sso-oidc":
				want = restJSONError(c.status, c.code+":http://internal.amazon.com/coral/com.amazon.coral.service/", `{"message":"`+c.message+`"}`)
			default:
				want = s3Error(c.status, c.code, c.message, "")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func restJSONError(status int, errorType, body string) reply {
	return reply{Status: status, Type: "application/json", Error: errorType, Body: body}
}

func s3Error(status int, code, message, more string) reply {
	return reply{Status: status, Type: "application/xml", Body: `<?xml version="1.0" encoding="UTF-8"?>` + "\n<ErrorResponse><Error><Code>" + code +
		"</Code><Message>" + message + "</Message>" + more + "</Error><RequestId>ID</RequestId><HostId>ID2</HostId></ErrorResponse>"}
}

// TestVerifyDetail: what the verifier knows goes before the standard words.
func TestVerifyDetail(t *testing.T) {
	request := func() *http.Request {
		return get("/v20180820/accessgrantsinstance/dataaccess?target=s3://b/*&permission=READ")
	}
	for _, c := range []struct {
		name string
		err  awswire.VerifyError
		want reply
	}{
		{"region", awswire.VerifyError{Kind: awswire.VerifyWrongRegion, Region: "eu-west-1", Got: "us-east-1"}, s3Error(400, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'", "<Region>eu-west-1</Region>")},
		{"message", awswire.VerifyError{Kind: awswire.VerifySkewed, Message: "too late"}, s3Error(403, "RequestTimeTooSkewed", "too late", "")},
		{"code", awswire.VerifyError{Kind: awswire.VerifyIncomplete, Code: "InvalidArgument", Status: 418, Message: "m"}, s3Error(418, "InvalidArgument", "m", "")},
		{"detail", awswire.VerifyError{Kind: awswire.VerifyBadSignature, Detail: map[string]string{"StringToSign": "a<b"}}, s3Error(403, "SignatureDoesNotMatch", s3Mismatch, "<StringToSign>a&lt;b</StringToSign>")},
	} {
		s := newLab(t, "s3control", nil, refusing(&c.err))
		if diff := cmp.Diff(c.want, send(t, s, request())); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestVerifyScope: the scope has the signing name and the router's region, and
// operations that AWS serves unsigned are not verified.
func TestVerifyScope(t *testing.T) {
	var asked []awswire.Scope
	verifier := awswire.WithVerifier(verifierFunc(func(want awswire.Scope) (string, error) {
		asked = append(asked, want)
		return "ASIAEXAMPLE", nil
	}))
	region := awswire.WithRegion(func(r *http.Request) string { return strings.Split(r.Host, ".")[1] })
	oidc := jsonPost("/token?aws_iam=t", "", `{"clientId":"c","grantType":"g"}`)
	oidc.Host = "oidc.eu-west-1.amazonaws.com"
	send(t, newLab(t, "sso-oidc", nil, verifier, region), oidc)
	unsigned := form("Action=AssumeRoleWithWebIdentity&Version=2011-06-15")
	unsigned.Host = "sts.eu-west-1.amazonaws.com"
	send(t, newLab(t, "sts", nil, verifier, region), unsigned)
	if diff := cmp.Diff([]awswire.Scope{{Service: "sso-oauth", Region: "eu-west-1"}}, asked); diff != "" {
		t.Error(diff)
	}
}

// TestVerifierFails: an error that is no VerifyError is an internal failure.
func TestVerifierFails(t *testing.T) {
	var log strings.Builder
	s := newLab(t, "sts", nil, refusing(errors.New("disk on fire")), awswire.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	got := send(t, s, form("Action=GetCallerIdentity&Version=2011-06-15"))
	if diff := cmp.Diff(queryError(500, stsNamespace, "Receiver", "InternalFailure", ""), got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(log.String(), "disk on fire") {
		t.Errorf("log: %s", &log)
	}
}

func TestVerifyErrorText(t *testing.T) {
	for kind := awswire.VerifyMissing; kind <= awswire.VerifyPayloadMismatch; kind++ {
		if strings.HasPrefix(kind.String(), "verify kind") {
			t.Errorf("kind %d has no name", int(kind))
		}
	}
	if got := fmt.Sprint(&awswire.VerifyError{Kind: awswire.VerifySkewed, Message: "m"}); got != "request time out of range: m" {
		t.Error(got)
	}
}
