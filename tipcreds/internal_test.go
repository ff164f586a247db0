package tipcreds

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"
)

func TestParseIDToken(t *testing.T) {
	encode := func(payload string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
	}
	tests := []struct {
		name, token string
		want        idTokenClaims
	}{
		{"all", encode(`{"sub":"u","sts:identity_context":"c","aws:identity_store_arn":"s","aws:instance_arn":"i","aud":["x"]}`),
			idTokenClaims{Subject: "u", IdentityContext: "c", IdentityStoreARN: "s", InstanceARN: "i"}},
		{"padded", "e30." + base64.URLEncoding.EncodeToString([]byte(`{"sub":"u"}`)) + ".c2ln", idTokenClaims{Subject: "u"}},
		{"empty", "", idTokenClaims{}},
		{"two parts", strings.TrimSuffix(encode(`{"sub":"u"}`), ".c2ln"), idTokenClaims{}},
		{"four parts", encode(`{"sub":"u"}`) + ".c2ln", idTokenClaims{}},
		{"not base64", "e30.%%%.c2ln", idTokenClaims{}},
		{"not JSON", encode("sub"), idTokenClaims{}},
		{"wrong type", encode(`{"sub":1}`), idTokenClaims{}},
		{"wrong type of one", encode(`{"aws:instance_arn":["i"],"sub":"u","sts:identity_context":"c","aws:identity_store_arn":7}`),
			idTokenClaims{Subject: "u", IdentityContext: "c"}},
		{"wrong type of the actor", encode(`{"act":"a","sub":"u"}`), idTokenClaims{Subject: "u"}},
		{"wrong type of its subject", encode(`{"act":{"sub":7},"sub":"u"}`), idTokenClaims{Subject: "u"}},
		{"identity", encode(`{"act":{"sub":"a"},"aws:identity_store_id":"d","aws:application_arn":"p","aws:credential_id":"x"}`),
			idTokenClaims{IdentityStoreID: "d", ApplicationARN: "p", CredentialID: "x", Actor: actor{Subject: "a"}}},
		{"not an object", encode(`["sub"]`), idTokenClaims{}},
		{"cut off", encode(`{"sub":"u","sts:identity_con`), idTokenClaims{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, parseIDToken(tt.token)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseIDToken(f *testing.F) {
	f.Add("e30.eyJzdWIiOiJ1In0.c2ln")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		claims := parseIDToken(token)
		if strings.Count(token, ".") != 2 && claims != (idTokenClaims{}) {
			t.Errorf("claims %v of %q", claims, token)
		}
	})
}

func TestRedactText(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"secret", "Value 'super-secret' is bad", "Value 'REDACTED' is bad"},
		{"JWT", "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln.", "token REDACTED"},
		{"two JWTs", "eyJhbGciOiJSUzI1NiJ9.a.b, eyJhbGciOiJSUzI1NiJ9.c.d", "REDACTED, REDACTED"},
		{"beginning of a JWT", "'eyJhbGciOiJSUzI1NiJ9...'", "'REDACTED'"},
		{"another JWT of the same header", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJvdGhlciJ9.c2ln", "REDACTED"},
		{"word", "heyJude eyJa", "heyJude eyJa"},
		{"nothing", "AccessDenied", "AccessDenied"},
		{"identity context", "'AQoJb3JpZ2luX2VjEXAMPLE0123456789' AQoJb3JpZ2luX2VjEXAMPLE0123456789", "'REDACTED' REDACTED"},
		{"shortened", "'AQoJb3JpZ2luX2VjEXAMPLE0123...', AQoJb3JpZ2luX2VjEXAMPLE", "'REDACTED...', REDACTED"},
		{"too short", "AQoJb3JpZ2luX2V", "AQoJb3JpZ2luX2V"},
	}
	secrets := []string{"super-secret", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJvbmUifQ.c2ln", "", "bad", "AQoJb3JpZ2luX2VjEXAMPLE0123456789"}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := redactText(tt.text, secrets); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzRedactText(f *testing.F) {
	f.Add("a ", "eyJhbGciOiJSUzI1NiJ9.x.y", " b")
	f.Add("", "12345678", "")
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		if len(secret) < minSecret || strings.Contains(redacted, secret) || strings.Contains(secret, redacted) {
			t.Skip("too short to be a secret, or part of the replacement")
		}
		got := redactText(before+secret+after, []string{secret})
		if strings.Contains(got, secret) && !strings.Contains(strings.ReplaceAll(before+secret+after, secret, redacted), secret) {
			t.Errorf("%q is left in %q", secret, got)
		}
	})
}

