package oidclogin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
	"github.com/tip-cli/tip-cli/internal/secret"
)

const (
	// clockLeeway is how far in the future iat and nbf may lie.
	clockLeeway = 5 * time.Minute
	// notableSkew is the difference of clocks from which errors name it.
	notableSkew = 30 * time.Second
)

// Verify checks the signature and the claims of a token of the provider, as of
// now: of the kind that Settings.Assertion names. Of an ID token that is RS256,
// iss, aud, azp, exp, nbf, iat and sub (OpenID Connect Core 1.0 section 3.1.3.7;
// there is no nonce to compare with), of an access token RS256, iss, exp, nbf
// and iat, that it has an aud, and that it names no other client. A typ of
// another kind of token is refused. Without Settings.Issuer it believes
// PinnedIssuer, or any user pool in the region of the domain.
func (c *Client) Verify(ctx context.Context, token secret.Value) (Claims, error) {
	k, t := c.newCall(), idToken
	if c.settings.Assertion == AssertionAccessToken {
		t = accessToken
	}
	claims, err := c.verifyHeld(ctx, k, t, token)
	return claims, k.during("verify "+string(t[len("the "):]), err)
}

func (c *Client) verifyHeld(ctx context.Context, k *call, t jwtKind, token secret.Value) (Claims, error) {
	if c.invalid != nil {
		return Claims{}, c.invalid
	}
	p, err := c.provider(ctx, k)
	if err != nil {
		return Claims{}, err
	}
	if p, err = p.learn(ctx, k, t, token); err != nil {
		return Claims{}, err
	}
	return k.verify(ctx, p, t, token)
}

// verify checks everything but the nonce and what came before. The issuer of p
// is known.
func (k *call) verify(ctx context.Context, p provider, t jwtKind, token secret.Value) (Claims, error) {
	if err := t.checkHeader(token); err != nil {
		return Claims{}, err
	}
	keys := &keySet{call: k, of: t, uri: p.jwksURI}
	verifier := oidc.NewVerifier(p.issuer, keys, &oidc.Config{
		ClientID:             k.settings.ClientID,
		SkipClientIDCheck:    t == accessToken,
		SkipExpiryCheck:      true, // see checkTimes
		SupportedSigningAlgs: []string{oidc.RS256},
	})
	verified, err := verifier.Verify(ctx, token.Reveal())
	if keys.err != nil {
		return Claims{}, keys.err
	}
	if err != nil {
		return Claims{}, fail(KindVerification, "%s is refused: %s", t, printable(redact(err.Error(), nil), 2*maxShown))
	}
	var raw rawClaims
	if err := verified.Claims(&raw); err != nil {
		return Claims{}, fail(KindVerification, "the claims of %s are malformed", t)
	}
	claims := raw.claims()
	if err := k.checkClaims(t, claims, p.issuer); err != nil {
		return Claims{}, err
	}
	if t == accessToken {
		if err := k.checkClient(verified); err != nil {
			return Claims{}, err
		}
	}
	return claims, nil
}

// checkClaims does what go-oidc leaves to its caller.
func (k *call) checkClaims(t jwtKind, c Claims, issuer string) error {
	if c.Issuer != issuer { // go-oidc admits one other spelling, for Google; IAM does not
		return fail(KindVerification, "%s is issued by %q, not by %q", t, printable(c.Issuer, maxShown), issuer)
	}
	if err := k.checkTimes(t, c, time.Now()); err != nil {
		return err
	}
	if t == accessToken {
		return checkAccess(c)
	}
	return checkID(c, k.settings.ClientID)
}

// plainAlgorithm keeps what is no name of an algorithm out of errors.
var plainAlgorithm = lazyregexp.New(`^[A-Za-z0-9+-]{1,32}$`)

func (t jwtKind) checkHeader(token secret.Value) error {
	h, err := t.header(token)
	if err != nil {
		return err
	}
	if err := t.checkAlgorithm(h.Algorithm); err != nil {
		return err
	}
	return t.checkType(h)
}

// checkType keeps tokens that the provider signs for other ends apart (RFC 8725
// section 3.11): access tokens (at+jwt) from ID tokens, and from both what is a
// logout token or a proof of possession.
func (t jwtKind) checkType(h header) error {
	typ := h.mediaType()
	right := typ == "" || typ == "jwt"
	if t == accessToken {
		right = typ != "logout+jwt" && typ != "dpop+jwt"
	}
	if right {
		return nil
	}
	return fail(KindVerification, "%s is a token of another kind: its typ is %q", t, printable(h.Type, maxShown))
}

func (t jwtKind) checkAlgorithm(alg string) error {
	switch {
	case alg == oidc.RS256:
		return nil
	case alg == "none":
		return fail(KindVerification, "%s is not signed (alg none)", t)
	case !plainAlgorithm().MatchString(alg):
		alg = "an unknown algorithm"
	}
	return fail(KindVerification, "%s is signed with %s, but IAM Identity Center takes only RS256", t, alg).
		hint("Set the signing algorithm of %ss to RS256 for the application at the identity provider.", t[len("the "):])
}

