package oidclogin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// hit sends one redirect to cb.
func hit(ctx context.Context, cb *callback, host, query string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/callback?"+query, nil)
	w := httptest.NewRecorder()
	cb.ServeHTTP(w, r)
	return w
}

// TestSecondUse: a reload after the end shows the outcome and exchanges nothing.
func TestSecondUse(t *testing.T) {
	tests := map[string]struct {
		err           error
		first, second string
		status        int
	}{
		"success": {nil, "You are signed in", "You are already signed in", http.StatusOK},
		"failure": {fail(KindInvalidGrant, "x"), "The sign-in failed", "The sign-in failed", http.StatusBadGateway},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			cb := newCallback("/callback", 8090, "right", func(url.Values) error { calls++; return tt.err })
			for i, want := range []string{tt.first, tt.second, tt.second} {
				w := hit(t.Context(), cb, "localhost:8090", "state=right&code=x")
				if w.Code != tt.status || !strings.Contains(w.Body.String(), want) {
					t.Errorf("hit %d: %d %s", i, w.Code, w.Body)
				}
			}
			if w := hit(t.Context(), cb, "localhost:8090", "state=wrong&code=x"); w.Code != http.StatusBadRequest {
				t.Errorf("a wrong state afterwards: %d", w.Code)
			}
			if calls != 1 {
				t.Errorf("finish ran %d times", calls)
			}
		})
	}
}

// TestHitWhileFinishing: a second redirect waits for the first one's outcome, and
// one that gives up does not disturb it.
func TestHitWhileFinishing(t *testing.T) {
	inside, proceed := make(chan struct{}), make(chan struct{})
	cb := newCallback("/callback", 8090, "right", func(url.Values) error { close(inside); <-proceed; return nil })
	pages := make(chan *httptest.ResponseRecorder)
	go func() { pages <- hit(t.Context(), cb, "localhost:8090", "state=right&code=x") }()
	<-inside
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if w := hit(gone, cb, "localhost:8090", "state=right&code=x"); w.Code != http.StatusBadRequest {
		t.Errorf("the one that gave up got %d", w.Code)
	}
	close(proceed)
	if w := <-pages; w.Code != http.StatusOK {
		t.Errorf("the first got %d", w.Code)
	}
	if w := hit(t.Context(), cb, "localhost:8090", "state=right&code=x"); !strings.Contains(w.Body.String(), "already") {
		t.Errorf("the second got %d", w.Code)
	}
}

// TestSemicolon: providers leave it as it is in a description.
func TestSemicolon(t *testing.T) {
	var got url.Values
	cb := newCallback("/callback", 8090, "right", func(response url.Values) error { got = response; return nil })
	w := hit(t.Context(), cb, "localhost:8090", "error=access_denied&error_description=no;thing&state=right")
	if w.Code != http.StatusOK || got.Get("error_description") != "no;thing" {
		t.Errorf("%d, %v", w.Code, got)
	}
}

// TestPanicIsNoSuccess: a handler that dies leaves an error behind.
func TestPanicIsNoSuccess(t *testing.T) {
	cb := newCallback("/callback", 8090, "right", func(url.Values) error { panic("x") })
	func() {
		defer func() { _ = recover() }()
		hit(t.Context(), cb, "localhost:8090", "state=right&code=x")
	}()
	<-cb.done
	if cb.err == nil {
		t.Error("no error")
	}
}

func TestHosts(t *testing.T) {
	tests := []struct {
		host string
		port int
		own  bool
	}{
		{"localhost:8090", 8090, true}, {"LocalHost:8090", 8090, true}, {"127.0.0.1:8090", 8090, true}, {"[::1]:8090", 8090, true},
		{"localhost", 8090, false}, {"localhost:80", 8090, false}, {"", 8090, false}, {"localhost.evil.example:8090", 8090, false},
		{"127.0.0.2:8090", 8090, false}, {"::1:8090", 8090, false},
		{"localhost", 80, true}, {"[::1]", 80, true}, {"localhost:80", 80, true}, {"evil.example", 80, false},
	}
	for _, tt := range tests {
		if got := (&callback{port: tt.port}).isOwnHost(tt.host); got != tt.own {
			t.Errorf("isOwnHost(%q) on port %d = %v", tt.host, tt.port, got)
		}
	}
}

// TestFailurePages: each kind has a failure status and its own words.
func TestFailurePages(t *testing.T) {
	seen := map[string]Kind{}
	for kind := KindNetwork; kind <= KindInterrupted; kind++ {
		p := failurePage(kind)
		if p.status < 400 || !strings.HasSuffix(p.text, "it has the details.") {
			t.Errorf("%v: %+v", kind, p)
		}
		if other, twice := seen[p.text]; twice && kind != KindPortInUse {
			t.Errorf("%v and %v say the same", kind, other)
		}
		seen[p.text] = kind
	}
}

func TestKindNames(t *testing.T) {
	seen := map[string]bool{}
	for kind := KindUnknown; kind <= KindInterrupted; kind++ {
		if seen[kind.String()] || kind.String() == "" {
			t.Errorf("kind %d is called %q", kind, kind)
		}
		seen[kind.String()] = true
	}
	if Kind(-1).String() != "unknown" || Kind(99).String() != "unknown" || KindOf(nil) != KindUnknown {
		t.Error("an unknown kind has a name")
	}
}
