package oidclogin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// deviceGrant is the grant type of RFC 8628 section 3.4.
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

const (
	// pollInterval is the time between polls where the provider tells none, and
	// what slow_down adds (RFC 8628 sections 3.2 and 3.5).
	pollInterval = 5 * time.Second
	// maxPollInterval bounds how long failures of the network make it.
	maxPollInterval = time.Minute
	// deviceLifetime is taken where the provider tells none, against the RFC.
	deviceLifetime = 15 * time.Minute
	// maxUserCode bounds what is shown as a user code, in characters.
	maxUserCode = 64
)

// device is a checked device authorization response (RFC 8628 section 3.2).
type device struct {
	code     secret.Value
	userCode string
	page     string // verification_uri
	complete string // verification_uri_complete, or empty
	lifetime time.Duration
	interval time.Duration
}

func (c *Client) signInByDevice(ctx context.Context, k *call, o SignInOptions) (Tokens, error) {
	o.Busy(busyDiscovering)
	p, err := c.provider(ctx, k)
	if err != nil {
		return Tokens{}, err
	}
	d, err := c.askForDevice(ctx, k, p)
	if err != nil {
		return Tokens{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.lifetime)
	defer cancel()
	o.Busy("")
	d.invite(ctx, o.Out)
	granted, err := k.poll(ctx, p, d)
	if err != nil {
		return Tokens{}, err
	}
	if granted.idToken.IsZero() {
		return Tokens{}, noIDToken()
	}
	tokens, err := k.verified(ctx, p, granted)
	if err != nil {
		return Tokens{}, err
	}
	if err := checkAccessHash(granted); err != nil {
		return Tokens{}, err
	}
	return tokens, nil
}

// askForDevice makes the device authorization request (RFC 8628 section 3.1).
func (c *Client) askForDevice(ctx context.Context, k *call, p provider) (device, error) {
	const what = "the device authorization endpoint"
	if p.deviceEndpoint == "" {
		return device{}, fail(KindConfig, "the identity provider has no device authorization endpoint").
			hint("Sign in with a browser, or paste the redirect; where the provider offers the device grant, it may have to be enabled there.")
	}
	if p.issuer != "" {
		if err := p.checkOptional("device_authorization_endpoint", p.deviceEndpoint); err != nil {
			return device{}, err
		}
	}
	if err := k.authenticate(ctx); err != nil {
		return device{}, err
	}
	form := url.Values{"scope": {strings.Join(c.settings.Scopes, " ")}}
	for name, value := range c.settings.extraParameters() {
		form.Set(name, value)
	}
	a, err := k.post(ctx, p.deviceEndpoint, form, maxAttempts)
	if err != nil {
		return device{}, k.names.requestError(ctx, what, err)
	}
	read, readable := a.fields()
	if !a.ok() || read.code != "" {
		if e := k.statusProblem(what, a, read); e != nil {
			return device{}, e
		}
		return device{}, k.names.oauthError(tokenErrorKind(read.code), read.code, read.description, k.sentIn(form))
	}
	if !readable {
		return device{}, a.unreadable(what)
	}
	k.lost = "" // nothing was used up by asking
	return readDevice(read)
}

// readDevice checks what a person will be shown. Only pages that are safe to
// open are.
func readDevice(read answerFields) (device, error) {
	d := device{
		code: read.secret("device_code"), userCode: printable(read.text["user_code"], maxUserCode),
		lifetime: cmp.Or(read.seconds("expires_in"), deviceLifetime), interval: max(read.seconds("interval"), time.Second),
	}
	if read.seconds("interval") == 0 {
		d.interval = pollInterval
	}
	if d.code.IsZero() || d.userCode == "" {
		return device{}, unusable(fail(KindNetwork, "the device authorization endpoint gave no device code or no user code"))
	}
	// verification_url is what Google and old drafts call it.
	page, err := checkURL("verification_uri", cmp.Or(read.text["verification_uri"], read.text["verification_url"]), true)
	if err != nil {
		return device{}, fail(KindVerification, "the page to enter the code at is neither https nor on this machine, or no plain URL")
	}
	d.page = shown(page)
	if complete, err := checkURL("", read.text["verification_uri_complete"], true); err == nil {
		d.complete = shown(complete)
	}
	return d, nil
}

// shown is a URL without anything that a terminal would not print as it is.
func shown(u *url.URL) string {
	text := u.Scheme + "://" + u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		text += "?" + u.RawQuery
	}
	return printable(text, 2048)
}

func (d device) invite(ctx context.Context, out io.Writer) {
	_, _ = fmt.Fprintf(out, "To sign in, open this page in a browser on any machine:\n\n  %s\n\nand enter the code\n\n  %s\n\n", d.page, d.userCode)
	if d.complete != "" {
		_, _ = fmt.Fprintf(out, "or open this address, which has the code in it:\n\n  %s\n\n", d.complete)
	}
	_, _ = fmt.Fprintln(out, waitText(ctx))
}

// poll asks until the person has decided (RFC 8628 section 3.5). Where the
// network fails, it asks half as often each time.
func (k *call) poll(ctx context.Context, p provider, d device) (grantAnswer, error) {
	form := url.Values{"grant_type": {deviceGrant}, "device_code": {d.code.Reveal()}}
	for {
		if err := k.wait(ctx, d.interval); err != nil {
			return grantAnswer{}, codeExpired(ctx)
		}
		k.person()
		granted, err := k.grant(ctx, p.tokenEndpoint, form, 1)
		var e *Error
		if !errors.As(err, &e) {
			return granted, err
		}
		switch {
		case ctx.Err() != nil:
			return grantAnswer{}, codeExpired(ctx)
		case e.code == "authorization_pending":
		case e.code == "slow_down":
			d.interval += pollInterval
		case e.Retryable():
			d.interval = max(e.after, min(2*d.interval, maxPollInterval), d.interval)
		default:
			return grantAnswer{}, k.codeLost(err)
		}
	}
}

// codeExpired is for a wait that ended before anybody decided.
func codeExpired(ctx context.Context) *Error {
	e := timedOut(ctx, "nobody entered the code in time")
	if e.Kind == KindTimeout {
		return e.hint("Sign in again.")
	}
	return e
}
