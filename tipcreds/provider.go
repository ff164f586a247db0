package tipcreds

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// ProviderName is the Source of the credentials.
const ProviderName = "TIPProvider"

// Provider gives identity-enhanced credentials of one user. Make it with
// [New]. It caches: wrapping it in an aws.CredentialsCache is harmless and not
// needed.
type Provider struct {
	accessRoleARN      string
	applicationARN     string
	contextProviderARN string
	token              WebTokenProvider
	options            Options

	webIdentity       AssumeRoleWithWebIdentityAPI // nil: nothing to bootstrap
	sts               AssumeRoleAPI
	oidc              CreateTokenAPI
	signSTS, signOIDC bool // with the application role's credentials

	application atomic.Pointer[lease]
	current     atomic.Pointer[lease]
	skew        atomic.Pointer[time.Duration]     // the last one measured
	spent       atomic.Pointer[[sha256.Size]byte] // of the last JWT that Retrieve spent
	flight      flight
}

var (
	_ aws.CredentialsProvider      = (*Provider)(nil)
	_ aws.CredentialProviderSource = (*Provider)(nil)
	_ fmt.Formatter                = (*Provider)(nil)
)

// New returns a provider of credentials of the role accessRoleARN for the user
// whose JWTs token returns, by way of the IAM Identity Center application
// applicationARN. Nothing is called yet. A refused argument or option gives an
// [*OptionError].
func New(accessRoleARN, applicationARN string, token WebTokenProvider, optFns ...func(*Options)) (*Provider, error) {
	if token == nil {
		return nil, &OptionError{Option: "token", Err: ErrTokenProviderMissing}
	}
	var o Options
	for _, fn := range optFns {
		fn(&o)
	}
	o.setDefaults()
	if err := o.validate(accessRoleARN, applicationARN); err != nil {
		return nil, err
	}
	p := &Provider{
		accessRoleARN:      accessRoleARN,
		applicationARN:     applicationARN,
		contextProviderARN: contextProviderARN(accessRoleARN),
		token:              token,
		options:            o,
	}
	p.buildClients()
	return p, nil
}

// Retrieve implements [aws.CredentialsProvider]. It returns the credentials at
// hand until the expiry window begins, then asks the WebTokenProvider for a JWT
// and exchanges it. Concurrent calls share one exchange, which goes on when the
// call that began it is cancelled, for [Options.Timeout] at most. A JWT that is
// the one it spent last, in doubt or not, is not sent again: [ErrWebTokenSpent].
//
// Errors are of type [*ExchangeError], or the context's.
func (p *Provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if l := p.current.Load(); !l.due(time.Now()) {
		return l.credentials, nil
	}
	if ctx.Err() != nil {
		return aws.Credentials{}, fmt.Errorf("retrieve credentials: %w", context.Cause(ctx))
	}
	c := p.flight.join(ctx, p.options.Timeout, p.renew)
	select {
	case <-c.done:
		return c.credentials, c.err
	case <-ctx.Done():
		if l := p.current.Load(); l.usable(time.Now()) {
			return l.credentials, nil
		}
		return aws.Credentials{}, fmt.Errorf("wait for credentials: %w", context.Cause(ctx))
	}
}

// ProviderSources implements [aws.CredentialProviderSource], for the metrics in
// the User-Agent header.
func (p *Provider) ProviderSources() []aws.CredentialSource {
	if p.webIdentity == nil {
		return []aws.CredentialSource{aws.CredentialSourceSTSAssumeRole}
	}
	return []aws.CredentialSource{aws.CredentialSourceSTSAssumeRoleWebID, aws.CredentialSourceSTSAssumeRole}
}

// String implements fmt.Stringer without secrets.
func (p *Provider) String() string {
	return fmt.Sprintf("tipcreds.Provider{%s, %s}", p.accessRoleARN, p.applicationARN)
}

// GoString implements fmt.GoStringer without secrets.
func (p *Provider) GoString() string { return p.String() }

// Format implements fmt.Formatter: every verb prints String.
func (p *Provider) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// renew is what one flight does.
func (p *Provider) renew(ctx context.Context) (aws.Credentials, error) {
	old := p.current.Load()
	if !old.due(time.Now()) {
		return old.credentials, nil // a flight landed since the caller looked
	}
	session, err := p.exchangeFresh(ctx)
	if err == nil {
		fresh := newLease(session.Credentials, time.Now(), p.options.ExpiryWindow, session.ClockSkew)
		p.current.Store(fresh)
		return fresh.credentials, nil
	}
	if now := time.Now(); old.usable(now) {
		p.current.Store(old.postponed(now))
		return old.credentials, nil
	}
	return aws.Credentials{}, err
}

// exchangeFresh gets a JWT and exchanges it, unless it is the one that the last
// exchange spent.
func (p *Provider) exchangeFresh(ctx context.Context) (*Session, error) {
	webToken, err := p.token(ctx)
	if err != nil {
		err = redactError(err, []string{webToken})
		return nil, &ExchangeError{Step: StepWebToken, Err: err}
	}
	sum := sha256.Sum256([]byte(webToken))
	if last := p.spent.Load(); last != nil && *last == sum {
		return nil, &ExchangeError{Step: StepWebToken, JWTSpent: true, Err: ErrWebTokenSpent}
	}
	session, err := p.Exchange(ctx, webToken)
	if failed, ok := errors.AsType[*ExchangeError](err); err == nil || ok && failed.JWTSpent {
		p.spent.Store(&sum)
	}
	return session, err
}
