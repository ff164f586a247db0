package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/lab"
)

// grantList is what the tests want to know of list-grants.
type grantList struct {
	AccountID string `json:"account_id"`
	Grants    []struct {
		Type, Target, Permission string
		Usable                   bool
	}
	Other     int `json:"for_other_applications"`
	Truncated bool
	Unfound   string `json:"owner_unread"`
}

func (m *machine) listed(t *testing.T, args ...string) grantList {
	t.Helper()
	o := m.must(t, append([]string{"s3ag", "list-grants", "--output", "json"}, args...))
	var l grantList
	if err := json.Unmarshal([]byte(o.stdout), &l); err != nil {
		t.Fatalf("%v: %s", err, o.stdout)
	}
	return l
}

func (l *grantList) targets() []string {
	var all []string
	for _, g := range l.Grants {
		all = append(all, g.Type+" "+g.Target)
	}
	return all
}

// granting gives the analyst grants for these paths.
func granting(paths ...string) func(*lab.World) {
	return func(w *lab.World) {
		instance := &w.AccessGrants[0]
		template := instance.Grants[1]
		instance.Grants = instance.Grants[:0:0]
		for _, path := range paths {
			g := template
			g.SubPrefix, g.Permission = path, "READ"
			g.Object = !strings.HasSuffix(path, "*")
			instance.Grants = append(instance.Grants, g)
		}
	}
}

// Pages are put together: more grants than AWS has on two of them.
func TestGrantsOnPages(t *testing.T) {
	t.Parallel()
	var paths, want []string
	for i := range 2345 {
		paths = append(paths, fmt.Sprintf("tip-demo-data/%05d/*", i))
		want = append(want, "PREFIX s3://"+paths[i])
	}
	m := ready(t, granting(paths...))
	t.Run("case 68: pages of grants are flattened", func(t *testing.T) {
		l := m.listed(t)
		if diff := cmp.Diff(want, l.targets()); diff != "" || l.Truncated {
			t.Errorf("%d grants, truncated %t", len(l.Grants), l.Truncated)
		}
		pages := 0
		for _, o := range m.Seen() {
			if o == "ListCallerAccessGrants" {
				pages++
			}
		}
		if pages != 3 {
			t.Errorf("%d pages were asked for, want 3", pages)
		}
	})
	o := m.must(t, []string{"s3ag", "explain", "s3://tip-demo-data/01234/x", "--output", "json"})
	if n := strings.Count(o.stdout, `"verdict"`); n != 6 || !strings.Contains(o.stdout, `"grants_omitted": 2339`) {
		t.Errorf("%d grants are explained:\n%.2000s", n, o.stdout)
	}
}

