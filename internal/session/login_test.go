package session_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// nowhere is a client that reaches nobody.
func nowhere() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
		tr.Proxy = nil
		tr.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") }
	})
}

// refreshes returns a function that tries a refresh under a configuration.
func refreshes(t *testing.T, client *awshttp.BuildableClient) func(config.Config) error {
	t.Helper()
	st := store.New(t.TempDir(), func(o *store.Options) { o.Keyring = nil })
	if err := st.SaveIDPToken(t.Context(), store.IDPToken{Token: secret.New("a.b.c"), RefreshToken: secret.New("r")}); err != nil {
		t.Fatal(err)
	}
	return func(c config.Config) error {
		s, err := session.New(session.Options{
			Store: st, Config: c, Regions: config.Regions{Region: "eu-west-1", IdentityCenterRegion: "eu-west-1"}, HTTPClient: client,
		})
		if err != nil {
			return err
		}
		_, err = s.RefreshToken(t.Context())
		return err
	}
}

var (
	oktaConfig    = config.Config{IdP: config.Okta, OktaURL: "https://dev-123456789.okta.com/oauth2/default", OktaClientID: "0oaEXAMPLE"}
	entraConfig   = config.Config{IdP: config.EntraID, EntraTenantID: "11111111-2222-3333-4444-555555555555", EntraClientID: "e"}
	cognitoConfig = config.Config{IdP: config.Cognito, CognitoDomain: "https://example.auth.eu-west-1.amazoncognito.com", CognitoClientID: "c"}
	oidcConfig    = config.Config{IdP: config.OIDC, OIDCIssuer: "https://idp.example.com", OIDCClientID: "o"}
)

// What the configuration's check accepts, oidclogin must not refuse.
func TestAcceptedSettings(t *testing.T) {
	const document = "/.well-known/openid-configuration"
	tests := map[string]struct{ base, over config.Config }{
		"Okta":                 {oktaConfig, config.Config{}},
		"Entra ID":             {entraConfig, config.Config{}},
		"national cloud":       {entraConfig, config.Config{EntraAuthority: "https://login.microsoftonline.us/"}},
		"Cognito":              {cognitoConfig, config.Config{}},
		"with issuer":          {cognitoConfig, config.Config{CognitoIssuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE"}},
		"bare domain":          {cognitoConfig, config.Config{CognitoDomain: "login.example.com"}},
		"Cognito on loopback":  {cognitoConfig, config.Config{CognitoDomain: "HTTP://localhost:1", CognitoIssuer: "http://127.0.0.1:1/pool"}},
		"OIDC":                 {oidcConfig, config.Config{}},
		"trailing slash":       {oidcConfig, config.Config{OIDCIssuer: "https://idp.example.com/"}},
		"document":             {oidcConfig, config.Config{OIDCIssuer: "https://idp.example.com" + document + "/"}},
		"document twice":       {oidcConfig, config.Config{OIDCIssuer: "https://idp.example.com" + document + document}},
		"both documents":       {oktaConfig, config.Config{OktaURL: oktaConfig.OktaURL + document + "/.well-known/oauth-authorization-server"}},
		"IPv6":                 {oidcConfig, config.Config{OIDCIssuer: "http://[::1]:1"}},
		"IPv4 in IPv6":         {oidcConfig, config.Config{OIDCIssuer: "http://[::ffff:127.0.0.1]:1"}},
		"redirect and scopes":  {oktaConfig, config.Config{RedirectHost: "127.0.0.1", RedirectPort: 1, RedirectPath: "/", Scopes: []string{"openid", "a:b/c"}}},
		"path ends in a slash": {oktaConfig, config.Config{RedirectPath: "/a/", RedirectPort: 65535}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // what cannot reach anybody tries again
				if !agree(t, tt.base.Merge(tt.over), refreshes(t, nowhere())) {
					t.Error("the configuration is refused")
				}
			})
		})
	}
}

// agree wants a configuration that Login accepts to get as far as the network,
// and reports whether Login did.
func agree(t *testing.T, c config.Config, refresh func(config.Config) error) bool {
	t.Helper()
	if _, err := c.Login(); err != nil {
		return false
	}
	if err := refresh(c); oidclogin.KindOf(err) != oidclogin.KindNetwork {
		t.Errorf("%+v is accepted, and then: %v", c, err)
	}
	return true
}

