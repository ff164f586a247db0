package config_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
)

func TestRebase(t *testing.T) {
	raw := func(pairs ...string) map[string]json.RawMessage {
		unknown := make(map[string]json.RawMessage)
		for i := 0; i < len(pairs); i += 2 {
			unknown[pairs[i]] = json.RawMessage(pairs[i+1])
		}
		return unknown
	}
	before := config.Config{
		IdP: config.Okta, OktaURL: "a", Region: "eu-west-1", Scopes: []string{"openid"}, TokenCommand: []string{"x"},
		Unknown: raw("kept", "1", "gone", "1", "changed", "1"),
	}
	after := config.Config{
		IdP: config.Okta, OktaURL: "b", Scopes: []string{"openid", "email"}, TokenCommand: []string{"x"}, Cleared: []string{"region"},
		Unknown: raw("kept", "1", "changed", "2", "new", "1"),
	}
	meanwhile := config.Config{
		IdP: config.EntraID, OktaURL: "c", Region: "eu-west-2", Scopes: []string{"openid"}, TokenFile: "f", SessionDuration: 900,
		Unknown: raw("kept", "3", "gone", "3", "other", "3"),
	}
	want := config.Config{
		IdP: config.EntraID, OktaURL: "b", Scopes: []string{"openid", "email"}, TokenFile: "f", SessionDuration: 900,
		Unknown: raw("kept", "3", "changed", "2", "new", "1", "other", "3"),
	}
	if diff := cmp.Diff(want, meanwhile.Rebase(before, after)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(meanwhile.Unknown) != 3 {
		t.Errorf("what was merged into is changed: %v", meanwhile.Unknown)
	}
	if diff := cmp.Diff(after.Unknown, (config.Config{}).Rebase(config.Config{}, after).Unknown); diff != "" {
		t.Errorf("from nothing (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, before.Rebase(before, before)); diff != "" {
		t.Errorf("without a change (-want +got):\n%s", diff)
	}
}

func TestProviderOfKeys(t *testing.T) {
	for want, c := range map[string]config.Config{
		"":              {Region: "eu-west-1"},
		config.Okta:     {OktaClientID: "a"},
		config.EntraID:  {EntraAuthority: "a", EntraTenantID: "b"},
		config.Keycloak: {KeycloakURL: "a", TokenFile: "b"},
	} {
		if got := c.ProviderOfKeys(); got != want {
			t.Errorf("%v: %q, want %q", c, got, want)
		}
	}
	if got := (config.Config{OktaURL: "a", PingIssuer: "b"}).ProviderOfKeys(); got != "" {
		t.Errorf("keys of two are those of %q", got)
	}
}
