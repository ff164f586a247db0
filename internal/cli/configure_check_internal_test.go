package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

func TestRemarksOn(t *testing.T) {
	full := oidclogin.Discovery{
		DeviceEndpoint: "https://idp.example.com/device", SigningAlgorithms: []string{"RS256"}, GrantTypes: []string{"authorization_code"},
		ResponseTypes: []string{"code"}, CodeChallengeMethods: []string{"plain", "S256"},
	}
	for name, tt := range map[string]struct {
		edit  func(*oidclogin.Discovery)
		by    config.Method
		want  string // part of the only remark, "" for none
		grave bool
	}{
		"all is there":            {func(*oidclogin.Discovery) {}, config.MethodAuto, "", false},
		"nothing is said":         {func(d *oidclogin.Discovery) { *d = oidclogin.Discovery{} }, config.MethodAuto, "", false},
		"another algorithm":       {func(d *oidclogin.Discovery) { d.SigningAlgorithms = []string{"ES256"} }, config.MethodAuto, "RS256", true},
		"no grant":                {func(d *oidclogin.Discovery) { d.GrantTypes = []string{"implicit"} }, config.MethodAuto, "authorization_code", true},
		"no grant, not needed":    {func(d *oidclogin.Discovery) { d.GrantTypes = []string{"implicit"} }, config.MethodDevice, "", false},
		"no response type":        {func(d *oidclogin.Discovery) { d.ResponseTypes = []string{"token"} }, config.MethodAuto, "response type code", true},
		"no PKCE":                 {func(d *oidclogin.Discovery) { d.CodeChallengeMethods = []string{"plain"} }, config.MethodPaste, "PKCE with S256", true},
		"no device grant":         {func(d *oidclogin.Discovery) { d.DeviceEndpoint = "" }, config.MethodDevice, "no device authorization endpoint, but sign_in_method is device", true},
		"no device grant, unused": {func(d *oidclogin.Discovery) { d.DeviceEndpoint = "" }, config.MethodBrowser, "", false},
		"a clock that is off":     {func(d *oidclogin.Discovery) { d.ClockSkew = -5 * time.Minute }, config.MethodAuto, "the clock of https://idp.example.com is -5m0s off", false},
		"a clock that will do":    {func(d *oidclogin.Discovery) { d.ClockSkew = 3 * time.Minute }, config.MethodAuto, "", false},
	} {
		d := full
		tt.edit(&d)
		got := remarksOn(config.Login{Issuer: "https://idp.example.com", Method: tt.by}, d)
		if tt.want == "" {
			if len(got) > 0 {
				t.Errorf("%s: %v", name, got)
			}
			continue
		}
		if len(got) != 1 || !strings.Contains(got[0].text, tt.want) || got[0].grave != tt.grave || got[0].hint == "" || strings.Contains(got[0].String(), "\n") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A change of something else asks nobody.
func TestSameSignIn(t *testing.T) {
	held := config.Config{IdP: config.Okta, OktaURL: "https://dev-123456789.okta.com/oauth2/default", OktaClientID: "x"}
	for name, tt := range map[string]struct {
		edit func(*config.Config)
		want bool
	}{
		"nothing":         {func(*config.Config) {}, true},
		"a region":        {func(c *config.Config) { c.Region = "eu-west-1" }, true},
		"the client":      {func(c *config.Config) { c.OktaClientID = "y" }, true},
		"the issuer":      {func(c *config.Config) { c.OktaURL = "https://dev-123456789.okta.com" }, false},
		"the method":      {func(c *config.Config) { c.SignInMethod = "device" }, false},
		"to a token file": {func(c *config.Config) { *c = config.Config{TokenFile: "/t"} }, false},
	} {
		next := held
		tt.edit(&next)
		if got := sameSignIn(held, next); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if sameSignIn(config.Config{}, held) {
		t.Error("the first configuration is like none")
	}
}

func TestJoined(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		if got := joined(words); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLacks(t *testing.T) {
	if lacks(nil, "RS256") || lacks([]string{"ES256", "RS256"}, "RS256") || !lacks([]string{"ES256"}, "RS256") {
		t.Error("a list that is absent says nothing, one that is there does")
	}
}
