package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/internal/config"
)

// exceptCleared leaves out what has its own test here.
var exceptCleared = cmpopts.IgnoreFields(config.Config{}, "Cleared")

// A key that is given as nothing is removed; one that is not given stays.
func TestCleared(t *testing.T) {
	held := config.Config{TokenCommand: []string{"print-jwt"}, SessionDuration: 1800, Region: "eu-west-1", RedirectFallbackPorts: []int{8091}}
	for text, want := range map[string]config.Config{
		`{}`:                               held,
		`{"token_command": null}`:          {SessionDuration: 1800, Region: "eu-west-1", RedirectFallbackPorts: []int{8091}},
		`{"token_command": []}`:            {SessionDuration: 1800, Region: "eu-west-1", RedirectFallbackPorts: []int{8091}},
		`{"region": ""}`:                   {TokenCommand: []string{"print-jwt"}, SessionDuration: 1800, RedirectFallbackPorts: []int{8091}},
		`{"redirect_fallback_ports": []}`:  {TokenCommand: []string{"print-jwt"}, SessionDuration: 1800, Region: "eu-west-1"},
		`{"session_duration": null}`:       {TokenCommand: []string{"print-jwt"}, Region: "eu-west-1", RedirectFallbackPorts: []int{8091}},
		`{"okta_url": null}`:               held,
		`{"region": "", "token_file": ""}`: {TokenCommand: []string{"print-jwt"}, SessionDuration: 1800, RedirectFallbackPorts: []int{8091}},
	} {
		over, _, err := config.Parse([]byte(text), "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, held.Merge(over)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
