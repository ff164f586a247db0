// Package session is the flow behind every command: it hands out the
// identity-enhanced role session and the S3 Access Grants credentials, from disk
// while they hold, else by refresh and exchange, and keeps what it obtains.
//
// A [Session] is safe for concurrent use, within a process and across processes:
// whatever reads, decides and writes holds the store's lock. It prints nothing
// and opens no browser; sign-in is the caller's business ([Session.SignIn]).
package session

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport"
)

const (
	// lockName is the lock over sign-in state and role credentials.
	lockName = "session"
	// lockTimeout bounds the wait for another process that renews.
	lockTimeout = 90 * time.Second
	// freshFor is how much life credentials need to be handed out as they are:
	// botocore's advisory window.
	freshFor = 15 * time.Minute
	// usableFor is how much life credentials need to be handed out when renewal fails.
	usableFor = time.Minute
	// tokenMargin is how much life an ID token needs to be worth an exchange.
	tokenMargin = time.Minute
)

// SignInRequiredError says that only a person can go on.
type SignInRequiredError struct {
	// Reason in a few words, without secrets.
	Reason string
	// Err is the cause; it may be nil.
	Err error
}

// Error implements error.
func (e *SignInRequiredError) Error() string { return "sign-in required: " + e.Reason }

// Unwrap returns the cause.
func (e *SignInRequiredError) Unwrap() error { return e.Err }

// Hint is the command that signs in.
func (e *SignInRequiredError) Hint() string { return "run: tip-cli auth" }

// Options of [New].
type Options struct {
	Store  *store.Store
	Config config.Config
	// Regions of the application and of Identity Center.
	Regions config.Regions
	// HTTPClient makes every request.
	HTTPClient *awshttp.BuildableClient
	// Login is what a sign-in needs of its surroundings; its HTTPClient is set by New.
	Login oidclogin.Env
	// Notice receives a line about something that went wrong without stopping the
	// work; nil for nobody.
	Notice func(string)
}

// Session is the flow for one configuration.
type Session struct {
	shelf
	// signInFingerprint is what tokens depend on.
	signInFingerprint string

	regions config.Regions
	aws     aws.Config
	login   *oidclogin.Client
	notice  func(string)
}

// New returns a Session. Nothing is read or called yet.
func New(o Options) (*Session, error) {
	login, err := newLogin(&o)
	if err != nil {
		return nil, err
	}
	cfg, err := transport.AWSConfig(o.HTTPClient, o.Regions.Region)
	if err != nil {
		return nil, err
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	return &Session{
		shelf: newShelf(o.Store, o.Config), signInFingerprint: signInFingerprint(o.Config),
		regions: o.Regions, aws: cfg, login: login, notice: o.Notice,
	}, nil
}

func newLogin(o *Options) (*oidclogin.Client, error) {
	l, err := o.Config.Login()
	if err != nil {
		return nil, err
	}
	env := o.Login
	env.HTTPClient = &http.Client{Transport: o.HTTPClient.GetTransport()}
	return oidclogin.New(oidclogin.Settings{
		Issuer: l.Issuer, ClientID: l.ClientID, Scopes: l.Scopes,
		RedirectHost: l.RedirectHost, RedirectPort: l.RedirectPort, RedirectPath: l.RedirectPath,
		AuthorizationEndpoint: l.AuthorizationEndpoint, TokenEndpoint: l.TokenEndpoint,
		Names: namesOf(l.Keys),
	}, env), nil
}

// namesOf has hints speak of the keys of config.json.
func namesOf(keys config.LoginKeys) oidclogin.Names {
	return oidclogin.Names{
		Issuer: strings.Join(keys.Issuer, " and "), IssuerDerived: keys.IssuerDerived, ClientID: keys.ClientID,
		AuthorizationEndpoint: keys.Endpoints, TokenEndpoint: keys.Endpoints, Command: config.ConfigureCommand,
	}
}

func (s *Session) lock(ctx context.Context) (func(), error) { return lock(ctx, s.store) }

// lock takes the lock over the session state, for a bounded time.
func lock(ctx context.Context, st *store.Store) (func(), error) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	release, err := st.Lock(ctx, lockName)
	if err != nil {
		cancel()
		return nil, err
	}
	return func() { release(); cancel() }, nil
}
