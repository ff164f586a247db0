package tipcreds

import (
	"crypto/sha256"
	"slices"
	"strings"
	"time"
)

// maxSpent is how many JWTs of a user are remembered: more than a user has at a time,
// who may have signed in on several devices.
const maxSpent = 8

// spentTokens are JWTs of one user that were sent to Identity Center, until they
// expire. It is immutable; a nil one is empty.
type spentTokens []spentToken

type spentToken struct {
	sum   [sha256.Size]byte
	until time.Time
}

// tokenSum identifies a JWT by what is signed of it: of a signature there is more than
// one spelling.
func tokenSum(webToken string) [sha256.Size]byte {
	signed := webToken
	if i := strings.LastIndexByte(webToken, '.'); i >= 0 {
		signed = webToken[:i]
	}
	return sha256.Sum256([]byte(signed))
}

// with adds a JWT, and drops those that are over, and the oldest beyond the bound.
func (s *spentTokens) with(webToken string, now time.Time) *spentTokens {
	all := spentTokens{{sum: tokenSum(webToken), until: now.Add(claimLife(webToken, now))}}
	if s != nil {
		all = append(all, *s...)
	}
	all = slices.DeleteFunc(all, func(t spentToken) bool { return !now.Before(t.until) })
	all = slices.Clip(all[:min(len(all), maxSpent)])
	return &all
}

// has reports whether a JWT is among them. One that has expired may be forgotten.
func (s *spentTokens) has(sum [sha256.Size]byte) bool {
	return s != nil && slices.ContainsFunc(*s, func(t spentToken) bool { return t.sum == sum })
}

// remembers reports whether one of them could still be sent.
func (s *spentTokens) remembers(now time.Time) bool {
	return s != nil && slices.ContainsFunc(*s, func(t spentToken) bool { return now.Before(t.until) })
}
