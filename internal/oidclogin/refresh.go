package oidclogin

import (
	"context"

	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// RefreshOptions are optional knowledge for [Client.Refresh].
type RefreshOptions struct {
	// Previous are the claims of the ID token before, see [Decode]. Its issuer
	// and subject must come again, and its nonce if the new token has one.
	Previous Claims
}

// Refresh gets a new ID token with a refresh token (RFC 6749 section 6, OpenID
// Connect Core 1.0 section 12). It sends the refresh token once.
//
// The RefreshToken of the result is on every return, with or without an
// error, the one to keep; if Rotated is set, store it before anything else.
// An error of [KindInvalidGrant] means a new sign-in, unless another process
// has rotated the token meanwhile. [ErrNoIDToken] matches an answer without
// id_token.
func (c *Client) Refresh(ctx context.Context, refreshToken secret.Value, optFns ...func(*RefreshOptions)) (Tokens, error) {
	var options RefreshOptions
	for _, fn := range optFns {
		fn(&options)
	}
	tokens, err := c.refresh(ctx, refreshToken, options)
	return tokens, during("refresh ID token", err)
}

func (c *Client) refresh(ctx context.Context, refreshToken secret.Value, options RefreshOptions) (Tokens, error) {
	kept := Tokens{RefreshToken: refreshToken}
	if c.invalid != nil {
		return kept, c.invalid
	}
	if refreshToken.IsZero() {
		return kept, fail(KindInvalidGrant, "there is no refresh token").hint("Sign in again.")
	}
	k := c.newCall()
	p, err := c.provider(ctx, k)
	if err != nil {
		return kept, err
	}
	source := c.oauth2Config(p, "").TokenSource(k.with(ctx), &oauth2.Token{RefreshToken: refreshToken.Reveal()})
	answer, err := source.Token()
	if answer != nil {
		k.grantedRefresh = secret.New(answer.RefreshToken)
	}
	if g := k.grantedRefresh; !g.IsZero() && g.Reveal() != refreshToken.Reveal() {
		kept.RefreshToken, kept.Rotated = g, true
	}
	kept.ClockSkew = k.skew
	if err != nil {
		return kept, k.names.tokenError(ctx, err, refreshToken, kept.RefreshToken)
	}
	return c.refreshed(ctx, k, p, answer, kept, options.Previous)
}

// refreshed adds the verified ID token of answer to kept.
func (c *Client) refreshed(ctx context.Context, k *call, p provider, answer *oauth2.Token, kept Tokens, previous Claims) (Tokens, error) {
	idToken, err := idTokenOf(answer)
	if err != nil {
		return kept, err
	}
	claims, err := c.verify(ctx, k, p, idToken)
	if err != nil {
		return kept, err
	}
	if err := checkPrevious(claims, previous); err != nil {
		return kept, err
	}
	kept.IDToken, kept.Claims = idToken, claims
	return kept, nil
}
