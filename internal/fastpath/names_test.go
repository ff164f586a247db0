package fastpath_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/fastpath"
	"github.com/tip-cli/tip-cli/internal/store"
)

// The store lays the state out; the fast path may not import it.
func TestNamesAreTheStores(t *testing.T) {
	want := map[string]string{
		"state directory": store.HomeVariable, "context": store.ContextVariable, "directory": ".aws_tip_cli", "contexts": "contexts",
		"default": store.DefaultContext, "current": store.CurrentContextFile, "config": store.ConfigFile, "role": store.RoleFile,
		"s3":   store.S3File,
		"home": userHome,
	}
	if diff := cmp.Diff(want, fastpath.Names); diff != "" {
		t.Error(diff)
	}
}

// names are what somebody may give for a context.
var names = []string{
	"", "default", "prod-eu", "a", "0", "a.b", "a.", ".a", "-a", "_a", "A", "ü", "a/b", "..", "a b", "con", "con.x", "console", "nul", "com1",
	"com1.x", "com", "lpt9", "cone", "aux", "a\n",
	"0123456789012345678901234567890123456789012345678901234567890123", "01234567890123456789012345678901234567890123456789012345678901234",
}

// What the fast path takes for a name of a context, the store takes for one.
func TestContextName(t *testing.T) {
	accepted := 0
	for _, name := range names {
		if fastpath.ContextName(name) {
			accepted++
			if err := store.ValidContext(name); err != nil {
				t.Error(err)
			}
		}
	}
	if accepted != 7 {
		t.Errorf("accepts %d of the names", accepted)
	}
}

func FuzzContextName(f *testing.F) {
	for _, name := range names {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if err := store.ValidContext(name); err != nil && fastpath.ContextName(name) {
			t.Error(err)
		}
	})
}
