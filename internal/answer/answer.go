// Package answer decides whether stored credentials are handed out as they are: a role
// session ([Judge]), and those of S3 Access Grants ([BestGrant]). The fast path
// (internal/fastpath) and the ordinary one (internal/session) both ask it, so that they
// cannot disagree.
//
// It reads no file and no clock, keeps nothing, and is safe for concurrent use. It is
// linked into the fast path and therefore imports only what is initialised before it:
// see docs/decisions/0018.
package answer

import (
	"hash/fnv"
	"time"
)

const (
	// Usable is how much life credentials need to be handed out when renewal fails.
	Usable = time.Minute
	// clockSlack is how far the clock may have been set back since credentials were
	// stored: AWS refuses requests that are five minutes off.
	clockSlack = 5 * time.Minute
)

// Verdict is what [Judge] finds.
type Verdict int

// The verdicts. Of several that apply, it is the first.
const (
	// Serve: hand it out.
	Serve Verdict = iota
	// Incomplete: a part is missing.
	Incomplete
	// Alien: made for another configuration, or nobody knows.
	Alien
	// Stale: it does not last long enough.
	Stale
	// ClockBack: by the clock it is still to be made, so nobody knows how long it lasts.
	ClockBack
	// Exposed: good, but others can read or write the file, or it is another user's. That
	// has to be said to the person, which the fast path cannot do.
	Exposed
)

// Stored is what is known of a stored role session.
type Stored struct {
	// Complete says that key, secret, session token and expiration are there.
	Complete bool
	// Private is [Private] of its file.
	Private bool
	// Expiration is the end of its life.
	Expiration time.Time
	// ObtainedAt is when it was stored, zero if that is not known.
	ObtainedAt time.Time
	// RenewBefore is how long before its expiration it should be renewed.
	RenewBefore time.Duration
	// Fingerprint is that of the configuration it was made for; the original wrote none.
	Fingerprint string
	// ConfigDigest is the [Digest] of a config.json with that fingerprint and nothing to
	// complain about, or empty.
	ConfigDigest string
}

// Asked is what is asked for. One of Fingerprint and ConfigDigest is set.
type Asked struct {
	Now time.Time
	// Fingerprint is that of the present configuration.
	Fingerprint string
	// ConfigDigest is the [Digest] of the present config.json.
	ConfigDigest string
	// MinTTL is the least life that is wanted, or zero.
	MinTTL time.Duration
	// LastGood says that renewal failed: a minute of life is enough then.
	LastGood bool
}

// Judge says whether a stored role session is handed out as it is.
func Judge(s *Stored, a *Asked) Verdict {
	need := max(s.RenewBefore, Usable)
	if a.LastGood {
		need = Usable
	}
	switch {
	case !s.Complete:
		return Incomplete
	case !s.Ours(a):
		return Alien
	case s.Expiration.Sub(a.Now) <= max(need, a.MinTTL):
		return Stale
	case !a.LastGood && s.ClockBack(a.Now):
		return ClockBack
	case !s.Private:
		return Exposed
	}
	return Serve
}

// ClockBack reports whether the clock was set back since the session was stored, so that
// nobody knows how long it lasts.
func (s *Stored) ClockBack(now time.Time) bool {
	return !s.ObtainedAt.IsZero() && now.Before(s.ObtainedAt.Add(-clockSlack))
}

// Ours reports whether the session was made for the present configuration. Of the
// original's, which carry no fingerprint, only those who know the configuration believe
// it: `configure idp` clears what the original left behind.
func (s *Stored) Ours(a *Asked) bool {
	switch {
	case a.Fingerprint != "":
		return s.Fingerprint == "" || s.Fingerprint == a.Fingerprint
	case a.ConfigDigest != "":
		return s.Fingerprint != "" && s.ConfigDigest == a.ConfigDigest
	}
	return false
}

// RegionMark stands for what an AWS config file says of the region: for its text and the
// profile that is looked up. The ordinary path leaves it beside the region that it has
// found there, and the fast one, which cannot read such a file, believes the region for as
// long as the mark is the same.
func RegionMark(profile string, text []byte) string {
	return Digest(append(append([]byte(profile), '\n'), text...))
}

// Digest returns a digest of a file's text: FNV-1a with 128 bits, in hex after its
// name. It notices a change; it does not withstand somebody who makes up a text with
// the same digest, and who can write a user's config.json gains nothing by that.
func Digest(text []byte) string {
	const digits = "0123456789abcdef"
	h := fnv.New128a()
	_, _ = h.Write(text) // never fails
	out := []byte("fnv1a-128:")
	for _, b := range h.Sum(nil) {
		out = append(out, digits[b>>4], digits[b&15])
	}
	return string(out)
}
