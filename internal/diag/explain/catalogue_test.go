package explain_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/diag"
	"github.com/tip-cli/tip-cli/internal/diag/explain"
)

// Every check that an explanation names is one of the diagnosis, and every id of the
// diagnosis can be explained.
func TestChecksAreThere(t *testing.T) {
	k := explain.Knowledge{Now: now, Checks: diag.Catalogue()}
	there := map[string]bool{}
	for _, c := range k.Checks {
		ids := []string{c.ID, c.ID + ".unread"}
		for _, kind := range c.Kinds {
			ids = append(ids, kind.ID)
		}
		for _, id := range ids {
			if all, err := explain.Text(id, k); err != nil || len(all) != 1 || all[0].ID != id || all[0].Means == "" {
				t.Errorf("%s: %v", id, err)
			}
		}
		there[c.ID] = true
	}
	for _, cause := range explain.Causes() {
		if cause.Check != "" && !there[cause.Check] {
			t.Errorf("there is no check %s (%s)", cause.Check, cause.Why)
		}
		if cause.Command != "" && strings.Contains(cause.Command, "  ") {
			t.Errorf("%q is no command", cause.Command)
		}
		if cause.Why == "" {
			t.Errorf("a cause says nothing: %+v", cause)
		}
	}
}

// Each piece of knowledge is reached by one of the texts, and ids are unique.
func TestPiecesAreReached(t *testing.T) {
	reached := map[string]bool{}
	for _, tt := range slices.Concat(errorTexts, publicTexts) {
		reached[tt.want] = true
	}
	seen := map[string]bool{}
	missing := 0
	for _, id := range explain.IDs() {
		if seen[id] {
			t.Errorf("two pieces are called %s", id)
		}
		seen[id] = true
		if !reached[id] {
			t.Logf("no text is about %s", id)
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d pieces have no text", missing, len(seen))
	}
}
