package token

import (
	"fmt"
	"time"
)

const (
	// leeway is how far in the future iat and nbf may lie: clocks differ a little, and
	// tip-cli grants as much when somebody signs in.
	leeway = 5 * time.Minute
	// old is from when on STS may say "Token too old"; where it does is not documented.
	old = 24 * time.Hour
)

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// distance is a duration in the units that people count in.
func distance(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d/(24*time.Hour)))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d/time.Hour))
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", int(d/time.Minute))
	}
	return fmt.Sprintf("%d seconds", int(d/time.Second))
}

func (s *section) checkTimes() {
	s.checkExpiry()
	s.checkIssued()
	s.checkBeginning()
}

func (s *section) checkExpiry() {
	const check = "token.expiry"
	exp := s.token.Expiry
	left := exp.Sub(s.now)
	switch {
	case exp.IsZero(): // token.claims has said it
	case left > 0:
		s.log.OK(check, "it is good for another "+distance(left))
	case s.stale():
		s.log.OK(check, "it expired "+distance(-left)+" ago, and the refresh token gets the next one")
	default:
		s.log.Found("token.expired", s.token.From, fmt.Sprintf("it expired at %s, %s ago", stamp(exp), distance(-left)), s.renew())
	}
}

func (s *section) checkIssued() {
	const check = "token.issued"
	iat := s.token.IssuedAt
	age := s.now.Sub(iat)
	switch {
	case iat.IsZero(): // token.claims has said it
	case age < -leeway:
		s.log.Found("token.issued-in-future", s.token.From, fmt.Sprintf("iat is %s, %s from now", stamp(iat), distance(-age)), s.renew())
	case age > old && !s.stale() && !s.log.Has("token.expired"):
		s.log.Found("token.too-old", s.token.From, fmt.Sprintf("iat is %s, %s ago", stamp(iat), distance(age)), s.renew())
	default:
		s.log.OK(check, stamp(iat))
	}
}

func (s *section) checkBeginning() {
	const check = "token.not-before"
	value, there := s.token.Claims["nbf"]
	if !there {
		s.log.OK(check, "there is no nbf")
		return
	}
	nbf, wrong := date(value)
	switch {
	case wrong != "": // token.claims has said it
	case nbf.Sub(s.now) > leeway:
		s.log.Found("token.not-yet-valid", s.token.From, fmt.Sprintf("nbf is %s, %s from now", stamp(nbf), distance(nbf.Sub(s.now))), s.renew())
	default:
		s.log.OK(check, stamp(nbf))
	}
}
