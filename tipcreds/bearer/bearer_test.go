package bearer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

const (
	noToken    = `Bearer realm="api"`
	invalid    = `Bearer realm="api", error="invalid_token", error_description="the token is not acceptable"`
	expired    = `Bearer realm="api", error="invalid_token", error_description="the token has expired"`
	used       = `Bearer realm="api", error="invalid_token", error_description="the token is used up or was refused; send one that was issued since"`
	badRequest = `Bearer realm="api", error="invalid_request", error_description="the request must have one well-formed bearer token in the place for it"`
)

// TestAdmit: the handler gets the user of the token, the credentials are that user's,
// and the claims are at hand.
func TestAdmit(t *testing.T) {
	c := &clients{}
	var email string
	h := protected(t, fakePool(t, c), staticVerifier(), func(w http.ResponseWriter, r *http.Request) {
		token, ok := bearer.TokenFrom(r.Context())
		if !ok {
			t.Error("no token")
			return
		}
		var claims struct{ Email string }
		if err := token.Claims(&claims); err != nil {
			t.Error(err)
		}
		email = claims.Email
		who(w, r)
	})
	token := mint(t, "00uAnalystEXAMPLE", map[string]any{"email": "analyst@example.com"})
	want := answer{Status: http.StatusOK, Body: "00uAnalystEXAMPLE ASIA0000000000000001"}
	if diff := cmp.Diff(want, seen(t, get(h, "bearer "+token))); diff != "" || email != "analyst@example.com" {
		t.Errorf("email %q (-want +got):\n%s", email, diff)
	}
	if _, ok := bearer.TokenFrom(t.Context()); ok {
		t.Error("a token without a request")
	}
}

// TestRefuse: each refusal, by what the client sees. The handler never runs, and no
// answer may be stored.
func TestRefuse(t *testing.T) {
	other := mint(t, "00uAnalystEXAMPLE", nil)
	tests := []struct {
		name          string
		authorization []string
		status        int
		challenge     string
	}{
		{"no token", nil, 401, noToken},
		{"other scheme", []string{"Basic YTpi"}, 401, noToken},
		{"empty token", []string{"Bearer "}, 400, badRequest},
		{"two headers", []string{"Bearer " + other, "Bearer " + other}, 400, badRequest},
		{"too long", []string{"Bearer " + strings.Repeat("a", bearer.DefaultMaxTokenBytes+1)}, 400, badRequest},
		{"as long as it may be, and no JWT", []string{"Bearer " + strings.Repeat("a", bearer.DefaultMaxTokenBytes)}, 401, invalid},
		{"no JWT", []string{"Bearer abc"}, 401, invalid},
		{"expired", []string{"Bearer " + mint(t, "a", map[string]any{"exp": time.Now().Add(-time.Second).Unix()})}, 401, expired},
		{"without an end", []string{"Bearer " + mint(t, "a", map[string]any{"exp": nil})}, 401, expired},
		{"not yet", []string{"Bearer " + mint(t, "a", map[string]any{"nbf": time.Now().Add(time.Hour).Unix()})}, 401, invalid},
		{"other audience", []string{"Bearer " + mint(t, "a", map[string]any{"aud": "another-program"})}, 401, invalid},
		{"other issuer", []string{"Bearer " + mint(t, "a", map[string]any{"iss": "https://example.net"})}, 401, invalid},
		{"nobody", []string{"Bearer " + mint(t, "", nil)}, 401, invalid},
		{"nobody at all", []string{"Bearer " + mint(t, "a", map[string]any{"sub": nil})}, 401, invalid},
		{"cut short", []string{"Bearer " + other[:len(other)-2]}, 401, invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := protected(t, fakePool(t, &clients{}), staticVerifier(), func(http.ResponseWriter, *http.Request) { t.Error("the handler ran") })
			res := get(h, tt.authorization...)
			got := seen(t, res)
			if got.Status != tt.status || got.Challenge != tt.challenge {
				t.Errorf("%d, %s\nwant %d, %s", got.Status, got.Challenge, tt.status, tt.challenge)
			}
			if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Type") != "application/json" {
				t.Errorf("header %v", res.Header)
			}
		})
	}
}

