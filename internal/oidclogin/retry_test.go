package oidclogin_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// pauses records what was to be waited.
type pauses struct{ each []time.Duration }

func (p *pauses) wait(ctx context.Context, d time.Duration) error {
	p.each = append(p.each, d)
	return ctx.Err()
}

// upset fails each path a few times before it lets requests through.
type upset struct {
	base   http.RoundTripper
	errors map[string][]error
	seen   map[string]int
}

func (u *upset) RoundTrip(r *http.Request) (*http.Response, error) {
	path := r.URL.Path
	u.seen[path]++
	if waiting := u.errors[path]; len(waiting) > 0 {
		u.errors[path] = waiting[1:]
		if waiting[0] != nil {
			return nil, waiting[0]
		}
		resp, err := u.base.RoundTrip(r) // arrives, and the answer is lost
		if err == nil {
			_ = resp.Body.Close()
		}
		return nil, errLost
	}
	return u.base.RoundTrip(r)
}

var (
	errLost    = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
)

const discoveryPath = "/.well-known/openid-configuration"

func (p *idp) upset(t *testing.T, failures map[string][]error) *upset {
	return &upset{base: newHTTPClient(t).Transport, errors: failures, seen: map[string]int{}}
}

// TestRefreshRetries: a refresh gets over failures of every request of it, and
// stops after three.
func TestRefreshRetries(t *testing.T) {
	tests := map[string]struct {
		failures []error
		seen     int
		ok       bool
	}{
		"none":          {nil, 1, true},
		"refused":       {[]error{errRefused}, 2, true},
		"refused twice": {[]error{errRefused, errRefused}, 3, true},
		"refused often": {[]error{errRefused, errRefused, errRefused}, 3, false},
		"lost":          {[]error{errLost}, 2, true},
		"lost twice":    {[]error{errLost, errLost}, 3, true},
		"lost often":    {[]error{errLost, errLost, errLost}, 3, false},
		"timed out":     {[]error{context.DeadlineExceeded}, 2, true},
	}
	for _, path := range []string{discoveryPath, "/token", "/keys"} {
		for name, tt := range tests {
			t.Run(path+" "+name, func(t *testing.T) {
				p := newIDP(t)
				u := p.upset(t, map[string][]error{path: tt.failures})
				var waited pauses
				_, err := oidclogin.New(p.settings(), oidclogin.Env{HTTPClient: &http.Client{Transport: u}, Wait: waited.wait}).
					Refresh(t.Context(), secret.New(held))
				if (err == nil) != tt.ok || u.seen[path] != tt.seen {
					t.Errorf("%v after %d requests, want %d", err, u.seen[path], tt.seen)
				}
				if !tt.ok {
					wantError(t, err, oidclogin.KindNetwork, "cannot reach ")
				}
				for i, d := range waited.each {
					if bound := 500 * time.Millisecond << i; d < bound/2 || d > bound {
						t.Errorf("pause %d is %s", i, d)
					}
				}
				if len(waited.each) != tt.seen-1 {
					t.Errorf("%d pauses", len(waited.each))
				}
			})
		}
	}
}

// statuses answers with each status in turn, then lets p answer.
func (p *idp) statuses(retryAfter string, each ...int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if len(each) == 0 {
			p.serveTokens(w, "")
			return
		}
		w.Header().Set("Retry-After", retryAfter)
		w.WriteHeader(each[0])
		each = each[1:]
	}
}

