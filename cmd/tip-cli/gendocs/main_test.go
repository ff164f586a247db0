package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the reference instead of comparing it")

// docs is the folder of the repository.
const docs = "../../../docs"

// TestReferenceIsCurrent: the committed pages are those of the commands.
func TestReferenceIsCurrent(t *testing.T) {
	want := pages()
	if *update {
		if err := write(docs, want); err != nil {
			t.Fatal(err)
		}
	}
	there, err := present(docs)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, path := range there {
		text, err := os.ReadFile(filepath.Join(docs, path))
		if err != nil {
			t.Fatal(err)
		}
		got[path] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the reference is not that of the commands; run: go run ./cmd/tip-cli/gendocs\n%s", diff)
	}
}

// The pages are the same every time.
func TestPagesAreDeterministic(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1")
	t.Setenv("HOME", t.TempDir())
	if diff := cmp.Diff(pages(), pages()); diff != "" {
		t.Error(diff)
	}
	for path, text := range pages() {
		for _, alien := range []string{"cobra", "Auto generated", os.Getenv("HOME")} {
			if strings.Contains(text, alien) {
				t.Errorf("%s has %q", path, alien)
			}
		}
	}
}

// What is not ours any more goes.
func TestWriteRemovesOldPages(t *testing.T) {
	dir := t.TempDir()
	want := map[string]string{filepath.Join(referenceFolder, "new.md"): "text\n"}
	for _, pages := range []map[string]string{{filepath.Join(manFolder, "old.1"): "old"}, want} {
		if err := write(dir, pages); err != nil {
			t.Fatal(err)
		}
	}
	got, err := present(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(referenceFolder, "new.md")}, got); diff != "" {
		t.Error(diff)
	}
}

// No folders are made where the repository is not.
func TestWriteElsewhere(t *testing.T) {
	if err := write(filepath.Join(t.TempDir(), "none"), nil); err == nil || !strings.Contains(err.Error(), "top of the repository") {
		t.Error(err)
	}
}

// Every link of the pages leads to one of them, and every page is linked.
func TestLinks(t *testing.T) {
	all := pages()
	index := all[filepath.Join(referenceFolder, "README.md")]
	for path, text := range all {
		if !strings.HasSuffix(path, ".md") {
			continue
		}
		for i, part := range strings.Split(text, "](") {
			target, _, _ := strings.Cut(part, ")")
			target, _, _ = strings.Cut(target, "#")
			if _, there := all[filepath.Join(referenceFolder, target)]; i > 0 && !there && target != "../man" {
				t.Errorf("%s links to %q", path, target)
			}
		}
		if name := filepath.Base(path); name != "README.md" && !strings.Contains(index, "("+name+")") {
			t.Errorf("the index does not link to %s", name)
		}
	}
}

// TestMarkdownTables: as many cells in every row as in the head.
func TestMarkdownTables(t *testing.T) {
	for path, text := range pages() {
		if !strings.HasSuffix(path, ".md") {
			continue
		}
		for line := range strings.Lines(text) {
			if cells := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); strings.HasPrefix(line, "|") && cells != 3 {
				t.Errorf("%s: %d bars in %q", path, cells, line)
			}
		}
	}
}

func TestEscaped(t *testing.T) {
	for text, want := range map[string]string{
		"a|b": `a\|b`, "s3://b/*": `s3://b/\*`, "<NAME>": `\<NAME\>`, "`x`": "\\`x\\`", "[x](y)": `\[x\](y)`, `C:\x`: `C:\\x`,
		"aws_tip_cli": "aws_tip_cli", " _x": ` \_x`,
	} {
		if got := escaped(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestManText(t *testing.T) {
	for text, want := range map[string]string{
		".nf": `\&.nf`, "'a'": `\(aqa\(aq`, "a\n.b": "a\n\\&.b", `C:\x`: `C:\ex`, "--x": `\-\-x`, `"x"`: `\(dqx\(dq`, "~/x": `\(ti/x`,
	} {
		if got := prose(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestBlocks(t *testing.T) {
	got := blocks("One\ntwo.\n\n  kept\n    deeper\n\n  kept too\n\nThree.\n")
	want := []block{{false, "One\ntwo."}, {true, "kept\n  deeper\n\nkept too"}, {false, "Three."}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(block{})); diff != "" {
		t.Error(diff)
	}
}

// TestManPagesAreSound has groff look for mistakes, and looks what a reader sees.
func TestManPagesAreSound(t *testing.T) {
	groff, err := exec.LookPath("groff")
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
	for path, text := range pages() {
		if !strings.HasSuffix(path, ".1") {
			continue
		}
		cmd := exec.Command(groff, "-man", "-Tutf8", "-ww", "-P-c", "-rLL=200n")
		cmd.Stdin = strings.NewReader(text)
		var complaints strings.Builder
		cmd.Stderr = &complaints
		shown, err := cmd.Output()
		if err != nil || complaints.Len() > 0 {
			t.Errorf("%s: %v %s", path, err, complaints.String())
		}
		if filepath.Base(path) != "tip-cli.1" {
			continue
		}
		for _, want := range []string{"ENVIRONMENT", "EXIT STATUS", "FILES", "tip-cli auth set-aws-profile --profile my-tti-profile", "~/.aws/config"} {
			if !slices.ContainsFunc(strings.Split(overstruck(string(shown)), "\n"), func(line string) bool { return strings.Contains(line, want) }) {
				t.Errorf("tip-cli(1) does not show %q", want)
			}
		}
	}
}

// overstruck is what is read where a terminal prints x, backspace, x for a bold one.
func overstruck(s string) string {
	var out []rune
	for _, r := range s {
		if r == '\b' {
			out = out[:max(0, len(out)-1)]
		} else {
			out = append(out, r)
		}
	}
	return string(out)
}
