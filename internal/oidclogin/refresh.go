package oidclogin

import (
	"context"
	"net/url"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// RefreshOptions are optional knowledge for [Client.Refresh].
type RefreshOptions struct {
	// Previous are the claims of the assertion before, see [Decode]. Its issuer
	// and subject must come again, and its nonce if the new token has one.
	Previous Claims
	// Rotated is called with a new refresh token as soon as it has arrived, before
	// anything else is done with the answer (its keys may have to be fetched): the
	// one that was sent is spent. An error of it ends the refresh and is returned.
	// Nil is for callers that store what Refresh returns.
	Rotated func(refreshToken secret.Value) error
}

// Refresh gets new tokens with a refresh token (RFC 6749 section 6, OpenID
// Connect Core 1.0 section 12).
//
// The refresh token is sent again, at most three times in all, also where the
// provider may have worked on it and its answer was lost. With rotation the
// answer held the only token that works from then on. Within the grace period
// that providers grant for just this, the old one gives another; without a
// grace period it is refused, and perhaps its whole family with it, but then
// everything was lost with the answer already. Not to send it again would turn
// a lost answer into a new sign-in in every case. An error of [KindInvalidGrant]
// after a lost answer says so.
//
// The RefreshToken of the result is on every return, with or without an
// error, the one to keep; if Rotated is set, store it before anything else.
// An error of [KindInvalidGrant] means a new sign-in, unless another process
// has rotated the token meanwhile. [ErrNoIDToken] matches an answer without
// id_token, which is an error only where the ID token is the assertion.
func (c *Client) Refresh(ctx context.Context, refreshToken secret.Value, optFns ...func(*RefreshOptions)) (Tokens, error) {
	var options RefreshOptions
	for _, fn := range optFns {
		fn(&options)
	}
	k := c.newCall()
	tokens, err := c.refresh(ctx, k, refreshToken, options)
	return tokens, k.during("refresh ID token", err)
}

func (c *Client) refresh(ctx context.Context, k *call, refreshToken secret.Value, options RefreshOptions) (Tokens, error) {
	kept := Tokens{RefreshToken: refreshToken}
	if c.invalid != nil {
		return kept, c.invalid
	}
	if refreshToken.IsZero() {
		return kept, fail(KindInvalidGrant, "there is no refresh token").hint("Sign in again.")
	}
	p, err := c.provider(ctx, k)
	if err != nil {
		return kept, err
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken.Reveal()}}
	granted, err := k.grant(ctx, p.tokenEndpoint, form, maxAttempts)
	if g := granted.refreshToken; !g.IsZero() && g.Reveal() != refreshToken.Reveal() {
		kept.RefreshToken, kept.Rotated = g, true
		if err := options.rotated(g); err != nil {
			return kept, err
		}
	}
	kept.ClockSkew = k.skew
	if err != nil {
		return kept, err
	}
	checked, err := k.refreshed(ctx, p, granted, options.Previous)
	if err != nil {
		return kept, err
	}
	checked.RefreshToken, checked.Rotated, checked.ClockSkew = kept.RefreshToken, kept.Rotated, kept.ClockSkew
	return checked, nil
}

func (o *RefreshOptions) rotated(refreshToken secret.Value) error {
	if o.Rotated == nil {
		return nil
	}
	return o.Rotated(refreshToken)
}

// refreshed verifies what a refresh granted.
func (k *call) refreshed(ctx context.Context, p provider, granted grantAnswer, previous Claims) (Tokens, error) {
	if k.settings.Assertion == AssertionIDToken && granted.idToken.IsZero() {
		return Tokens{}, noIDToken()
	}
	tokens, err := k.verified(ctx, p, granted)
	if err != nil {
		return Tokens{}, err
	}
	return tokens, k.assertionKind().checkPrevious(tokens.AssertionClaims, previous)
}
