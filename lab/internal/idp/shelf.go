package idp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// shelfLimit bounds the things of one kind that an issuer remembers: enough for
// 10,000 people who refresh their tokens a few times.
const shelfLimit = 100_000

// shelf keeps things that were given out under a secret text until they end. It
// stores digests, so looking a text up takes the same time whatever part of it
// is right. It is not safe for concurrent use.
type shelf[T any] struct {
	now   func() time.Time
	past  func() time.Time // see [world.World.Past]
	swept time.Time
	items map[[sha256.Size]byte]item[T]
	// next to go from a full shelf, in this order; found for many at once.
	next [][sha256.Size]byte
}

type item[T any] struct {
	value T
	ends  time.Time
}

func newShelf[T any](now, past func() time.Time) *shelf[T] {
	return &shelf[T]{now: now, past: past, items: map[[sha256.Size]byte]item[T]{}}
}

// put stores value under text for a while.
func (s *shelf[T]) put(text string, value T, life time.Duration) {
	if past := s.past(); past.Before(s.swept) || past.Sub(s.swept) > time.Minute { // before, if the clock went back
		s.sweep(past)
	}
	for len(s.items) >= shelfLimit {
		s.dropFirst()
	}
	s.items[sha256.Sum256([]byte(text))] = item[T]{value, s.now().Add(life)}
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

// sweep removes what has ended.
func (s *shelf[T]) sweep(past time.Time) {
	s.swept = past
	maps.DeleteFunc(s.items, func(_ [sha256.Size]byte, it item[T]) bool { return !past.Before(it.ends) })
}

// dropFirst removes what ends, or ended, first. On a shelf whose things live for
// different times it may be one that ends among the first.
func (s *shelf[T]) dropFirst() {
	if len(s.next) == 0 {
		s.next = slices.SortedFunc(maps.Keys(s.items), func(a, b [sha256.Size]byte) int { return s.items[a].ends.Compare(s.items[b].ends) })
		s.next = slices.Clone(s.next[:len(s.next)/10+1])
	}
	delete(s.items, s.next[0])
	s.next = s.next[1:]
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
