package sigv4_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
)

// answer is what S3 would say to a refusal.
type answer struct {
	kind    awswire.VerifyKind
	code    string
	status  int
	message string // a part of it
}

func (want answer) check(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted, want %s", want.code)
	}
	code, status, message := sigv4.S3Error(err)
	if kindOf(err) != want.kind || code != want.code || status != want.status || !strings.Contains(message, want.message) {
		t.Errorf("got %v %s %d %q\nwant %v %s %d %q", kindOf(err), code, status, message, want.kind, want.code, want.status, want.message)
	}
}

const (
	mismatchText = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
	noKeyText    = "The AWS Access Key Id you provided does not exist in our records."
	unsignedText = "There were headers present in the request which were not signed"
)

func TestVerifyS3AcceptsOddKeys(t *testing.T) {
	for _, path := range []string{"/a%20b", "/%C3%A4", "/a%2Bb", "/a%2520b", "//x", "/../y", "/./z/", "/~", "/%2A", "/*", "/a(b)", "/a%7Eb", "/a%2fb", "/"} {
		for _, creds := range []aws.Credentials{longTerm, temporary} {
			r := request("PUT", "https://bucket.s3.eu-west-1.amazonaws.com"+path, "content")
			r.Header.Set("X-Amz-Content-Sha256", hashOf("content"))
			sign(t, r, creds, hashOf("content"), s3Scope)
			verified, body, err := readS3(verifierAt(testTime), r)
			if err != nil || string(body) != "content" || verified.AccessKeyID != creds.AccessKeyID {
				t.Errorf("%s: %q, %v", path, body, err)
			}
		}
	}
}

func TestVerifyS3Anonymous(t *testing.T) {
	r := request("PUT", "https://bucket.s3.eu-west-1.amazonaws.com/key", "content")
	verified, body, err := readS3(verifierAt(testTime), r)
	if err != nil || !verified.Anonymous || verified.AccessKeyID != "" || string(body) != "content" {
		t.Fatalf("%+v %q %v", verified, body, err)
	}
	if _, err := verifierAt(testTime).Verify(r, []byte("content"), s3Scope); kindOf(err) != awswire.VerifyMissing {
		t.Errorf("S3 Control took an anonymous request: %v", err)
	}
	// S3 takes an X-Amz-Signature without X-Amz-Algorithm for no signature.
	r = request("GET", "https://bucket.s3.eu-west-1.amazonaws.com/key?X-Amz-Signature=00", "")
	if verified, err := verifierAt(testTime).VerifyS3(r, s3Scope); err != nil || !verified.Anonymous {
		t.Errorf("%+v %v", verified, err)
	}
	r = upload{mode: streamingSigned, chunks: []string{"x"}}.request(t)
	r.Header.Del("Authorization")
	_, _, err = readS3(verifierAt(testTime), r)
	answer{awswire.VerifyMissing, "InvalidRequest", 400, "anonymous"}.check(t, err)
}