// The same with configurations put together at random, some of them wrong.
func TestAcceptedRandomSettings(t *testing.T) { synctest.Test(t, acceptedRandomSettings) }

// acceptedRandomSettings runs on a clock of its own: what cannot reach anybody tries again.
func acceptedRandomSettings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	refresh := refreshes(t, nowhere())
	accepted := 0
	const rounds = 3000
	for range rounds {
		if agree(t, randomConfig(r), refresh) {
			accepted++
		}
	}
	if accepted < 200 || accepted > rounds-200 {
		t.Errorf("%d of %d were accepted: too few of one kind to tell", accepted, rounds)
	}
}

// mostly returns usual, or now and then one of the others.
func mostly(r *rand.Rand, usual string, others ...string) string {
	if r.IntN(4) > 0 {
		return usual
	}
	return others[r.IntN(len(others))]
}

func randomURL(r *rand.Rand) string {
	return mostly(r, "https", "http", "HTTPS", "Http", "ftp") + mostly(r, "://", ":", "", ":///") +
		mostly(r, "", "me@", "me:pw@") +
		mostly(r, "idp.example", "localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9", "127.1", "[::1]", "[::ffff:127.0.0.1]", "[::1%25lo]", "0.0.0.0", "", "b\u00fccher.example") +
		mostly(r, "", ":1", ":", ":65536", ":x") + mostly(r, "", "/", "//", "/a b", "/a%20b", "/%2e%2e/", "/../a", "/pool", "/\u00fc", "/%zz") +
		mostly(r, "", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration/") +
		mostly(r, "", "/", "?", "?a=b", "#", "#a", "/.well-known/openid-configuration")
}

func randomConfig(r *rand.Rand) config.Config {
	client := mostly(r, "client", "", "two words", "a\u00a0b", "\u00fc", "<client>", "a&b=c")
	c := config.Config{
		IdP:     []string{config.Okta, config.EntraID, config.Cognito, config.OIDC}[r.IntN(4)],
		OktaURL: randomURL(r), OktaClientID: client,
		EntraTenantID: mostly(r, entraConfig.EntraTenantID, "common", "", "example.com"), EntraClientID: client,
		EntraAuthority: mostly(r, "", randomURL(r)),
		CognitoDomain:  mostly(r, cognitoConfig.CognitoDomain, randomURL(r), "login.example", "http://localhost"), CognitoClientID: client,
		CognitoIssuer: mostly(r, "", randomURL(r), "http://127.0.0.1/pool"),
		OIDCIssuer:    randomURL(r), OIDCClientID: client,
		RedirectHost: mostly(r, "", "localhost", "127.0.0.1", "::1", "LOCALHOST", "0.0.0.0"),
		RedirectPath: mostly(r, "", "/", "/a/", "//", "/a//b", "/a/../b", "callback", "/\u00fc", "/a%20b", "/a b", "/a?b", "/a;b", "/a:b"),
	}
	if r.IntN(4) == 0 {
		c.RedirectPort = []int{-1, 1, 65535, 65536}[r.IntN(4)]
		c.Scopes = []string{"openid", mostly(r, "email", "", "two words", `"`, `\`, "\u00fc", "~", "offline_access")}
	}
	return c
}

// Hints name the very keys of config.json, and the command that asks for them.
func TestHintsNameKeys(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	const command = "; to change that, run: tip-cli configure idp"
	tests := map[string]struct {
		base, over config.Config
		want       string
	}{
		"Okta":     {oktaConfig, config.Config{OktaURL: server.URL}, "Check okta_url"},
		"Entra ID": {entraConfig, config.Config{EntraAuthority: server.URL}, "Check entra_tenant_id and entra_authority"},
		"Cognito":  {cognitoConfig, config.Config{CognitoDomain: server.URL, CognitoIssuer: server.URL}, "Check cognito_issuer"},
		"OIDC":     {oidcConfig, config.Config{OIDCIssuer: server.URL}, "Check oidc_issuer"},
	}
	refresh := refreshes(t, awshttp.NewBuildableClient())
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := refresh(tt.base.Merge(tt.over))
			var e *oidclogin.Error
			if !errors.As(err, &e) || !strings.HasSuffix(e.Hint, tt.want+command) {
				t.Errorf("%v: %+v", err, e)
			}
		})
	}
}
