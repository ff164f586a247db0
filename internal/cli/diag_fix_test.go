package cli_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/diag/local"
)

// diag takes no variable of tip-cli's own for a misspelt one.
func TestDiagKnowsVariables(t *testing.T) {
	t.Parallel()
	for _, entry := range topic(t, "environment").Entries {
		for name := range strings.SplitSeq(entry.Name, ", ") {
			if strings.HasPrefix(name, "TIP_CLI_") && !slices.Contains(local.Variables(), name) {
				t.Errorf("diag does not know %s", name)
			}
		}
	}
}
