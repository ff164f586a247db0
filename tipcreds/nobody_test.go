package tipcreds_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// A user that is a nil pointer has no sources: clients ask for them before credentials.
func TestNobodyHasNoSources(t *testing.T) {
	var nobody *tipcreds.User
	if got := nobody.ProviderSources(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