func TestRetryAfter(t *testing.T) {
	tests := map[string]struct {
		header   string
		statuses []int
		sent     int
		paused   time.Duration // at least
		want     string
	}{
		"500":          {"", []int{500}, 2, 0, ""},
		"503, 502":     {"", []int{503, 502}, 3, 0, ""},
		"504 for ever": {"", []int{504, 504, 504}, 3, 0, "answered HTTP status 504"},
		"429":          {"3", []int{429}, 2, 3 * time.Second, ""},
		"five seconds": {"5", []int{503}, 2, 5 * time.Second, ""},
		"ten seconds":  {"10", []int{503}, 1, 0, "HTTP status 503 and asks to wait 10s"},
		"too long":     {"60", []int{429}, 1, 0, "the token endpoint answered HTTP status 429 and asks to wait 1m0s"},
		"a date":       {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), []int{429}, 1, 0, "asks to wait"},
		"past date":    {"Mon, 02 Jan 2006 15:04:05 GMT", []int{429}, 2, 0, ""},
		"nonsense":     {"soon", []int{429}, 2, 0, ""},
		"negative":     {"-1", []int{429}, 2, 0, ""},
		"client error": {"", []int{400}, 1, 0, "HTTP status 400 without an OAuth error"},
		"proxy":        {"", []int{407}, 1, 0, "HTTP status 407"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.token = p.statuses(tt.header, tt.statuses...)
			var waited pauses
			_, err := oidclogin.New(p.settings(), oidclogin.Env{HTTPClient: newHTTPClient(t), Wait: waited.wait}).Refresh(t.Context(), secret.New(held))
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if len(p.grants) != tt.sent || len(waited.each) != tt.sent-1 {
				t.Errorf("sent %d times, want %d; pauses %v", len(p.grants), tt.sent, waited.each)
			}
			if len(waited.each) > 0 && waited.each[0] < tt.paused {
				t.Errorf("pauses %v", waited.each)
			}
		})
	}
}

// TestLostAnswer: when a second attempt is refused, the error says what became
// of the first one, if that can be why.
func TestLostAnswer(t *testing.T) {
	used := func(p *idp) { // rotation without a grace period
		first := true
		p.token = func(w http.ResponseWriter, _ *http.Request) {
			if first {
				first = false
				p.serveTokens(w, "")
				return
			}
			writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		}
	}
	refused := func(p *idp) { p.token = oauthAnswer(400, "invalid_grant") }
	tests := map[string]struct {
		set      func(*idp)
		failures []error
		want     string
	}{
		"lost":      {used, []error{nil}, "; the answer to an earlier attempt was lost, and may have used up what was sent"},
		"not sent":  {refused, []error{errRefused}, ""},
		"at once":   {refused, nil, ""},
		"by status": {func(p *idp) { p.token = p.statuses("", 503, 400) }, nil, ""},
		"gateway": {func(p *idp) {
			upstream := p.statuses("", 504)
			p.token = func(w http.ResponseWriter, r *http.Request) {
				if len(p.grants) == 1 {
					upstream(w, r)
					return
				}
				writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
			}
		}, nil, "; an earlier attempt was answered with HTTP status 504, and may have used up what was sent"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			tt.set(p)
			u := p.upset(t, map[string][]error{"/token": tt.failures, discoveryPath: {errLost}}) // of the latter no word
			tokens, err := oidclogin.New(p.settings(), oidclogin.Env{HTTPClient: &http.Client{Transport: u}, Wait: noWait}).Refresh(t.Context(), secret.New(held))
			if tt.want != "" {
				wantError(t, err, oidclogin.KindInvalidGrant, tt.want)
			} else if err == nil || strings.Contains(err.Error(), "earlier attempt") {
				t.Error(err)
			}
			if tokens.RefreshToken.Reveal() != held || tokens.Rotated {
				t.Error("the refresh token is lost")
			}
		})
	}
}

// TestCodeRetries: an authorization code is sent once more at most where the
// provider may have taken it.
func TestCodeRetries(t *testing.T) {
	tests := map[string]struct {
		failures []error
		seen     int
		ok       bool
	}{
		"lost":               {[]error{errLost}, 2, true},
		"lost twice":         {[]error{errLost, errLost}, 2, false},
		"refused twice":      {[]error{errRefused, errRefused}, 3, true},
		"refused, then lost": {[]error{errRefused, errLost}, 3, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			u := p.upset(t, map[string][]error{"/token": tt.failures})
			r := p.signIn(t, signInOptions{client: &http.Client{Transport: u}})
			if (r.err == nil) != tt.ok || u.seen["/token"] != tt.seen {
				t.Errorf("%v after %d requests", r.err, u.seen["/token"])
			}
		})
	}
}

