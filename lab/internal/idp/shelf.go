package idp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"iter"
	"strings"
	"time"
)

// shelfLimit bounds the things of one kind that an issuer remembers.
const shelfLimit = 10_000

// shelf keeps things that were given out under a secret text until they end. It
// stores digests, so looking a text up takes the same time whatever part of it
// is right. It is not safe for concurrent use.
type shelf[T any] struct {
	now   func() time.Time
	swept time.Time
	items map[[sha256.Size]byte]item[T]
}

type item[T any] struct {
	value T
	ends  time.Time
}

func newShelf[T any](now func() time.Time) *shelf[T] {
	return &shelf[T]{now: now, items: map[[sha256.Size]byte]item[T]{}}
}

// put stores value under text for a while.
func (s *shelf[T]) put(text string, value T, life time.Duration) {
	now := s.now()
	if len(s.items) >= shelfLimit || now.Sub(s.swept) > time.Minute {
		s.sweep(now)
	}
	s.items[sha256.Sum256([]byte(text))] = item[T]{value, now.Add(life)}
}

// get returns what lies under text if it has not ended.
func (s *shelf[T]) get(text string) (T, bool) {
	it, ok := s.items[sha256.Sum256([]byte(text))]
	if !ok || !s.now().Before(it.ends) {
		var none T
		return none, false
	}
	return it.value, true
}

// drop takes away what lies under text.
func (s *shelf[T]) drop(text string) { delete(s.items, sha256.Sum256([]byte(text))) }

// sweep removes what has ended and, on a full shelf, what ends first.
func (s *shelf[T]) sweep(now time.Time) {
	s.swept = now
	var first [sha256.Size]byte
	var ends time.Time
	for key, it := range s.items {
		if !now.Before(it.ends) {
			delete(s.items, key)
		} else if ends.IsZero() || it.ends.Before(ends) {
			first, ends = key, it.ends
		}
	}
	if len(s.items) >= shelfLimit {
		delete(s.items, first)
	}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand aborts the program instead
	return b
}

// randomText is 256 bits in 43 characters of base64url.
func randomText() string { return base64.RawURLEncoding.EncodeToString(randomBytes(32)) }

// splitSpace yields the words between spaces (RFC 6749, 3.3: U+0020 only).
func splitSpace(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for word := range strings.SplitSeq(s, " ") {
			if word != "" && !yield(word) {
				return
			}
		}
	}
}