// TestVerifyS3Refuses has one row for each check of the header form.
func TestVerifyS3Refuses(t *testing.T) {
	authorization := func(r *http.Request, from, to string) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
	}
	tests := []struct {
		name   string
		change func(r *http.Request)
		want   answer
	}{
		{"signature version 2", func(r *http.Request) { r.Header.Set("Authorization", "AWS "+longKey+":c2ln") }, answer{awswire.VerifyIncomplete, "InvalidRequest", 400, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."}},
		{"signature version 2 in the query", func(r *http.Request) {
			r.Header.Del("Authorization")
			r.RequestURI = "/key?AWSAccessKeyId=a&Expires=1&Signature=b"
		}, answer{awswire.VerifyIncomplete, "InvalidRequest", 400, "Please use AWS4-HMAC-SHA256."}},
		{"signature version 4A", func(r *http.Request) { authorization(r, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256") }, answer{awswire.VerifyIncomplete, "InvalidRequest", 400, "Please use AWS4-HMAC-SHA256."}},
		{"bearer token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer abc") }, answer{awswire.VerifyIncomplete, "InvalidArgument", 400, "Unsupported Authorization Type"}},
		{"one word", func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA512") }, answer{awswire.VerifyIncomplete, "InvalidArgument", 400, "one and only one ' ' (space) required"}},
		{"two mechanisms", func(r *http.Request) { r.RequestURI += "?X-Amz-Algorithm=AWS4-HMAC-SHA256" }, answer{awswire.VerifyIncomplete, "InvalidArgument", 400, "Only one auth mechanism allowed"}},
		{"no Signature", func(r *http.Request) { authorization(r, "Signature=", "Sig=") }, answer{awswire.VerifyIncomplete, "AuthorizationHeaderMalformed", 400, "The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature."}},
		{"no equal sign", func(r *http.Request) { authorization(r, "SignedHeaders=", "") }, answer{awswire.VerifyIncomplete, "AuthorizationHeaderMalformed", 400, "is malformed."}},
		{"huge target", func(r *http.Request) { r.RequestURI = "/" + strings.Repeat("a", 70000) }, answer{awswire.VerifyIncomplete, "RequestHeaderSectionTooLarge", 400, ""}},
		{"bad escape in the query", func(r *http.Request) { r.RequestURI += "?%zz" }, answer{awswire.VerifyIncomplete, "InvalidURI", 400, ""}},
		{"bad escape in the path", func(r *http.Request) { r.RequestURI = "/%zz" }, answer{awswire.VerifyIncomplete, "InvalidURI", 400, ""}},
		{"no date", func(r *http.Request) { r.Header.Del("X-Amz-Date") }, answer{awswire.VerifyIncomplete, "AccessDenied", 403, "AWS authentication requires a valid Date or x-amz-date header"}},
		{"bad date", func(r *http.Request) { r.Header.Set("X-Amz-Date", "x") }, answer{awswire.VerifyIncomplete, "AccessDenied", 403, "AWS authentication requires a valid Date or x-amz-date header"}},
		{"old", func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260801T114459Z") }, answer{awswire.VerifySkewed, "RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large."}},
		{"from the future", func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260801T121501Z") }, answer{awswire.VerifySkewed, "RequestTimeTooSkewed", 403, ""}},
		{"four elements", func(r *http.Request) { authorization(r, "/s3", "") }, answer{awswire.VerifyIncomplete, "AuthorizationHeaderMalformed", 400, `The authorization header is malformed; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`}},
		{"wrong region", func(r *http.Request) { authorization(r, "eu-west-1", "us-east-1") }, answer{awswire.VerifyWrongRegion, "AuthorizationHeaderMalformed", 400, "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'"}},
		{"wrong service", func(r *http.Request) { authorization(r, "/s3/", "/ec2/") }, answer{awswire.VerifyWrongService, "AuthorizationHeaderMalformed", 400, `The authorization header is malformed; incorrect service "ec2". This endpoint belongs to "s3".`}},
		{"wrong terminator", func(r *http.Request) { authorization(r, "aws4_request", "aws5_request") }, answer{awswire.VerifyIncomplete, "AuthorizationHeaderMalformed", 400, `The authorization header is malformed; incorrect terminal "aws5_request". This endpoint uses "aws4_request".`}},
		{"wrong scope date", func(r *http.Request) { authorization(r, "20260801", "20260802") }, answer{awswire.VerifyIncomplete, "AuthorizationHeaderMalformed", 400, "The authorization header is malformed; Invalid credential date. Date is not the same as X-Amz-Date."}},
		{"unknown key", func(r *http.Request) { authorization(r, sessionKey, "ASIANOBODY") }, answer{awswire.VerifyUnknownKey, "InvalidAccessKeyId", 403, noKeyText}},
		{"no token", func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") }, answer{awswire.VerifyTokenMismatch, "InvalidAccessKeyId", 403, noKeyText}},
		{"another token", func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "other") }, answer{awswire.VerifyTokenMismatch, "InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."}},
		{"ended session", func(r *http.Request) { authorization(r, sessionKey, endedKey) }, answer{awswire.VerifyExpired, "ExpiredToken", 400, "The provided token has expired."}},
		{"host not signed", func(r *http.Request) { authorization(r, "host;", "") }, answer{awswire.VerifyBadSignature, "AccessDenied", 403, unsignedText}},
		{"x-amz header not signed", func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public-read") }, answer{awswire.VerifyBadSignature, "AccessDenied", 403, unsignedText}},
		{"Content-MD5 not signed", func(r *http.Request) { r.Header.Set("Content-Md5", "1B2M2Y8AsgTpgAmY7PhCfg==") }, answer{awswire.VerifyBadSignature, "AccessDenied", 403, unsignedText}},
		{"no payload hash", func(r *http.Request) { r.Header.Del("X-Amz-Content-Sha256") }, answer{awswire.VerifyIncomplete, "InvalidRequest", 400, "Missing required header for this request: x-amz-content-sha256"}},
		{"bad payload hash", func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "abc") }, answer{awswire.VerifyIncomplete, "InvalidArgument", 400, "or a valid sha256 value."}},
		{"payload hash with another digit", func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", strings.Repeat("g", 64)) }, answer{awswire.VerifyIncomplete, "InvalidArgument", 400, ""}},
		{"event stream", func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-EVENTS") }, answer{awswire.VerifyIncomplete, "InvalidArgument", 400, ""}},
		{"other payload hash", func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hashOf("x")) }, answer{awswire.VerifyBadSignature, "SignatureDoesNotMatch", 403, mismatchText}},
		{"another key", func(r *http.Request) { r.RequestURI = "/other" }, answer{awswire.VerifyBadSignature, "SignatureDoesNotMatch", 403, mismatchText}},
		{"path not normalised", func(r *http.Request) { r.RequestURI = "//key" }, answer{awswire.VerifyBadSignature, "SignatureDoesNotMatch", 403, mismatchText}},
		{"another body", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("CONTENT")) }, answer{awswire.VerifyPayloadMismatch, "XAmzContentSHA256Mismatch", 400, "The provided 'x-amz-content-sha256' header does not match what was computed."}},
		{"a longer body", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("content+")) }, answer{awswire.VerifyPayloadMismatch, "IncompleteBody", 400, "The request body terminated unexpectedly"}},
		{"a shorter body", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("conten")) }, answer{awswire.VerifyPayloadMismatch, "IncompleteBody", 400, "The request body terminated unexpectedly"}},
		{"a trailer without chunks", func(r *http.Request) {
			r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
			r.Header.Del("Authorization")
			sign(t, r, temporary, hashOf("content"), s3Scope)
		}, answer{awswire.VerifyPayloadMismatch, "MalformedTrailerError", 400, ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := signedS3(t, "PUT", "https://bucket.s3.eu-west-1.amazonaws.com/key", "content")
			tt.change(r)
			_, _, err := readS3(verifierAt(testTime), r)
			tt.want.check(t, err)
		})
	}
}

