package oidclogin

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// Env is what the package needs of its surroundings. Every field may be zero.
type Env struct {
	// Stderr receives the address to open. Nothing is written to it concurrently
	// by this package, and nothing after SignIn returned. Nil discards.
	Stderr io.Writer
	// OpenURL opens a browser, see [DefaultOpenURL]. It must return soon after
	// ctx is done; what it started may live on. Nil opens nothing.
	OpenURL func(ctx context.Context, url string) error
	// HTTPClient makes every request with its Transport. Its Timeout is used for
	// one attempt of a request when shorter than 10 seconds; CheckRedirect and Jar
	// are not used. Nil stands for http.DefaultClient.
	HTTPClient *http.Client
	// Wait waits for d between attempts and between polls, or returns the error of
	// ctx. Nil waits by a timer; tests put something faster here.
	Wait func(ctx context.Context, d time.Duration) error
}

// Client signs in at one provider as one registered application. It is
// immutable and safe for concurrent use.
type Client struct {
	settings Settings
	env      Env
	invalid  error // of the settings; every operation returns it
}

// New returns a Client. Wrong settings show as an error of [KindConfig] from
// every operation.
func New(settings Settings, env Env) *Client {
	if env.Stderr == nil {
		env.Stderr = io.Discard
	}
	if env.HTTPClient == nil {
		env.HTTPClient = http.DefaultClient
	}
	if env.Wait == nil {
		env.Wait = sleep
	}
	settings = settings.withDefaults()
	return &Client{settings: settings, env: env, invalid: settings.validate()}
}

// Tokens are the outcome of a sign-in or a refresh.
type Tokens struct {
	// Assertion is the token to send to AWS: the ID token or the access token, as
	// Settings.Assertion says. It is verified, and zero beside an error.
	Assertion secret.Value
	// AssertionClaims are those of Assertion.
	AssertionClaims Claims
	// IDToken is verified, and zero beside an error. It may be zero after a refresh
	// where the access token is the assertion.
	IDToken secret.Value
	// RefreshToken is the one to keep from now on: the one of the answer, or
	// after a refresh without rotation the old one. It is zero if the provider
	// gave none.
	RefreshToken secret.Value
	// Rotated says that the answer to a refresh had a new refresh token. Store
	// it before anything else, beside an error too: the old one is spent.
	Rotated bool
	// Claims are those of IDToken.
	Claims Claims
	// ClockSkew is the clock of the provider, by the Date header of its token
	// endpoint, minus the local clock, to the second; zero if it told none. AWS
	// refuses signatures that are more than five minutes off.
	ClockSkew time.Duration
}

// oauth2Config returns what makes the authorization request.
func (c *Client) oauth2Config(p provider, redirectURL string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: c.settings.ClientID, RedirectURL: redirectURL, Scopes: c.settings.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: p.authorizationEndpoint, TokenURL: p.tokenEndpoint},
	}
}

// with returns ctx carrying k's HTTP client for go-oidc.
func (k *call) with(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, k.http)
}
