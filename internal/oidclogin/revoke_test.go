package oidclogin_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

func TestRevoke(t *testing.T) {
	tests := map[string]struct {
		revoke    http.HandlerFunc
		discovery func(map[string]any)
		kind      oidclogin.Kind
		want      string // empty: revoked
		sent      int
	}{
		"revoked":          {plainAnswer(200, "text/html", "canary"), nil, 0, "", 1},
		"a log-in page":    {plainAnswer(200, "text/html", "<html>canary"), nil, oidclogin.KindNetwork, "in place of a JSON object", 1},
		"no content":       {plainAnswer(204, "", ""), nil, 0, "", 1},
		"already, by RFC":  {plainAnswer(200, "application/json", "{}"), nil, 0, "", 1},
		"already, Google":  {oauthAnswer(400, "invalid_token"), nil, 0, "", 1},
		"no endpoint":      {nil, nil, oidclogin.KindConfig, "revoke refresh token: the identity provider cannot revoke tokens", 0},
		"over http":        {plainAnswer(200, "", ""), set("revocation_endpoint", "http://idp.example/r"), oidclogin.KindConfig, "revocation_endpoint", 0},
		"another client's": {oauthAnswer(400, "invalid_grant"), nil, oidclogin.KindInvalidGrant, "invalid_grant: told by", 1},
		"error with 200":   {oauthAnswer(200, "invalid_request"), nil, oidclogin.KindConfig, "invalid_request", 1},
		"not for this":     {oauthAnswer(400, "unsupported_token_type"), nil, oidclogin.KindConfig, "unsupported_token_type", 1},
		"bad client":       {oauthAnswer(401, "invalid_client"), nil, oidclogin.KindConfig, "invalid_client", 1},
		"out of order":     {plainAnswer(503, "text/html", "canary"), nil, oidclogin.KindNetwork, "the revocation endpoint answered HTTP status 503", 3},
		"not found":        {plainAnswer(404, "text/html", "canary"), nil, oidclogin.KindConfig, "the revocation endpoint answered HTTP status 404", 1},
		"redirect":         {plainAnswer(307, "text/html", "canary"), nil, oidclogin.KindConfig, "the revocation endpoint answered with a redirect", 1},
		"reset":            {hijack(""), nil, oidclogin.KindNetwork, "the revocation endpoint closed the connection", 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.discovery = tt.discovery
			var forms []url.Values
			if tt.revoke != nil {
				p.revoke = func(w http.ResponseWriter, r *http.Request) {
					_ = r.ParseForm()
					forms = append(forms, r.PostForm)
					tt.revoke(w, r)
				}
			}
			err := oidclogin.New(p.settings(), oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)}).Revoke(t.Context(), secret.New(held))
			if tt.want != "" {
				wantError(t, err, tt.kind, tt.want)
			} else if err != nil {
				t.Error(err)
			}
			if errors.Is(err, oidclogin.ErrNoRevocation) != (name == "no endpoint") || strings.Contains(formats(err), "canary") || len(forms) != tt.sent {
				t.Errorf("sent %d times, %s", len(forms), formats(err))
			}
			want := url.Values{"token": {held}, "token_type_hint": {"refresh_token"}, "client_id": {clientID}}
			for _, form := range forms {
				if diff := cmp.Diff(want, form); diff != "" {
					t.Errorf("form (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestRevokeWithoutDiscovery: an endpoint of the settings needs none, as with a
// Cognito domain whose issuer is not known.
func TestRevokeWithoutDiscovery(t *testing.T) {
	p, client := newCognito(t)
	settings := p.settings()
	withoutIssuer(domain)(&settings)
	c := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: client})
	if err := c.Revoke(t.Context(), secret.New(held)); !errors.Is(err, oidclogin.ErrNoRevocation) {
		t.Errorf("without an endpoint: %v", err)
	}
	p.discovery = func(map[string]any) { t.Error("discovery was asked") }
	p.revoke = plainAnswer(200, "", "")
	settings.RevocationEndpoint = domain + "oauth2/revoke"
	if err := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: client}).Revoke(t.Context(), secret.New(held)); err != nil {
		t.Error(err)
	}
	if err := c.Revoke(t.Context(), secret.Value{}); err != nil {
		t.Errorf("nothing to revoke: %v", err)
	}
}