func TestVerifyS3ErrorDetail(t *testing.T) {
	r := signedS3(t, "GET", "https://bucket.s3.eu-west-1.amazonaws.com/key", "")
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "eu-west-1", "us-east-1", 1))
	_, err := verifierAt(testTime).VerifyS3(r, s3Scope)
	var refusal *awswire.VerifyError
	if !errors.As(err, &refusal) || refusal.Region != "eu-west-1" || refusal.Detail["Region"] != "eu-west-1" {
		t.Errorf("region: %+v", refusal)
	}
	var own *sigv4.Error
	if !errors.As(err, &own) || own.AccessKeyID != sessionKey {
		t.Errorf("access key: %+v", own)
	}

	r = signedS3(t, "GET", "https://bucket.s3.eu-west-1.amazonaws.com/key", "")
	r.Header.Set("X-Amz-Acl", "private")
	r.Header.Set("X-Amz-Meta-A", "b")
	_, err = verifierAt(testTime).VerifyS3(r, s3Scope)
	if errors.As(err, &refusal); refusal.Detail["HeadersNotSigned"] != "x-amz-acl, x-amz-meta-a" {
		t.Errorf("headers: %+v", refusal)
	}

	r = signedS3(t, "GET", "https://bucket.s3.eu-west-1.amazonaws.com/key", "")
	r.Method = "HEAD"
	_, err = verifierAt(testTime).VerifyS3(r, s3Scope)
	errors.As(err, &refusal)
	if !strings.HasPrefix(refusal.Detail["CanonicalRequest"], "HEAD\n/key\n\n") || !strings.HasPrefix(refusal.Detail["StringToSign"], "AWS4-HMAC-SHA256\n2026") {
		t.Errorf("canonical request: %+v", refusal.Detail)
	}
	for name, value := range refusal.Detail {
		if strings.Contains(value, tokenOfTest) || strings.Contains(value, secretKey) {
			t.Errorf("%s holds a secret", name)
		}
	}
	if _, status, _ := sigv4.S3Error(io.ErrClosedPipe); status != http.StatusInternalServerError {
		t.Errorf("a foreign error answers %d", status)
	}
	if code, status, message := sigv4.S3Error(&awswire.VerifyError{Kind: awswire.VerifyMissing}); code != "AccessDenied" || status != 403 || message != "Access Denied" {
		t.Errorf("a plain refusal: %s %d %s", code, status, message)
	}
}

