package oidclogin_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

func TestSignIn(t *testing.T) {
	p := newIDP(t)
	var opened *url.URL
	r := p.signIn(t, signInOptions{before: func(u *url.URL) { opened = u }})
	if r.err != nil {
		t.Fatal(r.err)
	}
	now := time.Now()
	want := oidclogin.Claims{
		Issuer: p.URL, Subject: subject, Audience: []string{clientID}, ID: "ID.example",
		Email: "user@example.com", Nonce: opened.Query().Get("nonce"), IssuedAt: now, Expiry: now.Add(time.Hour),
	}
	if diff := cmp.Diff(want, r.tokens.Claims, cmpopts.EquateApproxTime(time.Minute)); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(r.tokens.RefreshToken.Reveal(), "canary-refresh-") || r.tokens.Rotated {
		t.Errorf("refresh token %q, rotated %v", r.tokens.RefreshToken.Reveal(), r.tokens.Rotated)
	}
	if claims, err := oidclogin.Decode(r.tokens.IDToken); err != nil || claims.Subject != subject {
		t.Errorf("Decode = %+v, %v", claims, err)
	}
	if r.last.status != http.StatusOK || !strings.Contains(r.last.body, "You are signed in") {
		t.Errorf("the browser saw %d %s", r.last.status, r.last.body)
	}
	if !strings.Contains(r.stderr, opened.String()) || !strings.Contains(r.stderr, opened.Query().Get("redirect_uri")) {
		t.Errorf("stderr misses the addresses: %s", r.stderr)
	}
	if got := opened.Query().Get("scope"); got != "openid email offline_access" {
		t.Errorf("scope = %q", got)
	}
	if len(p.grants) != 1 {
		t.Errorf("the code was sent %d times", len(p.grants))
	}
}

func TestSignInWithoutRefreshToken(t *testing.T) {
	p := newIDP(t)
	p.answer = func(a map[string]any) { delete(a, "refresh_token") }
	r := p.signIn(t, signInOptions{settings: func(s *oidclogin.Settings) { s.Scopes = nil; s.RedirectHost = "127.0.0.1" }})
	if r.err != nil || !r.tokens.RefreshToken.IsZero() || r.tokens.IDToken.IsZero() {
		t.Errorf("tokens %+v, %v", r.tokens, r.err)
	}
}

// TestFreshValues: state, nonce and challenge are new each time.
func TestFreshValues(t *testing.T) {
	p := newIDP(t)
	seen := map[string]bool{}
	for range 3 {
		r := p.signIn(t, signInOptions{before: func(u *url.URL) {
			for _, name := range []string{"state", "nonce", "code_challenge"} {
				v := u.Query().Get(name)
				if seen[v] {
					t.Errorf("%s came twice", name)
				}
				seen[v] = true
			}
		}})
		if r.err != nil {
			t.Fatal(r.err)
		}
	}
}

func TestBothFamilies(t *testing.T) {
	for host, want := range map[string]bool{"localhost": true, "127.0.0.1": false} {
		t.Run(host, func(t *testing.T) {
			p := newIDP(t)
			r := p.signIn(t, signInOptions{
				settings: func(s *oidclogin.Settings) { s.RedirectHost = host },
				before: func(u *url.URL) {
					conn, err := net.Dial("tcp6", "[::1]:"+redirectOf(t, u).Port())
					if err == nil {
						_ = conn.Close()
					}
					if hasIPv6() && (err == nil) != want {
						t.Errorf("dial ::1: %v, want success %v", err, want)
					}
				},
			})
			if r.err != nil {
				t.Fatal(r.err)
			}
		})
	}
}

func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

func redirectOf(t *testing.T, address *url.URL) *url.URL {
	t.Helper()
	u, err := url.Parse(address.Query().Get("redirect_uri"))
	if err != nil {
		t.Error(err)
		return &url.URL{}
	}
	return u
}

