package idp_test

import (
	"testing"
	"time"
)

// TestEndRefreshTokensCounts: the good ones are counted, each once; not those that
// have expired, were revoked before, or are another person's.
func TestEndRefreshTokensCounts(t *testing.T) {
	l := newLab(t)
	first, second := l.signIn(t, plainURL), l.signIn(t, plainURL)
	next := l.redeem(t, plainURL, refreshForm(first.RefreshToken)) // a second one of its family
	end := func(login string, want int) {
		t.Helper()
		if n, err := l.EndRefreshTokens("plain", login); err != nil || n != want {
			t.Errorf("%q: %d ended, %v; want %d", login, n, err, want)
		}
	}
	end("nobody", 0)
	if got := l.redeem(t, plainURL, refreshForm(second.RefreshToken)); got.Status != 200 {
		t.Errorf("nobody's tokens are ended, and a good one is refused: %+v", got)
	}
	end("", 4)
	for _, text := range []string{next.RefreshToken, second.RefreshToken} {
		if got := l.redeem(t, plainURL, refreshForm(text)); got.Status != 400 || got.Error != "invalid_grant" {
			t.Errorf("an ended one: %+v", got)
		}
	}
	end("", 0)
	third := l.signIn(t, plainURL)
	end("ALEX", 1)
	end("alex", 0)
	l.signIn(t, plainURL)
	l.clock.advance(10 * 365 * 24 * time.Hour)
	end("", 0)
	if third.RefreshToken == "" {
		t.Error("no refresh token")
	}
}
