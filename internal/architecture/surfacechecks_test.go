package architecture_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// surfaceOfSource is the surface of a package p with this text, without what each of its
// lines begins with.
func surfaceOfSource(t *testing.T, text string) []string {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, "p.go", "package p\n\n"+text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	config := types.Config{Importer: importer.Default()}
	p, err := config.Check("example.com/p", set, []*ast.File{tree}, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := surfaceOf("p", p)
	for i, line := range lines {
		var ok bool
		if lines[i], ok = strings.CutPrefix(line, "pkg p, "); !ok {
			t.Errorf("%q does not name its package", line)
		}
	}
	return lines
}

func TestSurfaceSees(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing unexported", "func f() {}\ntype t struct{ A int }\nfunc (t) M() {}\nconst c = 1\nvar v int", nil},
		{
			"functions", "import \"context\"\n\nfunc F(ctx context.Context, a, b string, more ...func(x int) (n int, err error)) (ok bool) { return }",
			[]string{"func F(context.Context, string, string, ...func(int) (int, error)) bool"},
		},
		{
			"methods", "type T struct{}\nfunc (T) Value(n int) {}\nfunc (t *T) Pointer() *T { return t }\nfunc (T) hidden() {}",
			[]string{"method (*T) Pointer() *T", "method (T) Value(int)", "type T struct"},
		},
		{
			"fields", "type E struct{ In int }\ntype T struct {\n\tA, B string\n\tF func(n int) bool\n\tE\n\tc int\n}",
			[]string{
				"type E struct", "type E struct, In int", "type T struct", "type T struct, A string", "type T struct, B string",
				"type T struct, F func(int) bool", "type T struct, embedded E",
			},
		},
		{
			"what unexported types lift", "type e struct{ In int }\nfunc (e) Value() {}\nfunc (*e) Pointer() {}\ntype T struct{ e }\ntype U struct{ *e }",
			[]string{
				"method (*T) Pointer()", "method (T) Value()", "method (U) Pointer()", "method (U) Value()",
				"type T struct", "type T struct, In int", "type U struct", "type U struct, In int",
			},
		},
		{
			"not what exported types lift", "type E struct{}\nfunc (E) M() {}\ntype T struct{ E }",
			[]string{"method (E) M()", "type E struct", "type T struct", "type T struct, embedded E"},
		},
		{
			"interfaces", "type small interface{ Close() error }\ntype I interface {\n\tsmall\n\tGet(key string) []byte\n}",
			[]string{"type I interface { Close, Get }", "type I interface, Close() error", "type I interface, Get(string) []byte"},
		},
		{
			"interfaces that nobody else implements", "type I interface {\n\tGet()\n\tours()\n}",
			[]string{"type I interface, Get()", "type I interface, unexported methods"},
		},
		{
			"constants", "import \"time\"\n\ntype K string\n\nconst (\n\tA K = \"a\"\n\tB = 1 << 3\n\tC = 90 * time.Second\n)",
			[]string{`const A K = "a"`, "const B untyped int = 8", "const C time.Duration = 1m30s", "type K string"},
		},
		{
			"variables", "import \"errors\"\n\nvar ErrX, n = errors.New(\"x\"), 1\nvar M map[string][]*chan int",
			[]string{"var ErrX error", "var M map[string][]*chan int"},
		},
		{
			"other types", "type F func(a, b int) (c error)\ntype D map[string]any",
			[]string{"type D map[string]any", "type F func(int, int) error"},
		},
		{
			"aliases", "import \"net/http\"\n\ntype A = http.Client\ntype B[K comparable] = map[K]int",
			[]string{`import http "net/http"`, "type A = http.Client", "type B[K comparable] = map[K]int"},
		},
		{
			"type parameters", "type Pool[K comparable, V any] struct{ Of map[K]V }\nfunc (p *Pool[A, B]) Get(k A) (v B) { return }\n" +
				"type N interface{ ~int | ~string }\nfunc Max[T N](a, b T) T { return a }\nvar P Pool[string, int]",
			[]string{
				"func Max[T N](T, T) T", "method (*Pool[A, B]) Get(A) B", "type N interface{~int | ~string}",
				"type Pool[K comparable, V any] struct", "type Pool[K comparable, V any] struct, Of map[K]V", "var P Pool[string, int]",
			},
		},
		{
			"two packages of the same name", "import (\n\th \"html/template\"\n\tt \"text/template\"\n)\n\nvar A h.Template\nvar B t.Template",
			[]string{`import template "html/template"`, `import template2 "text/template"`, "var A template.Template", "var B template2.Template"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, surfaceOfSource(t, tt.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whoever takes something away, or asks more of those who implement something, is told
// that it is a break; whoever adds, that it is none.
func TestSurfaceIsJudged(t *testing.T) {
	const (
		breaks    = "can break code"
		additions = "only additions"
	)
	const before = "type T struct{ A int }\nfunc (T) M() {}\ntype I interface{ Get() }\nfunc F(n int) {}\nconst C = 1\nvar V int"
	tests := []struct{ name, old, new, want, line string }{
		{"the same", "", "", "", ""},
		{"a parameter's name", "F(n int)", "F(m int)", "", ""},
		{"a function removed", "func F(n int) {}", "", breaks, "- pkg p, func F(int)"},
		{"a parameter more", "F(n int)", "F(n int, more ...int)", breaks, "+ pkg p, func F(int, ...int)"},
		{"a field removed", "A int", "", breaks, "- pkg p, type T struct, A int"},
		{"a field's type", "A int", "A string", breaks, "+ pkg p, type T struct, A string"},
		{"a method removed", "func (T) M() {}", "", breaks, "- pkg p, method (T) M()"},
		{"a method of the pointer only", "(T) M", "(*T) M", breaks, "- pkg p, method (T) M()"},
		{"an interface that grows", "Get()", "Get()\nPut()", breaks, "- pkg p, type I interface { Get }"},
		{"a constant's value", "C = 1", "C = 2", breaks, "- pkg p, const C untyped int = 1"},
		{"a variable's type", "V int", "V string", breaks, "- pkg p, var V int"},
		{"a function more", "var V", "func G() {}\nvar V", additions, "+ pkg p, func G()"},
		{"a field more", "A int", "A, B int", additions, "+ pkg p, type T struct, B int"},
		{"a method more", "var V", "func (T) N() {}\nvar V", additions, "+ pkg p, method (T) N()"},
	}
	prefixed := func(lines []string) []string {
		for i := range lines {
			lines[i] = "pkg p, " + lines[i]
		}
		return lines
	}
	recorded := prefixed(surfaceOfSource(t, before))
	for _, tt := range tests {
		after := strings.Replace(before, tt.old, tt.new, 1)
		got := judge("p.txt", recorded, prefixed(surfaceOfSource(t, after)))
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) || !strings.Contains(got, tt.line) {
			t.Errorf("%s: want %q with %q, got %q", tt.name, tt.want, tt.line, got)
		}
	}
	if got := judge("p.txt", recorded, nil); !strings.Contains(got, breaks) {
		t.Errorf("a package that is gone: %q", got)
	}
	if got := judge("p.txt", nil, recorded); !strings.Contains(got, additions) {
		t.Errorf("a new package: %q", got)
	}
	if got := judge("p.txt", []string{"b", "a"}, []string{"a", "b"}); !strings.Contains(got, "not as they are written") {
		t.Errorf("another order: %q", got)
	}
}

func TestPublicPackages(t *testing.T) {
	for _, tt := range []struct {
		path, name string
		want       bool
	}{
		{"tipcreds", "tipcreds", true},
		{"tipcreds/rediscache", "rediscache", true},
		{"lab/labtest", "labtest", true},
		{"tipcreds/internal/x", "x", false},
		{"internal/session", "session", false},
		{"cmd/tip-cli", "main", false},
		{"tipcreds/tool", "main", false},
		{"cmd/tip-lab/labcli", "labcli", false},
		{"examples/web", "main", false},
		{"examples/web/app", "app", false},
		{"e2e", "e2e", false},
		{"bench/peak", "peak", false},
		{"lab/internal/awswire/modelgen", "main", false},
	} {
		if got := isPublic(&pkg{ImportPath: module + "/" + tt.path, Name: tt.name}); got != tt.want {
			t.Errorf("%s: public %v, want %v", tt.path, got, tt.want)
		}
	}
}

func TestInternalsAreFound(t *testing.T) {
	lines := []string{
		`pkg p, import http "net/http"`,
		`pkg p, import x "example.com/p/internal/x"`,
		"pkg p, var V x.T",
	}
	if diff := cmp.Diff(lines[1:2], internals(lines)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSystemDependentFilesAreFound(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"all.go":            "package p\n\nfunc F() {}\n",
		"all_unexported.go": "package p\n\nfunc f() {}\n",
		"a_windows.go":      "package p\n\nfunc Handle() {}\n",
		"b_windows.go":      "package p\n\nfunc handle() {}\n",
		"c.go":              "//go:build !windows\n\npackage p\n\ntype T struct{}\n",
		"d.go":              "//go:build ignore\n\npackage p\n\nfunc Main() {}\n",
		"e_linux_test.go":   "package p\n\nfunc TestX() {}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := systemDependent(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a_windows.go", "c.go"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
