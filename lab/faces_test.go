package lab_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// The vendors' issuers of the default world.
const (
	entra       = "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0"
	entraClient = "00001111-aaaa-2222-bbbb-3333cccc4444"
	pool        = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_TipEXAMPLE"
	poolDomain  = "https://tip-cli.auth.eu-west-1.amazoncognito.com"
	poolClient  = "1example23456789"
)

// signIn goes through the code flow of an issuer as the analyst. With a secret
// the client is confidential.
func (b *bench) signIn(config oauth2.Config, extra ...oauth2.AuthCodeOption) *oauth2.Token {
	b.Helper()
	return b.signInAs(config, "analyst", "analyst", extra...)
}

func (b *bench) signInAs(config oauth2.Config, login, password string, extra ...oauth2.AuthCodeOption) *oauth2.Token {
	b.Helper()
	ctx, code, verifier := b.code(&config, append(extra, oauth2.SetAuthURLParam("lab_login", login), oauth2.SetAuthURLParam("lab_password", password))...)
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		b.Fatal(err)
	}
	return token
}

// code gets an authorization code, its PKCE verifier, and the context to redeem it in.
func (b *bench) code(config *oauth2.Config, extra ...oauth2.AuthCodeOption) (ctx context.Context, code, verifier string) {
	b.Helper()
	client := *b.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ctx = context.WithValue(b.Context(), oauth2.HTTPClient, &client)
	config.RedirectURL = "http://localhost:8090/callback"
	pkce := oauth2.GenerateVerifier()
	target := config.AuthCodeURL("state", append([]oauth2.AuthCodeOption{
		oauth2.S256ChallengeOption(pkce), oauth2.SetAuthURLParam("lab_login", "analyst"), oauth2.SetAuthURLParam("lab_password", "analyst"),
	}, extra...)...)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	_ = resp.Body.Close()
	callback, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || callback.Query().Get("code") == "" {
		b.Fatalf("status %d, Location %q", resp.StatusCode, callback)
	}
	return ctx, callback.Query().Get("code"), pkce
}

// discovered is a client with the endpoints that an issuer publishes.
func (b *bench) discovered(issuer, client string, scopes ...string) oauth2.Config {
	b.Helper()
	p, err := oidc.NewProvider(oidc.ClientContext(b.Context(), b.client), issuer)
	if err != nil {
		b.Fatal(err)
	}
	return oauth2.Config{ClientID: client, Endpoint: p.Endpoint(), Scopes: scopes}
}

func idToken(token *oauth2.Token) string {
	text, _ := token.Extra("id_token").(string)
	return text
}

// The default world lets its people through from each vendor, from the sign-in
// under the vendor's real host names to data.
func TestChainThroughEveryVendor(t *testing.T) {
	b := start(t)
	for name, c := range map[string]struct {
		issuer, client string
		scopes         []string
	}{
		"okta":     {okta, clientID, []string{"openid", "profile", "email", "offline_access"}},
		"entra-id": {entra, entraClient, []string{"openid", "profile", "email", "offline_access"}},
		"cognito":  {pool, poolClient, []string{"openid", "email"}},
		"loopback": {b.lab.Endpoint() + "/idp", clientID, []string{"openid", "profile", "email", "offline_access"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			token := b.signIn(b.discovered(c.issuer, c.client, c.scopes...))
			if token.RefreshToken == "" {
				t.Error("no refresh token")
			}
			b.reach(idToken(token))
		})
	}
}

// reach goes from an ID token to what the analyst may read, and fails the test otherwise.
func (b *bench) reach(token string) *sts.AssumeRoleOutput {
	b.Helper()
	web, err := b.webIdentity(oidcRole, token)
	if err != nil {
		b.Fatal(err)
	}
	created, err := b.createToken(static(web.Credentials), asserting(token))
	if err != nil {
		b.Fatal(err)
	}
	person, err := b.assume(static(web.Credentials), enhanced, providing(mustClaim(b, *created.IdToken, "sts:identity_context")))
	if err != nil {
		b.Fatal(err)
	}
	objects := b.vended(static(person.Credentials), "s3://tip-demo-data/reports/*", "READ")
	if err := get(b.Context(), objects, "reports/summary.txt"); err != nil {
		b.Error(err)
	}
	return person
}

// An original Cognito configuration has the domain only: its token endpoint
// gives an ID token whose issuer, on another host, publishes the key.
func TestCognitoByDomain(t *testing.T) {
	b := start(t)
	token := b.signIn(oauth2.Config{ClientID: poolClient, Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: poolDomain + "/oauth2/authorize", TokenURL: poolDomain + "/oauth2/token"}})
	claims := claimsOf(t, idToken(token))
	if claims["iss"] != pool || claims["token_use"] != "id" || claims["jti"] == nil || claims["origin_jti"] == nil {
		t.Errorf("claims %v", claims)
	}
	keys := oidc.NewRemoteKeySet(oidc.ClientContext(t.Context(), b.client), pool+"/.well-known/jwks.json")
	if _, err := oidc.NewVerifier(pool, keys, &oidc.Config{ClientID: poolClient}).Verify(t.Context(), idToken(token)); err != nil {
		t.Error(err)
	}
	b.reach(idToken(token))
}

