package tipcreds_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// iamError is IAM's refusal, in front of Identity Center.
func iamError(status int, errorType string) http.HandlerFunc {
	return jsonAnswer(status, errorType, map[string]any{"message": "x"})
}

// TestRefusedSignature: a signature is looked at before the JWT, which is unspent
// after its refusal, and only then.
func TestRefusedSignature(t *testing.T) {
	type verdict struct{ Spent, InDoubt bool }
	unspent, refused, inDoubt := verdict{}, verdict{true, false}, verdict{true, true}
	type test struct {
		name   string
		answer http.HandlerFunc
		want   verdict
	}
	tests := []test{
		{"expired key, as documented", iamError(403, "ExpiredToken"), unspent},
		{"the same name, Identity Center's body", oauthError(400, "ExpiredToken", "expired_token", "x"), refused},
		{"the same name, no body", jsonAnswer(403, "ExpiredToken", nil), refused},
		{"either's name", iamError(403, "ExpiredTokenException"), refused},
		{"denied by IAM", iamError(403, "AccessDeniedException"), refused},
		{"not AWS's verdict", iamError(500, "InvalidSignatureException"), inDoubt},
		{"not read to its end", iamError(408, "InvalidSignatureException"), inDoubt},
	}
	for _, code := range []string{
		"InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "RequestExpired",
		"IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken",
		"MissingAuthenticationTokenException", "UnrecognizedClientException", "InvalidClientTokenId",
	} {
		tests = append(tests, test{code, iamError(403, code), unspent})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.on(createTokenCall, tt.answer)
			p := f.provider(t)
			_, err := p.Exchange(t.Context(), webToken)
			e := exchangeError(t, err)
			if diff := cmp.Diff(tt.want, verdict{e.JWTSpent, e.InDoubt}); diff != "" || e.Code == "" || e.Throttled() {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if _, err := p.Exchange(t.Context(), webToken); err != nil || count(f.ops(), createTokenCall) != 2 {
				t.Errorf("second exchange: %v, calls %v", err, f.ops())
			}
		})
	}
}

// TestForeignRefusedSignature: a client that is not the SDK's is believed here, too,
// but has no body to tell whose ExpiredToken it is.
func TestForeignRefusedSignature(t *testing.T) {
	for code, spent := range map[string]bool{"InvalidSignatureException": false, "ExpiredToken": true} {
		_, err := ownClients(t, &clients{}, foreignOIDC{err: &smithy.GenericAPIError{Code: code}}).Exchange(t.Context(), webToken)
		if e := exchangeError(t, err); e.JWTSpent != spent || e.InDoubt {
			t.Errorf("%s: spent %v, in doubt %v: %v", code, e.JWTSpent, e.InDoubt, err)
		}
	}
}

// TestSignatureHints: what the next attempt takes depends on what became of the JWT.
func TestSignatureHints(t *testing.T) {
	const step = tipcreds.StepCreateToken
	tests := []struct {
		err  tipcreds.ExchangeError
		want string
	}{
		{tipcreds.ExchangeError{Step: step, Code: "RequestExpired"}, "signature was refused"},
		{tipcreds.ExchangeError{Step: step, Code: "ExpiredToken"}, "signing credentials have expired"},
		{tipcreds.ExchangeError{Step: step, Code: "InvalidSignatureException", ClockSkew: time.Hour}, "the token is not used up"},
		{tipcreds.ExchangeError{Step: step, Code: "InvalidSignatureException", ClockSkew: time.Hour, JWTSpent: true}, "with a fresh token"},
		{tipcreds.ExchangeError{Step: tipcreds.StepAssumeAccessRole, Code: "SignatureDoesNotMatch", ClockSkew: time.Hour}, "with a fresh token"},
	}
	for _, tt := range tests {
		if got := tt.err.Hint(); !strings.Contains(got, tt.want) {
			t.Errorf("%s: hint %q lacks %q", tt.err.Code, got, tt.want)
		}
	}
}

