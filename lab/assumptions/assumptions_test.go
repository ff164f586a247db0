package assumptions_test

import (
	"slices"
	"testing"

	"github.com/tip-cli/tip-cli/lab/assumptions"
)

// The numbers are quoted elsewhere for good, so that an entry may be added but never renumbered.
func TestNumbersAreDenseAndEntriesWhole(t *testing.T) {
	for i, a := range assumptions.All() {
		if a.Number != i+1 {
			t.Errorf("entry %d has number %d", i+1, a.Number)
		}
		if a.Belief == "" || a.Source == "" || a.Switch == "" || a.Default == nil {
			t.Errorf("assumption %d is not whole", a.Number)
		}
		if s, ok := a.Default.(string); ok && !slices.Contains(a.Values, s) {
			t.Errorf("assumption %d: the default %q is not among the values", a.Number, s)
		}
	}
}
