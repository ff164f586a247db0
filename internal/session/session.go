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
	"errors"
	"fmt"
	"net/http"
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
	store       *store.Store
	config      config.Config
	fingerprint string
	regions     config.Regions
	aws         aws.Config
	login       *oidclogin.Client
	notice      func(string)
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
		store: o.Store, config: o.Config, fingerprint: o.Config.Fingerprint(), regions: o.Regions,
		aws: cfg, login: login, notice: o.Notice,
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
	}, env), nil
}

// lock takes the lock over the session state, for a bounded time.
func (s *Session) lock(ctx context.Context) (func(), error) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	release, err := s.store.Lock(ctx, lockName)
	if err != nil {
		cancel()
		return nil, err
	}
	return func() { release(); cancel() }, nil
}

// SignIn has a person sign in with a browser and stores the tokens. What was
// obtained for somebody else before is dropped.
func (s *Session) SignIn(ctx context.Context) (oidclogin.Claims, error) {
	tokens, err := s.login.SignIn(ctx)
	if err != nil {
		return oidclogin.Claims{}, err
	}
	release, err := s.lock(ctx)
	if err != nil {
		return oidclogin.Claims{}, err
	}
	defer release()
	if err := s.saveTokens(ctx, tokens); err != nil {
		return oidclogin.Claims{}, err
	}
	if err := s.forgetCredentials(ctx); err != nil {
		return oidclogin.Claims{}, err
	}
	return tokens.Claims, nil
}

// forgetCredentials drops credentials that may be somebody else's.
func (s *Session) forgetCredentials(ctx context.Context) error {
	if err := s.store.ClearRole(); err != nil {
		return err
	}
	if _, err := s.store.ClearS3(ctx, ""); err != nil {
		return err
	}
	return nil
}

func (s *Session) saveTokens(ctx context.Context, t oidclogin.Tokens) error {
	err := s.store.SaveIDPToken(ctx, store.IDPToken{
		Token: t.IDToken, RefreshToken: t.RefreshToken, ObtainedAt: time.Now(), Fingerprint: s.fingerprint,
	})
	if err != nil {
		return fmt.Errorf("store the tokens: %w", err)
	}
	return nil
}

// RefreshToken gets a new ID token with the refresh token and stores both.
func (s *Session) RefreshToken(ctx context.Context) (oidclogin.Claims, error) {
	release, err := s.lock(ctx)
	if err != nil {
		return oidclogin.Claims{}, err
	}
	defer release()
	held, err := s.heldToken(ctx)
	if err != nil {
		return oidclogin.Claims{}, err
	}
	if held, err = s.refresh(ctx, held); err != nil {
		return oidclogin.Claims{}, err
	}
	return oidclogin.Decode(held.Token)
}

// heldToken loads what the identity provider gave, if it was for this configuration.
func (s *Session) heldToken(ctx context.Context) (store.IDPToken, error) {
	held, err := s.store.LoadIDPToken(ctx)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return held, &SignInRequiredError{Reason: "nobody has signed in yet", Err: err}
	case errors.Is(err, store.ErrKeyLost):
		return held, &SignInRequiredError{Reason: "the stored tokens cannot be opened", Err: err}
	case err != nil:
		return held, err
	case held.Fingerprint != "" && held.Fingerprint != s.fingerprint:
		return held, &SignInRequiredError{Reason: "the last sign-in was for another configuration"}
	}
	return held, nil
}

// refresh uses the refresh token. The rotated one is stored before anything
// else, also beside an error. The lock is held.
func (s *Session) refresh(ctx context.Context, held store.IDPToken) (store.IDPToken, error) {
	if held.RefreshToken.IsZero() {
		return held, &SignInRequiredError{Reason: "the ID token is used up and there is no refresh token"}
	}
	previous, _ := oidclogin.Decode(held.Token) // a token that cannot be read has no subject to keep
	tokens, err := s.login.Refresh(ctx, held.RefreshToken, func(o *oidclogin.RefreshOptions) { o.Previous = previous })
	if err != nil {
		return held, s.refreshFailed(ctx, held, tokens, err)
	}
	held = store.IDPToken{
		Token: tokens.IDToken, RefreshToken: tokens.RefreshToken, ObtainedAt: time.Now(), Fingerprint: s.fingerprint,
		SpentSHA256: held.SpentSHA256, SpentAt: held.SpentAt,
	}
	if err := s.store.SaveIDPToken(ctx, held); err != nil {
		return held, fmt.Errorf("store the refreshed tokens: %w", err)
	}
	return held, nil
}

func (s *Session) refreshFailed(ctx context.Context, held store.IDPToken, tokens oidclogin.Tokens, err error) error {
	if tokens.Rotated {
		held.RefreshToken = tokens.RefreshToken
		if saveErr := s.store.SaveIDPToken(ctx, held); saveErr != nil {
			return errors.Join(err, fmt.Errorf("store the rotated refresh token: %w", saveErr))
		}
	}
	if oidclogin.KindOf(err) == oidclogin.KindInvalidGrant {
		return &SignInRequiredError{Reason: "the identity provider no longer takes the refresh token", Err: err}
	}
	return err
}
