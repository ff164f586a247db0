package oidclogin_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// labWorld has an issuer of each face.
const labWorld = `
version: 1
region: eu-west-1
accounts:
  - id: "444455556666"
issuers:
  - name: plain
    url: http://{{endpoint}}/idp
    rotationGrace: 30
    apis:
      - {audience: "https://api.example", scopes: [read], claims: [email]}
    clients: &clients
      - &public {id: native, redirectUris: [URIS], refreshToken: true}
      - {id: basic, redirectUris: [URIS], refreshToken: true, secret: "s3cret:+ %&=", authentication: client_secret_basic}
      - {id: post, redirectUris: [URIS], refreshToken: true, secret: "s3cret:+ %&=", authentication: client_secret_post}
    people: &people
      - {login: analyst, password: analyst, subject: 00uAnalystEXAMPLE, claims: {email: analyst@example.com, preferred_username: analyst@example.com}}
  - {name: okta, url: "https://dev-123456789.okta.com/oauth2/default", face: okta, rotationGrace: 30, clients: [*public], people: *people}
  - {name: entra-id, url: "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0", face: entra-id, clients: [*public], people: *people}
  - {name: cognito, url: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_TipEXAMPLE", face: cognito, domain: tip-cli.auth.eu-west-1.amazoncognito.com, clients: [*public], people: *people}
`

// labIDP is one issuer of a lab with a client for it.
type labIDP struct {
	settings oidclogin.Settings
	rotates  bool   // refresh tokens
	revokes  bool   // has an RFC 7009 endpoint
	page     string // for device codes, empty without that grant
}

func labIDPs(l *lab.Lab, ports []int) map[string]labIDP {
	plain := oidclogin.Settings{Issuer: l.Endpoint() + "/idp", ClientID: "native", RedirectPort: ports[0], FallbackPorts: ports[1:], Scopes: []string{"email", "offline_access"}}
	okta, entra, cognito := plain, plain, plain
	okta.Issuer = "https://dev-123456789.okta.com/oauth2/default"
	entra.Issuer = "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0"
	const domain = "https://tip-cli.auth.eu-west-1.amazoncognito.com/oauth2/"
	cognito.Issuer, cognito.Scopes = "", []string{"email"}
	cognito.AuthorizationEndpoint, cognito.TokenEndpoint, cognito.RevocationEndpoint = domain+"authorize", domain+"token", domain+"revoke"
	basic, post, access := plain, plain, plain
	known := func(context.Context) (secret.Value, error) { return secret.New("s3cret:+ %&="), nil }
	basic.ClientID, basic.ClientAuthentication, basic.ClientSecret = "basic", oidclogin.ClientSecretBasic, known
	post.ClientID, post.ClientAuthentication, post.ClientSecret = "post", oidclogin.ClientSecretPost, known
	access.Assertion, access.Audience = oidclogin.AssertionAccessToken, "https://api.example"
	return map[string]labIDP{
		"plain":        {settings: plain, rotates: true, revokes: true, page: l.Endpoint() + "/idp/device"},
		"basic":        {settings: basic, rotates: true, revokes: true, page: l.Endpoint() + "/idp/device"},
		"post":         {settings: post, rotates: true, revokes: true, page: l.Endpoint() + "/idp/device"},
		"access token": {settings: access, rotates: true, revokes: true, page: l.Endpoint() + "/idp/device"},
		"okta":         {settings: okta, rotates: true, revokes: true, page: "https://dev-123456789.okta.com/activate"},
		"entra-id":     {settings: entra, rotates: true, page: "https://login.microsoftonline.com/common/oauth2/deviceauth"},
		"cognito":      {settings: cognito, revokes: true},
	}
}

// startLab starts a lab that knows redirect URIs with a few ports: one of them
// may be taken by the time it is wanted.
func startLab(t *testing.T) (*lab.Lab, []int) {
	var ports []int
	var uris []string
	for range 4 {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = free.Close() }()
		port := free.Addr().(*net.TCPAddr).Port
		ports, uris = append(ports, port), append(uris, fmt.Sprintf("%q", fmt.Sprintf("http://localhost:%d/callback", port)))
	}
	l := labtest.Start(t, func(o *lab.Options) {
		o.World = []byte(strings.ReplaceAll(labWorld, "URIS", strings.Join(uris, ", ")))
	})
	return l, ports
}

// asAnalyst adds to an address of the lab's provider who signs in.
func asAnalyst(address string) string {
	return address + map[bool]string{true: "&", false: "?"}[strings.Contains(address, "?")] + "lab_login=analyst&lab_password=analyst"
}

