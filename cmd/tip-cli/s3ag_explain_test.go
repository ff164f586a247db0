package main

import (
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// Whose instance is asked is said, and where it is not found out why.
func TestExplainTheOwner(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edits []func(*lab.World)
		args  []string
		code  int
		says  []string
	}{
		"the owner is found": {
			[]func(*lab.World){shareList}, []string{"s3://owner-data/team/x"}, 0,
			[]string{"Instance    of account 111122223333 in eu-west-1, which AWS names for the path\n", "Served by   s3://owner-data/team/* (READ)\n"},
		},
		"and asked": {
			[]func(*lab.World){shareList}, []string{"s3://owner-data/team/x", "--live"}, 0, []string{"AWS says    yes, for s3://owner-data/team/*, as expected\n"},
		},
		"the owner has nothing for it": {
			[]func(*lab.World){shareList}, []string{"s3://owner-data/mine/x"}, 4,
			[]string{"of account 111122223333 in eu-west-1, which AWS names", "an administrator of account 111122223333 can make a grant: aws s3control create-access-grant --account-id 111122223333 "},
		},
		"the owner does not let": {
			[]func(*lab.World){shareGrants}, []string{"s3://owner-data/team/x"}, 4,
			[]string{"of account 444455556666 in eu-west-1\n", "Note        Whether another account has the instance for the path could not be looked up (list the grants of account 111122223333"},
		},
		"the other account is not asked": {
			[]func(*lab.World){shareList}, []string{"s3://owner-data/team/x", "--account-id", callerAccount}, 4, []string{"of account 444455556666 in eu-west-1\n"},
		},
		"what the own account has comes first": {
			[]func(*lab.World){shareList}, []string{"s3://tip-demo-data/reports/"}, 0, []string{"of account 444455556666 in eu-west-1\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := ready(t, tt.edits...)
			o := m.run(t, append([]string{"s3ag", "explain"}, tt.args...))
			if o.code != tt.code {
				t.Errorf("exit code %d, want %d", o.code, tt.code)
			}
			for _, text := range tt.says {
				if !strings.Contains(o.stdout+o.stderr, text) {
					t.Errorf("it does not say %q but\n%s%s", text, o.stdout, o.stderr)
				}
			}
			if found := m.leaks(o.args, o.stdout, o.stderr); len(found) > 0 {
				t.Errorf("leaks: %v", found)
			}
		})
	}
}

// Whatever AWS repeats of a request, the token in it is not printed.
func TestGrantsSayNoToken(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"s3ag", "list-grants"}, {"s3ag", "list-grants", "-vv"}, {"s3ag", "explain", "s3://tip-demo-data/reports/"}, {"s3ag", "explain", "s3://tip-demo-data/reports/", "--live"},
	} {
		m := ready(t)
		m.Meddle(echo("ListCallerAccessGrants"))
		o := m.run(t, args)
		m.check(t, o, 1)
		if !strings.Contains(o.stderr, "REDACTED") {
			t.Errorf("nothing was repeated: %s", o.stderr)
		}
	}
}
