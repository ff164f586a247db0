package tipcreds_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// secrets is everything that must not be printed. The access key ids are not
// secret.
var secrets = []string{
	webToken, strings.Split(webToken, ".")[1], identityContext, refreshToken,
	applicationPlain, applicationToken, enhancedPlain, enhancedToken, "canary",
}

// valueVerbs suit every value, textVerbs only what is no struct or formats itself.
var (
	valueVerbs = []string{"%v", "%+v", "%#v"}
	textVerbs  = []string{"%s", "%q", "%d", "%x", "%t"}
)

func printed(verbs []string, values ...any) string {
	var b strings.Builder
	for _, v := range values {
		for _, verb := range verbs {
			fmt.Fprintf(&b, verb+"\n", v)
		}
	}
	return b.String()
}

func checkClean(t *testing.T, what, text string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) || strings.Contains(text, fmt.Sprintf("%x", s)) {
			t.Fatalf("%s shows %q:\n%s", what, s, text)
		}
	}
}

// holder is a caller's struct around ours.
type holder struct {
	Session  *tipcreds.Session
	session  *tipcreds.Session
	Value    tipcreds.Session
	Provider *tipcreds.Provider
	provider *tipcreds.Provider
}

func TestNothingSecretIsPrinted(t *testing.T) {
	f := newFakeAWS(t)
	f.token["refreshToken"] = refreshToken
	p := f.provider(t)
	mustRetrieve(t, p)
	s, err := p.Exchange(t.Context(), webToken)
	if err != nil {
		t.Fatal(err)
	}
	if s.ApplicationRefreshToken != refreshToken || s.Credentials.SecretAccessKey != enhancedPlain {
		t.Fatal("the session lacks its secrets")
	}
	h := holder{s, s, *s, p, p}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("x", "session", s, "value", *s)
	}
	list, table := []*tipcreds.Session{s}, map[string]any{"s": *s}
	checkClean(t, "print", printed(valueVerbs, s, *s, p, h, &h, list, table))
	checkClean(t, "text", printed(textVerbs, s, *s, p, list, table))
	checkClean(t, "log", log.String())
	if !strings.Contains(s.String(), userID) || !strings.Contains(log.String(), userID) {
		t.Error("the user is not shown")
	}
}

// TestEchoedSecrets: services quote what they refuse. No text of the error,
// nor of anything that it wraps, repeats it.
func TestEchoedSecrets(t *testing.T) {
	quote := func(s string) string {
		return "1 validation error detected: Value '" + s + "' failed to satisfy constraint"
	}
	described := func(s string) http.HandlerFunc {
		return oauthError(400, "InvalidGrantException", "invalid_grant", quote(s))
	}
	tests := []struct {
		name   string
		op     string
		answer http.HandlerFunc
	}{
		{"STS, JWT", webIdentityCall, stsError(400, "ValidationError", quote(webToken))},
		{"STS, shortened JWT", webIdentityCall, stsError(400, "ValidationError", quote(webToken[:40]+"..."))},
		{"SSO OIDC, description", createTokenCall, described(webToken)},
		{"SSO OIDC, untyped", createTokenCall, jsonAnswer(400, "StrangeException", map[string]any{"message": quote(webToken)})},
		{"SSO OIDC, IAM", createTokenCall, jsonAnswer(403, "AccessDeniedException", map[string]any{"Message": quote(webToken)})},
		{"SSO OIDC, not JSON", createTokenCall, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_, _ = w.Write([]byte(quote(webToken)))
		}},
		{"SSO OIDC, broken success", createTokenCall, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"refreshToken":"` + refreshToken + `","idToken":["` + webToken + `"`))
		}},
		{"STS, context", assumeRoleCall, stsError(400, "ValidationError", quote(identityContext))},
		{"STS, broken success", assumeRoleCall, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<AssumeRoleResponse><AssumeRoleResult><Credentials><SecretAccessKey>" + enhancedPlain + "</Oops>"))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.on(tt.op, tt.answer, tt.answer, tt.answer) // some are asked again
			_, err := f.provider(t).Retrieve(t.Context())
			e := exchangeError(t, err)
			checkClean(t, "error", printed(valueVerbs, err, *e)+printed(textVerbs[:2], err)+e.Message+e.Hint())
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				checkClean(t, fmt.Sprintf("%T", cause), printed(valueVerbs, cause))
			}
			if d, ok := errors.AsType[*types.InvalidGrantException](err); ok {
				checkClean(t, "description", fmt.Sprint(*d.Error_description))
			}
			if d, ok := errors.AsType[*smithy.DeserializationError](err); ok && len(d.Snapshot) > 0 {
				t.Errorf("the answer is kept: %s", d.Snapshot)
			}
		})
	}
}

func TestEchoedByCallbacks(t *testing.T) {
	echo := func(jwt string) error { return fmt.Errorf("cannot write %s", jwt) }
	f := newFakeAWS(t)
	hook := f.provider(t, func(o *tipcreds.Options) {
		o.BeforeCreateToken = func(_ context.Context, jwt string) error { return echo(jwt) }
	})
	_, err := hook.Retrieve(t.Context())
	checkClean(t, "hook error", printed(valueVerbs, err))
	source, err := tipcreds.New(accessRole, application,
		func(context.Context) (string, error) { return "", echo(webToken) }, withRole)
	if err != nil {
		t.Fatal(err)
	}
	_, err = source.Retrieve(t.Context())
	checkClean(t, "token error", printed(valueVerbs, err))
	if want := "get web token: cannot write REDACTED"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}
