package idp_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	tenant     = "9188040d-6c67-4c5b-b112-36a304b66dad"
	entraHost  = "https://login.microsoftonline.com"
	entraURL   = entraHost + "/" + tenant + "/v2.0"
	entraPlace = entraHost + "/" + tenant + "/oauth2/v2.0"
	poolURL    = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123"
	poolDomain = "https://eu-west-1abcdef123.auth.eu-west-1.amazoncognito.com"
)

// newVendorLab is a lab whose issuers have the faces entra-id and cognito.
func newVendorLab(t *testing.T) *lab {
	t.Helper()
	c := &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	l := newVendorLabAt(t, c.now)
	l.clock = c
	return l
}

func newVendorLabAt(t *testing.T, now func() time.Time) *lab {
	t.Helper()
	l := newLabAt(t, now)
	document := strings.Replace(worldFile, "http://{{endpoint}}/idp", entraURL+"\n    face: entra-id", 1)
	document = strings.Replace(document, oktaURL+"\n    face: okta", poolURL+"\n    face: cognito", 1)
	s, err := idp.New(newWorld(t, document, "127.0.0.1:4566", now), idp.WithObserver(func(e idp.Event) { l.events = append(l.events, e) }))
	if err != nil {
		t.Fatal(err)
	}
	l.Service = s
	return l
}

