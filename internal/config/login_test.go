package config_test

import (
	"slices"
	"testing"

	"github.com/tip-cli/tip-cli/internal/config"
)

// Every key that a preset names is one of config.json.
func TestLoginKeysExist(t *testing.T) {
	for _, preset := range config.Presets() {
		keys := append(slices.Clone(preset.Keys.Issuer), preset.Keys.ClientID)
		if (preset.Keys.Endpoints != "") != (preset.Endpoints != nil) {
			t.Errorf("%s: endpoints, and key %q for them", preset.Name, preset.Keys.Endpoints)
		}
		if preset.Endpoints != nil {
			keys = append(keys, preset.Keys.Endpoints)
		}
		for _, key := range keys {
			if !slices.Contains(config.Keys(), key) {
				t.Errorf("%s: no key %q", preset.Name, key)
			}
		}
	}
}
