package chain_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
)

// A wrong region of Identity Center says nothing of where everything else is looked for,
// unless it is one and the same setting.
func TestAskedElsewhere(t *testing.T) {
	for _, tt := range []struct{ own, failed, want string }{
		{"", "regions.center-elsewhere", "regions.center-elsewhere"},
		{"eu-west-1", "regions.center-elsewhere", ""},
		{"eu-west-1", "regions.grants-elsewhere", "regions.grants-elsewhere"},
		{"", "regions.bucket-elsewhere", ""},
	} {
		c := chain.Chain{Config: config.Config{IdentityCenterRegion: tt.own}, Failed: []string{"local.port-taken", tt.failed}}
		if got := c.AskedElsewhere(); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}