// TestQueryIsNotRead: a token in the query is none.
func TestQueryIsNotRead(t *testing.T) {
	h := protected(t, fakePool(t, &clients{}), staticVerifier(), who)
	r := httptest.NewRequest(http.MethodPost, "/?access_token="+mint(t, "a", nil), strings.NewReader("access_token="+mint(t, "a", nil)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	want := answer{401, noToken, `{"error_description":"a bearer token is required"}`}
	if diff := cmp.Diff(want, seen(t, serve(h, r))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNoLeak: neither clients nor the log see the token, and clients see nothing of
// what the verifier said, even if it quotes the token.
func TestNoLeak(t *testing.T) {
	token := mint(t, "00uCanaryEXAMPLE", map[string]any{"aud": "canary-audience"})
	quoting := verifierFunc(func(_ context.Context, raw string) (*oidc.IDToken, error) {
		return nil, fmt.Errorf("canary: %s, that is %s\nof %s", raw, raw[:len(raw)/2], strings.Split(raw, ".")[1])
	})
	check := func(o *bearer.Options) {
		o.Check = func(context.Context, *oidc.IDToken) error {
			return &bearer.RefusalError{Status: 403, Err: errors.New("canary " + token)}
		}
	}
	lax := oidc.NewVerifier(issuer, &oidc.StaticKeySet{}, &oidc.Config{SkipClientIDCheck: true, InsecureSkipSignatureCheck: true})
	for name, h := range map[string]func(log *slog.Logger) http.Handler{
		"go-oidc": func(log *slog.Logger) http.Handler {
			return protected(t, fakePool(t, &clients{}), staticVerifier(), who, logTo(log))
		},
		"a verifier that quotes": func(log *slog.Logger) http.Handler {
			return protected(t, fakePool(t, &clients{}), quoting, who, logTo(log))
		},
		"a check that quotes": func(log *slog.Logger) http.Handler {
			return protected(t, fakePool(t, &clients{}), lax, who, logTo(log), check)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var lines bytes.Buffer
			res := get(h(slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))), "Bearer "+token)
			got := fmt.Sprint(seen(t, res), res.Header)
			parts := strings.Split(token, ".")
			for _, secret := range []string{token, parts[0], parts[1], parts[2], "canary", "oidc"} {
				if strings.Contains(got, secret) {
					t.Errorf("the client sees %.20q: %s", secret, got)
				}
			}
			for _, secret := range append(parts, token) {
				if strings.Contains(lines.String(), secret) {
					t.Errorf("the log has %.20q: %s", secret, &lines)
				}
			}
			if !strings.Contains(lines.String(), "canary") || strings.Count(lines.String(), "\n") != 1 {
				t.Errorf("the log has not the reason on one line: %s", &lines)
			}
		})
	}
}

func logTo(log *slog.Logger) func(*bearer.Options) { return func(o *bearer.Options) { o.Logger = log } }

// TestLongReason: what a verifier says is cut for the log, and on one line.
func TestLongReason(t *testing.T) {
	var line string
	h := protected(t, fakePool(t, &clients{}), verifierFunc(func(context.Context, string) (*oidc.IDToken, error) {
		return nil, errors.New("a\nb\u2028" + strings.Repeat("ü", 100_000))
	}), who, logTo(slog.New(slog.NewTextHandler(new(bytes.Buffer), &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "reason" {
			line = a.Value.String()
		}
		return a
	}}))))
	get(h, "Bearer abc")
	if !strings.HasPrefix(line, "a b ü") || !strings.HasSuffix(line, "ü...") || len(line) > 3000 {
		t.Errorf("%d bytes: %.40s", len(line), line)
	}
}

