package bearer

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Verifier verifies a token and returns its claims. [*oidc.IDTokenVerifier] implements
// it. An error may be [ErrKeysUnavailable] or a [*RefusalError]; any other means that
// the token is not acceptable, [*oidc.TokenExpiredError] that it has expired. A server
// with sessions of its own may implement it by looking up what was verified at
// sign-in; then the token is the session's id. Issuer and Subject of what go-oidc
// returned must be left as they are, see [Options].Subject. It must be safe for
// concurrent use.
type Verifier interface {
	Verify(ctx context.Context, rawToken string) (*oidc.IDToken, error)
}

var (
	_ Verifier = (*oidc.IDTokenVerifier)(nil)
	_ Verifier = Issuers(nil)
)

// ErrIssuerUnknown means that a token names an issuer for which [Issuers] has no
// verifier.
var ErrIssuerUnknown = errors.New("no verifier for the issuer of the token")

// errIssuerChanged is not known to happen: it guards against a verifier that does not
// look at the claim by which it was chosen.
var errIssuerChanged = errors.New("the verified issuer is not the one by which the verifier was chosen")

// Issuers verifies the tokens of several issuers, each with its own verifier, which is
// found by the token's claim iss; that is verified then. The keys are the claims'
// values, to the letter. [New] takes a copy.
type Issuers map[string]Verifier

// Verify implements [Verifier].
func (i Issuers) Verify(ctx context.Context, rawToken string) (*oidc.IDToken, error) {
	issuer, err := unverifiedIssuer(rawToken)
	if err != nil {
		return nil, err
	}
	verifier := i[issuer]
	if verifier == nil {
		return nil, fmt.Errorf("%w: %.200q", ErrIssuerUnknown, issuer)
	}
	token, err := verifier.Verify(ctx, rawToken)
	if err == nil && token != nil && token.Issuer != issuer {
		return nil, errIssuerChanged
	}
	return token, err
}

func unverifiedIssuer(rawToken string) (string, error) {
	parts := strings.Split(rawToken, ".")
	if len(parts) != 3 {
		return "", errNotAJWT
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", errNotAJWT
	}
	c, err := parseClaims(payload)
	return c.issuer, err
}

var errNotAJWT = errors.New("the token is not a JWT whose issuer can be read")

// checked returns the verifier that New keeps.
func checked(verifier Verifier) (Verifier, error) {
	switch v := verifier.(type) {
	case nil:
		return nil, ErrVerifierMissing
	case *oidc.IDTokenVerifier:
		if v == nil {
			return nil, ErrVerifierMissing
		}
	case Issuers:
		if len(v) == 0 {
			return nil, ErrVerifierMissing
		}
		for issuer, of := range v {
			if _, err := checked(of); err != nil {
				return nil, fmt.Errorf("%w: %s", err, issuer)
			}
		}
		return maps.Clone(v), nil
	}
	return verifier, nil
}
