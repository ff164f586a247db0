package ssooidc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/lab/internal/jwks"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func invalidGrant(description string) error { return exception("InvalidGrantException", description) }

// redeemAssertion verifies the JWT of the jwt-bearer grant (RFC 7523), spends
// it, and finds its user.
func (h *handlers) redeemAssertion(ctx context.Context, app *world.Application, raw string) (*subject, error) {
	t, err := jwks.Parse(raw)
	if err != nil {
		return nil, invalidGrant("Invalid assertion provided")
	}
	issuer, err := h.verifyAssertion(ctx, app, t)
	if err != nil {
		return nil, err
	}
	id, err := h.replayID(t)
	if err != nil {
		return nil, err
	}
	unspent := &assertion{issuer: issuer.ARN, id: id}
	if *h.world.Switches.SpendOnRefusal {
		if err := h.spend(ctx, unspent); err != nil {
			return nil, err
		}
		unspent = nil
	}
	user, err := h.matchUser(app, issuer, t)
	if err != nil {
		return nil, err
	}
	if err := h.admit(app, user); err != nil {
		return nil, err
	}
	return &subject{user: user, issuerARN: issuer.ARN, unspent: unspent}, nil
}

// assertion tells a verified JWT from every other.
type assertion struct{ issuer, id string }

// spend uses an assertion up; nil is none.
func (h *handlers) spend(ctx context.Context, a *assertion) error {
	if a == nil || h.world.Spend(a.issuer, a.id) || world.ReplaysAllowed(ctx) {
		return nil
	}
	return exception(h.world.Switches.ReplayedAssertion, "The assertion has already been used")
}

// verifyAssertion checks issuer, audience, signature and times, and returns the trusted token issuer.
func (h *handlers) verifyAssertion(ctx context.Context, app *world.Application, t *jwks.Token) (*world.TrustedTokenIssuer, error) {
	iss, _ := t.String("iss")
	issuer, audiences := h.authorizedIssuer(app, iss)
	if issuer == nil {
		return nil, exception(h.world.Switches.UnauthorizedIssuer, "The issuer of the assertion is not authorized")
	}
	if _, err := h.keys.Verify(ctx, issuer.IssuerURL, t, jose.RS256); err != nil {
		return nil, invalidGrant("The assertion cannot be verified")
	}
	if !slices.ContainsFunc(t.Audience(), func(aud string) bool { return slices.Contains(audiences, aud) }) {
		return nil, exception(h.world.Switches.UnauthorizedIssuer, "The audience of the assertion is not authorized")
	}
	if _, ok := t.String("sub"); !ok {
		return nil, invalidGrant("Missing a required claim: sub")
	}
	return issuer, h.checkTimes(t)
}

func (h *handlers) authorizedIssuer(app *world.Application, iss string) (*world.TrustedTokenIssuer, []string) {
	for _, a := range app.JWTBearer {
		t, ok := h.world.TrustedTokenIssuer(app.Instance, a.IssuerARN)
		if ok && t.IssuerURL == iss {
			return t, a.Audiences
		}
	}
	return nil, nil
}

// checkTimes demands exp and honours nbf and iat (RFC 7523 section 3).
func (h *handlers) checkTimes(t *jwks.Token) error {
	now := h.world.Now()
	leeway := time.Duration(*h.world.Switches.ClockLeeway) * time.Second
	exp, _, ok := t.Time("exp")
	if !ok {
		return invalidGrant("Missing a required claim: exp")
	}
	if !now.Before(exp.Add(leeway)) || h.tooOld(t, now) {
		return exception(h.world.Switches.ExpiredAssertion, "The assertion has expired")
	}
	for _, claim := range []string{"nbf", "iat"} {
		// An issuer's second may begin a little before ours.
		if at, present, ok := t.Time(claim); present && (!ok || at.Sub(now) > leeway+time.Second) {
			return invalidGrant("The assertion is not yet valid")
		}
	}
	return nil
}

// tooOld applies the limit on the age of a JWT where the world has one.
func (h *handlers) tooOld(t *jwks.Token, now time.Time) bool {
	limit := time.Duration(*h.world.Switches.AssertionMaxAge) * time.Second
	iat, _, ok := t.Time("iat")
	return limit > 0 && (!ok || now.Sub(iat) > limit)
}

// replayID tells an assertion from every other of its issuer.
func (h *handlers) replayID(t *jwks.Token) (string, error) {
	if jti, ok := t.String("jti"); ok {
		return "jti " + jti, nil
	}
	if *h.world.Switches.RequireJTI {
		return "", invalidGrant("Missing a required claim: jti")
	}
	// Not the text of the JWT: base64url has several spellings of the same bytes,
	// all of which verify.
	sum := sha256.Sum256(t.Payload())
	id := "sha256 " + hex.EncodeToString(sum[:])
	if !*h.world.Switches.SingleUseWithoutJTI {
		id += " " + time.Duration(h.world.Now().UnixNano()).String()
	}
	return id, nil
}

// matchUser maps the claim to exactly one user.
func (h *handlers) matchUser(app *world.Application, issuer *world.TrustedTokenIssuer, t *jwks.Token) (*world.User, error) {
	lookup := t.String
	if *h.world.Switches.NestedClaims {
		lookup = t.Path
	}
	value, ok := lookup(issuer.ClaimAttributePath)
	if !ok {
		return nil, exception(h.world.Switches.NoMatchingUser, "The assertion lacks the mapped claim")
	}
	users := h.world.FindUsers(app.Instance, issuer.IdentityStoreAttributePath, value)
	if len(users) != 1 {
		return nil, exception(h.world.Switches.NoMatchingUser, "No single user matches the assertion")
	}
	return users[0], nil
}
