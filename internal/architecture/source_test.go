package architecture_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// complaints returns what is wrong with a Go file by the rules below.
func complaints(f file) ([]string, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, f.path, f.text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []string
	complain := func(n ast.Node, format string, args ...any) {
		at := set.Position(n.Pos())
		found = append(found, fmt.Sprintf("%s:%d: ", f.path, at.Line)+fmt.Sprintf(format, args...))
	}
	for _, d := range tree.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" && !mayInit(f.path) {
			complain(fn, "init() works behind the reader's back; only internal/fastpath may")
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch fn := n.(type) {
		case *ast.FuncDecl:
			if skip := alwaysSkips(fn.Type, fn.Body); skip != nil {
				complain(skip, "%s is always skipped", fn.Name.Name)
			}
		case *ast.FuncLit:
			if skip := alwaysSkips(fn.Type, fn.Body); skip != nil {
				complain(skip, "this test is always skipped")
			}
		}
		return true
	})
	return found, nil
}

// mayInit excepts the one file of the fast path (docs/decisions/0018), and tests: theirs
// delay no program.
func mayInit(path string) bool {
	return path == "internal/fastpath/fastpath.go" || strings.HasSuffix(path, "_test.go")
}

// alwaysSkips returns the statement that skips a test on every path: a call of
// Skip, Skipf or SkipNow before anything could return.
func alwaysSkips(sig *ast.FuncType, body *ast.BlockStmt) ast.Stmt {
	t := testOf(sig)
	if body == nil || t == "" {
		return nil
	}
	for _, s := range body.List {
		if isSkip(s, t) {
			return s
		}
		if returns(s) {
			return nil
		}
	}
	return nil
}

// testOf is the name of the parameter that is the test, or "".
func testOf(sig *ast.FuncType) string {
	for _, field := range sig.Params.List {
		t := field.Type
		if star, ok := t.(*ast.StarExpr); ok {
			t = star.X
		}
		sel, ok := t.(*ast.SelectorExpr)
		if !ok || len(field.Names) == 0 {
			continue
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == "testing" {
			return field.Names[0].Name
		}
	}
	return ""
}

// isSkip reports whether a statement skips the test t.
func isSkip(s ast.Stmt, t string) bool {
	expr, ok := s.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := expr.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	if on, ok := sel.X.(*ast.Ident); !ok || on.Name != t {
		return false
	}
	return sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf" || sel.Sel.Name == "SkipNow"
}

func returns(s ast.Stmt) bool {
	found := false
	ast.Inspect(s, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			found = true
		}
		return !found
	})
	return found
}

func TestSource(t *testing.T) {
	for _, f := range files(t) {
		if !strings.HasSuffix(f.path, ".go") || strings.Contains(f.path, "testdata/") {
			continue
		}
		found, err := complaints(f)
		if err != nil {
			t.Error(err)
		}
		for _, c := range found {
			t.Error(c)
		}
	}
}

func TestSourceChecksRefuse(t *testing.T) {
	const head = "package p\n\nimport \"testing\"\n\n"
	tests := []struct {
		path, text string
		want       []string
	}{
		{"a/a.go", "func init() { x = 1 }", []string{"a/a.go:5: init() works behind the reader's back; only internal/fastpath may"}},
		{"a/a.go", "func (x *T) init() {}", nil},
		{"a/a_test.go", "func init() { x = 1 }", nil},
		{"internal/fastpath/fastpath.go", "func init() { x = 1 }", nil},
		{"internal/fastpath/a.go", "func init() { x = 1 }", []string{"internal/fastpath/a.go:5: init() works behind the reader's back; only internal/fastpath may"}},
		{"a/a_test.go", "func TestA(t *testing.T) {\n\tt.Helper()\n\tt.Skip(\"later\")\n}", []string{"a/a_test.go:7: TestA is always skipped"}},
		{"a/a_test.go", "func TestA(t *testing.T) {\n\tt.Run(\"x\", func(t *testing.T) { t.SkipNow() })\n}", []string{"a/a_test.go:6: this test is always skipped"}},
		{"a/a_test.go", "func TestA(t *testing.T) {\n\tif no {\n\t\tt.Skip(\"no\")\n\t}\n}", nil},
		{"a/a_test.go", "func need(t *testing.T) {\n\tif yes {\n\t\treturn\n\t}\n\tt.Skip(\"no\")\n}", nil},
		{"a/a.go", "func skip(r reader) {\n\tr.Skip(1)\n}", nil},
	}
	for _, tt := range tests {
		got, err := complaints(file{tt.path, []byte(head + tt.text)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}