// checkTimes compares exp, nbf and iat with the local clock. AWS grants exp no leeway.
func (k *call) checkTimes(t jwtKind, c Claims, now time.Time) error {
	switch {
	case c.Expiry.IsZero():
		return fail(KindVerification, "%s has no exp claim", t)
	case !c.Expiry.After(now):
		return k.clockError("%s expired at %s, %s ago", t, stamp(c.Expiry), now.Sub(c.Expiry).Round(time.Second))
	case c.NotBefore.After(now.Add(clockLeeway)):
		return k.clockError("%s is not valid before %s (nbf), %s in the future", t, stamp(c.NotBefore), c.NotBefore.Sub(now).Round(time.Second))
	case c.IssuedAt.IsZero():
		return fail(KindVerification, "%s has no iat claim", t)
	case c.IssuedAt.After(c.Expiry):
		return k.clockError("%s expires before it was issued", t)
	case c.IssuedAt.After(now.Add(clockLeeway)):
		return k.clockError("%s was issued at %s, %s in the future", t, stamp(c.IssuedAt), c.IssuedAt.Sub(now).Round(time.Second))
	}
	return nil
}

func checkID(c Claims, clientID string) error {
	switch {
	case c.Subject == "":
		return fail(KindVerification, "the ID token has no sub claim")
	case c.AuthorizedParty != "" && c.AuthorizedParty != clientID:
		return fail(KindVerification, "the ID token is for another client: azp is %q", printable(c.AuthorizedParty, maxShown))
	case c.AuthorizedParty == "" && slices.ContainsFunc(c.Audience, func(a string) bool { return a != clientID }):
		return fail(KindVerification, "the ID token has several audiences and no azp claim")
	}
	return nil
}

// checkAccess wants what AWS needs of an access token. Which API it is for is
// the provider's business and AWS's.
func checkAccess(c Claims) error {
	if slices.ContainsFunc(c.Audience, func(a string) bool { return a != "" }) {
		return nil
	}
	return fail(KindConfig, "the access token has no aud claim, without which AWS does not take it").
		hint("Set assertion to id_token, or audience to an API of the identity provider.")
}

// checkClient wants an access token that names the client it was issued to to
// name this one: in azp (Keycloak, Auth0, Entra ID), cid (Okta), client_id (RFC
// 9068 section 2.2, Cognito) or appid (Entra ID, version 1.0).
func (k *call) checkClient(verified *oidc.IDToken) error {
	var named struct {
		AZP      *string `json:"azp"`
		CID      *string `json:"cid"`
		ClientID *string `json:"client_id"`
		AppID    *string `json:"appid"`
	}
	if err := verified.Claims(&named); err != nil {
		return fail(KindVerification, "the claims of %s are malformed", accessToken)
	}
	for _, c := range []struct {
		name  string
		value *string
	}{{"azp", named.AZP}, {"cid", named.CID}, {"client_id", named.ClientID}, {"appid", named.AppID}} {
		if c.value != nil && *c.value != k.settings.ClientID {
			return fail(KindVerification, "the access token is for another client: %s is %q", c.name, printable(*c.value, maxShown))
		}
	}
	return nil
}

// checkAccessHash compares at_hash of a verified ID token, where it has one,
// with the access token beside it (OpenID Connect Core 1.0 section 3.1.3.6): the
// left half of its SHA-256, since RS256 is the only algorithm.
func checkAccessHash(granted grantAnswer) error {
	if granted.accessToken.IsZero() {
		return nil
	}
	var named struct {
		Hash *string `json:"at_hash"`
	}
	if err := idToken.unmarshal(granted.idToken, &named); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(granted.accessToken.Reveal()))
	want := base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	if named.Hash == nil || subtle.ConstantTimeCompare([]byte(*named.Hash), []byte(want)) == 1 {
		return nil
	}
	return fail(KindVerification, "the access token does not belong to the ID token: its at_hash is another one").
		hint("Sign in again; if it happens again, somebody may be interfering.")
}

// checkNonce compares in constant time (OpenID Connect Core 1.0 section 3.1.3.7 number 11).
func checkNonce(got, want string) error {
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 {
		return nil
	}
	return fail(KindVerification, "the ID token does not belong to this sign-in: its nonce is another one").
		hint("Sign in again; if it happens again, somebody may be interfering.")
}

// checkPrevious compares a refreshed token with the one before (OpenID Connect
// Core 1.0 section 12.2). Empty fields of previous are not known. An access token
// has no nonce of ours.
func (t jwtKind) checkPrevious(claims, previous Claims) error {
	refreshed := "the refreshed " + string(t[len("the "):])
	switch {
	case previous.Issuer != "" && claims.Issuer != previous.Issuer:
		return fail(KindVerification, "%s is issued by %q, the one before by %q",
			refreshed, printable(claims.Issuer, maxShown), printable(previous.Issuer, maxShown))
	case previous.Subject != "" && claims.Subject != previous.Subject:
		return fail(KindVerification, "%s is for another user (sub) than the one before", refreshed)
	case t == idToken && previous.Nonce != "" && claims.Nonce != "" && claims.Nonce != previous.Nonce:
		return fail(KindVerification, "the nonce of %s is another than before", refreshed)
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
