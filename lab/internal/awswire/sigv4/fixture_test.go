package sigv4_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
)

const (
	longKey     = "AKIAIOSFODNN7EXAMPLE"
	sessionKey  = "ASIAIOSFODNN7EXAMPLE"
	endedKey    = "ASIAENDEDENDEDENDED1"
	secretKey   = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	tokenOfTest = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJ+=="
	region      = "eu-west-1"
)

var (
	testTime = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	stsScope = awswire.Scope{Service: "sts", Region: region}
	s3Scope  = awswire.Scope{Service: "s3", Region: region}

	longTerm  = aws.Credentials{AccessKeyID: longKey, SecretAccessKey: secretKey}
	temporary = aws.Credentials{AccessKeyID: sessionKey, SecretAccessKey: secretKey, SessionToken: tokenOfTest}
)

func lookup(accessKeyID string) (sigv4.Credential, bool) {
	c := sigv4.Credential{AccessKeyID: accessKeyID, SecretAccessKey: secretKey}
	switch accessKeyID {
	case longKey:
	case sessionKey:
		c.SessionToken, c.Expires = tokenOfTest, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	case endedKey:
		c.SessionToken, c.Expires = tokenOfTest, testTime
	default:
		return sigv4.Credential{}, false
	}
	return c, true
}

// verifierAt makes a verifier whose clock stands at now.
func verifierAt(now time.Time) *sigv4.Verifier {
	return sigv4.New(lookup, func(o *sigv4.Options) { o.Now = func() time.Time { return now } })
}

// request makes a request as a server would see it.
func request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = r.URL.Host
	r.RequestURI = r.URL.RequestURI()
	return r
}

// sign signs r as aws-sdk-go-v2 does, at testTime.
func sign(t testing.TB, r *http.Request, creds aws.Credentials, payloadHash string, scope awswire.Scope) {
	t.Helper()
	signAt(t, r, creds, payloadHash, scope, testTime)
}

func signAt(t testing.TB, r *http.Request, creds aws.Credentials, payloadHash string, scope awswire.Scope, at time.Time) {
	t.Helper()
	single := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = scope.Service == "s3" }
	if err := v4.NewSigner(single).SignHTTP(context.Background(), creds, r, payloadHash, scope.Service, scope.Region, at); err != nil {
		t.Fatal(err)
	}
	r.RequestURI = r.URL.RequestURI()
}

// presign returns the request of a URL that aws-sdk-go-v2 presigned at testTime.
func presign(t testing.TB, method, target, expires string, creds aws.Credentials, scope awswire.Scope) *http.Request {
	t.Helper()
	r := request(method, target, "")
	query := r.URL.Query()
	query.Set("X-Amz-Expires", expires)
	r.URL.RawQuery = query.Encode()
	single := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = scope.Service == "s3" }
	hash := hashOf("")
	if scope.Service == "s3" {
		hash = "UNSIGNED-PAYLOAD"
	}
	r.ContentLength = 0
	signed, _, err := v4.NewSigner(single).PresignHTTP(context.Background(), creds, r, hash, scope.Service, scope.Region, testTime)
	if err != nil {
		t.Fatal(err)
	}
	return request(method, signed, "")
}

// signedSTS is a valid GetCallerIdentity of the temporary credentials.
func signedSTS(t testing.TB) (*http.Request, []byte) {
	t.Helper()
	body := "Action=GetCallerIdentity&Version=2011-06-15"
	r := request("POST", "https://sts.eu-west-1.amazonaws.com/", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sign(t, r, temporary, hashOf(body), stsScope)
	return r, []byte(body)
}

// signedS3 is a valid S3 request of the temporary credentials with a hashed body.
func signedS3(t testing.TB, method, target, body string) *http.Request {
	t.Helper()
	r := request(method, target, body)
	r.Header.Set("X-Amz-Content-Sha256", hashOf(body))
	sign(t, r, temporary, hashOf(body), s3Scope)
	return r
}

// readS3 verifies r and reads the body to its end.
func readS3(v *sigv4.Verifier, r *http.Request) (*sigv4.Verified, []byte, error) {
	verified, err := v.VerifyS3(r, s3Scope)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(verified.Body)
	return verified, body, err
}

// kindOf is the kind of a refusal, 0 if err is none.
func kindOf(err error) awswire.VerifyKind {
	var refusal *awswire.VerifyError
	if errors.As(err, &refusal) {
		return refusal.Kind
	}
	return 0
}

func mustAccept(t *testing.T, v *sigv4.Verifier, r *http.Request, body []byte, scope awswire.Scope) {
	t.Helper()
	if _, err := v.Verify(r, body, scope); err != nil {
		t.Fatalf("a valid request was refused: %v", err)
	}
}