// The types of scopes, as the whole command shows them.
func TestGrantTypes(t *testing.T) {
	t.Parallel()
	m := ready(t, granting("tip-demo-data/*", "tip-demo-data/p/*", "tip-demo-data/p*", "tip-demo-data/k"))
	t.Run("case 69: types of grants", func(t *testing.T) {
		l := m.listed(t)
		want := []string{"BUCKET s3://tip-demo-data/*", "OBJECT s3://tip-demo-data/k", "PREFIX s3://tip-demo-data/p*", "PREFIX s3://tip-demo-data/p/*"}
		if diff := cmp.Diff(want, l.targets()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Names that could steer a terminal do not reach one, and are whole in JSON.
func TestHostileGrants(t *testing.T) {
	long(t)
	t.Parallel()
	const hostile = "tip-demo-data/\u202egnp.exe\u202c \u009b2J <b>&\"'$(touch PWNED)`/*"
	m := ready(t, granting(hostile, "tip-demo-data/plain/*"))
	l := m.listed(t)
	if diff := cmp.Diff([]string{"PREFIX s3://tip-demo-data/plain/*", "PREFIX s3://" + hostile}, l.targets()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, args := range [][]string{
		{"list-grants"}, {"list-grants", "--output", "json"}, {"explain", "s3://tip-demo-data/plain/x"},
		{"explain", "s3://tip-demo-data/plain/x", "--output", "json"},
	} {
		o := m.must(t, append([]string{"s3ag"}, args...))
		if !strings.Contains(o.stdout, `s3://tip-demo-data/\u202egnp.exe\u202c \u009b2J`) {
			t.Errorf("%v does not print the whole name: %q", args, o.stdout)
		}
		if strings.ContainsAny(o.stdout+o.stderr, "\u202e\u202c\u009b\x1b") {
			t.Errorf("%v prints %q", args, o.stdout)
		}
	}
	if o := m.run(t, []string{"s3ag", "explain", "s3://tip-demo-data/*"}); o.code != 4 || strings.ContainsAny(o.stdout+o.stderr, "\u202e\u202c\u009b\x1b") || strings.Contains(o.stdout, "get-data-access s3://tip-demo-data/gnp") {
		t.Errorf("exit code %d: %q %q", o.code, o.stdout, o.stderr)
	}
	if o := m.must(t, []string{"__complete", "s3ag", "explain", ""}); o.stdout != "s3://tip-demo-data/plain/\n:6\n" {
		t.Errorf("completed are %q", o.stdout)
	}
}

// shareList lets the other account's grants be listed, too.
func shareList(w *lab.World) {
	shareGrants(w)
	statement := w.AccessGrants[1].ResourcePolicy.(map[string]any)["Statement"].([]any)[0].(map[string]any)
	statement["Action"] = append(statement["Action"].([]any), "s3:ListCallerAccessGrants")
}

// Whose grants are listed is said where that is another account than the role's.
func TestGrantsOfTheOwnerAreNamed(t *testing.T) {
	t.Parallel()
	m := ready(t, shareList)
	o := m.must(t, []string{"s3ag", "list-grants", "--prefix", "s3://owner-data/*"})
	if want := "They are in the S3 Access Grants instance of account 111122223333 in eu-west-1, which AWS names for s3://owner-data/.\n"; o.stderr != want {
		t.Errorf("it says %q, want %q", o.stderr, want)
	}
}

// With a path, the account that has the instance for it is found if the caller's own has
// nothing; what is in the way of that never replaces the first answer.
func TestGrantsOfTheOwner(t *testing.T) {
	t.Parallel()
	noInstance := func(w *lab.World) { w.AccessGrants = w.AccessGrants[1:] }
	prefix := []string{"--prefix", "s3://owner-data/"}
	for name, tt := range map[string]struct {
		edits   []func(*lab.World)
		args    []string
		account string
		want    []string
		unfound string
	}{
		"found":                         {[]func(*lab.World){shareList}, prefix, ownerAccount, []string{"PREFIX s3://owner-data/team/*"}, ""},
		"found, without an own one":     {[]func(*lab.World){shareList, noInstance}, prefix, ownerAccount, []string{"PREFIX s3://owner-data/team/*"}, ""},
		"not looked for without a path": {[]func(*lab.World){shareList}, []string{"--permission", "WRITE"}, callerAccount, []string{"PREFIX s3://tip-demo-data/home/analyst/*", "BUCKET s3://tip-team-data/*"}, ""},
		"nor where the own will do":     {[]func(*lab.World){shareList}, []string{"--prefix", "s3://tip-team"}, callerAccount, []string{"BUCKET s3://tip-team-data/*"}, ""},
		"nor where one is named":        {[]func(*lab.World){shareList}, append([]string{"--account-id", callerAccount}, prefix...), callerAccount, nil, ""},
		"named":                         {[]func(*lab.World){shareList}, []string{"--account-id", ownerAccount}, ownerAccount, []string{"PREFIX s3://owner-data/team/*"}, ""},
		"the owner does not let":        {[]func(*lab.World){shareGrants}, prefix, callerAccount, nil, "list the grants of account 111122223333"},
		"the look-up is denied": {[]func(*lab.World){shareList, likeTheTemplate, func(w *lab.World) {
			statement := w.Accounts[1].Roles[1].Policies["access-grants"].(map[string]any)["Statement"].([]any)[0].(map[string]any)
			statement["Action"] = []any{"s3:ListCallerAccessGrants"}
		}}, prefix, callerAccount, nil, "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := ready(t, tt.edits...)
			l := m.listed(t, tt.args...)
			if diff := cmp.Diff(tt.want, l.targets()); diff != "" || l.AccountID != tt.account {
				t.Errorf("of account %s (-want +got):\n%s", l.AccountID, diff)
			}
			if !strings.HasPrefix(l.Unfound, tt.unfound) || tt.unfound == "" && l.Unfound != "" {
				t.Errorf("unread: %q, want %q", l.Unfound, tt.unfound)
			}
		})
	}
}

// What was vended with an audit context answers no other request, and list-credentials
// tells it from the rest, for as long as the role session says whose it is.
func TestListOfAuditedCredentials(t *testing.T) {
	long(t)
	t.Parallel()
	m := ready(t)
	m.must(t, dataAccess)
	m.must(t, append(dataAccess[:len(dataAccess):len(dataAccess)], "--audit-context", "ticket 4711"))
	list := func() (audited []string) {
		t.Helper()
		o := m.must(t, []string{"s3ag", "list-credentials", "--output", "json"})
		var entries []struct {
			Target  string
			Audited *bool `json:"audit_context"`
		}
		if err := json.Unmarshal([]byte(o.stdout), &entries); err != nil {
			t.Fatal(err)
		}
		table := m.must(t, []string{"s3ag", "list-credentials"}).stdout
		for i, line := range strings.Split(strings.TrimSpace(table), "\n")[1:] {
			before, _, found := strings.Cut(line, "  "+analystID)
			if !found || i >= len(entries) || entries[i].Target != "s3://tip-demo-data/reports/*" {
				t.Fatalf("%+v\n%s", entries, table)
			}
			cells := strings.Fields(before)
			text, err := json.Marshal(entries[i].Audited)
			if err != nil {
				t.Fatal(err)
			}
			audited = append(audited, string(text)+" "+cells[len(cells)-1])
		}
		sort.Strings(audited)
		return audited
	}
	if diff := cmp.Diff([]string{"false no", "true yes"}, list()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := os.Remove(filepath.Join(m.state(), store.RoleFile)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"null -", "null -"}, list()); diff != "" {
		t.Errorf("without a role session (-want +got):\n%s", diff)
	}
}