func TestCleanSessionName(t *testing.T) {
	tests := []struct{ name, want string }{
		{"tip-906764c2-1031-70b4-1d5e-2d8d1d7e7f01", "tip-906764c2-1031-70b4-1d5e-2d8d1d7e7f01"},
		{"a_b+c=d,e.f@g-h", "a_b+c=d,e.f@g-h"},
		{"jo smith/ü", "jo-smith--"},
		{strings.Repeat("x", 70), strings.Repeat("x", 64)},
		{"x", "tip"},
		{"", "tip"},
	}
	for _, tt := range tests {
		if got := cleanSessionName(tt.name); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestExceptionName(t *testing.T) {
	tests := map[string]string{
		"invalid_request": "InvalidRequestException", "invalid_client": "InvalidClientException",
		"invalid_grant": "InvalidGrantException", "unauthorized_client": "UnauthorizedClientException",
		"unsupported_grant_type": "UnsupportedGrantTypeException", "invalid_scope": "InvalidScopeException",
		"slow_down": "SlowDownException", "access_denied": "AccessDeniedException",
		"expired_token": "ExpiredTokenException", "server_error": "InternalServerException", "else": "else",
	}
	for oauth, want := range tests {
		if got := exceptionName(oauth); got != want {
			t.Errorf("%s: got %s, want %s", oauth, got, want)
		}
	}
}

func TestErrorDescription(t *testing.T) {
	text := aws.String("what happened")
	tests := []smithy.APIError{
		&types.AccessDeniedException{Error_description: text},
		&types.AuthorizationPendingException{Error_description: text},
		&types.ExpiredTokenException{Error_description: text},
		&types.InternalServerException{Error_description: text},
		&types.InvalidClientException{Error_description: text},
		&types.InvalidGrantException{Error_description: text},
		&types.InvalidRequestException{Error_description: text},
		&types.InvalidRequestRegionException{Error_description: text},
		&types.InvalidScopeException{Error_description: text},
		&types.SlowDownException{Error_description: text},
		&types.UnauthorizedClientException{Error_description: text},
		&types.UnsupportedGrantTypeException{Error_description: text},
	}
	for _, err := range tests {
		if got := errorDescription(err); got != *text {
			t.Errorf("%T: %q", err, got)
		}
		// Without a body, as from a client that is not observed.
		if code, message := codeAndMessage(err, nil); code != err.ErrorCode() || message != *text {
			t.Errorf("%T: %s, %q", err, code, message)
		}
	}
	if got := errorDescription(&smithy.GenericAPIError{Message: "m"}); got != "" {
		t.Errorf("generic: %q", got)
	}
}

// TestKeep: what is kept of an error answer is bounded, and whoever reads the
// body afterwards gets all of it, a broken end included.
func TestKeep(t *testing.T) {
	broken := errors.New("connection lost")
	tests := []struct {
		name string
		size int
		end  error
		kept int
	}{
		{"empty", 0, io.EOF, 0},
		{"short", 100, io.EOF, 100},
		{"long", 3 * maxErrorBody, io.EOF, maxErrorBody},
		{"broken early", 100, broken, 100},
		{"broken late", 3 * maxErrorBody, broken, maxErrorBody},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			whole := bytes.Repeat([]byte("x"), tt.size)
			body := io.MultiReader(bytes.NewReader(whole), failedReader{tt.end})
			response := &smithyhttp.Response{Response: &http.Response{Body: io.NopCloser(body)}}
			var o observation
			o.keep(response)
			got, err := io.ReadAll(response.Body)
			if len(o.errorBody) != tt.kept || !bytes.Equal(got, whole) {
				t.Errorf("kept %d, read %d", len(o.errorBody), len(got))
			}
			if want := tt.end == broken; (err != nil) != want {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestRenewAfterLanding: a caller that looked before a flight landed and joins
// after it does not spend another JWT.
func TestRenewAfterLanding(t *testing.T) {
	source := func(context.Context) (string, error) {
		t.Error("asked for another JWT")
		return "", nil
	}
	k := &keeper{exchanger: &exchanger{}}
	want := aws.Credentials{AccessKeyID: "ASIAENHANCED00000001", CanExpire: true, Expires: time.Now().Add(time.Hour)}
	k.current.Store(newLease(want, time.Now(), time.Minute, 0))
	if got, err := k.renew(t.Context(), source, &call{}, nil); err != nil || got != want {
		t.Errorf("%v: %v", got.AccessKeyID, err)
	}
}

// TestPostponed: the next attempt is never later than the moment from which
// only renewed credentials will do.
func TestPostponed(t *testing.T) {
	now := time.Now()
	l := newLease(aws.Credentials{CanExpire: true, Expires: now.Add(80 * time.Second)}, now, time.Minute, 0)
	if got, want := l.postponed(now).renewAt, now.Add(20*time.Second); !got.Equal(want) {
		t.Errorf("in %v, want %v", got.Sub(now), want.Sub(now))
	}
}