// apis gives each vendor's issuer an API, and a confidential client to the one on loopback.
func apis(w *lab.World) {
	w.Issuers[0].APIs = []world.APIFile{{Audience: "api://tip", Claims: []string{"email"}}}
	w.Issuers[1].APIs = []world.APIFile{{Audience: "https://api.example", Claims: []string{"email"}}}
	w.Issuers[1].Clients = append(w.Issuers[1].Clients, world.ClientFile{ID: "confidential", Secret: "a secret", RedirectURIs: []string{"http://localhost:8090/callback"}})
	w.Issuers[2].APIs = []world.APIFile{{Audience: entraAPI, Scopes: []string{"access"}}}
}

const entraAPI = "22223333-cccc-4444-dddd-5555eeee6666"

// admitting lets STS and Identity Center take an issuer's tokens for one more
// client id and one more audience; empty for none.
func admitting(issuer int, client, audience string) func(*lab.World) {
	return func(w *lab.World) {
		provider, grant := &w.Accounts[1].OIDCProviders[issuer], &w.IdentityCenter[0].Applications[0].JWTBearer[issuer]
		if client != "" {
			provider.ClientIDs = append(provider.ClientIDs, client)
			s := w.Accounts[1].Roles[0].Trust.(map[string]any)["Statement"].([]any)[issuer].(map[string]any)
			for key := range s["Condition"].(map[string]any)["StringEquals"].(map[string]any) {
				s["Condition"].(map[string]any)["StringEquals"].(map[string]any)[key] = []any{client, provider.ClientIDs[0]}
			}
		}
		if audience != "" {
			grant.Audiences = append(grant.Audiences, audience)
		}
	}
}

// Whether an access token does instead of an ID token depends on what AWS is set
// to accept: STS looks at azp if there is one, else at aud; Identity Center at
// aud, and at the mapped claim.
func TestAccessTokensAtAWS(t *testing.T) {
	wrongAud := invalidToken("Incorrect token audience")
	unauthorized := invalidGrant("The audience of the assertion is not authorized")
	mapped := func(issuer int, claim, attribute string) func(*lab.World) {
		return func(w *lab.World) {
			tti := &w.IdentityCenter[0].TrustedTokenIssuers[issuer]
			tti.ClaimAttributePath, tti.IdentityStoreAttributePath = claim, attribute
		}
	}
	oktaToken := func(b *bench) *oauth2.Token { return b.signIn(b.discovered(okta, clientID, "openid")) }
	entraToken := func(b *bench) *oauth2.Token {
		return b.signIn(b.discovered(entra, entraClient, "openid", "profile", "api://"+entraAPI+"/access"))
	}
	plainToken := func(b *bench) *oauth2.Token {
		config := b.discovered(b.lab.Endpoint()+"/idp", "confidential", "openid")
		config.ClientSecret = "a secret"
		return b.signIn(config, oauth2.SetAuthURLParam("audience", "https://api.example"))
	}
	poolToken := func(b *bench) *oauth2.Token { return b.signIn(b.discovered(pool, poolClient, "openid")) }
	for name, c := range map[string]struct {
		edits          []func(*lab.World)
		token          func(*bench) *oauth2.Token
		sts, exchanged answer
	}{
		"okta":                        {nil, oktaToken, wrongAud, unauthorized},
		"okta, audience admitted":     {[]func(*lab.World){admitting(0, "api://tip", "api://tip")}, oktaToken, answer{}, answer{}},
		"okta, at STS alone":          {[]func(*lab.World){admitting(0, "api://tip", "")}, oktaToken, answer{}, unauthorized},
		"okta, by sub":                {[]func(*lab.World){admitting(0, "api://tip", "api://tip"), mapped(0, "sub", "userName")}, oktaToken, answer{}, answer{}},
		"entra-id":                    {nil, entraToken, answer{}, unauthorized}, // azp is the client
		"entra-id, audience admitted": {[]func(*lab.World){admitting(2, "", entraAPI)}, entraToken, answer{}, answer{}},
		"entra-id, unmapped claim": {[]func(*lab.World){admitting(2, "", entraAPI), mapped(2, "email", "emails.value")}, entraToken,
			answer{}, invalidGrant("The assertion lacks the mapped claim")},
		"plain":                          {nil, plainToken, wrongAud, unauthorized}, // azp is a client unknown to IAM
		"plain, admitted":                {[]func(*lab.World){admitting(1, "confidential", "https://api.example")}, plainToken, answer{}, answer{}},
		"plain, aud in place of the azp": {[]func(*lab.World){admitting(1, "https://api.example", "https://api.example")}, plainToken, wrongAud, answer{}},
		"cognito, no aud": {[]func(*lab.World){admitting(3, poolClient, poolClient)}, poolToken,
			invalidToken("Missing a required claim: aud"), unauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, append([]func(*lab.World){apis}, c.edits...)...)
			token := c.token(b)
			_, err := b.webIdentity(oidcRole, token.AccessToken)
			expect(t, c.sts, err)
			_, err = b.createToken(b.session(oidcRole), asserting(token.AccessToken))
			expect(t, c.exchanged, err)
		})
	}
}
