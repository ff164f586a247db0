package oidclogin_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

func discover(t *testing.T, ctx context.Context, issuer string) (oidclogin.Discovery, error) {
	t.Helper()
	return oidclogin.Discover(ctx, issuer, oidclogin.Names{Issuer: "okta_url", Command: "fix"}, oidclogin.Env{HTTPClient: newHTTPClient(t), Wait: noWait})
}

func TestDiscover(t *testing.T) {
	p := newIDP(t)
	p.clock = 10 * time.Minute
	p.discovery = func(doc map[string]any) {
		doc["device_authorization_endpoint"], doc["revocation_endpoint"] = p.URL+"/device", p.URL+"/revoke"
		doc["id_token_signing_alg_values_supported"] = []string{"RS256", "ES256"}
		doc["grant_types_supported"] = []string{"authorization_code"}
		doc["response_types_supported"] = []string{"code"}
		doc["code_challenge_methods_supported"] = []string{"S256"}
	}
	got, err := discover(t, t.Context(), p.URL)
	if err != nil {
		t.Fatal(err)
	}
	if got.ClockSkew < 9*time.Minute || got.ClockSkew > 11*time.Minute {
		t.Errorf("ClockSkew = %v", got.ClockSkew)
	}
	got.ClockSkew = 0
	want := oidclogin.Discovery{
		Issuer: p.URL, DeviceEndpoint: p.URL + "/device", RevocationEndpoint: p.URL + "/revoke",
		SigningAlgorithms: []string{"RS256", "ES256"}, GrantTypes: []string{"authorization_code"},
		ResponseTypes: []string{"code"}, CodeChallengeMethods: []string{"S256"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDiscoverRefuses(t *testing.T) {
	p := newIDP(t)
	for name, tt := range map[string]struct {
		issuer string
		edit   func(map[string]any)
		kind   oidclogin.Kind
		want   string
		hint   string
	}{
		"another issuer":     {p.URL + "/", nil, oidclogin.KindConfig, "but its discovery document says", "Set okta_url to " + p.URL},
		"nobody there":       {"http://127.0.0.1:1", nil, oidclogin.KindNetwork, "cannot reach the discovery document of http://127.0.0.1:1", ""},
		"no document":        {p.URL + "/elsewhere", nil, oidclogin.KindConfig, "HTTP status 404", "/elsewhere/.well-known/openid-configuration must exist"},
		"unsafe issuer":      {"http://idp.example", nil, oidclogin.KindConfig, `issuer "http://idp.example" is not https`, ""},
		"unsafe endpoint":    {p.URL, set("token_endpoint", "http://idp.example/token"), oidclogin.KindConfig, "token_endpoint", ""},
		"a list that is not": {p.URL, set("grant_types_supported", "all"), oidclogin.KindConfig, "malformed", ""},
	} {
		p.discovery = tt.edit
		got, err := discover(t, t.Context(), tt.issuer)
		wantError(t, err, tt.kind, tt.want)
		if e, ok := errors.AsType[*oidclogin.Error](err); ok && (!strings.Contains(e.Hint, tt.hint) || e.Op == "") {
			t.Errorf("%s: Op %q, Hint %q", name, e.Op, e.Hint)
		}
		if tt.edit == nil && got.Issuer != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
