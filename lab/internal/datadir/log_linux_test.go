package datadir_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tip-cli/tip-cli/lab/internal/datadir"
)

// A full disk takes the beginning of a line, which does not stay.
func TestAppendOnAFullDisk(t *testing.T) {
	const inChild = "TIP_LAB_TEST_FULL_DISK"
	if os.Getenv(inChild) == "" { // the limit is the whole process's
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAppendOnAFullDisk$")
		cmd.Env = append(os.Environ(), inChild+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	dir := t.TempDir()
	d, name := opened(t, dir), datadir.File("lines")
	if err := d.Append(name, []byte("one\n")); err != nil {
		t.Fatal(err)
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	full := before
	full.Cur = 6
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	err := d.Append(name, []byte("two\n"))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err == nil || errors.Is(err, datadir.ErrTorn) {
		t.Errorf("%v", err)
	}
	if err := d.Append(name, []byte("three\n")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != "one\nthree\n" {
		t.Errorf("%q, %v", text, err)
	}
}

// Where the beginning of a line cannot be taken back, the error says so.
func TestAppendThatCannotBeTakenBack(t *testing.T) {
	dir := t.TempDir()
	d, name := opened(t, dir), datadir.File("lines")
	if err := os.Symlink("/dev/full", filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	if err := d.Append(name, []byte("x\n")); !errors.Is(err, datadir.ErrTorn) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
}
