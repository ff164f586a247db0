package oidclogin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// Names like those of config.json.
var (
	oktaNames    = oidclogin.Names{Issuer: "okta_url", ClientID: "okta_client_id", Command: "tip-cli configure idp"}
	entraNames   = oidclogin.Names{Issuer: "entra_tenant_id", IssuerDerived: true, ClientID: "entra_client_id", Command: "tip-cli configure idp"}
	cognitoNames = oidclogin.Names{
		Issuer: "cognito_issuer", ClientID: "cognito_client_id", AuthorizationEndpoint: "cognito_domain", TokenEndpoint: "cognito_domain",
		Command: "tip-cli configure idp",
	}
)

const command = "; to change that, run: tip-cli configure idp"

func hintOf(t *testing.T, err error) string {
	t.Helper()
	var e *oidclogin.Error
	if !errors.As(err, &e) {
		t.Fatalf("no *Error: %v", err)
	}
	return e.Hint
}

// TestHintsOfProvider: hints about what the provider answers name the settings
// as the person knows them.
func TestHintsOfProvider(t *testing.T) {
	notFound := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }
	tests := map[string]struct {
		set   func(*idp)
		names oidclogin.Names
		want  string
	}{
		"other issuer":      {func(p *idp) { p.discovery = set("issuer", "https://x.example") }, oktaNames, "Set okta_url to the exact value of the iss claim" + command},
		"by default":        {func(p *idp) { p.discovery = set("issuer", "https://x.example") }, oidclogin.Names{}, "Set issuer to the exact value of the iss claim"},
		"issuer of tenant":  {func(p *idp) { p.discovery = set("issuer", "https://x.example") }, entraNames, "Check entra_tenant_id" + command},
		"not a document":    {func(p *idp) { p.discovery = set("jwks_uri", 7) }, oktaNames, "Perhaps a proxy or log-in page of the network answers in its place. Check okta_url" + command},
		"keys":              {func(p *idp) { p.jwks = notFound }, oktaNames, "Check okta_url" + command},
		"no OAuth error":    {func(p *idp) { p.token = notFound }, oktaNames, "This may not be an OAuth token endpoint. Check okta_url" + command},
		"of Cognito":        {func(p *idp) { p.token = notFound }, cognitoNames, "This may not be an OAuth token endpoint. Check cognito_issuer and cognito_domain" + command},
		"token endpoint":    {func(p *idp) { p.token = notFound }, oidclogin.Names{}, "This may not be an OAuth token endpoint. Check issuer and token_endpoint"},
		"redirect":          {func(p *idp) { p.token = plainAnswer(302, "text/html", "") }, cognitoNames, "Check cognito_issuer and cognito_domain" + command},
		"invalid_client":    {func(p *idp) { p.token = oauthAnswer(401, "invalid_client") }, oktaNames, "The application must be a public (native) client, which needs no secret. Check okta_client_id" + command},
		"none can be named": {func(p *idp) { p.jwks = notFound }, oidclogin.Names{Command: "x"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			tt.set(p)
			r := p.signIn(t, signInOptions{settings: func(s *oidclogin.Settings) { s.Names = tt.names }})
			if diff := cmp.Diff(tt.want, hintOf(t, r.err)); diff != "" {
				t.Errorf("hint of %v (-want +got):\n%s", r.err, diff)
			}
		})
	}
}

// TestHintsOfSettings: and so do hints about the settings themselves.
func TestHintsOfSettings(t *testing.T) {
	const document = "/.well-known/openid-configuration"
	tests := map[string]struct {
		settings oidclogin.Settings
		want     string
	}{
		"no client":         {oidclogin.Settings{Names: oktaNames}, "Check okta_client_id" + command},
		"no issuer":         {oidclogin.Settings{ClientID: clientID, Names: cognitoNames}, "Check cognito_issuer and cognito_domain" + command},
		"discovery address": {oidclogin.Settings{ClientID: clientID, Issuer: "https://idp.example" + document, Names: oktaNames}, "Set okta_url to https://idp.example" + command},
		"of a tenant":       {oidclogin.Settings{ClientID: clientID, Issuer: "https://idp.example" + document, Names: entraNames}, "Check entra_tenant_id" + command},
		"nothing there": {oidclogin.Settings{ClientID: clientID, Issuer: "https://idp.example/", Names: oktaNames},
			"https://idp.example" + document + " must exist. Check okta_url" + command},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{Transport: answers(func(r *http.Request) (*http.Response, error) { return respond(r, 404, "text/plain", ""), nil })}
			_, err := oidclogin.New(tt.settings, oidclogin.Env{Wait: noWait, HTTPClient: client}).Refresh(t.Context(), secret.New("r"))
			if diff := cmp.Diff(tt.want, hintOf(t, err)); diff != "" {
				t.Errorf("hint of %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestHintOfUnknownPool(t *testing.T) {
	p, client := newCognito(t)
	p.claims = set("iss", "https://idp.example")
	r := p.signInCognito(t, client, func(s *oidclogin.Settings) { s.Names = cognitoNames })
	if got := hintOf(t, r.err); got != "If you trust it: Set cognito_issuer to the exact value of the iss claim"+command {
		t.Errorf("hint %q of %v", got, r.err)
	}
}

func TestHintWhenTheTimeIsUp(t *testing.T) {
	p := newIDP(t)
	settings := p.settings()
	settings.Names = oktaNames
	ctx := expiring{t.Context(), make(chan struct{})}
	_, err := oidclogin.New(settings, oidclogin.Env{
		Stderr: io.Discard, Wait: noWait, HTTPClient: newHTTPClient(t),
		OpenURL: func(context.Context, string) error { close(ctx.done); return nil },
	}).SignIn(ctx)
	want := " must be registered at the identity provider as a redirect URI, exactly so. Check okta_client_id" + command
	if got := hintOf(t, err); len(got) < len(want) || got[len(got)-len(want):] != want {
		t.Errorf("hint %q of %v", got, err)
	}
}