func (l *lab) metadata(t *testing.T, issuer string) map[string]any {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal([]byte(l.get(t, issuer+"/.well-known/openid-configuration").body), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// named is the iss of the authorization responses that metadata promise (RFC 9207).
func named(metadata map[string]any) string {
	if metadata["authorization_response_iss_parameter_supported"] != true {
		return ""
	}
	issuer, _ := metadata["issuer"].(string)
	return issuer
}

func TestVendorMetadata(t *testing.T) {
	l := newVendorLab(t)
	for issuer, want := range map[string]map[string]any{
		entraURL: {
			"issuer": entraURL, "authorization_endpoint": entraPlace + "/authorize", "token_endpoint": entraPlace + "/token",
			"device_authorization_endpoint": entraPlace + "/devicecode",
			"jwks_uri":                      entraHost + "/" + tenant + "/discovery/v2.0/keys",
			"subject_types_supported":       []any{"pairwise"},
			"grant_types_supported":         []any{"authorization_code", "refresh_token", deviceGrant},
			"scopes_supported":              []any{"openid", "profile", "email", "offline_access"},
			"revocation_endpoint":           nil, "userinfo_endpoint": nil, "end_session_endpoint": nil,
			"token_endpoint_auth_methods_supported":          []any{"client_secret_post", "client_secret_basic"},
			"code_challenge_methods_supported":               nil,
			"authorization_response_iss_parameter_supported": nil,
		},
		poolURL: {
			"issuer": poolURL, "authorization_endpoint": poolDomain + "/oauth2/authorize", "token_endpoint": poolDomain + "/oauth2/token",
			"userinfo_endpoint": poolDomain + "/oauth2/userInfo", "revocation_endpoint": poolDomain + "/oauth2/revoke",
			"end_session_endpoint": poolDomain + "/logout", "jwks_uri": poolURL + "/.well-known/jwks.json",
			"subject_types_supported":                        []any{"public"},
			"grant_types_supported":                          []any{"authorization_code", "refresh_token"},
			"scopes_supported":                               []any{"openid", "profile", "email", "phone"},
			"device_authorization_endpoint":                  nil,
			"token_endpoint_auth_methods_supported":          []any{"client_secret_basic", "client_secret_post"},
			"code_challenge_methods_supported":               nil,
			"authorization_response_iss_parameter_supported": nil,
		},
	} {
		got := l.metadata(t, issuer)
		for name := range got {
			if _, compared := want[name]; !compared {
				delete(got, name)
			}
		}
		for name := range want {
			if _, there := got[name]; !there {
				got[name] = nil
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	supported, _ := l.metadata(t, entraURL)["claims_supported"].([]any)
	for claim, want := range map[string]bool{"uti": true, "tid": true, "oid": true, "jti": false, "auth_time": false} {
		if slices.Contains(supported, any(claim)) != want {
			t.Errorf("claims_supported %v: %s", supported, claim)
		}
	}
}

// vendorClient is a client of the authorization code flow.
func vendorClient(t *testing.T, l *lab, issuer string, scopes ...string) relyingParty {
	t.Helper()
	rp := newRelyingParty(t, l, issuer)
	rp.config.Scopes = scopes
	return rp
}

func idClaims(t *testing.T, rp relyingParty, token *oauth2.Token) map[string]any {
	t.Helper()
	raw, _ := token.Extra("id_token").(string)
	id, err := rp.verifier.Verify(rp.ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	if err := id.Claims(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

// issued mints a token with [idp.Service.Issue] and reads it.
func issued(t *testing.T, l *lab, login, client string, scopes ...string) map[string]any {
	t.Helper()
	text, err := l.Issue("plain", login, client, idp.IssueOptions{Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return claims(t, text)
}

func TestVendorHosts(t *testing.T) {
	l := newVendorLab(t)
	for target, want := range map[string]int{
		poolURL + "/.well-known/openid-configuration":                         200,
		poolDomain + "/.well-known/openid-configuration":                      404,
		poolURL + "/oauth2/authorize":                                         404,
		strings.Replace(poolDomain, "https", "http", 1) + "/oauth2/authorize": 404,
		entraURL + "/oauth2/v2.0/authorize":                                   404,
		entraHost + "/other/oauth2/v2.0/authorize":                            404,
	} {
		if got := l.get(t, target); got.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, got.StatusCode, want)
		}
	}
}

// An issuer's URL must be one that the vendor's issuers have.
func TestIssuerURLs(t *testing.T) {
	for issuer, refused := range map[[2]string]bool{
		{"entra-id", entraURL}: false,
		{"entra-id", "http://127.0.0.1:4566/" + tenant + "/v2.0"}:         false,
		{"entra-id", entraHost + "/common/v2.0"}:                          true,
		{"entra-id", entraHost + "/" + strings.ToUpper(tenant) + "/v2.0"}: true,
		{"entra-id", entraHost + "/" + tenant}:                            true,
		{"entra-id", entraURL + "/"}:                                      true,
		{"cognito", poolURL}:                                              false,
		{"cognito", strings.Replace(poolURL, "https", "http", 1)}:         true,
		{"cognito", poolURL + "/x"}:                                       true,
		{"cognito", strings.Replace(poolURL, "_", "-", 1)}:                true,
		{"cognito", strings.Replace(poolURL, "1_", "2_", 1)}:              true, // a pool of another region
		{"cognito", "https://idp.example.com/eu-west-1_AbCdEf123"}:        true,
		{"moon", entraURL}:                                                true,
	} {
		document := "version: 1\nregion: eu-west-1\naccounts: [{id: \"444455556666\", name: app}]\nissuers:\n  - {name: x, face: " + issuer[0] + ", url: \"" + issuer[1] + "\"}\n"
		file, err := world.Parse([]byte(document), "127.0.0.1:4566")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = world.New(file, time.Now); (err != nil) != refused || refused && !strings.Contains(err.Error(), "issuer") {
			t.Errorf("%v: %v, want refused %v", issuer, err, refused)
		}
	}
}

func TestIssuerHosts(t *testing.T) {
	for _, tt := range []struct {
		issuer world.Issuer
		want   []string
	}{
		{world.Issuer{URL: "http://127.0.0.1:4566/idp", Face: "plain"}, []string{"127.0.0.1"}},
		{world.Issuer{URL: "https://DEV-1.okta.com/oauth2/default", Face: "okta"}, []string{"dev-1.okta.com"}},
		{world.Issuer{URL: entraURL, Face: "entra-id"}, []string{"login.microsoftonline.com"}},
		{world.Issuer{URL: poolURL, Face: "plain"}, []string{"cognito-idp.eu-west-1.amazonaws.com"}},
		{world.Issuer{URL: poolURL, Face: "cognito"}, []string{"cognito-idp.eu-west-1.amazonaws.com", strings.TrimPrefix(poolDomain, "https://")}},
	} {
		if diff := cmp.Diff(tt.want, tt.issuer.Hosts()); diff != "" {
			t.Error(diff)
		}
	}
}
