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

// So does a key that nobody knows, without a word about it.
func TestUnknownCleared(t *testing.T) {
	t.Parallel()
	held, warnings, err := config.Parse([]byte(`{"region": "eu-west-1", "regoin": "x", "other": 1}`), "")
	if err != nil || len(warnings) != 2 {
		t.Fatalf("%v, %v", warnings, err)
	}
	over, warnings, err := config.Parse([]byte(`{"regoin": null}`), "")
	if err != nil || len(warnings) != 0 {
		t.Fatalf("%v, %v", warnings, err)
	}
	got := held.Merge(over)
	if _, still := got.Unknown["regoin"]; still || string(got.Unknown["other"]) != "1" || string(held.Unknown["regoin"]) != `"x"` {
		t.Errorf("%s, and before %s", got.Unknown, held.Unknown)
	}
}