// TestRelearnClock: a difference of the clocks with which a signature was refused is
// not used again, even if the refusal does not tell the time.
func TestRelearnClock(t *testing.T) {
	for _, dated := range []bool{false, true} {
		f := newFakeAWS(t)
		f.on(webIdentityCall, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)) // wrong
			stsAnswer(webIdentityCall, "arn:aws:sts::444455556666:assumed-role/TIPApplication/s",
				applicationKey, applicationPlain, applicationToken, f.expires)(w, r)
		})
		check := func(w http.ResponseWriter, r *http.Request) {
			signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
			if err == nil && time.Until(signed).Abs() < 5*time.Minute {
				jsonAnswer(200, "", f.token)(w, r)
				return
			}
			if !dated {
				w.Header()["Date"] = nil
			}
			iamError(403, "InvalidSignatureException")(w, r)
		}
		f.on(createTokenCall, check, check)
		p := f.provider(t)
		_, err := p.Exchange(t.Context(), webToken)
		if e := exchangeError(t, err); e.Code != "InvalidSignatureException" || e.JWTSpent || e.InDoubt {
			t.Errorf("dated %v: spent %v, in doubt %v: %v", dated, e.JWTSpent, e.InDoubt, err)
		}
		if _, err := p.Exchange(t.Context(), webToken); err != nil {
			t.Errorf("dated %v: second exchange: %v", dated, err)
		}
		if got := count(f.ops(), webIdentityCall); got != 1 {
			t.Errorf("dated %v: %d times told the time without a signature", dated, got)
		}
	}
}

// TestVerdictOfAnother: a refusal counts as AWS's by its headers or by its code; any
// other leaves the JWT in doubt, for whoever gave it may have sent the request on.
func TestVerdictOfAnother(t *testing.T) {
	tests := []struct {
		name    string
		headers map[string]string
		status  int
		body    string
		code    string
		inDoubt bool
	}{
		{"401 of a proxy", nil, 401, `{"error":"unauthorized"}`, "unauthorized", true},
		{"403 of a proxy", nil, 403, `{"error":"blocked","code":"X"}`, "X", true},
		{"403 of a firewall", nil, 403, `{"code":"AccessBlocked","message":"policy"}`, "AccessBlocked", true},
		{"the same with AWS's request id", map[string]string{"X-Amzn-RequestId": "r"}, 401, `{"error":"unauthorized"}`, "unauthorized", false},
		{"the same with AWS's error type", map[string]string{"X-Amzn-ErrorType": "NewException" + coral}, 403, `{}`, "NewException", false},
		{"OAuth error", nil, 400, `{"error":"invalid_grant"}`, "InvalidGrantException", false},
		{"exception in the body", nil, 400, `{"__type":"InvalidScopeException"}`, "InvalidScopeException", false},
		{"pending", nil, 400, `{"code":"AuthorizationPendingException"}`, "AuthorizationPendingException", false},
		{"error of every service", nil, 403, `{"__type":"ValidationException"}`, "ValidationException", false},
		{"server's in disguise", nil, 400, `{"error":"server_error"}`, "InternalServerException", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.on(createTokenCall, func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range tt.headers {
					w.Header().Set(name, value)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			_, err := f.provider(t).Exchange(t.Context(), webToken)
			if e := exchangeError(t, err); e.Code != tt.code || !e.JWTSpent || e.InDoubt != tt.inDoubt {
				t.Errorf("code %q, spent %v, in doubt %v: %v", e.Code, e.JWTSpent, e.InDoubt, err)
			}
		})
	}
}

// TestLongTexts: what AWS says, or somebody in its place, is cut for the line, by
// characters, and whole in the fields.
func TestLongTexts(t *testing.T) {
	const most = 1000
	for _, tt := range []struct {
		n    int
		want string
	}{{most, strings.Repeat("ü", most)}, {most + 1, strings.Repeat("ü", most) + "..."}, {200000, strings.Repeat("ü", most) + "..."}} {
		text := strings.Repeat("ü", tt.n)
		f := newFakeAWS(t)
		f.on(webIdentityCall, stsError(403, "AccessDenied", text))
		_, err := f.provider(t).Exchange(t.Context(), webToken)
		e := exchangeError(t, err)
		want := "assume application role with web identity: AccessDenied: " + tt.want + " (HTTP 403, request req-sts-error)"
		if diff := cmp.Diff(want, err.Error()); diff != "" || e.Message != text {
			t.Errorf("%d: %d characters of message (-want +got):\n%s", tt.n, len([]rune(e.Message)), diff)
		}
	}
	long := strings.Repeat("x", 2*most)
	for _, e := range []tipcreds.ExchangeError{{Code: long}, {Code: long, Message: long}, {Code: "X", HTTPStatus: 400, RequestID: long}} {
		if got := len(e.Error()); got > 2*most+50 {
			t.Errorf("%d bytes", got)
		}
	}
}
