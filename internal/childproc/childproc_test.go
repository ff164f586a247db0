package childproc_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/childproc"
)

func TestLook(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	name := "program"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if path, err := childproc.Look("program"); err != nil || path != filepath.Join(dir, name) {
		t.Errorf("%q, %v", path, err)
	}
	for name, tt := range map[string]struct {
		code            int
		text, hintStart string
	}{
		"nothing":                      {childproc.NotFound, `the command "nothing" was not found`, "check its name"},
		filepath.Join(dir, "nothing"):  {childproc.NotFound, "was not found", "check its name"},
		filepath.Join(dir, "no", "no"): {childproc.NotFound, "was not found", "check its name"},
	} {
		_, err := childproc.Look(name)
		refused(t, err, tt.code, tt.text, tt.hintStart)
	}
}

func refused(t *testing.T, err error, code int, text, hint string) {
	t.Helper()
	start, ok := errors.AsType[*childproc.StartError](err)
	if !ok || start.Code() != code || !strings.Contains(start.Error(), text) || !strings.HasPrefix(start.Hint(), hint) {
		t.Errorf("%v, want code %d, %q and a hint that begins with %q", err, code, text, hint)
	}
}

// A relative entry of PATH does not run what lies about.
func TestLookInTheCurrentDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	name := "program"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if err := os.WriteFile(name, []byte("x"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", ".")
	_, err := childproc.Look("program")
	refused(t, err, childproc.CannotRun, "is in the current directory", "write ./")
}

// TestMain is also the child of the tests.
func TestMain(m *testing.M) {
	if script := os.Getenv("CHILDPROC_CHILD"); script != "" {
		os.Exit(child(script))
	}
	os.Exit(m.Run())
}

func own(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: path, Args: []string{"child", "--flag", "two words"}, Env: append(os.Environ(), "CHILDPROC_CHILD="+script)}
}

func TestRun(t *testing.T) {
	cmd := own(t, "echo")
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout = strings.NewReader("from stdin"), &out
	code, err := childproc.Run(cmd)
	if want := "[child --flag two words] from stdin"; code != 7 || err != nil || out.String() != want {
		t.Errorf("%d, %v, %q, want %q", code, err, out.String(), want)
	}
}

func TestRunNothing(t *testing.T) {
	_, err := childproc.Run(&exec.Cmd{Path: filepath.Join(t.TempDir(), "nothing"), Args: []string{"nothing"}})
	refused(t, err, childproc.CannotRun, `the command "nothing" cannot be run`, "a script's first line")
}

func TestReplaceAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := childproc.Replace(ctx, "/nothing", []string{"nothing"}, nil)
	if !errors.Is(err, context.Canceled) && !errors.Is(err, childproc.ErrUnsupported) {
		t.Error(err)
	}
}
