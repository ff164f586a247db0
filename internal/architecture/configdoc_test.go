package architecture_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
)

// The last section of docs/configuration.md has every key that the program knows;
// -update writes it.
func TestConfigurationKeys(t *testing.T) {
	path := filepath.Join(root, "docs", "configuration.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const heading = "## All keys\n\n"
	before, got, ok := strings.Cut(string(text), heading)
	if !ok {
		t.Fatalf("%s has no section of all keys", path)
	}
	var want strings.Builder
	want.WriteString("| key | |\n|---|---|\n")
	for _, key := range config.Keys() {
		fmt.Fprintf(&want, "| `%s` | %s |\n", key, config.Describe(key))
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+heading+want.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), got); diff != "" {
		t.Errorf("%s is not what the program knows; run: go test ./internal/architecture -update (-want +got):\n%s", path, diff)
	}
}
