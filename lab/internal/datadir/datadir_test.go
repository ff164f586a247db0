package datadir_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tip-cli/tip-cli/lab/internal/datadir"
)

var main = datadir.File("main")

func own(name string) bool { return name == datadir.File("lines") }

func opened(t *testing.T, path string) *datadir.Dir {
	t.Helper()
	d, err := datadir.Open(path, main, own)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestFilesAndBlobs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "data")
	d := opened(t, path)
	if _, err := d.Read(main); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a new directory: %v", err)
	}
	for _, data := range []string{"", "one\ntwo\n", "tip-lab state 1 x\n"} {
		if err := d.Write(main, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Read(main); err != nil || string(got) != data {
			t.Errorf("%q, %v, want %q", got, err, data)
		}
	}
	name, err := d.PutBlob([]byte("body"))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := d.Blob(name); err != nil || string(body) != "body" {
		t.Errorf("%q, %v", body, err)
	}
	for _, other := range []string{"", "../main.state", "x" + name[1:], name[:63]} {
		if _, err := d.Blob(other); !errors.Is(err, datadir.ErrDamaged) {
			t.Errorf("%q: %v", other, err)
		}
	}
	if err := d.KeepBlobs(map[string]bool{}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Blob(name); !errors.Is(err, datadir.ErrDamaged) {
		t.Errorf("a blob that was dropped: %v", err)
	}
	if err := errors.Join(d.Remove(main), d.Remove(main)); err != nil {
		t.Error(err)
	}
}

// What was written last is not written again, unless it was removed.
func TestSameContentIsWrittenOnce(t *testing.T) {
	dir := t.TempDir()
	d := opened(t, dir)
	written := func() bool {
		t.Helper()
		_ = os.Remove(filepath.Join(dir, main))
		if err := d.Write(main, []byte("x")); err != nil {
			t.Fatal(err)
		}
		_, err := os.Stat(filepath.Join(dir, main))
		return err == nil
	}
	if !written() || written() {
		t.Error("not once")
	}
	if err := d.Remove(main); err != nil || !written() {
		t.Errorf("after its removal: %v", err)
	}
}

func TestLines(t *testing.T) {
	d := opened(t, t.TempDir())
	name := datadir.File("lines")
	if lines, err := d.Lines(name); err != nil || lines != nil {
		t.Errorf("%q, %v", lines, err)
	}
	if err := errors.Join(d.ReplaceLines(name, []byte("one\n")), d.Append(name, []byte("two\n")), d.Append(name, []byte("cut o"))); err != nil {
		t.Fatal(err)
	}
	lines, err := d.Lines(name)
	if err != nil || string(bytes.Join(lines, []byte("|"))) != "one|two" {
		t.Errorf("%q, %v", lines, err)
	}
}

func TestLockAndForeignDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	d := opened(t, path)
	if _, err := datadir.Open(path, main, own); !errors.Is(err, datadir.ErrLocked) {
		t.Errorf("%v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	opened(t, path)
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Open(foreign, main, own); !errors.Is(err, datadir.ErrForeign) {
		t.Errorf("%v", err)
	}
	if _, err := datadir.Open(filepath.Join(foreign, "x", "y"), main, own); err == nil {
		t.Error("below a file")
	}
}

// Only what a Dir can have made is swept and dropped; a failure gives the lock back.
func TestOthersFilesStay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b*")
	d := opened(t, dir)
	blob, err := d.PutBlob([]byte("body"))
	if err := errors.Join(err, d.Write(main, nil), d.Close()); err != nil {
		t.Fatal(err)
	}
	stay := []string{"x.tmp", "x.state", filepath.Join("objects", "x"), filepath.Join("objects", "x.tmp")}
	swept := []string{main + ".tmp", filepath.Join("objects", blob+".tmp")}
	for _, name := range append(append([]string(nil), stay...), swept...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d = opened(t, dir)
	if names, err := d.Names(); err != nil || len(names) != 1 || names[0] != main {
		t.Errorf("%q, %v", names, err)
	}
	if has, err := d.HasBlobs(); err != nil || !has {
		t.Errorf("%v, %v", has, err)
	}
	if err := errors.Join(d.KeepBlobs(nil), d.Close()); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(swept, filepath.Join("objects", blob)) {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is left", name)
		}
	}
	for _, name := range stay {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, main+".tmp", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Open(dir, main, own); err == nil {
		t.Error("a temporary file that cannot be removed")
	}
	if err := os.RemoveAll(filepath.Join(dir, main+".tmp")); err != nil {
		t.Fatal(err)
	}
	opened(t, dir)
}

// What is there after a failure is not known, so that it is written again.
func TestWriteAfterAFailure(t *testing.T) {
	dir := t.TempDir()
	d := opened(t, dir)
	path := filepath.Join(dir, main)
	if err := errors.Join(d.Write(main, []byte("x")), os.Remove(path), os.MkdirAll(filepath.Join(path, "x"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(main, []byte("y")); err == nil {
		t.Error("over a directory")
	}
	if err := errors.Join(os.RemoveAll(path), d.Write(main, []byte("x"))); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Read(main); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestUnwrap(t *testing.T) {
	for text, want := range map[string]struct {
		damaged bool
		version int
	}{
		"": {true, 0}, "tip-lab state": {true, 0}, "tip-lab state 0 x\n": {true, 0}, "tip-lab state -1": {true, 0}, "tip-lab state 1 x\ny": {true, 0},
		"tip-lab state 1": {true, 0}, "tip-lab state 2": {false, 2}, "tip-lab state 2 x\nwhatever": {false, 2}, "other state 1 x\n": {true, 0},
	} {
		if _, reason, version := datadir.Unwrap([]byte(text)); (reason != "") != want.damaged || version != want.version {
			t.Errorf("%q: %q, %d", text, reason, version)
		}
	}
}

// go test ./lab/internal/datadir -fuzz FuzzUnwrap
//
// Nothing but what was written is taken for it.
func FuzzUnwrap(f *testing.F) {
	f.Add([]byte("tip-lab state 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"))
	f.Add([]byte("tip-lab state 2\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		data, reason, version := datadir.Unwrap(text)
		if reason != "" || version != datadir.Version {
			return
		}
		d := opened(t, t.TempDir())
		if err := d.Write(main, data); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Read(main); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%q, %v", got, err)
		}
	})
}
