package idp_test

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
)

func TestMetadata(t *testing.T) {
	l := newLab(t)
	for issuer, paths := range map[string]map[string]string{
		plainURL: {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys", "userinfo_endpoint": "/userinfo",
			"device_authorization_endpoint": "/device_authorization", "revocation_endpoint": "/revoke"},
		oktaURL: {"authorization_endpoint": "/v1/authorize", "token_endpoint": "/v1/token", "jwks_uri": "/v1/keys", "userinfo_endpoint": "/v1/userinfo",
			"device_authorization_endpoint": "/v1/device/authorize", "revocation_endpoint": "/v1/revoke"},
	} {
		var got map[string]any
		if err := json.Unmarshal([]byte(l.get(t, issuer+"/.well-known/openid-configuration").body), &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"issuer":                                         issuer,
			"response_types_supported":                       []any{"code"},
			"response_modes_supported":                       []any{"query"},
			"grant_types_supported":                          []any{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"},
			"revocation_endpoint_auth_methods_supported":     []any{"none"},
			"subject_types_supported":                        []any{"public"},
			"id_token_signing_alg_values_supported":          []any{"RS256"},
			"scopes_supported":                               []any{"openid", "profile", "email", "address", "phone", "offline_access"},
			"prompt_values_supported":                        []any{"none", "login", "consent", "select_account"},
			"token_endpoint_auth_methods_supported":          []any{"none"},
			"code_challenge_methods_supported":               []any{"S256"},
			"authorization_response_iss_parameter_supported": true,
			"claims_parameter_supported":                     false,
			"request_parameter_supported":                    false,
			"request_uri_parameter_supported":                false,
		}
		if issuer == oktaURL {
			delete(want, "authorization_response_iss_parameter_supported")
			all := []any{"client_secret_basic", "client_secret_post", "none"}
			want["token_endpoint_auth_methods_supported"], want["revocation_endpoint_auth_methods_supported"] = all, all
		}
		for name, path := range paths {
			want[name] = issuer + path
		}
		if supported, _ := got["claims_supported"].([]any); len(supported) < 10 {
			t.Errorf("claims_supported %v", supported)
		}
		delete(got, "claims_supported")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// Clients look for the metadata in three places.
func TestMetadataPlaces(t *testing.T) {
	l := newLab(t)
	want := l.get(t, oktaURL+"/.well-known/openid-configuration").body
	for _, place := range []string{
		oktaURL + "/.well-known/oauth-authorization-server",
		"https://dev-123456789.okta.com/.well-known/oauth-authorization-server/oauth2/default",
	} {
		if got := l.get(t, place); got.StatusCode != 200 || got.body != want {
			t.Errorf("%s: status %d", place, got.StatusCode)
		}
	}
	if !strings.Contains(want, `"https://dev-123456789.okta.com/oauth2/default/v1/token"`) {
		t.Error("the metadata are another issuer's")
	}
}

func TestMatch(t *testing.T) {
	l := newLab(t)
	tests := map[string]struct {
		target string
		tls    bool
		want   bool
	}{
		"endpoint door":             {"http://127.0.0.1:4566/idp/token", false, true},
		"below the issuer":          {"http://127.0.0.1:4566/idp/nothing", false, true},
		"issuer itself":             {"http://127.0.0.1:4566/idp", false, true},
		"RFC 8414 place":            {"http://127.0.0.1:4566/.well-known/oauth-authorization-server/idp", false, true},
		"proxy door":                {"https://dev-123456789.okta.com/oauth2/default/v1/token", true, true},
		"proxy door, port":          {"https://dev-123456789.okta.com:443/oauth2/default/v1/token", true, true},
		"proxy door, case":          {"https://DEV-123456789.okta.com/oauth2/default/v1/token", true, true},
		"other path":                {"http://127.0.0.1:4566/", false, false},
		"path with the same prefix": {"http://127.0.0.1:4566/idp2/token", false, false},
		"other port":                {"http://127.0.0.1:4567/idp/token", false, false},
		"rebound name":              {"http://attacker.example:4566/idp/token", false, false},
		"localhost":                 {"http://localhost:4566/idp/token", false, false},
		"TLS at the endpoint door":  {"https://127.0.0.1:4566/idp/token", true, false},
		"no TLS at the proxy door":  {"http://dev-123456789.okta.com/oauth2/default/v1/token", false, false},
		"other tenant":              {"https://dev-1.okta.com/oauth2/default/v1/token", true, false},
		"other path of the tenant":  {"https://dev-123456789.okta.com/oauth2/v1/token", true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, absolute := range []bool{true, false} {
				r := httptest.NewRequest(http.MethodPost, tt.target, nil)
				if !absolute { // as a server sees it that is no forward proxy
					r.URL.Scheme, r.URL.Host = "", ""
				}
				if r.TLS = nil; tt.tls {
					r.TLS = &tls.ConnectionState{}
				}
				if _, got := l.Match(r); got != tt.want {
					t.Errorf("absolute %v: %v, want %v", absolute, got, tt.want)
				}
			}
		})
	}
	for _, target := range []string{plainURL + "/nothing", plainURL, "http://127.0.0.1:4566/other"} {
		if got := l.get(t, target); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", target, got.StatusCode)
		}
	}
}

// An issuer without a path leaves everything but its endpoints to others.
func TestRootIssuer(t *testing.T) {
	w := newWorld(t, strings.Replace(worldFile, "{{endpoint}}/idp", "{{endpoint}}/", 1), "127.0.0.1:4566", time.Now)
	s, err := idp.New(w)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"/authorize": true, "/.well-known/openid-configuration": true, "/": false, "/bucket/key": false,
	} {
		if _, got := s.Match(httptest.NewRequest(http.MethodGet, "http://127.0.0.1:4566"+path, nil)); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:4566/.well-known/openid-configuration", nil))
	for _, want := range []string{`"issuer":"http://127.0.0.1:4566/"`, `"jwks_uri":"http://127.0.0.1:4566/keys"`} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s lacks %s", rec.Body, want)
		}
	}
}