// TestSlowDrip: a body that never ends is given up with its attempt, and the
// operation within what an SDK waits.
func TestSlowDrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: answers(func(r *http.Request) (*http.Response, error) {
			resp := respond(r, 200, "application/json", "")
			resp.Body = drip{r.Context()}
			return resp, nil
		})}
		start := time.Now()
		_, err := oidclogin.New(oidclogin.Settings{Issuer: "https://idp.example", ClientID: clientID}, oidclogin.Env{HTTPClient: client}).
			Refresh(t.Context(), secret.New(held))
		wantError(t, err, oidclogin.KindNetwork, "did not answer in time")
		if took := time.Since(start); took > 24*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// drip gives a blank every second until its request is given up.
type drip struct{ ctx context.Context }

func (d drip) Close() error { return nil }
func (d drip) Read(b []byte) (int, error) {
	select {
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	case <-time.After(time.Second):
		b[0] = ' '
		return 1, nil
	}
}

// TestSlowProvider: each answer comes just in time, and still the operation ends.
func TestSlowProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &idp{Server: &httptest.Server{URL: "http://127.0.0.1"}, t: t}
		client := &http.Client{Transport: answers(func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(9 * time.Second):
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
			w := httptest.NewRecorder()
			map[string]http.HandlerFunc{discoveryPath: p.serveDiscovery, "/token": p.serveToken, "/keys": p.serveKeys}[r.URL.Path](w, r)
			return w.Result(), nil
		})}
		start := time.Now()
		tokens, err := oidclogin.New(p.settings(), oidclogin.Env{HTTPClient: client}).Refresh(t.Context(), secret.New(held))
		wantError(t, err, oidclogin.KindNetwork, "the keys of the provider did not answer in time")
		if took := time.Since(start); took != 24*time.Second || !tokens.Rotated {
			t.Errorf("it took %s; rotated %v", took, tokens.Rotated)
		}
	})
}

// TestInterruptedPause: Ctrl-C ends the pause between attempts.
func TestInterruptedPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client := &http.Client{Transport: answers(func(*http.Request) (*http.Response, error) {
			time.AfterFunc(100*time.Millisecond, cancel)
			return nil, errRefused
		})}
		start := time.Now()
		_, err := oidclogin.New(oidclogin.Settings{Issuer: "https://idp.example", ClientID: clientID}, oidclogin.Env{HTTPClient: client}).
			Refresh(ctx, secret.New(held))
		wantError(t, err, oidclogin.KindInterrupted, "interrupted")
		if took := time.Since(start); took != 100*time.Millisecond {
			t.Errorf("it took %s", took)
		}
	})
}

func TestRetryable(t *testing.T) {
	tests := map[string]struct {
		token http.HandlerFunc
		want  bool
	}{
		"503":        {plainAnswer(503, "text/plain", ""), true},
		"reset":      {hijack(""), true},
		"not JSON":   {plainAnswer(200, "text/html", "<html>"), false},
		"huge":       {plainAnswer(200, "application/json", strings.Repeat(" ", 2<<20)), false},
		"a grant":    {oauthAnswer(400, "invalid_grant"), false},
		"bad client": {oauthAnswer(401, "invalid_client"), false},
	}
	got, want := map[string]bool{}, map[string]bool{}
	for name, tt := range tests {
		p := newIDP(t)
		p.token = tt.token
		_, err := p.refresh(t)
		var e *oidclogin.Error
		got[name], want[name] = errors.As(err, &e) && e.Retryable(), tt.want
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Retryable (-want +got):\n%s", diff)
	}
}
