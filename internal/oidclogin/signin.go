package oidclogin

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// signInWait bounds a sign-in whose context has no deadline.
const signInWait = 5 * time.Minute

// SignIn lets a person sign in with a browser: authorization code grant with
// PKCE S256, state and nonce, and a redirect to a listener on loopback that is
// bound before the browser opens. It waits until the deadline of ctx, or five
// minutes. The page in the browser says how the sign-in ended.
func (c *Client) SignIn(ctx context.Context) (Tokens, error) {
	tokens, err := c.signIn(ctx)
	return tokens, during("sign in", err)
}

func (c *Client) signIn(ctx context.Context) (Tokens, error) {
	if c.invalid != nil {
		return Tokens{}, c.invalid
	}
	ctx, cancel := boundedWait(ctx)
	defer cancel()
	lo, err := listen(ctx, c.settings.RedirectHost, c.settings.RedirectPort)
	if err != nil {
		return Tokens{}, err
	}
	defer lo.close()
	k := c.newCall()
	p, err := c.provider(ctx, k)
	if err != nil {
		return Tokens{}, err
	}
	return c.newAttempt(k, p, c.settings.redirectURL(lo.port)).run(ctx, lo)
}

// boundedWait gives ctx a deadline if it has none.
func boundedWait(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, bounded := ctx.Deadline(); bounded {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, signInWait)
}

// attempt is one sign-in with the values that bind its parts together.
type attempt struct {
	client   *Client
	call     *call
	provider provider
	oauth    *oauth2.Config
	state    string // binds the redirect to us, RFC 6749 section 10.12
	nonce    string // binds the ID token to us
	verifier string // binds the code to us, RFC 7636
	tokens   Tokens // set by finish
}

func (c *Client) newAttempt(k *call, p provider, redirectURL string) *attempt {
	return &attempt{
		client: c, call: k, provider: p, oauth: c.oauth2Config(p, redirectURL),
		state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier(),
	}
}

// run serves the redirect until the sign-in ends one way or the other.
func (a *attempt) run(ctx context.Context, lo *loopback) (Tokens, error) {
	cb := newCallback(a.client.settings.RedirectPath, lo.port, a.state, func(response url.Values) error {
		return a.finish(ctx, response)
	})
	srv := lo.serve(cb)
	opened := a.open(ctx)
	var broken error
	select {
	case <-cb.done:
	case <-ctx.Done():
	case broken = <-srv.broken:
	}
	srv.stop()
	opened()
	return a.outcome(ctx, cb, broken)
}

// outcome prefers what the browser was told over a context that ended meanwhile.
func (a *attempt) outcome(ctx context.Context, cb *callback, broken error) (Tokens, error) {
	select {
	case <-cb.done:
		if cb.err != nil {
			return Tokens{}, cb.err
		}
		return a.tokens, nil
	default:
	}
	if broken != nil {
		return Tokens{}, fail(KindPortInUse, "the listener for the redirect stopped: %v", broken)
	}
	e := contextError(ctx)
	if e.Kind == KindTimeout {
		e.Description = "nobody completed the sign-in in time"
		return Tokens{}, e.hint("If the browser showed an error: %s must be registered at the identity provider as a redirect URI, exactly so. %s",
			a.oauth.RedirectURL, a.call.names.check(a.call.names.ClientID))
	}
	return Tokens{}, e
}

// open prints the address, then opens it beside the wait. The function returned
// ends that and waits for it.
func (a *attempt) open(ctx context.Context) (end func()) {
	address := a.oauth.AuthCodeURL(a.state, oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier))
	env := a.client.env
	_, _ = fmt.Fprintf(env.Stderr, "To sign in, open this address in a browser:\n\n  %s\n\nThe browser will return to %s on this machine.\n",
		address, a.oauth.RedirectURL)
	if env.OpenURL == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var opening sync.WaitGroup
	opening.Go(func() {
		if err := env.OpenURL(ctx, address); err != nil && ctx.Err() == nil {
			_, _ = fmt.Fprintf(env.Stderr, "No browser was opened (%s): open the address above yourself.\n", printable(err.Error(), maxShown))
		}
	})
	return func() { cancel(); opening.Wait() }
}

// finish turns an authorization response that carries our state into tokens.
func (a *attempt) finish(ctx context.Context, response url.Values) error {
	code := secret.New(response.Get("code"))
	secrets := []secret.Value{code, secret.New(a.verifier)}
	if err := a.checkIss(response); err != nil {
		return err
	}
	if response.Has("error") {
		return a.call.names.redirectError(response.Get("error"), response.Get("error_description"), secrets)
	}
	if code.IsZero() {
		return fail(KindVerification, "the redirect has neither code nor error")
	}
	answer, err := a.oauth.Exchange(a.call.with(ctx), code.Reveal(), oauth2.VerifierOption(a.verifier))
	if err != nil {
		return a.call.names.tokenError(ctx, err, secrets...)
	}
	return a.accept(ctx, answer, response.Get("iss"))
}

// checkIss follows RFC 9207 section 2.4. Where the issuer is not known yet,
// accept compares.
func (a *attempt) checkIss(response url.Values) error {
	iss, want := response.Get("iss"), a.provider.issuer
	switch {
	case response.Has("iss") && want != "" && iss != want:
		return fail(KindVerification, "the redirect comes from issuer %q, not from %q", printable(iss, maxShown), want)
	case !response.Has("iss") && a.provider.issParameter:
		return fail(KindVerification, "the redirect does not name its issuer, although the provider says that its redirects do (RFC 9207)")
	}
	return nil
}

// accept verifies the ID token of answer and keeps the tokens.
func (a *attempt) accept(ctx context.Context, answer *oauth2.Token, iss string) error {
	idToken, err := idTokenOf(answer)
	if err != nil {
		return err
	}
	claims, err := a.client.verify(ctx, a.call, a.provider, idToken)
	if err != nil {
		return err
	}
	if err := checkNonce(claims.Nonce, a.nonce); err != nil {
		return err
	}
	if iss != "" && iss != claims.Issuer {
		return fail(KindVerification, "the redirect comes from issuer %q, the ID token from %q", printable(iss, maxShown), claims.Issuer)
	}
	a.tokens = Tokens{
		IDToken: idToken, RefreshToken: secret.New(answer.RefreshToken),
		Claims: claims, ClockSkew: a.call.skew,
	}
	return nil
}
