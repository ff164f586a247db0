package oidclogin

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"
)

// Method is a way to sign in.
type Method int

const (
	// MethodBrowser opens a browser here, prints the address too, and waits for the
	// redirect on loopback (RFC 8252).
	MethodBrowser Method = iota
	// MethodNoBrowser is MethodBrowser without opening one.
	MethodNoBrowser
	// MethodPaste prints the address for a browser on any machine, and takes the
	// redirect from loopback or the address that the browser ended at from
	// SignInOptions.ReadLine, whichever comes first. The port need not be free.
	MethodPaste
	// MethodDevice is the device authorization grant (RFC 8628): the person enters
	// a code in a browser on any machine.
	MethodDevice
)

// SignInOptions are the options of [Client.SignIn].
type SignInOptions struct {
	// Method is MethodBrowser by default.
	Method Method
	// ReadLine returns the next line that the person enters. It must return soon
	// after ctx is done; a SignIn that ends does not wait for it. MethodPaste needs
	// it; MethodBrowser and MethodNoBrowser take a pasted redirect too if it is there.
	ReadLine func(ctx context.Context) (string, error)
	// Out receives what the person reads: the address to open and what went wrong.
	// It is not written to concurrently, nor after SignIn returned. Nil stands for
	// Env.Stderr.
	Out io.Writer
	// Busy is told what the identity provider is asked, and "" while the person is
	// waited for. It must not block. Nil: nobody is told.
	Busy func(doing string)
}

// The texts of Busy.
const (
	busyDiscovering = "asking the identity provider for its endpoints"
	busyExchanging  = "getting the tokens"
)

const (
	// signInWait bounds a sign-in whose context has no deadline.
	signInWait = 5 * time.Minute
	// deviceWait bounds one by device code, whatever the provider says of its code.
	deviceWait = 30 * time.Minute
)

// SignIn lets a person sign in. By default that is the authorization code grant
// with PKCE S256, state and nonce in a browser, and a redirect to a listener on
// loopback that is bound before the browser opens; the page in the browser says
// how the sign-in ended. It waits until the deadline of ctx, or five minutes; by
// device code as long as the code is valid, half an hour at most.
//
// The authorization code is sent once more where the first answer was lost or
// the provider was out of order; requests that cannot have used it up are
// repeated like all others.
func (c *Client) SignIn(ctx context.Context, optFns ...func(*SignInOptions)) (Tokens, error) {
	var o SignInOptions
	for _, fn := range optFns {
		fn(&o)
	}
	if o.Out == nil {
		o.Out = c.env.Stderr
	}
	if o.Busy == nil {
		o.Busy = func(string) {}
	}
	k := c.newCall()
	tokens, err := c.signIn(ctx, k, o)
	return tokens, k.during("sign in", err)
}

func (c *Client) signIn(ctx context.Context, k *call, o SignInOptions) (Tokens, error) {
	switch {
	case c.invalid != nil:
		return Tokens{}, c.invalid
	case o.Method < MethodBrowser || o.Method > MethodDevice:
		return Tokens{}, fail(KindConfig, "there is no sign-in method %d", o.Method)
	case o.Method == MethodPaste && o.ReadLine == nil:
		return Tokens{}, fail(KindConfig, "there is nothing to paste the redirect into").hint("Run this in a terminal.")
	case o.Method == MethodDevice:
		ctx, cancel := boundedWait(ctx, deviceWait)
		defer cancel()
		return c.signInByDevice(ctx, k, o)
	}
	ctx, cancel := boundedWait(ctx, signInWait)
	defer cancel()
	return c.signInByRedirect(ctx, k, o)
}

func (c *Client) signInByRedirect(ctx context.Context, k *call, o SignInOptions) (Tokens, error) {
	lo, err := c.settings.listen(ctx)
	if err != nil && (o.Method != MethodPaste || KindOf(err) != KindPortInUse || c.settings.RedirectPort == AnyPort) {
		return Tokens{}, err
	}
	if lo == nil {
		lo = &loopback{port: c.settings.RedirectPort} // only a pasted redirect can arrive
	}
	defer lo.close()
	o.Busy(busyDiscovering)
	p, err := c.provider(ctx, k)
	if err != nil {
		return Tokens{}, err
	}
	if err := k.authenticate(ctx); err != nil { // before the person does something in vain
		return Tokens{}, err
	}
	return c.newAttempt(k, p, o, lo).run(ctx)
}

// boundedWait gives ctx a deadline if it has none.
func boundedWait(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc) {
	if _, bounded := ctx.Deadline(); bounded {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, wait)
}

// waitText says how long ctx leaves, and how not to wait.
func waitText(ctx context.Context) string {
	deadline, _ := ctx.Deadline()
	return "Waiting for up to " + inWords(time.Until(deadline)) + "; Ctrl-C ends it."
}

// inWords rounds d to minutes, or to seconds below two minutes.
func inWords(d time.Duration) string {
	unit, n := "second", int(d.Round(time.Second)/time.Second)
	if n >= 120 {
		unit, n = "minute", int(d.Round(time.Minute)/time.Minute)
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", max(n, 0), unit)
}

// timedOut is contextError with what it means for a sign-in.
func timedOut(ctx context.Context, description string) *Error {
	e := contextError(ctx)
	if e.Kind == KindTimeout {
		e.Description = cmp.Or(description, e.Description)
	}
	return e
}
