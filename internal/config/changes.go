package config

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// ProviderOfKeys returns the identity provider that the keys of c belong to, if they
// are those of one, else "".
func (c Config) ProviderOfKeys() string {
	found := ""
	for _, preset := range Presets() {
		if !slices.ContainsFunc(preset.keys(), func(key string) bool { return c.Get(key) != "" }) {
			continue
		}
		if found != "" {
			return ""
		}
		found = preset.Name
	}
	return found
}

// Rebase returns c with the changes that lead from before to after. What before and
// after have alike stays as c has it.
func (c Config) Rebase(before, after Config) Config {
	for _, f := range fields {
		if !reflect.DeepEqual(f.get(&before), f.get(&after)) {
			f.copy(&c, &after)
		}
	}
	c.Cleared, c.Unknown = nil, maps.Clone(c.Unknown)
	for key, value := range after.Unknown {
		if held, ok := before.Unknown[key]; ok && bytes.Equal(held, value) {
			continue
		}
		if c.Unknown == nil {
			c.Unknown = make(map[string]json.RawMessage)
		}
		c.Unknown[key] = value
	}
	for key := range before.Unknown {
		if _, stays := after.Unknown[key]; !stays {
			delete(c.Unknown, key)
		}
	}
	return c
}
