package tipcreds

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Subject is a user as a token issuer names them: the claims iss and sub (RFC 7519
// section 4.1). Neither is unique without the other. It is comparable and may be a key.
type Subject struct {
	Issuer string
	ID     string
}

// String implements fmt.Stringer. It is one line, whatever is in the claims.
func (s Subject) String() string { return strings.Map(printable, s.ID+" of "+s.Issuer) }

// complete reports whether s names somebody.
func (s Subject) complete() bool { return s.Issuer != "" && s.ID != "" }

// IsZero reports whether s names nobody.
func (s Subject) IsZero() bool { return s == Subject{} }

// UnverifiedSubject reads the subject of a JWT whose signature it does not check. It
// is for tokens that the program got from the issuer itself by TLS (OpenID Connect
// Core section 3.1.3.7), never for those that a client sent: verify these, as the
// package bearer does.
func UnverifiedSubject(webToken string) (Subject, error) {
	claims, err := parseWebToken(webToken)
	if err != nil {
		return Subject{}, err
	}
	s := Subject{Issuer: claims.Issuer, ID: claims.Subject}
	if !s.complete() {
		return Subject{}, ErrNoSubject
	}
	return s, nil
}

// webTokenClaims are the claims that are read from a JWT that is to be exchanged.
// AWS verifies it; they only keep one user's token from another's place.
type webTokenClaims struct {
	Issuer  string
	Subject string
	Expires float64 // seconds since 1970, RFC 7519 section 2
}

// parseWebToken reads the claims by their exact names: encoding/json would take SUB for
// sub in a structure.
func parseWebToken(webToken string) (webTokenClaims, error) {
	payload, ok := jwtPayload(webToken)
	var all map[string]json.RawMessage
	if !ok || json.Unmarshal(payload, &all) != nil {
		return webTokenClaims{}, ErrNotAJWT
	}
	var claims webTokenClaims
	for name, value := range map[string]any{"iss": &claims.Issuer, "sub": &claims.Subject, "exp": &claims.Expires} {
		if raw, ok := all[name]; ok && json.Unmarshal(raw, value) != nil {
			return webTokenClaims{}, ErrNotAJWT
		}
	}
	return claims, nil
}

// expiresAt is the claim exp, the zero time if there is none.
func (c webTokenClaims) expiresAt() time.Time {
	if c.Expires <= 0 || c.Expires > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(c.Expires), 0)
}

// checkSubject refuses the JWT of somebody else. A provider that was not told whose it is
// is of the user whose JWT was exchanged first: one that gets the tokens of several (from the
// context of a request, say) would give all of them the credentials of one.
func (k *keeper) checkSubject(webToken string) error {
	got, err := UnverifiedSubject(webToken)
	want := k.subject
	if want.IsZero() {
		first := k.pinned.Load()
		if first == nil || err != nil {
			return nil //nolint:nilerr // AWS will say what it thinks of the token
		}
		want = *first
	}
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%w: %s instead of %s", ErrSubjectMismatch, got, want)
	}
	return nil
}

// pin makes a provider that was not told whose it is one of this user.
func (k *keeper) pin(webToken string) {
	if !k.subject.IsZero() || k.pinned.Load() != nil {
		return
	}
	if got, err := UnverifiedSubject(webToken); err == nil {
		k.pinned.CompareAndSwap(nil, &got)
	}
}
