package ownprocess_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/ownprocess"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]*ownprocess.Process{
		"tip-cli auth get-iam-credentials":                    {Args: []string{"auth", "get-iam-credentials"}},
		"/opt/x/tip-cli auth":                                 {Args: []string{"auth"}},
		`C:\x\TIP-CLI.EXE auth`:                               {Args: []string{"auth"}},
		"tip-cli --context work auth":                         {Args: []string{"--context", "work", "auth"}, Context: "work"},
		"tip-cli auth --context=work":                         {Args: []string{"auth", "--context=work"}, Context: "work"},
		"tip-cli exec -- x --context work":                    {Args: []string{"exec", "--", "x", "--context", "work"}},
		"env FOO=1 tip-cli auth":                              {Args: []string{"auth"}},
		"/usr/bin/env -i -u BAR FOO=1 AWS_TIP_CLI=/s tip-cli": {Args: []string{}, State: "/s"},
		"AWS_TIP_CLI=/s tip-cli":                              {Args: []string{}, State: "/s"},
		"TIP_CLI_CONTEXT=a tip-cli":                           {Args: []string{}, Context: "a"},
		"TIP_CLI_CONTEXT=a tip-cli --context b":               {Args: []string{"--context", "b"}, Context: "b"},
		"tip-cli --context":                                   {Args: []string{"--context"}},
		"vault-creds --role tip-cli":                          nil,
		"/opt/corp/get-creds --cache /var/lib/tip-cli":        nil,
		"sudo tip-cli auth":                                   nil,
		"aws-vault exec x -- tip-cli auth":                    nil,
		"/opt/a=b/get-creds tip-cli":                          nil,
		"env":                                                 nil,
		"env -u":                                              nil,
		"":                                                    nil,
	} {
		got, ok := ownprocess.Parse(strings.Fields(command))
		var shown *ownprocess.Process
		if got.Program = ""; ok {
			shown = &got
		}
		if diff := cmp.Diff(want, shown); diff != "" {
			t.Errorf("%s (-want +got):\n%s", command, diff)
		}
	}
}
