package architecture_test

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/assumptions"
)

var update = flag.Bool("update", false, "write the parts of documents that are made from the code")

const worldDocument = "docs/world.md"

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every key of the world's schema is in its document, and no other.
func TestWorldDocumentHasEveryKey(t *testing.T) {
	text, switches, _ := strings.Cut(readFile(t, worldDocument), "## Switches")
	keys := map[string]bool{}
	collectKeys(reflect.TypeFor[lab.World](), keys)
	for key := range keys {
		if !strings.Contains(text, "`"+key+"`") && !strings.Contains(switches, "`"+key+"`") {
			t.Errorf("%s does not say what %q is", worldDocument, key)
		}
	}
	row := regexp.MustCompile("(?m)^\\| (`\\w+`(?:, `\\w+`)*) \\|")
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		for name := range strings.SplitSeq(m[1], ", ") {
			if !keys[strings.Trim(name, "`")] {
				t.Errorf("%s explains %s, which the schema does not have", worldDocument, name)
			}
		}
	}
}

func collectKeys(t reflect.Type, keys map[string]bool) {
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer:
		collectKeys(t.Elem(), keys)
	case reflect.Struct:
		for field := range t.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			keys[name] = true
			collectKeys(field.Type, keys)
		}
	}
}

func TestWorldDocumentExampleLoads(t *testing.T) {
	_, rest, ok := strings.Cut(readFile(t, worldDocument), "<!-- example -->\n```yaml\n")
	example, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("%s has no example", worldDocument)
	}
	l, err := lab.Start(context.Background(), lab.Options{World: []byte(example)})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestWorldDocumentHasTheLedger(t *testing.T) {
	const begin, end = "<!-- switches -->\n", "<!-- /switches -->\n"
	text := readFile(t, worldDocument)
	before, rest, _ := strings.Cut(text, begin)
	got, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s has no place for the switches", worldDocument)
	}
	want := switchTable()
	if *update {
		if err := os.WriteFile(filepath.Join(root, worldDocument), []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run: go test ./internal/architecture -update (-want +got):\n%s", diff)
	}
}

func switchTable() string {
	var b strings.Builder
	b.WriteString("| | switch | default | other values | belief | what is known |\n|---|---|---|---|---|---|\n")
	for _, a := range assumptions.All() {
		fmt.Fprintf(&b, "| %d | `%s` | %s | %s | %s | %s |\n", a.Number, a.Switch, defaultOf(a), alternatives(a), a.Belief, a.Source)
	}
	return b.String()
}

func defaultOf(a assumptions.Assumption) string {
	if list, ok := a.Default.([]string); ok {
		return fmt.Sprintf("%d actions", len(list))
	}
	return fmt.Sprintf("`%v`", a.Default)
}

func alternatives(a assumptions.Assumption) string {
	switch v := a.Default.(type) {
	case bool:
		return fmt.Sprintf("`%v`", !v)
	case int:
		return "seconds"
	case []string:
		return "a list of actions"
	}
	var others []string
	for _, v := range a.Values {
		if v != a.Default {
			others = append(others, "`"+v+"`")
		}
	}
	return strings.Join(others, ", ")
}

var link = regexp.MustCompile(`\]\(([^()\s]+)\)`)

// Links from one document of the repository to another lead somewhere.
func TestLinks(t *testing.T) {
	exists := map[string]bool{}
	all := files(t)
	for _, f := range all {
		for dir := f.path; dir != "."; dir = path.Dir(dir) {
			exists[dir] = true
		}
	}
	for _, f := range all {
		if !strings.HasSuffix(f.path, ".md") {
			continue
		}
		for _, m := range link.FindAllSubmatch(f.text, -1) {
			u, err := url.Parse(string(m[1]))
			if err != nil {
				t.Errorf("%s: %v", f.path, err)
				continue
			}
			if target := path.Join(path.Dir(f.path), u.Path); u.Scheme == "" && u.Path != "" && !exists[target] {
				t.Errorf("%s links to %s, which is not there", f.path, m[1])
			}
		}
	}
}

// The index of decisions has each decision once, in order.
func TestDecisionsAreIndexed(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(root, "docs", "decisions", "[0-9]*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i, name := range found {
		name = filepath.Base(name)
		if number := fmt.Sprintf("%04d-", i+1); !strings.HasPrefix(name, number) {
			t.Errorf("%s should begin with %s", name, number)
		}
		want = append(want, name)
	}
	var got []string
	for _, m := range link.FindAllStringSubmatch(readFile(t, "docs/decisions/README.md"), -1) {
		if strings.HasPrefix(m[1], "0") {
			got = append(got, m[1])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/decisions/README.md (-want +got):\n%s", diff)
	}
	for _, name := range want {
		text := readFile(t, "docs/decisions/"+name)
		if i := slices.IndexFunc([]string{"## Context", "## Decision", "## Reason", "## Consequences"}, func(h string) bool { return !strings.Contains(text, "\n"+h+"\n") }); i >= 0 {
			t.Errorf("%s lacks one of Context, Decision, Reason, Consequences", name)
		}
	}
}
