package diagnosis_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/diag"
)

var update = flag.Bool("update", false, "write the table of mistakes to docs/diag.md")

// page holds the table of mistakes between the two marks.
const (
	page      = "../../docs/diag.md"
	tableMark = "<!-- mistakes: go test ./e2e/diagnosis -update -->\n"
	tableEnd  = "<!-- end -->\n"
)

// rows are lines of the table, by the mistake's place in the list.
type rows struct {
	mu    sync.Mutex
	lines map[int]string
}

// add takes what was found of a mistake, and which fix has mended it.
func (r *rows) add(place int, m *mistake, f found) {
	fix := f.Fixes[0]
	how := lasting(fix.Does)
	if fix.Command == "" {
		how += " (by hand)"
	} else {
		how += ": `" + program(fix.Command) + "`"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines[place] = fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", m.id, cell(m.what), cell("`"+m.culprit+"`"), fix.Who, cell(how))
}

// program are the words of a command that say what it does: without flags, paths and values.
func program(command string) string {
	words := strings.Fields(command)
	said := words[:1]
	for i, word := range words[1:] {
		if strings.HasPrefix(word, "-") || words[i] == "--context" {
			continue
		}
		if len(said) == 3 || strings.ContainsAny(word, "/'=:.") {
			break
		}
		said = append(slices.Clip(said), word)
	}
	return strings.Join(said, " ")
}

// lasting is a text without what is another each time.
func lasting(text string) string {
	for pattern, instead := range map[string]string{
		`/\S*/Test[^/]*/001/`: "~/", `process [0-9]+ \([^)]*\)`: "its process is named", `localhost:[0-9]+`: "localhost:PORT",
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, instead)
	}
	return text
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// check compares the table with the page, or writes it. Every mistake was tried.
func (r *rows) check(t *testing.T, mistakes []mistake) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableMark)
	table, after, ended := strings.Cut(rest, tableEnd)
	if !ok || !ended {
		t.Fatalf("%s has no marks %q and %q", page, tableMark, tableEnd)
	}
	want := []string{"| finding | the mistake | culprit | who mends it | how |\n", "|---|---|---|---|---|\n"}
	for i := range mistakes {
		want = append(want, r.lines[i])
	}
	now := strings.Join(want, "")
	switch {
	case *update:
		if err := os.WriteFile(page, []byte(before+tableMark+now+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	case table != now:
		t.Errorf("%s (-want +got), see -update:\n%s", page, cmp.Diff(strings.Split(now, "\n"), strings.Split(table, "\n")))
	}
}

// elsewhere are findings that no mistake in a lab brings about, and where their test is.
var elsewhere = map[string]string{
	"idp.untrusted":                  "internal/diag/idp: TestCertificate",
	"idp.issuer-insecure":            "internal/diag/idp: TestIssuerOfToken",
	"center.not-custom":              "internal/diag/center: TestAnswers",
	"center.instance-not-active":     "internal/diag/center: TestAnswers",
	"iam.session-too-long":           "internal/diag/iam: TestSessionTooLong",
	"iam.thumbprint-mismatch":        "internal/diag/iam: TestThumbprint",
	"iam.exchange-unsaid":            "internal/diag/iam: TestExchangeUnsaid",
	"iam.not-on-allow-list":          "internal/diag/iam: TestAllowList",
	"local.not-configured":           "internal/diag/local: TestNotConfigured",
	"local.configuration-unreadable": "internal/diag/local: TestConfigurationUnreadable",
	"local.file-foreign":             "internal/diag/local: TestForeign",
	"local.port-forbidden":           "internal/diag/local: TestPorts",
	"local.provider-clock-off":       "internal/diag/local: TestClock",
	"live.clock-off":                 "internal/diag/live: TestClock",
	"live.session-too-long":          "internal/diag/live: TestFailed, TestSessionTooLongFix",
	"live.other-identity":            "internal/diag/live: TestOtherIdentity",
}

// A test that is named is there.
func TestElsewhere(t *testing.T) {
	for id, where := range elsewhere {
		folder, names, _ := strings.Cut(where, ": ")
		for name := range strings.SplitSeq(names, ", ") {
			if !declares(t, filepath.Join("..", "..", folder), "func "+name+"(t *testing.T)") {
				t.Errorf("%s: %s has no %s", id, folder, name)
			}
		}
	}
}

// declares reports whether a test file of a folder has a line.
func declares(t *testing.T, folder, line string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(path string) bool {
		text, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(text), line)
	})
}

// Every finding of the catalogue is one that can be made.
func TestEveryFindingIsMade(t *testing.T) {
	all := mistakes()
	if len(all) < 45 {
		t.Errorf("there are %d mistakes", len(all))
	}
	seen := map[string]bool{}
	for _, c := range diag.Catalogue() {
		for _, k := range c.Kinds {
			seen[k.ID] = true
			made := slices.ContainsFunc(all, func(m mistake) bool { return m.id == k.ID })
			if made == (elsewhere[k.ID] != "") {
				t.Errorf("%s: made here: %t, and elsewhere: %q", k.ID, made, elsewhere[k.ID])
			}
		}
	}
	for i := range all {
		if !seen[all[i].id] {
			t.Errorf("%s is not in the catalogue", all[i].id)
		}
		if what := all[i].what; what == "" || strings.HasSuffix(what, ".") || strings.HasPrefix(what, "The ") || strings.HasPrefix(what, "A ") {
			t.Errorf("%s: what is wrong is %q: in lower case, and without a full stop", all[i].id, what)
		}
	}
}
