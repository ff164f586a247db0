package architecture_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const (
	casesDocument = "docs/s3agcreds.md"
	casesBegin    = "<!-- cases -->\n"
	casesEnd      = "<!-- /cases -->"
	// lastCase is the number of the last case; they begin at 1.
	lastCase = 69
)

// Every case of S3 Access Grants is a test, and the document says where; -update writes
// the last column.
func TestCases(t *testing.T) {
	text := readFile(t, casesDocument)
	where, err := testedCases(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	want, problems := withFolders(text, where)
	for _, p := range problems {
		t.Errorf("%s: %s", casesDocument, p)
	}
	if *update && len(problems) == 0 {
		if err := os.WriteFile(path.Join(root, casesDocument), []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("run: go test ./internal/architecture -update (-want +got):\n%s", diff)
	}
}

// caseName is how the name of a subtest begins that tests a case.
var caseName = regexp.MustCompile(`^case ([0-9]{2}): `)

// testedCases returns the folders whose tests have a subtest of a case, by its number.
func testedCases(fsys fs.FS) (map[int][]string, error) {
	found := map[int][]string{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() != "." && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil || !strings.Contains(string(text), `"case `) {
			return err
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, number := range casesIn(tree) {
			if folder := path.Dir(name); !slices.Contains(found[number], folder) {
				found[number] = append(found[number], folder)
			}
		}
		return nil
	})
	for _, folders := range found {
		slices.Sort(folders)
	}
	return found, err
}

func casesIn(tree *ast.File) []int {
	numbers := map[int]bool{}
	ast.Inspect(tree, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				if m := caseName.FindStringSubmatch(text); m != nil {
					number, _ := strconv.Atoi(m[1])
					numbers[number] = true
				}
			}
		}
		return true
	})
	return slices.Sorted(maps.Keys(numbers))
}

// withFolders returns the document with the folders of each case in the last column of
// its table, and what is wrong with it.
func withFolders(text string, where map[int][]string) (string, []string) {
	before, rest, _ := strings.Cut(text, casesBegin)
	table, after, ok := strings.Cut(rest, casesEnd)
	if !ok {
		return text, []string{"there is no table of the cases"}
	}
	var (
		out      strings.Builder
		problems []string
		next     = 1
	)
	for line := range strings.Lines(table) {
		row := cells(strings.TrimSpace(line))
		number, err := strconv.Atoi(row[0])
		if err != nil {
			out.WriteString(line)
			continue
		}
		if number != next {
			problems = append(problems, fmt.Sprintf("after case %d comes case %d", next-1, number))
		}
		next = number + 1
		if len(where[number]) == 0 {
			problems = append(problems, fmt.Sprintf("no test has a subtest that begins with %q", fmt.Sprintf("case %02d: ", number)))
		}
		row[len(row)-1] = "`" + strings.Join(where[number], "`, `") + "`"
		fmt.Fprintf(&out, "| %s |\n", strings.Join(row, " | "))
	}
	if next != lastCase+1 {
		problems = append(problems, fmt.Sprintf("the last case is %d", next-1))
	}
	for _, number := range slices.Sorted(maps.Keys(where)) {
		if number < 1 || number > lastCase {
			problems = append(problems, fmt.Sprintf("%v test a case %d, which is none", where[number], number))
		}
	}
	return before + casesBegin + out.String() + casesEnd + after, problems
}

func TestCasesRefuses(t *testing.T) {
	table := func(change func(n int, row string) string) string {
		var b strings.Builder
		b.WriteString("# Title\n\n" + casesBegin + "| | case | tests |\n|---|---|---|\n")
		for n := 1; n <= lastCase; n++ {
			b.WriteString(change(n, fmt.Sprintf("| %02d | words | `lib` |\n", n)))
		}
		return b.String() + casesEnd + "\n"
	}
	same := func(_ int, row string) string { return row }
	tests := func(skip int, more string) fs.FS {
		var b strings.Builder
		b.WriteString("package lib\n\nvar names = []string{\n")
		for n := 1; n <= lastCase; n++ {
			if n != skip {
				fmt.Fprintf(&b, "\"case %02d: words\",\n", n)
			}
		}
		return fstest.MapFS{
			"lib/a_test.go": {Data: []byte(b.String() + more + "}\n")},
			"lib/code.go":   {Data: []byte("package lib\n\nvar s = \"case 01: no test\"\n")},
		}
	}
	for _, tt := range []struct {
		name, text string
		fsys       fs.FS
		want       []string
	}{
		{"good", table(same), tests(0, ""), nil},
		{"no table", "# Title\n", tests(0, ""), []string{"there is no table of the cases"}},
		{"one untested", table(same), tests(27, ""), []string{`no test has a subtest that begins with "case 27: "`}},
		{"one is gone", table(func(n int, row string) string {
			if n == 5 {
				return ""
			}
			return row
		}), tests(0, ""), []string{"after case 4 comes case 6"}},
		{"the last is gone", table(func(n int, row string) string {
			if n == lastCase {
				return ""
			}
			return row
		}), tests(0, ""), []string{"the last case is 68"}},
		{"one too many", table(same), tests(0, "\"case 70: words\",\n"), []string{"[lib] test a case 70, which is none"}},
		{"elsewhere in the text", table(same), tests(3, "\"in case 03: words\",\n"), []string{`no test has a subtest that begins with "case 03: "`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			where, err := testedCases(tt.fsys)
			if err != nil {
				t.Fatal(err)
			}
			text, problems := withFolders(tt.text, where)
			if diff := cmp.Diff(tt.want, problems); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if problems == nil && text != tt.text {
				t.Errorf("written anew: %s", cmp.Diff(tt.text, text))
			}
		})
	}
}
