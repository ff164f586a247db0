package cli

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// screen is a terminal that is written to by several goroutines.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestProgressShowsAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		p := &progress{out: out}
		end := p.begin("getting credentials")
		time.Sleep(patience - frame)
		if got := out.String(); got != "" {
			t.Errorf("it says %q although nobody has waited long", got)
		}
		time.Sleep(3 * frame)
		if got := out.String(); !strings.Contains(got, " getting credentials\x1b[K") {
			t.Errorf("after more than a second it says %q", got)
		}
		p.update("refreshing the ID token")
		time.Sleep(2 * frame)
		if got := out.String(); !strings.Contains(got, "refreshing the ID token") {
			t.Errorf("the next step is not told: %q", got)
		}
		end()
		ended := out.String()
		if !strings.HasSuffix(ended, "\r\x1b[K") {
			t.Errorf("at the end the line is not erased: %q", ended)
		}
		time.Sleep(time.Minute)
		if got := out.String(); got != ended {
			t.Errorf("after its end it goes on: %q", got[len(ended):])
		}
	})
}

func TestProgressMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		a := newApp(&Env{Stderr: out, Getenv: func(string) string { return "" }})
		a.progress.out = out
		defer a.progress.begin("waiting")()
		time.Sleep(patience + frame)
		a.warn("look here")
		if got := out.String(); !strings.Contains(got, "\r\x1b[Ktip-cli: warning: look here\n") {
			t.Errorf("the line shares its place: %q", got)
		}
	})
}

func TestProgressIsSilent(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		var p progress // nobody looks
		end := p.begin("waiting")
		p.update("still")
		time.Sleep(time.Minute)
		end()
		p.end()
		p.clear()
	})
}
