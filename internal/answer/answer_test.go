package answer_test

import (
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestJudge(t *testing.T) {
	type stored = answer.Stored
	type asked = answer.Asked
	after := func(d time.Duration) func(*stored, *asked) {
		return func(s *stored, _ *asked) { s.Expiration = now.Add(d) }
	}
	tests := []struct {
		name   string
		change func(*stored, *asked)
		want   answer.Verdict
	}{
		{"as it should be", func(*stored, *asked) {}, answer.Serve},
		{"known by its fingerprint", func(_ *stored, a *asked) { a.ConfigDigest, a.Fingerprint = "", "print" }, answer.Serve},
		{"incomplete", func(s *stored, _ *asked) { s.Complete = false }, answer.Incomplete},
		{"another text", func(_ *stored, a *asked) { a.ConfigDigest = "other" }, answer.Alien},
		{"no text", func(_ *stored, a *asked) { a.ConfigDigest = "" }, answer.Alien},
		{"no digest on either side", func(s *stored, a *asked) { s.ConfigDigest, a.ConfigDigest = "", "" }, answer.Alien},
		{"another fingerprint, the same text", func(_ *stored, a *asked) { a.Fingerprint = "other" }, answer.Alien},
		{"the original's, by its text", func(s *stored, _ *asked) { s.Fingerprint = "" }, answer.Alien},
		{"the original's, for who knows the configuration", func(s *stored, a *asked) { s.Fingerprint, a.Fingerprint = "", "print" }, answer.Serve},
		{"just within the margin", after(15 * time.Minute), answer.Stale},
		{"just outside", after(15*time.Minute + 1), answer.Serve},
		{"expired", after(-time.Second), answer.Stale},
		{"no margin, a minute", func(s *stored, _ *asked) { s.RenewBefore, s.Expiration = 0, now.Add(time.Minute) }, answer.Stale},
		{"last good", func(s *stored, a *asked) { a.LastGood, s.Expiration = true, now.Add(time.Minute+1) }, answer.Serve},
		{"last good, a minute", func(s *stored, a *asked) { a.LastGood, s.Expiration = true, now.Add(time.Minute) }, answer.Stale},
		{"less than asked for", func(_ *stored, a *asked) { a.MinTTL = 30 * time.Minute }, answer.Stale},
		{"more than asked for", func(_ *stored, a *asked) { a.MinTTL = 30*time.Minute - 1 }, answer.Serve},
		{"last good, less than asked for", func(_ *stored, a *asked) { a.LastGood, a.MinTTL = true, 30*time.Minute }, answer.Stale},
		{"stored later than now", func(s *stored, _ *asked) { s.ObtainedAt = now.Add(5*time.Minute + 1) }, answer.ClockBack},
		{"stored a little later than now", func(s *stored, _ *asked) { s.ObtainedAt = now.Add(5 * time.Minute) }, answer.Serve},
		{"stored nobody knows when", func(s *stored, _ *asked) { s.ObtainedAt = time.Time{} }, answer.Serve},
		{"last good, stored later than now", func(s *stored, a *asked) { a.LastGood, s.ObtainedAt = true, now.Add(time.Hour) }, answer.Serve},
		{"exposed", func(s *stored, _ *asked) { s.Private = false }, answer.Exposed},
		{"exposed and expired", func(s *stored, _ *asked) { s.Private, s.Expiration = false, now }, answer.Stale},
	}
	for _, tt := range tests {
		s := stored{
			Complete: true, Private: true, Expiration: now.Add(30 * time.Minute), ObtainedAt: now.Add(-30 * time.Minute),
			RenewBefore: 15 * time.Minute, Fingerprint: "print", ConfigDigest: "digest",
		}
		a := asked{Now: now, ConfigDigest: "digest"}
		tt.change(&s, &a)
		if got := answer.Judge(&s, &a); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// The values are FNV's published ones (draft-eastlake-fnv, 128 bits).
func TestDigest(t *testing.T) {
	for text, want := range map[string]string{
		"":       "fnv1a-128:6c62272e07bb014262b821756295c58d",
		"a":      "fnv1a-128:d228cb696f1a8caf78912b704e4a8964",
		"foobar": "fnv1a-128:343e1662793c64bf6f0d3597ba446f18",
	} {
		if got := answer.Digest([]byte(text)); got != want {
			t.Errorf("Digest(%q) = %s, want %s", text, got, want)
		}
	}
}
