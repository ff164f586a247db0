package architecture_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const behaviourDocument = "docs/tipcreds.md"

// The behaviours that the library's document claims are tests, row by row.
func TestBehaviourTable(t *testing.T) {
	for _, c := range untested(os.DirFS(root), readFile(t, behaviourDocument)) {
		t.Errorf("%s: %s", behaviourDocument, c)
	}
}

// testName is folder.TestName, or folder.TestName/subtest, with folders seen from the top
// of the repository.
var testName = regexp.MustCompile(`^([a-z0-9]+(?:/[a-z0-9]+)*)\.(Test\w+)((?:/[^/]+)*)$`)

// untested returns what is wrong with a document's table of behaviours, whose last column
// names the tests of each row.
func untested(fsys fs.FS, text string) []string {
	rows, err := behaviours(text)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, row := range rows {
		names := strings.Split(row[len(row)-1], ",")
		for _, name := range names {
			if err := findTest(fsys, strings.Trim(name, " `")); err != nil {
				found = append(found, fmt.Sprintf("%q: %v", row[0], err))
			}
		}
	}
	return found
}

// behaviours returns the cells of each row of the table between the marks.
func behaviours(text string) ([][]string, error) {
	const begin, end = "<!-- behaviour -->\n", "<!-- /behaviour -->"
	_, rest, _ := strings.Cut(text, begin)
	table, _, ok := strings.Cut(rest, end)
	if !ok {
		return nil, fmt.Errorf("there is no table between %s and %s", strings.TrimSpace(begin), end)
	}
	var rows [][]string
	for line := range strings.Lines(table) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "|") {
			rows = append(rows, cells(line))
		}
	}
	if len(rows) < 3 || strings.Trim(strings.Join(rows[1], ""), "-:") != "" {
		return nil, fmt.Errorf("the table after %s has no rows below a heading", strings.TrimSpace(begin))
	}
	for _, row := range rows {
		if len(row) != len(rows[0]) {
			return nil, fmt.Errorf("the row %q has %d cells, the heading has %d", row[0], len(row), len(rows[0]))
		}
	}
	return rows[2:], nil
}

// cells splits a row; a bar within a cell is written with a backslash.
func cells(line string) []string {
	const bar = "\x00"
	line = strings.Trim(strings.ReplaceAll(line, `\|`, bar), "|")
	row := strings.Split(line, "|")
	for i, cell := range row {
		row[i] = strings.TrimSpace(strings.ReplaceAll(cell, bar, "|"))
	}
	return row
}

// findTest looks for the function in the tests of its folder, and for the names of
// subtests among the strings of the function's file.
func findTest(fsys fs.FS, name string) error {
	m := testName.FindStringSubmatch(name)
	if m == nil {
		return fmt.Errorf("%q names no test: write folder.TestName, or folder.TestName/subtest", name)
	}
	files, err := fs.Glob(fsys, m[1]+"/*_test.go")
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if !declares(tree, m[2]) {
			continue
		}
		for sub := range strings.SplitSeq(strings.TrimPrefix(m[3], "/"), "/") {
			if !says(tree, sub) {
				return fmt.Errorf("%s of %s has no subtest %q", m[2], file, sub)
			}
		}
		return nil
	}
	return fmt.Errorf("%s has no %s", m[1], m[2])
}

func declares(tree *ast.File, name string) bool {
	return slices.ContainsFunc(tree.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		return ok && fn.Recv == nil && fn.Name.Name == name
	})
}

// says looks for a string; go test shows its spaces as underscores.
func says(tree *ast.File, name string) bool {
	found := name == ""
	ast.Inspect(tree, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err := strconv.Unquote(lit.Value)
			found = found || err == nil && underscored(text) == underscored(name)
		}
		return !found
	})
	return found
}

func underscored(s string) string { return strings.ReplaceAll(s, " ", "_") }

func TestBehaviourTableRefuses(t *testing.T) {
	fsys := fstest.MapFS{
		"lib/a_test.go":      {Data: []byte("package lib\n\nfunc TestOther(t *testing.T) {}\nfunc (s suite) TestMethod() {}\n")},
		"lib/b_test.go":      {Data: []byte("package lib\n\nfunc TestOne(t *testing.T) { t.Run(\"two words\", nil); run(`deep`) }\n")},
		"lib/code.go":        {Data: []byte("package lib\n\nfunc TestCode() {}\n")},
		"lib/deep/c_test.go": {Data: []byte("package deep\n\nfunc TestDeep(t *testing.T) {}\n")},
	}
	const begin, end = "# Title\n\n<!-- behaviour -->\n| what | Java | test |\n|---|:-:|---|\n", "<!-- /behaviour -->\n\nMore.\n"
	tests := []struct {
		name, text string
		want       []string
	}{
		{"good", begin + "| a \\| b | no | `lib.TestOne`, `lib.TestOther` |\n| b | | lib/deep.TestDeep |\n| c | | `lib.TestOne/two_words/deep`, `lib.TestOne/two words` |\n" + end, nil},
		{"no table", "# Title\n", []string{"there is no table between <!-- behaviour --> and <!-- /behaviour -->"}},
		{"no end", begin + "| a | | `lib.TestOne` |\n", []string{"there is no table between <!-- behaviour --> and <!-- /behaviour -->"}},
		{"no rows", begin + end, []string{"the table after <!-- behaviour --> has no rows below a heading"}},
		{"no heading", "<!-- behaviour -->\n| a | `lib.TestOne` |\n| a | `lib.TestOne` |\n| a | `lib.TestOne` |\n" + end, []string{"the table after <!-- behaviour --> has no rows below a heading"}},
		{"a cell short", begin + "| a | `lib.TestOne` |\n" + end, []string{`the row "a" has 2 cells, the heading has 3`}},
		{"no test", begin + "| a | no | |\n" + end, []string{`"a": "" names no test: write folder.TestName, or folder.TestName/subtest`}},
		{"words", begin + "| a | no | `lib.TestOne`, by hand |\n" + end, []string{`"a": "by hand" names no test: write folder.TestName, or folder.TestName/subtest`}},
		{"no folder", begin + "| a | no | `TestOne` |\n" + end, []string{`"a": "TestOne" names no test: write folder.TestName, or folder.TestName/subtest`}},
		{"a benchmark", begin + "| a | no | `lib.BenchmarkOne` |\n" + end, []string{`"a": "lib.BenchmarkOne" names no test: write folder.TestName, or folder.TestName/subtest`}},
		{"no such test", begin + "| a | no | `lib.TestTwo` |\n" + end, []string{`"a": lib has no TestTwo`}},
		{"no such package", begin + "| a | no | `elsewhere.TestOne` |\n" + end, []string{`"a": elsewhere has no TestOne`}},
		{"of another package", begin + "| a | no | `lib/deep.TestOne` |\n" + end, []string{`"a": lib/deep has no TestOne`}},
		{"not in a test", begin + "| a | no | `lib.TestCode` |\n" + end, []string{`"a": lib has no TestCode`}},
		{"a method", begin + "| a | no | `lib.TestMethod` |\n" + end, []string{`"a": lib has no TestMethod`}},
		{"no such subtest", begin + "| a | no | `lib.TestOne/three` |\n" + end, []string{`"a": TestOne of lib/b_test.go has no subtest "three"`}},
		{"one of two", begin + "| a | no | `lib.TestOne`, `lib.TestTwo` |\n| b | | `lib.TestX` |\n" + end, []string{`"a": lib has no TestTwo`, `"b": lib has no TestX`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, untested(fsys, tt.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
