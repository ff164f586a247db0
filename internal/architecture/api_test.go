package architecture_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// apiFolder has a file for each public package, with its surface. docs/stability.md
// says what is promised of it.
const apiFolder = "docs/api"

// isPublic tells the packages that others may import: none that is internal, and none of
// a program, an example, or the tests and measurements of whole programs.
func isPublic(p *pkg) bool {
	parts := strings.Split(local(p.ImportPath), "/")
	return p.Name != "main" && !slices.Contains(parts, "internal") && len(parts) > 1 &&
		!slices.Contains([]string{"cmd", "examples", "e2e", "bench"}, parts[1])
}

// The record of the public surface is what the code has; -update writes it.
func TestPublicSurface(t *testing.T) {
	now, recorded := surfaces(t), records(t)
	for name, lines := range now {
		if strings.HasPrefix(name, apiFolder+"/lab") {
			continue // by docs/stability.md: the lab shows its world as it is
		}
		for _, line := range internals(lines) {
			t.Errorf("%s: the users of a package cannot name what is internal: %s", name, line)
		}
	}
	if *update {
		writeRecords(t, recorded, now)
		return
	}
	all := maps.Clone(now)
	maps.Copy(all, recorded)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if complaint := judge(name, recorded[name], now[name]); complaint != "" {
			t.Error(complaint)
		}
	}
}

// judge compares the record of a package with its surface, and tells a break from an
// addition.
func judge(name string, recorded, now []string) string {
	if slices.Equal(recorded, now) {
		return ""
	}
	gone, added := without(recorded, now), without(now, recorded)
	const run = "run: go test ./internal/architecture -update"
	var b strings.Builder
	switch {
	case len(gone) > 0:
		fmt.Fprintf(&b, "%s: this can break code that uses the package (- recorded, + now). Take it back, "+
			"or say under Breaking in CHANGELOG.md what to use instead, make the next version a minor one (docs/stability.md), and %s\n", name, run)
	case len(added) > 0:
		fmt.Fprintf(&b, "%s: only additions, which break nobody; %s\n", name, run)
	default:
		fmt.Fprintf(&b, "%s has the right lines, but not as they are written; %s\n", name, run)
	}
	for _, line := range gone {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	for _, line := range added {
		fmt.Fprintf(&b, "+ %s\n", line)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func without(lines, others []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(others, line) })
}

// surfaces returns the lines of all public packages that have any, by the path of their
// record.
func surfaces(t *testing.T) map[string][]string {
	t.Helper()
	var public []string
	for _, p := range packages(t, build.Default.GOOS) {
		if isPublic(&p) {
			public = append(public, p.ImportPath)
		}
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", exportData(t, public))
	found := map[string][]string{}
	for _, path := range public {
		loaded, err := imports.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(path, module+"/")
		if lines := surfaceOf(name, loaded); len(lines) > 0 {
			found[apiFolder+"/"+name+".txt"] = lines
		}
	}
	return found
}

// exportData asks go list where the compiler's view of packages and of all that they
// import lies.
func exportData(t *testing.T, packages []string) importer.Lookup {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}, packages...)...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[path] = file
	}
	return func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
}

// records returns the lines of the files in apiFolder, by their path.
func records(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := fs.WalkDir(os.DirFS(root), apiFolder, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".txt") {
			found[path] = strings.Split(strings.TrimSuffix(readFile(t, path), "\n"), "\n")
		}
		return err
	})
	if err != nil && !*update {
		t.Fatal(err)
	}
	return found
}

func writeRecords(t *testing.T, recorded, now map[string][]string) {
	t.Helper()
	for name := range recorded {
		if now[name] == nil {
			if err := os.Remove(filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, lines := range now {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// internals returns what a surface names that its users cannot, and whose changes the
// record would not see.
func internals(lines []string) []string {
	var found []string
	for _, line := range lines {
		if _, path, ok := strings.Cut(line, ", import "); ok && strings.Contains(path, "/internal") {
			found = append(found, line)
		}
	}
	return found
}

// The record is made on one system and holds on all.
func TestPublicSurfaceIsTheSameEverywhere(t *testing.T) {
	for _, p := range packages(t, build.Default.GOOS) {
		if !isPublic(&p) {
			continue
		}
		found, err := systemDependent(filepath.Join(root, local(p.ImportPath)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			t.Errorf("%s is not for every system and exports something: move that to a file that is", path.Join(local(p.ImportPath), name))
		}
	}
}

// systemDependent returns the Go files of a folder that not every system builds and that
// export something.
func systemDependent(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		same, err := sameEverywhere(dir, filepath.Base(name))
		if err != nil {
			return nil, err
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if !same && ast.FileExports(tree) {
			found = append(found, filepath.Base(name))
		}
	}
	return found, nil
}

func sameEverywhere(dir, name string) (bool, error) {
	var built int
	systems := []string{"linux", "darwin", "windows"}
	for _, system := range systems {
		target := build.Default
		target.GOOS, target.CgoEnabled = system, false
		match, err := target.MatchFile(dir, name)
		if err != nil {
			return false, err
		}
		if match {
			built++
		}
	}
	return built == 0 || built == len(systems), nil
}