func TestNewRefusals(t *testing.T) {
	for name, broken := range map[string][2]string{
		"relative redirect URI":         {"com.example.app:/callback", "/callback"},
		"redirect URI with fragment":    {"com.example.app:/callback", "http://localhost:1/#x"},
		"claim that JSON cannot encode": {"department: research", "department: .nan"},
	} {
		document := strings.Replace(worldFile, broken[0], broken[1], 1)
		if _, err := idp.New(newWorld(t, document, "127.0.0.1:4566", time.Now)); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

func keyIDs(t *testing.T, l *lab, target string) []string {
	t.Helper()
	var set struct {
		Keys []struct{ Kty, Alg, Use, Kid, N, E, D string }
	}
	if err := json.Unmarshal([]byte(l.get(t, target).body), &set); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, k := range set.Keys {
		if k.Kty != "RSA" || k.Alg != "RS256" || k.Use != "sig" || k.Kid == "" || len(k.N) != 342 || k.D != "" {
			t.Errorf("key %+v", k)
		}
		ids = append(ids, k.Kid)
	}
	return ids
}

func TestRotateKeys(t *testing.T) {
	l := newLab(t)
	rp := newRelyingParty(t, l, oktaURL)
	before := rp.signIn(t, l)
	old := keyIDs(t, l, oktaURL+"/v1/keys")
	if err := l.RotateKeys("okta"); err != nil {
		t.Fatal(err)
	}
	l.clock.advance(5*time.Minute - time.Nanosecond)
	both := keyIDs(t, l, oktaURL+"/v1/keys")
	if len(old) != 1 || len(both) != 2 || both[1] != old[0] {
		t.Errorf("keys %v, then %v", old, both)
	}
	rp.verify(t, before)
	rp.verify(t, rp.signIn(t, l))
	l.clock.advance(time.Nanosecond)
	if got := keyIDs(t, l, oktaURL+"/v1/keys"); len(got) != 1 || got[0] != both[0] {
		t.Errorf("keys %v after the last token of the old one has expired", got)
	}
	if err := l.RotateKeys("nobody"); err == nil {
		t.Error("keys of an unknown issuer")
	}
}
