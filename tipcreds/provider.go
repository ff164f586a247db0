package tipcreds

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// ProviderName is the Source of the credentials.
const ProviderName = "TIPProvider"

// Provider gives identity-enhanced credentials of one user. Make it with
// [New]. It caches: wrapping it in an aws.CredentialsCache is harmless and not
// needed.
type Provider struct {
	keeper *keeper
	token  WebTokenProvider
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
	switch {
	case o.Cache != nil && o.Subject.IsZero():
		return nil, &OptionError{Option: "Subject", Err: ErrSubjectMissing}
	case !o.Subject.IsZero() && !o.Subject.complete():
		return nil, &OptionError{Option: "Subject", Value: o.Subject.String(), Err: ErrNoSubject}
	}
	x, err := newExchanger(accessRoleARN, applicationARN, &o)
	if err != nil {
		return nil, err
	}
	return &Provider{keeper: &keeper{exchanger: x, subject: o.Subject}, token: token}, nil
}

// Retrieve implements [aws.CredentialsProvider]. It returns the credentials at
// hand until the expiry window begins. Then it asks Identity Center for new ones
// with the refresh token, if the application has that grant and STS still takes the
// last JWT or gave credentials that last; else it asks the WebTokenProvider for a
// JWT and exchanges it. Concurrent calls share one exchange, which goes on when the
// call that began it is cancelled, for [Options.Timeout] at most. A JWT that is
// one that it spent before, in doubt or not, is not sent again: [ErrWebTokenSpent]. Nor
// is one of another user than the first or [Options.Subject]: [ErrSubjectMismatch].
//
// Errors are of type [*ExchangeError], or the context's.
func (p *Provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	return p.keeper.retrieve(ctx, p.token, false)
}

// Config is a copy of cfg whose clients sign with credentials of provider, a
// [*Provider] or any other. Unlike config.WithCredentialsProvider it puts no
// aws.CredentialsCache around it. It is for programs of one user; a server hands
// credentials over with each call, see [Pool].
func Config(cfg aws.Config, provider aws.CredentialsProvider) aws.Config {
	cfg = cfg.Copy()
	cfg.Credentials = provider
	return cfg
}

// ProviderSources implements [aws.CredentialProviderSource], for the metrics in
// the User-Agent header.
func (p *Provider) ProviderSources() []aws.CredentialSource { return p.keeper.sources() }

// String implements fmt.Stringer without secrets.
func (p *Provider) String() string {
	return fmt.Sprintf("tipcreds.Provider{%s, %s}", p.keeper.accessRoleARN, p.keeper.applicationARN)
}

// GoString implements fmt.GoStringer without secrets.
func (p *Provider) GoString() string { return p.String() }

// Format implements fmt.Formatter: every verb prints String.
func (p *Provider) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }
