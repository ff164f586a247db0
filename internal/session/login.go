package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/tokensource"
)

// newLogin sets up the client of the identity provider.
func (s *Session) newLogin(client *awshttp.BuildableClient) error {
	l, err := s.config.Login()
	if err != nil {
		return err
	}
	env := s.env
	env.HTTPClient = &http.Client{Transport: client.GetTransport()}
	pinned := ""
	if l.IssuerUnknown {
		if pinned, err = s.pinnedIssuer(); err != nil {
			return err
		}
	}
	s.unpinned = l.IssuerUnknown && pinned == ""
	s.login = oidclogin.New(oidclogin.Settings{
		Issuer: l.Issuer, PinnedIssuer: pinned, ClientID: l.ClientID, Scopes: l.Scopes,
		RedirectHost: l.RedirectHost, RedirectPort: l.RedirectPort, RedirectPath: l.RedirectPath, FallbackPorts: l.FallbackPorts,
		AuthorizationEndpoint: l.AuthorizationEndpoint, TokenEndpoint: l.TokenEndpoint, RevocationEndpoint: l.RevocationEndpoint,
		Audience: l.Audience, Parameters: l.Parameters, Assertion: l.Assertion,
		ClientAuthentication: l.ClientAuthentication, ClientSecret: s.clientSecret(l),
		Names: namesOf(l.Keys),
	}, env)
	return nil
}

// namesOf has hints speak of the keys of config.json.
func namesOf(keys config.LoginKeys) oidclogin.Names {
	return oidclogin.Names{
		Issuer: strings.Join(keys.Issuer, " and "), IssuerDerived: keys.IssuerDerived, ClientID: keys.ClientID,
		AuthorizationEndpoint: keys.Endpoints, TokenEndpoint: keys.Endpoints, Command: config.ConfigureCommand,
	}
}

// clientSecret is where the secret of a confidential client comes from, nil for a
// public client.
func (s *Session) clientSecret(l config.Login) func(context.Context) (secret.Value, error) {
	switch {
	case l.ClientAuthentication == "" || l.ClientAuthentication == config.ClientAuthNone:
		return nil
	case len(l.ClientSecretCommand) > 0:
		return func(ctx context.Context) (secret.Value, error) {
			return tokensource.Command(ctx, l.ClientSecretCommand, tokensource.Options{Stderr: s.env.Stderr, Setting: "client_secret_command", State: s.store.Dir()})
		}
	}
	return func(ctx context.Context) (secret.Value, error) {
		value, err := s.store.LoadClientSecret(ctx)
		if errors.Is(err, store.ErrNotFound) {
			return value, &ClientSecretError{}
		}
		return value, err
	}
}

// ClientSecretError says that the client is a confidential one and its secret was
// not given yet.
type ClientSecretError struct{}

// Error implements error.
func (*ClientSecretError) Error() string { return "the client needs a secret, and none is stored" }

// Hint is the command that stores one.
func (*ClientSecretError) Hint() string { return "run: tip-cli configure client-secret" }

// pinnedIssuer is the issuer that an earlier sign-in under this configuration has shown.
func (s *Session) pinnedIssuer() (string, error) {
	pinned, err := s.store.LoadIssuer()
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrCorrupt), // which the next one sets aside
		err == nil && pinned.Fingerprint != s.signInFingerprint:
		return "", nil
	case err != nil:
		return "", err
	}
	return pinned.Issuer, nil
}

// pin keeps the issuer that the first verified token has shown, unless another
// process has kept another one meanwhile. The lock is held.
func (s *Session) pin(claims oidclogin.Claims) error {
	if !s.unpinned {
		return nil
	}
	switch pinned, err := s.pinnedIssuer(); {
	case err != nil:
		return err
	case pinned != "" && pinned != claims.Issuer:
		return &IssuerChangedError{Pinned: pinned, Shown: claims.Issuer}
	}
	return s.store.SaveIssuer(store.Issuer{Issuer: claims.Issuer, Fingerprint: s.signInFingerprint})
}

// IssuerChangedError says that tokens come from another issuer than those of the
// first sign-in.
type IssuerChangedError struct{ Pinned, Shown string }

// Error implements error.
func (e *IssuerChangedError) Error() string {
	return fmt.Sprintf("the ID token is issued by %q, but the first sign-in here was at %q", e.Shown, e.Pinned)
}

// Hint is the command that forgets the first one.
func (*IssuerChangedError) Hint() string { return "if that is right, run: tip-cli configure idp" }
