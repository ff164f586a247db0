package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/store"
)

func TestRunsUs(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	a := newApp(&Env{Getenv: func(name string) string { return map[string]string{store.HomeVariable: home}[name] }})
	if err := store.New(filepath.Join(home, "contexts", "work")).SaveConfig([]byte("{}")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		command, present, current string
		ours                      bool
		other                     string
	}{
		{"tip-cli auth", "", "", true, ""},
		{"tip-cli --context default auth", "", "", true, ""},
		{"tip-cli --context work auth", "", "", false, "the context work"},
		{"tip-cli --context work auth", "work", "", true, ""},
		{"tip-cli auth", "work", "", false, "the context default"}, // which it uses now
		{"tip-cli auth", "", "work", true, ""},
		{"tip-cli --context default auth", "", "work", false, "the context default"},
		{"env AWS_TIP_CLI=/srv/state tip-cli auth", "", "", false, "the state in /srv/state (AWS_TIP_CLI)"},
		{"env AWS_TIP_CLI=" + home + " tip-cli auth", "", "", false, "the state in " + home + " (AWS_TIP_CLI)"},
		{"sudo tip-cli auth", "", "", false, ""},
	} {
		if err := store.SetCurrentContext(home, tt.current); err != nil {
			t.Fatal(err)
		}
		a.contextFlag = tt.present
		if ours, other := a.runsUs(strings.Fields(tt.command)); ours != tt.ours || other != tt.other {
			t.Errorf("%s at %q, current %q: %v, %q", tt.command, tt.present, tt.current, ours, other)
		}
	}
}
