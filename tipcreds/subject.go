package tipcreds

import (
	"encoding/base64"
	"encoding/json"
	"errors"
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

// String implements fmt.Stringer.
func (s Subject) String() string { return s.ID + " of " + s.Issuer }

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
	if claims.Issuer == "" || claims.Subject == "" {
		return Subject{}, ErrNoSubject
	}
	return Subject{Issuer: claims.Issuer, ID: claims.Subject}, nil
}

// webTokenClaims are the claims that are read from a JWT that is to be exchanged.
// AWS verifies it; they only keep one user's token from another's place.
type webTokenClaims struct {
	Issuer  string  `json:"iss"`
	Subject string  `json:"sub"`
	Expires float64 `json:"exp"` // seconds since 1970, RFC 7519 section 2
}

// ErrNotAJWT means that a web token is not a JWT in compact form whose claims iss,
// sub and exp can be read.
var ErrNotAJWT = errors.New("the web token is not a JWT whose claims can be read")

func parseWebToken(webToken string) (webTokenClaims, error) {
	var claims webTokenClaims
	parts := strings.Split(webToken, ".")
	if len(parts) != 3 {
		return claims, ErrNotAJWT
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return webTokenClaims{}, ErrNotAJWT
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

// checkSubject refuses the JWT of somebody else.
func (k *keeper) checkSubject(webToken string) error {
	if k.subject.IsZero() {
		return nil
	}
	got, err := UnverifiedSubject(webToken)
	if err != nil {
		return err
	}
	if got != k.subject {
		return fmt.Errorf("%w: %s instead of %s", ErrSubjectMismatch, got, k.subject)
	}
	return nil
}
