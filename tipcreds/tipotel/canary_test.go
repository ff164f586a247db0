package tipotel_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// exported is everything that exporters get: spans and metrics as JSON, and in all their
// fields.
func (r *record) exported(t *testing.T) string {
	t.Helper()
	spans, metrics := tracetest.SpanStubsFromReadOnlySpans(r.spans.Ended()), r.collect(t)
	if len(spans) == 0 {
		t.Error("no spans")
	}
	asJSON, err := json.Marshal([]any{spans, metrics})
	if err != nil {
		t.Fatal(err)
	}
	return string(asJSON) + fmt.Sprintf("%+v %+v", spans, metrics)
}

// secrets are what nothing may show; jwts are those that were given out.
func secrets(jwts []string) []string {
	all := []string{identityContext, refreshToken, applicationPlain, applicationToken, enhancedPlain, enhancedToken}
	for _, token := range jwts {
		all = append(all, token, strings.Split(token, ".")[1])
	}
	return all
}

func checkClean(t *testing.T, what, text string, secrets []string) {
	t.Helper()
	for _, s := range secrets {
		for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s)), fmt.Sprintf("%x", s), url.QueryEscape(s)} {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%s shows %q: ...%s", what, s, text[max(0, i-200):min(len(text), i+200)])
			}
		}
	}
}

// echo refuses with an answer that repeats the request wherever it can.
func echo(status int, xml bool) answer {
	return func(r *http.Request, body string) (*http.Response, error) {
		all := html.EscapeString(body) + r.Header.Get("X-Amz-Security-Token")
		text := encode(map[string]string{"error": all, "error_description": all, "reason": all})
		if xml {
			text = `<ErrorResponse><Error><Code>` + all + `</Code><Message>` + all + `</Message></Error></ErrorResponse>`
		}
		return respond(status, all, text)(r, body)
	}
}

// TestNothingSecret: whatever happens to be in a request, an answer, or an error of the
// caller's or the cache, no secret is in a span, a metric or a line of the log; and
// telemetry has neither texts nor whose credentials they are.
func TestNothingSecret(t *testing.T) {
	tests := []struct {
		name   string
		script func(*wire, *memory)
		token  tipcreds.WebTokenProvider
	}{
		{"success", func(*wire, *memory) {}, nil},
		{"web identity", func(w *wire, _ *memory) { w.on(webIdentityCall, echo(400, true)) }, nil},
		{"create token", func(w *wire, _ *memory) { w.on(createTokenCall, echo(400, false)) }, nil},
		{"create token, proxy", func(w *wire, _ *memory) { w.on(createTokenCall, echo(502, true)) }, nil},
		{"access role", func(w *wire, _ *memory) { w.on(assumeRoleCall, echo(403, true)) }, nil},
		{"cache", func(_ *wire, m *memory) { m.down = errDown }, nil},
		{"half an answer", func(w *wire, _ *memory) { w.on(createTokenCall, respond(200, "", `{"refreshToken":"`+refreshToken)) }, nil},
		{"web token", func(*wire, *memory) {}, failing(errors.New("canary"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, w, cache := newRecord(t), newWire(), newMemory()
				w.refreshToken = refreshToken
				tt.script(w, cache)
				var given []string
				token := tt.token
				if token == nil {
					token = func(context.Context) (string, error) {
						given = append(given, jwt(alice, len(given)))
						return given[len(given)-1], nil
					}
				}
				var log bytes.Buffer
				p := r.provider(t, w, token, shares(cache), func(o *tipcreds.Options) {
					o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				})
				for range 4 { // by exchange and by refresh token, as far as it gets
					_, _ = p.Retrieve(t.Context())
					time.Sleep(56 * time.Minute)
				}
				hidden := secrets(given)
				checkClean(t, "the log", log.String(), hidden)
				checkClean(t, "telemetry", r.exported(t), append(hidden, "canary", "AQoJ", "eyJ", alice, issuer))
				if log.Len() == 0 {
					t.Error("nothing was logged")
				}
			})
		})
	}
}

// TestRequestID: what has not the form of one is in no span.
func TestRequestID(t *testing.T) {
	for _, id := range []string{"", "req 1", jwt(alice, 1), strings.Repeat("a", 65), "<req-1>", "req-1"} {
		r, w := newRecord(t), newWire()
		w.on(createTokenCall, func(q *http.Request, body string) (*http.Response, error) {
			response, err := oauthError(400, "InvalidGrantException", "invalid_grant")(q, body)
			response.Header.Set("X-Amzn-Requestid", id)
			return response, err
		})
		if _, err := r.provider(t, w, numbered()).Retrieve(t.Context()); err == nil {
			t.Fatal("no error")
		}
		tree, shown := r.tree(t), ""
		switch {
		case id == "req-1":
			shown = id
		case strings.HasPrefix(id, "eyJ"):
			shown = "REDACTED" // by tipcreds
		}
		has := strings.Contains(tree, `aws.request_id="`+shown+`"`)
		if shown == "" {
			has = strings.Contains(tree, "aws.request_id")
		}
		if has != (shown != "") || strings.Contains(tree, "eyJ") {
			t.Errorf("%q: %s", id, tree)
		}
	}
}

// TestCanaryIsSeen: the look at telemetry finds what is there.
func TestCanaryIsSeen(t *testing.T) {
	r := newRecord(t)
	_, span := r.traces.Tracer("test").Start(t.Context(), "canary")
	span.End()
	if !strings.Contains(r.exported(t), "canary") {
		t.Error("a secret in a span would not be found")
	}
}
