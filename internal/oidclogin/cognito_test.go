package oidclogin_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

const (
	domain = "https://tip-example.auth.eu-west-1.amazoncognito.com/"
	pool   = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz"
)

// newCognito returns a provider with the face of Cognito, and a client that
// brings each of its host names there.
func newCognito(t *testing.T) (*idp, *http.Client) {
	p := newIDP(t)
	target, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.claims = set("iss", pool)
	p.discovery = both(set("issuer", pool), set("jwks_uri", pool+"/keys"),
		set("authorization_endpoint", domain+"oauth2/authorize"), set("token_endpoint", domain+"oauth2/token"))
	base := newHTTPClient(t)
	return p, &http.Client{Transport: answers(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme != "https" {
			t.Errorf("%s is not https", r.URL)
		}
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = "http", target.Host
		for _, prefix := range []string{"/eu-west-1_AbC123xyz", "/oauth2"} {
			r.URL.Path = strings.TrimPrefix(r.URL.Path, prefix)
		}
		return base.Transport.RoundTrip(r)
	})}
}

// signInCognito visits the authorization endpoint of the domain at p.
func (p *idp) signInCognito(t *testing.T, client *http.Client, edit func(*oidclogin.Settings)) run {
	t.Helper()
	user := newHTTPClient(t)
	return p.signIn(t, signInOptions{
		client: client,
		settings: func(s *oidclogin.Settings) {
			withoutIssuer(domain)(s)
			if edit != nil {
				edit(s)
			}
		},
		openURL: func(_ context.Context, address string) error {
			fetch(t, user, newRequest(t, "GET", strings.Replace(address, domain+"oauth2", p.URL, 1)))
			return nil
		},
	})
}

func TestCognito(t *testing.T) {
	p, client := newCognito(t)
	r := p.signInCognito(t, client, nil)
	if r.err != nil || r.tokens.Claims.Issuer != pool {
		t.Fatalf("%+v, %v", r.tokens, r.err)
	}
	settings := p.settings()
	withoutIssuer(domain)(&settings)
	c := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: client})
	if tokens, err := c.Refresh(t.Context(), secret.New(held)); err != nil || tokens.Claims.Issuer != pool {
		t.Errorf("refresh: %v", err)
	}
	if claims, err := c.Verify(t.Context(), r.tokens.IDToken); err != nil || claims.Issuer != pool {
		t.Errorf("verify: %v", err)
	}
}

// TestCognitoWithIssuer: once the issuer is known, it is fixed.
func TestCognitoWithIssuer(t *testing.T) {
	p, client := newCognito(t)
	known := func(s *oidclogin.Settings) { s.Issuer = pool }
	if r := p.signInCognito(t, client, known); r.err != nil {
		t.Fatal(r.err)
	}
	p.claims = set("iss", strings.Replace(pool, "AbC", "XyZ", 1))
	wantError(t, p.signInCognito(t, client, known).err, oidclogin.KindVerification, "issued by a different provider")
}

func TestCognitoRefused(t *testing.T) {
	tests := map[string]struct{ issuer, want string }{
		"no pool":        {"https://evil.example/eu-west-1_AbC123xyz", "is not a Cognito user pool"},
		"http":           {"http://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz", "is not a Cognito user pool"},
		"like a pool":    {"https://cognito-idp.eu-west-1.amazonaws.com.evil.example/eu-west-1_AbC123xyz", "is not a Cognito user pool"},
		"user part":      {"https://cognito-idp.eu-west-1.amazonaws.com@evil.example/eu-west-1_AbC123xyz", "is not a Cognito user pool"},
		"path goes on":   {pool + "/../x", "is not a Cognito user pool"},
		"line goes on":   {pool + "\n", "is not a Cognito user pool"},
		"two regions":    {"https://cognito-idp.eu-west-1.amazonaws.com/us-east-1_AbC123xyz", "is not a Cognito user pool"},
		"another region": {"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123xyz", "issued in us-east-1, but the domain of the token endpoint is in eu-west-1"},
		"empty":          {"", "is not a Cognito user pool"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, client := newCognito(t)
			p.claims = set("iss", tt.issuer)
			wantError(t, p.signInCognito(t, client, nil).err, oidclogin.KindVerification, tt.want)
		})
	}
}

func TestCognitoKeysElsewhere(t *testing.T) {
	p, client := newCognito(t)
	p.discovery = both(set("issuer", pool), set("jwks_uri", "http://127.0.0.1/keys"))
	wantError(t, p.signInCognito(t, client, nil).err, oidclogin.KindConfig, "jwks_uri")
	p.discovery = set("issuer", "https://evil.example")
	wantError(t, p.signInCognito(t, client, nil).err, oidclogin.KindConfig, "but its discovery document says")
	p.claims = set("iss", 7)
	wantError(t, p.signInCognito(t, client, nil).err, oidclogin.KindVerification, "malformed")
}

// TestCognitoIss: the iss of the redirect is compared once the issuer is known.
func TestCognitoIss(t *testing.T) {
	p, client := newCognito(t)
	p.redirect = func(response url.Values) { response.Set("iss", "https://evil.example") }
	wantError(t, p.signInCognito(t, client, nil).err, oidclogin.KindVerification,
		`comes from issuer "https://evil.example", the ID token from "`+pool+`"`)
	p.redirect = func(response url.Values) { response.Set("iss", pool) }
	if r := p.signInCognito(t, client, nil); r.err != nil {
		t.Error(r.err)
	}
}

// TestPinnedIssuer: what the first sign-in learned holds for each after it.
func TestPinnedIssuer(t *testing.T) {
	other := strings.Replace(pool, "AbC", "XyZ", 1)
	p, client := newCognito(t)
	pinned := func(issuer string) func(*oidclogin.Settings) {
		return func(s *oidclogin.Settings) { s.PinnedIssuer, s.Names = issuer, cognitoNames }
	}
	if r := p.signInCognito(t, client, pinned(pool)); r.err != nil {
		t.Fatal(r.err)
	}
	settings := p.settings()
	withoutIssuer(domain)(&settings)
	pinned(other)(&settings)
	c := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: client})
	signedIn := p.signInCognito(t, client, pinned(other))
	tokens, refresh := c.Refresh(t.Context(), secret.New(held))
	token, _ := p.idToken("").(string)
	_, verify := c.Verify(t.Context(), secret.New(token))
	for _, err := range []error{signedIn.err, refresh, verify} {
		wantError(t, err, oidclogin.KindVerification, `the ID token is issued by "`+pool+`", but the first sign-in here was at "`+other+`"`)
		if !strings.HasSuffix(hintOf(t, err), "run: tip-cli configure idp") {
			t.Errorf("hint %q", hintOf(t, err))
		}
	}
	if !tokens.Rotated {
		t.Error("the rotated refresh token is lost")
	}
	// Beside an issuer that is configured, nothing is pinned.
	both := func(s *oidclogin.Settings) { s.Issuer = pool; pinned(other)(s) }
	if r := p.signInCognito(t, client, both); r.err != nil {
		t.Error(r.err)
	}
}
