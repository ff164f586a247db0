package bearer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

// TestSessionIDInLog: what a source of JWTs says of a session names it as little as
// what the verifier says, in the middleware and in handlers.
func TestSessionIDInLog(t *testing.T) {
	const id = "canary/0123456789+abcd.short.ef0123456789ab=="
	quotes := map[string]string{
		"whole":     "session " + id + " has no refresh token of " + id,
		"beginning": "session " + id[:16] + "...",
		"for a URL": `Get "https://sessions.example.com/?id=` + url.QueryEscape(id) + `": no route`,
		"in a path": `Get "https://sessions.example.com/` + url.PathEscape(id) + `": no route`,
		"a part":    "session " + strings.Split(id, ".")[2],
	}
	sessions := verifierFunc(func(context.Context, string) (*oidc.IDToken, error) {
		return &oidc.IDToken{Issuer: issuer, Subject: "a"}, nil
	})
	for name, text := range quotes {
		for _, retrieve := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " retrieve ", retrieve), func(t *testing.T) {
				var lines bytes.Buffer
				var handled *bearer.RefusalError
				h := protected(t, fakePool(t, &clients{}), sessions, who, logTo(slog.New(slog.NewTextHandler(&lines, nil))), func(o *bearer.Options) {
					o.Retrieve = retrieve
					o.TokenSource = func(*http.Request, *oidc.IDToken, string) tipcreds.WebTokenProvider {
						return func(context.Context) (string, error) { return "", errors.New(text) }
					}
					o.ErrorHandler = func(w http.ResponseWriter, r *http.Request, refusal *bearer.RefusalError) {
						handled = refusal
						refusal.ServeHTTP(w, r)
					}
				})
				if got := seen(t, get(h, "Bearer "+id)); got.Status != 502 {
					t.Errorf("%+v", got)
				}
				for _, secret := range []string{"canary", "abcd", "short", "ef0123456789"} {
					if strings.Contains(lines.String(), secret) || strings.Contains(handled.Error(), secret) {
						t.Errorf("%q is in the log: %s", secret, &lines)
					}
				}
				if !strings.Contains(lines.String(), "REDACTED") || strings.Count(lines.String(), "\n") != 1 {
					t.Errorf("no reason: %s", &lines)
				}
			})
		}
	}
}

// TestShortQuote: what is too short to be of use, or is not of the token, stays.
func TestShortQuote(t *testing.T) {
	var lines bytes.Buffer
	const id = "0123456789abcdef0123456789abcdef"
	text := "session " + id[:15] + ", not 0123456789abcde-0123456789"
	h := protected(t, fakePool(t, &clients{}), verifierFunc(func(context.Context, string) (*oidc.IDToken, error) {
		return nil, errors.New(text)
	}), who, logTo(slog.New(slog.NewTextHandler(&lines, nil))))
	if get(h, "Bearer "+id); !strings.Contains(lines.String(), text) {
		t.Errorf("the log: %s", &lines)
	}
}

// TestPathInLog: a path is cut for the log, and on one line.
func TestPathInLog(t *testing.T) {
	var path string
	log := slog.New(slog.NewTextHandler(new(bytes.Buffer), &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "path" {
			path = a.Value.String()
		}
		return a
	}}))
	h := protected(t, fakePool(t, &clients{}), staticVerifier(), who, logTo(log))
	serve(h, httptest.NewRequest(http.MethodGet, "/a%0Alevel=ERROR%E2%80%A8b/"+strings.Repeat("c", 100_000), nil))
	if !strings.HasPrefix(path, "/a level=ERROR b/ccc") || !strings.HasSuffix(path, "c...") || len(path) > 3000 {
		t.Errorf("%d bytes: %.40q", len(path), path)
	}
}
