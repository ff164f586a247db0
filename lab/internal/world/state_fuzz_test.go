package world_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// go test ./lab/internal/world -fuzz FuzzTexts
//
// Every text comes back to the byte from a world file, as a value, as a key and
// inside a policy, at the same address.
func FuzzTexts(f *testing.F) {
	for _, s := range []string{
		"", " ", "\n", "a\n\nb", " a", "a ", "a\n b", "yes", "on", "1", "0x1", "~", "null", "- a", "a: b", "#", "{{endpoint}}", "{{open}}", "{{{endpoint}}}",
		endpoint, endpoint + "1", "1" + endpoint, "x" + endpoint + "/y", "\t", "\r\n", "é", "\u2028", "\ufeff", "'", `"`, `\`, "2026-01-02", "a\n", "|", ">", "%", "@", "`", "<>&", "\t\n", "\n\t", "\x7f", "=", "<<",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !validText(s) {
			t.Skip()
		}
		want := &world.File{
			Version: 1, Accounts: []world.AccountFile{{ID: s, Secrets: []world.SecretFile{{Name: "x" + s, Tags: map[string]string{s: s}, Value: s}}}},
			Issuers: []world.IssuerFile{{Name: s, People: []world.PersonFile{{Login: "x", Claims: map[string]any{s: s}}}, Clients: []world.ClientFile{{RedirectURIs: []string{s, s}}}}},
		}
		for form, read := range again {
			got, err := read(want, endpoint, endpoint)
			if err != nil {
				t.Fatalf("%s: %q: %v", form, s, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", form, diff)
			}
		}
	})
}

// validText reports whether s is UTF-8 without the characters that YAML has no way to write.
func validText(s string) bool {
	for _, r := range s {
		if r == '\uFFFD' || r == '\uFFFE' || r == '\uFFFF' {
			return false
		}
	}
	return true
}

// go test ./lab/internal/world -fuzz FuzzParseJSON
//
// Whatever a file of a data directory holds, reading it ends with a world or an error.
func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(`{"version":1,"region":"eu-west-1","accounts":[{"id":"111122223333"}]}`))
	f.Add([]byte(`{"accounts":[{"secrets":[{"value":{"a":[1,null]}}]}]}`))
	f.Add([]byte(`{"version":1e9}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := world.ParseJSON(text, endpoint)
		if err != nil {
			return
		}
		again, err := file.JSON(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := world.ParseJSON(again, endpoint); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
	})
}