// An empty body is checked before it is read.
func TestVerifyS3EmptyBody(t *testing.T) {
	r := request("GET", "https://bucket.s3.eu-west-1.amazonaws.com/key", "")
	r.Header.Set("X-Amz-Content-Sha256", hashOf("x"))
	sign(t, r, temporary, hashOf("x"), s3Scope)
	_, err := verifierAt(testTime).VerifyS3(r, s3Scope)
	answer{awswire.VerifyPayloadMismatch, "XAmzContentSHA256Mismatch", 400, ""}.check(t, err)
	r = signedS3(t, "GET", "https://bucket.s3.eu-west-1.amazonaws.com/key", "")
	r.Body = nil
	if _, body, err := readS3(verifierAt(testTime), r); err != nil || len(body) != 0 {
		t.Errorf("no body: %q %v", body, err)
	}
}

func TestVerifyS3UnsignedContentSHA256Header(t *testing.T) {
	r := request("GET", "https://bucket.s3.eu-west-1.amazonaws.com/key", "")
	r.Header.Set("X-Amz-Date", "20260801T120000Z")
	r.Header.Set("X-Amz-Content-Sha256", hashOf(""))
	handSign(r, []string{"host", "x-amz-date"}, hashOf(""), s3Scope)
	if _, _, err := readS3(verifierAt(testTime), r); err != nil {
		t.Error(err)
	}
}