// TestLab: sign-in, verification, refresh and revocation at each face of the lab's
// provider, through its real host names.
func TestLab(t *testing.T) {
	l, ports := startLab(t)
	for name, i := range labIDPs(l, ports) {
		t.Run(name, func(t *testing.T) {
			user := l.HTTPClient()
			t.Cleanup(user.CloseIdleConnections)
			client := oidclogin.New(i.settings, oidclogin.Env{HTTPClient: user, OpenURL: func(_ context.Context, address string) error {
				if v := fetch(t, user, newRequest(t, "GET", asAnalyst(address))); v.status != http.StatusOK {
					t.Errorf("the browser saw %d %s", v.status, v.body)
				}
				return nil
			}})
			first, err := client.SignIn(t.Context())
			if err != nil || first.Assertion.IsZero() || first.RefreshToken.IsZero() || first.Claims.Subject == "" {
				t.Fatalf("%+v, %v", first, err)
			}
			if claims, err := client.Verify(t.Context(), first.Assertion); err != nil || claims.Issuer != first.Claims.Issuer {
				t.Errorf("verify: %v", err)
			}
			next := i.refresh(t, client, first)
			err = client.Revoke(t.Context(), next.RefreshToken)
			if !i.revokes {
				if !errors.Is(err, oidclogin.ErrNoRevocation) {
					t.Errorf("revoke: %v", err)
				}
				return
			}
			if err := errors.Join(err, client.Revoke(t.Context(), next.RefreshToken)); err != nil {
				t.Errorf("revoke, once or again: %v", err)
			}
			_, err = client.Refresh(t.Context(), next.RefreshToken)
			wantError(t, err, oidclogin.KindInvalidGrant, "invalid_grant")
		})
	}
}

func (i labIDP) refresh(t *testing.T, client *oidclogin.Client, before oidclogin.Tokens) oidclogin.Tokens {
	t.Helper()
	next, err := client.Refresh(t.Context(), before.RefreshToken, func(o *oidclogin.RefreshOptions) { o.Previous = before.AssertionClaims })
	if err != nil || next.AssertionClaims.Subject != before.AssertionClaims.Subject || next.Rotated != i.rotates ||
		next.Assertion.Reveal() == before.Assertion.Reveal() {
		t.Errorf("refresh: %+v, %v", next, err)
	}
	return next
}

// TestLabDevice: the device grant at each face that has it.
func TestLabDevice(t *testing.T) {
	l, ports := startLab(t)
	for name, i := range labIDPs(l, ports) {
		for _, decision := range []string{"approve", "deny"} {
			t.Run(name+" "+decision, func(t *testing.T) {
				user := l.HTTPClient()
				t.Cleanup(user.CloseIdleConnections)
				var out buffer
				decide := func(ctx context.Context, _ time.Duration) error {
					_, code, _ := strings.Cut(out.String(), "and enter the code\n\n  ")
					code, _, _ = strings.Cut(code, "\n")
					address := i.page + "?" + url.Values{"user_code": {code}, "lab_decision": {decision}}.Encode()
					if v := fetch(t, user, newRequest(t, "GET", asAnalyst(address))); v.status != http.StatusOK {
						t.Errorf("the browser saw %d %s", v.status, v.body)
					}
					return ctx.Err()
				}
				tokens, err := oidclogin.New(i.settings, oidclogin.Env{HTTPClient: user, Wait: decide}).
					SignIn(t.Context(), func(o *oidclogin.SignInOptions) { o.Method, o.Out = oidclogin.MethodDevice, &out })
				switch {
				case i.page == "":
					wantError(t, err, oidclogin.KindConfig, "has no device authorization endpoint")
				case decision == "deny":
					wantError(t, err, oidclogin.KindDenied, "sign in: the identity provider answered ")
				case err != nil || tokens.Assertion.IsZero() || !strings.Contains(out.String(), i.page):
					t.Errorf("%+v, %v, %s", tokens, err, out.String())
				}
			})
		}
	}
}

// TestLabRotatedKey: a key that the provider begins to use between two sign-ins.
func TestLabRotatedKey(t *testing.T) {
	l, ports := startLab(t)
	user := l.HTTPClient()
	t.Cleanup(user.CloseIdleConnections)
	client := oidclogin.New(labIDPs(l, ports)["okta"].settings, oidclogin.Env{HTTPClient: user, OpenURL: func(_ context.Context, address string) error {
		fetch(t, user, newRequest(t, "GET", asAnalyst(address)))
		return nil
	}})
	tokens, err := client.SignIn(t.Context())
	if err == nil {
		err = l.RotateKeys("okta")
	}
	if err == nil {
		_, err = client.Refresh(t.Context(), tokens.RefreshToken)
	}
	if err == nil {
		_, err = client.Verify(t.Context(), tokens.Assertion)
	}
	if err != nil {
		t.Error(err)
	}
}
