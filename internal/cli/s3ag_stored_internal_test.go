package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
)

// TestAudited: what cannot be told is not guessed.
func TestAudited(t *testing.T) {
	analyst := store.RoleCredentials{UserID: "analyst", S3Identity: "plain"}
	for name, tt := range map[string]struct {
		identity, user string
		role           store.RoleCredentials
		want, cell     string
	}{
		"without an audit context": {"plain", "analyst", analyst, "false", "no"},
		"with one":                 {"another", "analyst", analyst, "true", "yes"},
		"stored before it was noted whose they are":   {"plain", "", analyst, "false", "no"},
		"that, and another":                           {"another", "", analyst, "null", "-"},
		"of another person":                           {"another", "engineer", analyst, "null", "-"},
		"of the original":                             {"", "", analyst, "null", "-"},
		"without a role session":                      {"plain", "analyst", store.RoleCredentials{}, "null", "-"},
		"beside a role session of the original":       {"plain", "analyst", store.RoleCredentials{UserID: "analyst"}, "null", "-"},
		"of the original, beside one of the original": {"", "", store.RoleCredentials{}, "null", "-"},
	} {
		e := &store.S3Entry{Target: "s3://b/*", Identity: tt.identity, UserID: tt.user, Expiration: time.Now().Add(time.Hour)}
		if got := yesNo(audited(e, &tt.role)); got != tt.cell {
			t.Errorf("%s: %q in the table, want %q", name, got, tt.cell)
		}
		text, err := json.Marshal(newListedGrant(e, &tt.role))
		if err != nil || !strings.Contains(string(text), `"audit_context":`+tt.want+`,`) {
			t.Errorf("%s: %s, want %s (%v)", name, text, tt.want, err)
		}
	}
}