// TestHooks: what the hooks return is answered as documented.
func TestHooks(t *testing.T) {
	c := &clients{}
	plain := errors.New("canary")
	tests := []struct {
		name string
		set  func(*bearer.Options)
		want answer
	}{
		{"check refuses", func(o *bearer.Options) {
			o.Check = func(context.Context, *oidc.IDToken) error { return plain }
		}, answer{401, invalid, `{"error":"invalid_token","error_description":"the token is not acceptable"}`}},
		{"check misses a scope", func(o *bearer.Options) {
			o.Check = func(context.Context, *oidc.IDToken) error { return bearer.InsufficientScope("reports:read") }
		}, answer{403, `Bearer realm="api", error="insufficient_scope", error_description="the token has not the scope that is required", scope="reports:read"`,
			`{"error":"insufficient_scope","error_description":"the token has not the scope that is required"}`}},
		{"check is out of time", func(o *bearer.Options) {
			o.Check = func(context.Context, *oidc.IDToken) error { return context.DeadlineExceeded }
		}, answer{504, "", `{"error":"server_error","error_description":"a service that the server needs did not answer in time"}`}},
		{"no subject", func(o *bearer.Options) {
			o.Subject = func(context.Context, *oidc.IDToken) (tipcreds.Subject, error) {
				return tipcreds.Subject{Issuer: issuer}, nil
			}
		}, answer{401, invalid, `{"error":"invalid_token","error_description":"the token is not acceptable"}`}},
		{"subject fails", func(o *bearer.Options) {
			o.Subject = func(context.Context, *oidc.IDToken) (tipcreds.Subject, error) { return tipcreds.Subject{}, plain }
		}, answer{401, invalid, `{"error":"invalid_token","error_description":"the token is not acceptable"}`}},
		{"token is unreadable", func(o *bearer.Options) {
			o.Token = func(*http.Request) (string, error) { return "", plain }
		}, answer{400, badRequest, `{"error":"invalid_request","error_description":"the request must have one well-formed bearer token in the place for it"}`}},
		{"token is empty", func(o *bearer.Options) {
			o.Token = func(*http.Request) (string, error) { return "", nil }
		}, answer{401, noToken, `{"error_description":"a bearer token is required"}`}},
		{"token store is out", func(o *bearer.Options) {
			o.Token = func(*http.Request) (string, error) {
				return "", fmt.Errorf("session: %w", &bearer.RefusalError{Status: 503, RetryAfter: 2 * time.Second, Err: plain})
			}
		}, answer{503, "", "{}"}},
		{"longer than allowed", func(o *bearer.Options) { o.MaxTokenBytes = 10 },
			answer{400, badRequest, `{"error":"invalid_request","error_description":"the request must have one well-formed bearer token in the place for it"}`}},
		{"realm", func(o *bearer.Options) {
			o.Realm = `the "reports" \ API`
			o.Token = func(*http.Request) (string, error) { return "", bearer.ErrNoToken }
		}, answer{401, `Bearer realm="the \"reports\" \\ API"`, `{"error_description":"a bearer token is required"}`}},
		{"error handler", func(o *bearer.Options) {
			o.Check = func(context.Context, *oidc.IDToken) error { return plain }
			o.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, refusal *bearer.RefusalError) {
				http.Error(w, fmt.Sprint(refusal.Status, refusal.Realm, errors.Is(refusal, plain)), http.StatusFound)
			}
		}, answer{302, "", "401apitrue"}},
		{"error handler that calls Error", func(o *bearer.Options) {
			o.Check = func(context.Context, *oidc.IDToken) error { return plain }
			o.ErrorHandler = func(w http.ResponseWriter, r *http.Request, refusal *bearer.RefusalError) {
				bearer.Error(w, r, refusal)
			}
		}, answer{401, invalid, `{"error":"invalid_token","error_description":"the token is not acceptable"}`}},
		{"everything emptied", func(o *bearer.Options) { *o = bearer.Options{} }, answer{200, "", "a ASIA0000000000000001"}},
	}
	token := mint(t, "a", nil)
	pool := fakePool(t, c)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := protected(t, pool, staticVerifier(), who, tt.set)
			if diff := cmp.Diff(tt.want, seen(t, get(h, "Bearer "+token))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSharedRefusal: a refusal that a program keeps in a variable is not changed.
func TestSharedRefusal(t *testing.T) {
	shared := bearer.InsufficientScope("reports:read")
	h := protected(t, fakePool(t, &clients{}), staticVerifier(), who, func(o *bearer.Options) {
		o.Check = func(context.Context, *oidc.IDToken) error { return shared }
		o.Realm = "mine"
	})
	if got := seen(t, get(h, "Bearer "+mint(t, "a", nil))); !strings.Contains(got.Challenge, `realm="mine"`) || shared.Realm != "" {
		t.Errorf("%s, realm of the shared one %q", got.Challenge, shared.Realm)
	}
}

// TestVerifierMisbehaves: what is not the token's fault is not blamed on it.
func TestVerifierMisbehaves(t *testing.T) {
	token := "Bearer " + mint(t, "a", nil)
	tests := []struct {
		name   string
		verify verifierFunc
		want   int
	}{
		{"nothing", func(context.Context, string) (*oidc.IDToken, error) { return nil, nil }, 500},
		{"keys cannot be fetched", func(context.Context, string) (*oidc.IDToken, error) {
			return nil, fmt.Errorf("verify: %w", bearer.ErrKeysUnavailable)
		}, 503},
		{"keys cannot be fetched, and it quotes the token", func(_ context.Context, raw string) (*oidc.IDToken, error) {
			return nil, fmt.Errorf("verify %s: %w", raw, bearer.ErrKeysUnavailable)
		}, 503},
		{"hangs", func(ctx context.Context, _ string) (*oidc.IDToken, error) {
			<-ctx.Done()
			return nil, errors.New("oidc: no reason given")
		}, 503},
		{"refuses in its own way", func(context.Context, string) (*oidc.IDToken, error) {
			return nil, &bearer.RefusalError{Status: 421, Code: "x"}
		}, 421},
		{"expired", func(context.Context, string) (*oidc.IDToken, error) { return nil, &oidc.TokenExpiredError{} }, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := protected(t, fakePool(t, &clients{}), tt.verify, who, func(o *bearer.Options) { o.VerifyTimeout = 20 * time.Millisecond })
			res := get(h, token)
			if res.StatusCode != tt.want || (res.StatusCode == 503) != (res.Header.Get("Retry-After") == "1") {
				t.Errorf("%d, want %d; header %v", res.StatusCode, tt.want, res.Header)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	pool := fakePool(t, &clients{})
	tests := []struct {
		name     string
		pool     *tipcreds.Pool
		verifier bearer.Verifier
		realm    string
		want     error
	}{
		{"no pool", nil, staticVerifier(), "", bearer.ErrPoolMissing},
		{"no verifier", pool, nil, "", bearer.ErrVerifierMissing},
		{"a nil verifier", pool, (*oidc.IDTokenVerifier)(nil), "", bearer.ErrVerifierMissing},
		{"no issuers", pool, bearer.Issuers{}, "", bearer.ErrVerifierMissing},
		{"an issuer without a verifier", pool, bearer.Issuers{issuer: nil}, "", bearer.ErrVerifierMissing},
		{"line break in the realm", pool, staticVerifier(), "a\r\nSet-Cookie: x", bearer.ErrRealm},
		{"umlaut in the realm", pool, staticVerifier(), "ü", bearer.ErrRealm},
		{"everything", pool, bearer.Issuers{issuer: staticVerifier()}, "?", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := bearer.New(tt.pool, tt.verifier, func(o *bearer.Options) { o.Realm = tt.realm })
			var option *tipcreds.OptionError
			if !errors.Is(err, tt.want) || err != nil && !errors.As(err, &option) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// TestIssuers: each token goes to the verifier of its issuer, and the map is copied.
func TestIssuers(t *testing.T) {
	const liar = "https://liar.example.com"
	all := bearer.Issuers{
		issuer: staticVerifier(),
		liar: verifierFunc(func(context.Context, string) (*oidc.IDToken, error) {
			return &oidc.IDToken{Issuer: issuer, Subject: "a"}, nil
		}),
	}
	h := protected(t, fakePool(t, &clients{}), all, who)
	delete(all, issuer)
	for token, want := range map[string]int{
		mint(t, "a", nil):                            200,
		mint(t, "a", map[string]any{"iss": liar}):    401,
		mint(t, "a", map[string]any{"iss": "other"}): 401,
		mint(t, "a", map[string]any{"iss": nil}):     401,
		mint(t, "a", map[string]any{"iss": 1}):       401,
		"a.b.c":                                      401,
		"a.b":                                        401,
		"e30.bm90IGpzb24.c2ln":                       401,
		mint(t, "a", nil) + ".e30":                   401,
	} {
		if got := seen(t, get(h, "Bearer "+token)); got.Status != want {
			t.Errorf("%.40s: %+v, want %d", token, got, want)
		}
	}
	if _, err := all.Verify(t.Context(), mint(t, "a", nil)); !errors.Is(err, bearer.ErrIssuerUnknown) {
		t.Errorf("got %v", err)
	}
	parts := strings.Split(mint(t, "a", map[string]any{"iss": liar}), ".")
	if _, err := all.Verify(t.Context(), parts[0]+"."+parts[1]); err == nil || strings.Contains(err.Error(), "chosen") {
		t.Errorf("asked the verifier about a token of two parts: %v", err)
	}
}
