package bearer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

var (
	errClaimCase    = errors.New("the token has a claim whose name differs in case only from one that decides")
	errOtherSubject = errors.New("the verifier gave another issuer or subject than the claims of its token have")
)

// claims are those that say whose a token is.
type claims struct{ issuer, subject string }

// parseClaims reads claims by their names to the letter (RFC 7519 section 7.3).
// encoding/json, and so go-oidc, takes SUB for sub, and of both the last: a payload that
// has such a name is refused.
func parseClaims(payload []byte) (c claims, err error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) != nil {
		return claims{}, errNotAJWT
	}
	for name := range members {
		if mistakable(name) {
			return claims{}, fmt.Errorf("%w: %.40q", errClaimCase, name)
		}
	}
	for name, value := range map[string]*string{"iss": &c.issuer, "sub": &c.subject} {
		if raw, ok := members[name]; ok && json.Unmarshal(raw, value) != nil {
			return claims{}, errNotAJWT
		}
	}
	return c, nil
}

// mistakable reports whether encoding/json takes name for that of a claim which go-oidc
// reads, though it is another.
func mistakable(name string) bool {
	for _, known := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "nonce", "at_hash"} {
		if name != known && strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}

// checkClaims refuses a token that is not that of its claims. A token that a verifier
// made itself has none.
func checkClaims(token *oidc.IDToken) error {
	var payload json.RawMessage
	if _ = token.Claims(&payload); payload == nil {
		return nil
	}
	c, err := parseClaims(payload)
	if err == nil && (c.issuer != token.Issuer || c.subject != token.Subject) {
		err = errOtherSubject
	}
	return err
}