func TestPortTaken(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Logf("%s is not here: %v", address, err)
			continue
		}
		port := l.Addr().(*net.TCPAddr).Port
		r := newIDP(t).signIn(t, signInOptions{settings: func(s *oidclogin.Settings) { s.RedirectPort = port }})
		_, number, _ := net.SplitHostPort(l.Addr().String())
		wantError(t, r.err, oidclogin.KindPortInUse, "port "+number+" for the redirect is in use by another program")
		var e *oidclogin.Error
		if !errors.As(r.err, &e) || !strings.Contains(e.Hint, "redirect_port") {
			t.Errorf("hint: %+v", e)
		}
		if r.stderr != "" {
			t.Errorf("stderr: %s", r.stderr)
		}
		_ = l.Close()
	}
}

// TestPortIsReleased: after each way to end, the same port can be bound again.
func TestPortIsReleased(t *testing.T) {
	p := newIDP(t)
	var port string
	for range 2 {
		r := p.signIn(t, signInOptions{before: func(u *url.URL) { port = redirectOf(t, u).Port() }})
		if r.err != nil {
			t.Fatal(r.err)
		}
		l, err := net.Listen("tcp4", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	}
}

func TestBrowserFails(t *testing.T) {
	p := newIDP(t)
	user := newHTTPClient(t)
	r := p.signIn(t, signInOptions{openURL: func(_ context.Context, address string) error {
		go fetch(t, user, newRequest(t, http.MethodGet, address)) // the person does it by hand
		return errors.New("no display\x1b[31m")
	}})
	if r.err != nil {
		t.Fatal(r.err)
	}
	if want := "No browser was opened (no display [31m): open the address above yourself. Waiting for up to 5 minutes; Ctrl-C ends it.\n"; !strings.Contains(r.stderr, want) {
		t.Errorf("stderr: %q", r.stderr)
	}
}

func TestWithoutOpenURL(t *testing.T) {
	p := newIDP(t)
	ctx := expiring{t.Context(), make(chan struct{})}
	stderr := &watcher{text: p.URL + "/authorize?", found: func() { close(ctx.done) }}
	_, err := oidclogin.New(p.settings(), oidclogin.Env{Stderr: stderr, Wait: noWait, HTTPClient: newHTTPClient(t)}).SignIn(ctx)
	wantError(t, err, oidclogin.KindTimeout, "nobody completed the sign-in in time")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	var e *oidclogin.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "http://localhost:") || e.Op != "sign in" {
		t.Errorf("%+v", e)
	}
}

func TestInterrupted(t *testing.T) {
	p := newIDP(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := p.signIn(t, signInOptions{ctx: ctx, openURL: func(context.Context, string) error { cancel(); return nil }})
	wantError(t, r.err, oidclogin.KindInterrupted, "sign in: interrupted")
	if !errors.Is(r.err, context.Canceled) {
		t.Error(r.err)
	}
}

// TestInterruptedExchange: Ctrl-C ends a sign-in whose token endpoint hangs, and
// the page says so.
func TestInterruptedExchange(t *testing.T) {
	p := newIDP(t)
	ctx, cancel := context.WithCancel(t.Context())
	p.token = func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }
	r := p.signIn(t, signInOptions{ctx: ctx})
	wantError(t, r.err, oidclogin.KindInterrupted, "interrupted")
	if r.last.status != http.StatusServiceUnavailable {
		t.Errorf("the browser saw %d", r.last.status)
	}
}

func TestDefaultDeadline(t *testing.T) {
	p := newIDP(t)
	ctx, cancel := context.WithCancel(t.Context())
	var left time.Duration
	p.signIn(t, signInOptions{ctx: ctx, openURL: func(ctx context.Context, _ string) error {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		cancel()
		return nil
	}})
	if left < 4*time.Minute || left > 5*time.Minute {
		t.Errorf("%s are left at the start", left)
	}
}

// TestSpareConnection: a connection that a browser opened in advance does not
// hold up the end.
func TestSpareConnection(t *testing.T) {
	p := newIDP(t)
	var spare net.Conn
	start := time.Now()
	r := p.signIn(t, signInOptions{before: func(u *url.URL) {
		var err error
		if spare, err = net.Dial("tcp4", "127.0.0.1:"+redirectOf(t, u).Port()); err != nil {
			t.Error(err)
		}
	}})
	if r.err != nil {
		t.Fatal(r.err)
	}
	defer func() { _ = spare.Close() }()
	if took := time.Since(start); took > 3500*time.Millisecond {
		t.Errorf("it took %s", took)
	}
}
