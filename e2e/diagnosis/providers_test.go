package diagnosis_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// provided is a way to configure an identity provider that works with tip-cli auth.
type provided struct {
	name, provider string
	keys           map[string]any
	// issuer of the world is added with a client, unless there is one of that URL.
	issuer, client, secret string
	// but is what is found nevertheless.
	but string
}

var provideds = []provided{
	{name: "entra-id", provider: "entra-id", keys: map[string]any{"entra_tenant_id": "aaaabbbb-0000-cccc-1111-dddd2222eeee", "entra_client_id": "00001111-aaaa-2222-bbbb-3333cccc4444"}},
	{name: "cognito", provider: "cognito", keys: map[string]any{
		"cognito_domain": "https://tip-cli.auth.eu-west-1.amazoncognito.com", "cognito_client_id": "1example23456789", "cognito_user_pool_id": "eu-west-1_TipEXAMPLE",
	}},
	{name: "cognito by its domain alone", provider: "cognito", keys: map[string]any{
		"cognito_domain": "https://tip-cli.auth.eu-west-1.amazoncognito.com", "cognito_client_id": "1example23456789",
	}},
	{
		name: "keycloak", provider: "keycloak", issuer: "https://keycloak.example.com/realms/example", client: "tip-cli",
		keys: map[string]any{"keycloak_url": "https://keycloak.example.com/realms/example", "keycloak_client_id": "tip-cli"},
	},
	{
		name: "auth0", provider: "auth0", issuer: "https://example.eu.auth0.com/", client: "AbCdEfGhIjKlMnOpQrStUvWxYz012345",
		keys: map[string]any{"auth0_domain": "example.eu.auth0.com", "auth0_client_id": "AbCdEfGhIjKlMnOpQrStUvWxYz012345"},
	},
	{
		name: "google", provider: "google", issuer: "https://accounts.google.com", client: "123456789012-example.apps.googleusercontent.com", secret: "open-sesame",
		keys: map[string]any{"google_client_id": "123456789012-example.apps.googleusercontent.com"},
		but:  "idp.no-refresh-token", // the lab's provider does not know access_type=offline
	},
	{
		name: "ping", provider: "ping", issuer: "https://auth.pingone.eu/11111111-2222-3333-4444-555555555555/as", client: "66666666-7777-8888-9999-000000000000",
		keys: map[string]any{"ping_issuer": "https://auth.pingone.eu/11111111-2222-3333-4444-555555555555/as", "ping_client_id": "66666666-7777-8888-9999-000000000000"},
	},
	{
		name: "another", provider: "oidc", issuer: "https://idp.example.com", client: "tip-cli", secret: "s:p%20/+ü",
		keys: map[string]any{"oidc_issuer": "https://idp.example.com", "oidc_client_id": "tip-cli", "client_authentication": "client_secret_post"},
	},
}

// world adds the provider and everything on AWS's side that believes it.
func (p *provided) world(w *lab.World) {
	if p.issuer == "" {
		return
	}
	is, c := w.Issuers[0], w.Issuers[0].Clients[0]
	c.ID, c.Secret = p.client, p.secret
	if p.secret != "" {
		c.Authentication = "client_secret_post"
	}
	is.Name, is.URL, is.Face, is.Clients = p.name, p.issuer, "", append(is.Clients[:0:0], c)
	w.Issuers = append(w.Issuers, is)
	account, center := &w.Accounts[1], &w.IdentityCenter[0]
	hostPath := strings.TrimPrefix(p.issuer, "https://")
	known := account.OIDCProviders[0]
	known.URL, known.ClientIDs = p.issuer, []string{p.client}
	account.OIDCProviders = append(account.OIDCProviders, known)
	trust := account.Roles[0].Trust.(map[string]any)
	trust["Statement"] = append(slices.Clone(trust["Statement"].([]any)), map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Federated": "arn:aws:iam::444455556666:oidc-provider/" + hostPath}, "Action": "sts:AssumeRoleWithWebIdentity",
		"Condition": map[string]any{"StringEquals": map[string]any{hostPath + ":aud": p.client}},
	})
	issuer := center.TrustedTokenIssuers[0]
	issuer.Name, issuer.IssuerURL, issuer.ARN = p.name, p.issuer, ""
	center.TrustedTokenIssuers = append(center.TrustedTokenIssuers, issuer)
	grant := center.Applications[0].JWTBearer[0]
	grant.Issuer, grant.Audiences = p.name, []string{p.client}
	center.Applications[0].JWTBearer = append(center.Applications[0].JWTBearer, grant)
}

// configureWith sets tip-cli up with nothing of Okta.
func (b *bench) configureWith(provider string, keys map[string]any) {
	b.Helper()
	all := map[string]any{
		"token_exchange_application_arn": labtest.ApplicationARN, "redirect_port": b.port, "region": b.Lab.Region(),
		"oidc_role_arn": "arn:aws:iam::444455556666:role/tip-oidc-role", "id_enhanced_role_arn": "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
	}
	maps.Copy(all, keys)
	text, err := json.Marshal(all)
	if err != nil {
		b.Fatal(err)
	}
	words := []string{"configure", "idp", "--config", string(text)}
	if provider != "" {
		words = append(words, "--provider", provider)
	}
	b.must("tip-cli", words...)
}

// healthy wants no finding and nothing that is unknown, but the ids that are named.
func (b *bench) healthy(but []string, args ...string) {
	b.Helper()
	d := b.diag(args...)
	for _, r := range d.with("fail", "warn", "unknown") {
		if !slices.Contains(but, r.ID) {
			b.Errorf("diag %v:\n%s", args, d)
			return
		}
	}
}

// What works with tip-cli auth is healthy, whatever identity provider it is: before a
// sign-in as far as it can be told, and after one with an exchange.
func TestHealthyProviders(t *testing.T) {
	for _, p := range provideds {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, p.world)
			b.configureWith(p.provider, p.keys)
			if p.secret != "" {
				b.write("secret", p.secret)
				b.shell("tip-cli configure client-secret < secret")
			}
			b.signIn("analyst")
			b.healthy([]string{p.but})
			b.healthy([]string{p.but}, "--live", "--target", "s3://tip-demo-data/reports/")
		})
	}
}

// So is what has its tokens from elsewhere. A program is not run to look at its token, and
// what that would tell is unknown.
func TestHealthyTokenSources(t *testing.T) {
	ofToken := []string{"iam.client.unread", "iam.provider.unread", "iam.trust.unread", "grants.scope.unread"}
	for key, but := range map[string][]string{"token_command": ofToken, "token_file": nil} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			path := filepath.Join(b.home, "token.jwt")
			b.write("token.jwt", labtest.IDToken(t, b.Lab, labtest.Analyst))
			b.configureWith("", map[string]any{key: map[string]any{"token_command": []string{"cat", path}, "token_file": path}[key]})
			b.must("tip-cli", "auth")
			b.healthy(but)
			b.write("token.jwt", labtest.IDToken(t, b.Lab, labtest.Analyst))
			b.healthy(but, "--live", "--target", "s3://tip-demo-data/reports/")
		})
	}
}
