package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
)

func TestAsOwnProcess(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]*ownProcess{
		"tip-cli auth get-iam-credentials":                    {args: []string{"auth", "get-iam-credentials"}},
		"/opt/x/tip-cli auth":                                 {args: []string{"auth"}},
		`C:\x\TIP-CLI.EXE auth`:                               {args: []string{"auth"}},
		"tip-cli --context work auth":                         {args: []string{"--context", "work", "auth"}, context: "work"},
		"tip-cli auth --context=work":                         {args: []string{"auth", "--context=work"}, context: "work"},
		"tip-cli exec -- x --context work":                    {args: []string{"exec", "--", "x", "--context", "work"}},
		"env FOO=1 tip-cli auth":                              {args: []string{"auth"}},
		"/usr/bin/env -i -u BAR FOO=1 AWS_TIP_CLI=/s tip-cli": {args: []string{}, state: "/s"},
		"AWS_TIP_CLI=/s tip-cli":                              {args: []string{}, state: "/s"},
		"TIP_CLI_CONTEXT=a tip-cli":                           {args: []string{}, context: "a"},
		"TIP_CLI_CONTEXT=a tip-cli --context b":               {args: []string{"--context", "b"}, context: "b"},
		"tip-cli --context":                                   {args: []string{"--context"}},
		"vault-creds --role tip-cli":                          nil,
		"/opt/corp/get-creds --cache /var/lib/tip-cli":        nil,
		"sudo tip-cli auth":                                   nil,
		"aws-vault exec x -- tip-cli auth":                    nil,
		"/opt/a=b/get-creds tip-cli":                          nil,
		"env":                                                 nil,
		"env -u":                                              nil,
		"":                                                    nil,
	} {
		got, ok := asOwnProcess(strings.Fields(command))
		var shown *ownProcess
		if ok {
			shown = &got
		}
		if diff := cmp.Diff(want, shown, cmp.AllowUnexported(ownProcess{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", command, diff)
		}
	}
}

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
