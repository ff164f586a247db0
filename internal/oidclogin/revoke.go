package oidclogin

import (
	"bytes"
	"context"
	"net/url"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// Revoke ends a refresh token at the provider (RFC 7009), and with it whatever
// the provider ties to it. A token that is revoked or unknown already is a
// success, and so is an empty one. The error of a provider that has no
// revocation endpoint matches [ErrNoRevocation].
func (c *Client) Revoke(ctx context.Context, refreshToken secret.Value) error {
	k := c.newCall()
	return k.during("revoke refresh token", c.revoke(ctx, k, refreshToken))
}

func (c *Client) revoke(ctx context.Context, k *call, refreshToken secret.Value) error {
	if c.invalid != nil {
		return c.invalid
	}
	if refreshToken.IsZero() {
		return nil
	}
	endpoint, err := c.revocationEndpoint(ctx, k)
	if err != nil {
		return err
	}
	if err := k.authenticate(ctx); err != nil {
		return err
	}
	form := url.Values{"token": {refreshToken.Reveal()}, "token_type_hint": {"refresh_token"}}
	a, err := k.post(ctx, endpoint, form, maxAttempts)
	if err != nil {
		return k.names.requestError(ctx, "the revocation endpoint", err)
	}
	return k.revoked(a, k.sentIn(form))
}

// revocationEndpoint is that of the settings or of the discovery document.
func (c *Client) revocationEndpoint(ctx context.Context, k *call) (string, error) {
	if c.settings.RevocationEndpoint != "" {
		return c.settings.RevocationEndpoint, nil
	}
	p, err := c.provider(ctx, k)
	if err != nil {
		return "", err
	}
	if p.revocationEndpoint == "" {
		e := fail(KindConfig, "%v", ErrNoRevocation)
		e.cause = ErrNoRevocation
		return "", e.hint("The refresh token stays valid until it expires; an administrator can end the session there.")
	}
	return p.revocationEndpoint, p.checkOptional("revocation_endpoint", p.revocationEndpoint)
}

// revoked reads an answer, whose body means nothing in case of success (RFC 7009
// section 2.2) unless it is an OAuth error all the same, or a web page.
func (k *call) revoked(a *answer, secrets []secret.Value) error {
	read, _ := a.fields()
	if a.ok() && bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<")) { // a page in its place has revoked nothing
		return a.unreadable("the revocation endpoint")
	}
	if a.ok() && read.code == "" {
		return nil
	}
	if e := k.statusProblem("the revocation endpoint", a, read); e != nil {
		return e
	}
	if read.code == "invalid_token" { // what some say of a token that is revoked already
		return nil
	}
	return k.names.oauthError(tokenErrorKind(read.code), read.code, read.description, secrets)
}