func TestVerifyS3Presigned(t *testing.T) {
	const target = "https://bucket.s3.eu-west-1.amazonaws.com/a%20b/%C3%A4?versionId=1&x-id=GetObject"
	for _, expires := range []string{"1", "604800"} {
		r := presign(t, "GET", target, expires, temporary, s3Scope)
		verified, _, err := readS3(verifierAt(testTime), r)
		if err != nil || !verified.Presigned || verified.PayloadHash != "UNSIGNED-PAYLOAD" {
			t.Fatalf("%+v %v", verified, err)
		}
	}
	incomplete := awswire.VerifyIncomplete
	const malformed, denied = "AuthorizationQueryParametersError", "AccessDenied"
	tests := []struct {
		name, expires, from, to string
		at                      time.Time
		want                    answer
	}{
		{"expired", "60", "", "", testTime.Add(61 * time.Second), answer{awswire.VerifySkewed, denied, 403, "Request has expired"}},
		{"no time at all", "0", "", "", testTime, answer{awswire.VerifySkewed, denied, 403, "Request has expired"}},
		{"not yet", "60", "", "", testTime.Add(-16 * time.Minute), answer{awswire.VerifySkewed, denied, 403, "Request is not yet valid"}},
		{"more than a week", "604801", "", "", testTime, answer{incomplete, malformed, 400, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"}},
		{"negative", "-1", "", "", testTime, answer{incomplete, malformed, 400, "X-Amz-Expires must be non-negative"}},
		{"no number", "soon", "", "", testTime, answer{incomplete, malformed, 400, "X-Amz-Expires should be a number"}},
		{"stretched", "60", "X-Amz-Expires=60", "X-Amz-Expires=6000", testTime, answer{awswire.VerifyBadSignature, "SignatureDoesNotMatch", 403, mismatchText}},
		{"no Expires", "60", "X-Amz-Expires=", "X-Expires=", testTime, answer{incomplete, malformed, 400, "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."}},
		{"no Signature", "60", "X-Amz-Signature=", "X-Signature=", testTime, answer{incomplete, malformed, 400, "requires the X-Amz-Algorithm"}},
		{"signature version 4A", "60", "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", testTime, answer{incomplete, malformed, 400, "X-Amz-Algorithm only supports"}},
		{"bad date", "60", "X-Amz-Date=2", "X-Amz-Date=x", testTime, answer{incomplete, malformed, 400, `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`}},
		{"four elements", "60", "%2Fs3", "", testTime, answer{incomplete, malformed, 400, "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed"}},
		{"wrong region", "60", "eu-west-1%2Fs3", "us-east-1%2Fs3", testTime, answer{awswire.VerifyWrongRegion, malformed, 400, "Error parsing the X-Amz-Credential parameter; the region 'us-east-1' is wrong; expecting 'eu-west-1'"}},
		{"wrong service", "60", "%2Fs3%2F", "%2Fec2%2F", testTime, answer{awswire.VerifyWrongService, malformed, 400, `incorrect service "ec2". This endpoint belongs to "s3".`}},
		{"wrong scope date", "60", "20260801%2F", "20260802%2F", testTime, answer{incomplete, malformed, 400, `Invalid credential date "20260802". This date is not the same as X-Amz-Date: "20260801".`}},
		{"unknown key", "60", sessionKey, "ASIANOBODY", testTime, answer{awswire.VerifyUnknownKey, "InvalidAccessKeyId", 403, noKeyText}},
		{"ended session", "60", sessionKey, endedKey, testTime, answer{awswire.VerifyExpired, "ExpiredToken", 400, ""}},
		{"no token", "60", "X-Amz-Security-Token=", "X-Token=", testTime, answer{awswire.VerifyTokenMismatch, "InvalidAccessKeyId", 403, noKeyText}},
		{"another token", "60", "X-Amz-Security-Token=", "X-Amz-Security-Token=x", testTime, answer{awswire.VerifyTokenMismatch, "InvalidAccessKeyId", 403, ""}},
		{"host not signed", "60", "X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=range", testTime, answer{awswire.VerifyBadSignature, denied, 403, unsignedText}},
		{"signature version 2 beside it", "60", "x-id=", "Signature=b&x-id=", testTime, answer{incomplete, "InvalidArgument", 400, "Only one auth mechanism allowed"}},
		{"another key", "60", "/a%20b", "/b%20a", testTime, answer{awswire.VerifyBadSignature, "SignatureDoesNotMatch", 403, mismatchText}},
		{"another parameter", "60", "versionId=1", "versionId=2", testTime, answer{awswire.VerifyBadSignature, "SignatureDoesNotMatch", 403, mismatchText}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := presign(t, "GET", target, tt.expires, temporary, s3Scope)
			r.RequestURI = strings.Replace(r.RequestURI, tt.from, tt.to, 1)
			_, _, err := readS3(verifierAt(tt.at), r)
			tt.want.check(t, err)
		})
	}
}

func TestVerifyS3PresignedHeaders(t *testing.T) {
	r := presign(t, "PUT", "https://bucket.s3.eu-west-1.amazonaws.com/key", "60", longTerm, s3Scope)
	r.Header.Set("X-Amz-Meta-Owner", "me")
	_, _, err := readS3(verifierAt(testTime), r)
	answer{awswire.VerifyBadSignature, "AccessDenied", 403, unsignedText}.check(t, err)

	// A hash that the signer did not know changes the canonical request.
	r = presign(t, "PUT", "https://bucket.s3.eu-west-1.amazonaws.com/key", "60", longTerm, s3Scope)
	r.Header.Set("X-Amz-Content-Sha256", hashOf(""))
	_, _, err = readS3(verifierAt(testTime), r)
	answer{awswire.VerifyBadSignature, "SignatureDoesNotMatch", 403, mismatchText}.check(t, err)

	r = presign(t, "GET", "https://bucket.s3.eu-west-1.amazonaws.com/key", "60", longTerm, s3Scope)
	r.Header.Set("Authorization", "Bearer x")
	_, _, err = readS3(verifierAt(testTime), r)
	answer{awswire.VerifyIncomplete, "InvalidArgument", 400, "Only one auth mechanism allowed"}.check(t, err)

	// With a Range that is signed, an If-Range must be signed too.
	r = request("GET", "https://bucket.s3.eu-west-1.amazonaws.com/key", "")
	r.Header.Set("X-Amz-Date", "20260801T120000Z")
	r.Header.Set("X-Amz-Content-Sha256", hashOf(""))
	r.Header.Set("Range", "bytes=0-9")
	r.Header.Set("If-Range", `"etag"`)
	handSign(r, []string{"host", "range", "x-amz-content-sha256", "x-amz-date"}, hashOf(""), s3Scope)
	_, _, err = readS3(verifierAt(testTime), r)
	answer{awswire.VerifyBadSignature, "AccessDenied", 403, unsignedText}.check(t, err)
}
