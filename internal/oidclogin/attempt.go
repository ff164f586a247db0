package oidclogin

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net/url"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// attempt is one sign-in by redirect with the values that bind its parts together.
type attempt struct {
	client   *Client
	call     *call
	provider provider
	options  SignInOptions
	loopback *loopback
	oauth    *oauth2.Config
	state    string // binds the redirect to us, RFC 6749 section 10.12
	nonce    string // binds the ID token to us
	verifier string // binds the code to us, RFC 7636
	address  string // of the authorization request
	callback *callback
	tokens   Tokens // set by finish
}

func (c *Client) newAttempt(k *call, p provider, o SignInOptions, lo *loopback) *attempt {
	a := &attempt{
		client: c, call: k, provider: p, options: o, loopback: lo,
		oauth: c.oauth2Config(p, c.settings.redirectURL(lo.port)),
		state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier(),
	}
	extra := []oauth2.AuthCodeOption{oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier)}
	for name, value := range c.settings.extraParameters() {
		extra = append(extra, oauth2.SetAuthURLParam(name, value))
	}
	a.address = a.oauth.AuthCodeURL(a.state, extra...)
	return a
}

// extraParameters are Parameters and Audience.
func (s Settings) extraParameters() map[string]string {
	extra := maps.Clone(s.Parameters)
	if s.Audience != "" {
		if extra == nil {
			extra = map[string]string{}
		}
		extra["audience"] = s.Audience
	}
	return extra
}

// run serves the redirect until the sign-in ends one way or the other.
func (a *attempt) run(ctx context.Context) (Tokens, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.callback = newCallback(a.client.settings.RedirectPath, a.loopback.port, a.state, func(response url.Values) error {
		return a.finish(ctx, response)
	})
	a.options.Busy("")
	srv := a.loopback.serve(a.callback)
	a.invite(ctx)
	opened, opening := a.open(ctx)
	err := a.await(ctx, srv, opened)
	srv.stop()
	outcome := a.outcome(ctx, err)
	cancel()
	opening.Wait()
	if outcome != nil {
		return Tokens{}, outcome
	}
	return a.tokens, nil
}

// invite tells the person what to do.
func (a *attempt) invite(ctx context.Context) {
	redirect, wait := a.oauth.RedirectURL, waitText(ctx)
	then := fmt.Sprintf("The browser will return to %s on this machine.\n%s\n", redirect, wait)
	switch {
	case a.options.Method != MethodPaste && a.options.ReadLine != nil:
		then += "If it cannot get there, paste the address that it ends at here.\n"
	case a.options.Method == MethodPaste:
		then = fmt.Sprintf("The browser may be on any machine. It will end at an address that begins with\n%s. If there is no page at it, copy the whole\naddress from the address bar and paste it here. %s\n%s", redirect, wait, pastePrompt)
	}
	a.say("To sign in, open this address in a browser:\n\n  %s\n\n%s", a.address, then)
}

func (a *attempt) say(format string, args ...any) {
	_, _ = fmt.Fprintf(a.options.Out, format, args...)
}

// open opens the browser beside the wait. The channel receives one error if that
// fails; the group ends once its context has.
func (a *attempt) open(ctx context.Context) (failed <-chan error, opening *sync.WaitGroup) {
	errs, opening := make(chan error, 1), new(sync.WaitGroup)
	if a.options.Method != MethodBrowser || a.client.env.OpenURL == nil {
		return errs, opening
	}
	opening.Go(func() {
		if err := a.client.env.OpenURL(ctx, a.address); err != nil && ctx.Err() == nil {
			errs <- err
		}
	})
	return errs, opening
}

// await returns once the sign-in is over, with an error only of its own making.
func (a *attempt) await(ctx context.Context, srv *server, notOpened <-chan error) error {
	lines, pasted := a.lines(ctx), a.newPaste()
	for {
		var err error
		select {
		case <-a.callback.done:
			return nil
		case <-ctx.Done():
			return nil
		case broken := <-srv.broken:
			return fail(KindPortInUse, "the listener for the redirect stopped: %v", broken)
		case cause := <-notOpened:
			err = a.notOpened(ctx, cause)
		case l := <-lines:
			if a.take(pasted, l) {
				lines = nil
			}
			err = pasted.failed
		}
		if err != nil {
			return err
		}
	}
}

// notOpened goes on where the person can open the printed address.
func (a *attempt) notOpened(ctx context.Context, cause error) error {
	reason := printable(cause.Error(), maxShown)
	if a.options.Out == io.Discard {
		return fail(KindConfig, "no browser was opened: %s", reason).hint("Set BROWSER to a command that opens an address.")
	}
	a.say("No browser was opened (%s): open the address above yourself. %s\n", reason, waitText(ctx))
	return nil
}

// outcome prefers what the browser was told over what else ended the wait.
func (a *attempt) outcome(ctx context.Context, err error) error {
	select {
	case <-a.callback.done:
		return a.callback.err
	default:
	}
	if err != nil {
		return err
	}
	e := timedOut(ctx, "nobody completed the sign-in in time")
	if e.Kind == KindTimeout {
		e = e.hint("If the browser showed an error: %s must be registered at the identity provider as a redirect URI, exactly so. %s",
			a.oauth.RedirectURL, a.call.names.check(a.call.names.ClientID))
	}
	return e
}

// finish turns an authorization response that carries our state into tokens.
func (a *attempt) finish(ctx context.Context, response url.Values) error {
	a.call.person()
	code := response.Get("code")
	if err := a.checkIss(response); err != nil {
		return err
	}
	if response.Has("error") {
		secrets := []secret.Value{secret.New(code), secret.New(a.verifier)}
		return a.call.names.redirectError(response.Get("error"), response.Get("error_description"), secrets)
	}
	if code == "" {
		return fail(KindVerification, "the redirect has neither code nor error")
	}
	a.options.Busy(busyExchanging)
	granted, err := a.call.grant(ctx, a.provider.tokenEndpoint, url.Values{
		"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {a.oauth.RedirectURL}, "code_verifier": {a.verifier},
	}, codeSends)
	if err != nil {
		return a.call.codeLost(err)
	}
	return a.accept(ctx, granted, response.Get("iss"))
}

// codeSends is how often an authorization code goes to a provider that may have
// taken it: it is for one use, and some providers revoke what it gave when it
// comes again (RFC 6749 section 4.1.2), but then that was lost with the answer.
const codeSends = 2

// codeLost says of a code that was refused when it came again what that means:
// the network has lost the tokens, and another sign-in would do.
func (k *call) codeLost(err error) error {
	if KindOf(err) != KindInvalidGrant || k.lost == "" {
		return err
	}
	e := fail(KindNetwork, "the tokens were lost on the way: %s", k.lost)
	e.final = true
	return e.hint("Sign in again.")
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

// accept verifies what was granted and keeps the tokens.
func (a *attempt) accept(ctx context.Context, granted grantAnswer, iss string) error {
	if granted.idToken.IsZero() {
		return noIDToken()
	}
	tokens, err := a.call.verified(ctx, a.provider, granted)
	if err != nil {
		return err
	}
	if err := checkAccessHash(granted); err != nil {
		return err
	}
	if err := checkNonce(tokens.Claims.Nonce, a.nonce); err != nil {
		return err
	}
	if iss != "" && iss != tokens.Claims.Issuer {
		return fail(KindVerification, "the redirect comes from issuer %q, the ID token from %q", printable(iss, maxShown), tokens.Claims.Issuer)
	}
	a.tokens = tokens
	return nil
}
