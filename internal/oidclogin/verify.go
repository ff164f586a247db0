package oidclogin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/tip-cli/tip-cli/internal/secret"
)

const (
	// clockLeeway is how far in the future iat may lie. go-oidc grants nbf the same.
	clockLeeway = 5 * time.Minute
	// notableSkew is the difference of clocks from which errors name it.
	notableSkew = 30 * time.Second
)

// Verify checks the signature and the claims of an ID token of the provider for
// this client, as of now (OpenID Connect Core 1.0 section 3.1.3.7): RS256, iss,
// aud, azp, exp, nbf, iat, sub. There is no nonce to compare with. Without
// Settings.Issuer it believes any user pool in the region of the domain.
func (c *Client) Verify(ctx context.Context, idToken secret.Value) (Claims, error) {
	claims, err := c.verifyHeld(ctx, idToken)
	return claims, during("verify ID token", err)
}

func (c *Client) verifyHeld(ctx context.Context, idToken secret.Value) (Claims, error) {
	if c.invalid != nil {
		return Claims{}, c.invalid
	}
	k := c.newCall()
	p, err := c.provider(ctx, k)
	if err != nil {
		return Claims{}, err
	}
	return c.verify(ctx, k, p, idToken)
}

// verify checks everything but the nonce and what came before.
func (c *Client) verify(ctx context.Context, k *call, p provider, idToken secret.Value) (Claims, error) {
	if err := checkAlgorithm(idToken); err != nil {
		return Claims{}, err
	}
	if p.issuer == "" {
		learned, err := p.learn(ctx, k, idToken)
		if err != nil {
			return Claims{}, err
		}
		p = learned
	}
	keys := &keySet{call: k, uri: p.jwksURI}
	verifier := oidc.NewVerifier(p.issuer, keys, &oidc.Config{
		ClientID:             c.settings.ClientID,
		SupportedSigningAlgs: []string{oidc.RS256},
	})
	token, err := verifier.Verify(ctx, idToken.Reveal())
	if keys.err != nil {
		return Claims{}, keys.err
	}
	if err != nil {
		return Claims{}, k.refused(err)
	}
	var raw rawClaims
	if err := token.Claims(&raw); err != nil {
		return Claims{}, fail(KindVerification, "the claims of the ID token are malformed")
	}
	claims := raw.claims()
	if err := k.checkClaims(claims, p.issuer, c.settings.ClientID); err != nil {
		return Claims{}, err
	}
	return claims, nil
}

// plainAlgorithm keeps what is no name of an algorithm out of errors.
var plainAlgorithm = regexp.MustCompile(`^[A-Za-z0-9+-]{1,32}$`)

func checkAlgorithm(idToken secret.Value) error {
	alg, err := algorithm(idToken)
	switch {
	case err != nil:
		return err
	case alg == oidc.RS256:
		return nil
	case alg == "none":
		return fail(KindVerification, "the ID token is not signed (alg none)")
	case !plainAlgorithm.MatchString(alg):
		alg = "an unknown algorithm"
	}
	return fail(KindVerification, "the ID token is signed with %s, but IAM Identity Center takes only RS256", alg).
		hint("Set the signing algorithm of ID tokens to RS256 for the application at the identity provider.")
}

// refused maps an error of go-oidc's checks of claims, which follow the signature's.
func (k *call) refused(err error) error {
	var expired *oidc.TokenExpiredError
	if !errors.As(err, &expired) {
		return fail(KindVerification, "the ID token is refused: %s", printable(redact(err.Error(), nil), 2*maxShown))
	}
	if expired.Expiry.IsZero() {
		return fail(KindVerification, "the ID token has no exp claim")
	}
	ago := time.Since(expired.Expiry).Round(time.Second)
	return k.clockError("the ID token expired at %s, %s ago", stamp(expired.Expiry), ago)
}

// checkClaims does what go-oidc leaves to its caller.
func (k *call) checkClaims(c Claims, issuer, clientID string) error {
	switch {
	case c.Issuer != issuer: // go-oidc admits one other spelling, for Google; IAM does not
		return fail(KindVerification, "the ID token is issued by %q, not by %q", printable(c.Issuer, maxShown), issuer)
	case c.Subject == "":
		return fail(KindVerification, "the ID token has no sub claim")
	case c.AuthorizedParty != "" && c.AuthorizedParty != clientID:
		return fail(KindVerification, "the ID token is for another client: azp is %q", printable(c.AuthorizedParty, maxShown))
	case c.AuthorizedParty == "" && slices.ContainsFunc(c.Audience, func(a string) bool { return a != clientID }):
		return fail(KindVerification, "the ID token has several audiences and no azp claim")
	case c.IssuedAt.IsZero():
		return fail(KindVerification, "the ID token has no iat claim")
	case c.IssuedAt.After(c.Expiry):
		return fail(KindVerification, "the ID token expires before it was issued")
	case c.IssuedAt.After(time.Now().Add(clockLeeway)):
		ahead := time.Until(c.IssuedAt).Round(time.Second)
		return k.clockError("the ID token was issued at %s, %s in the future", stamp(c.IssuedAt), ahead)
	}
	return nil
}

// checkNonce compares in constant time (OpenID Connect Core 1.0 section 3.1.3.7 number 11).
func checkNonce(got, want string) error {
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 {
		return nil
	}
	return fail(KindVerification, "the ID token does not belong to this sign-in: its nonce is another one").
		hint("Sign in again; if it happens again, somebody may be interfering.")
}

// checkPrevious compares a refreshed ID token with the one before (OpenID
// Connect Core 1.0 section 12.2). Empty fields of previous are not known.
func checkPrevious(claims, previous Claims) error {
	switch {
	case previous.Issuer != "" && claims.Issuer != previous.Issuer:
		return fail(KindVerification, "the refreshed ID token is issued by %q, the one before by %q",
			printable(claims.Issuer, maxShown), printable(previous.Issuer, maxShown))
	case previous.Subject != "" && claims.Subject != previous.Subject:
		return fail(KindVerification, "the refreshed ID token is for another user (sub) than the one before")
	case previous.Nonce != "" && claims.Nonce != "" && claims.Nonce != previous.Nonce:
		return fail(KindVerification, "the nonce of the refreshed ID token is another than before")
	}
	return nil
}

// clockError adds how the clocks differ, where the provider told its own.
func (k *call) clockError(format string, args ...any) *Error {
	e := fail(KindVerification, format, args...)
	if !k.measured || k.skew.Abs() < notableSkew {
		return e
	}
	direction := "behind"
	if k.skew < 0 {
		direction = "ahead of"
	}
	e.Description += fmt.Sprintf("; the local clock is %s %s the provider's", k.skew.Abs(), direction)
	return e.hint("Set the clock of this machine, for instance by turning on network time.")
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
