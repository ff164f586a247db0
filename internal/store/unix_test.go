//go:build unix

package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
)

func init() {
	// full saves with a file-size limit that cuts the write off in the middle.
	helpers["full"] = func(dir string) {
		limit := syscall.Rlimit{Cur: 32, Max: 32}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			os.Exit(3)
		}
		s := reopen(dir)
		for _, name := range names {
			err := save(s, name)
			if name == store.ConfigFile { // it fits
				if err != nil {
					os.Exit(4)
				}
				continue
			}
			if !errors.Is(err, syscall.EFBIG) {
				os.Exit(5)
			}
		}
	}
	// nobody saves as a user who does not own the directory.
	helpers["nobody"] = func(dir string) {
		if syscall.Setuid(65534) != nil {
			os.Exit(7)
		}
		_, lockErr := reopen(dir).Lock(context.Background(), "flow")
		for _, err := range []error{save(reopen(dir), store.RoleFile), lockErr} {
			if err == nil || !strings.Contains(err.Error(), "belongs to another user") {
				fmt.Fprintln(os.Stderr, "not refused:", err)
				os.Exit(8)
			}
		}
	}
	// quit is a writer that dies at once.
	helpers["quit"] = func(string) { os.Exit(9) }
	// rewrite saves again and again until it is killed.
	helpers["rewrite"] = func(dir string) {
		s := reopen(dir)
		for {
			for _, name := range names {
				if err := save(s, name); err != nil {
					os.Exit(6)
				}
			}
		}
	}
}

// A write that fails in the middle leaves the old content, and no rubbish.
func TestFullDisk(t *testing.T) {
	s := newStore(t)
	before := make(map[string]string)
	for _, name := range names {
		if err := save(s, name); err != nil {
			t.Fatal(err)
		}
		before[name] = text(t, s.Path(name))
	}
	entries, err := os.ReadDir(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if err := helper(t, "full", s.Dir()).Run(); err != nil {
		t.Fatalf("the writer (5: a write did not fail with EFBIG): %v", err)
	}
	for _, name := range names {
		if got := text(t, s.Path(name)); got != before[name] {
			t.Errorf("%s is now %q", name, got)
		}
	}
	after, err := os.ReadDir(s.Dir())
	if len(after) != len(entries) || err != nil {
		t.Errorf("files before %v, after %v (%v)", entries, after, err)
	}
}

// Whenever the writer is killed, every file is whole.
func TestKilledWriter(t *testing.T) {
	s := newStore(t)
	for _, name := range names {
		if err := save(s, name); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		if err := killWriter(t, s, "rewrite"); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		for _, name := range names {
			if err := load(reopen(s.Dir()), name); err != nil {
				t.Errorf("round %d, after the kill: %v", i, err)
			}
		}
	}
}

// killWriter kills a writer once it has written; readers see whole files meanwhile.
// A writer that ends before that is an error.
func killWriter(t *testing.T, s *store.Store, name string) error {
	t.Helper()
	before := text(t, s.Path(store.SignInFile))
	command := helper(t, name, s.Dir())
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for text(t, s.Path(store.SignInFile)) == before {
		select {
		case err := <-ended:
			return fmt.Errorf("the writer ended by itself: %w", err)
		default:
		}
		for _, name := range names {
			if err := load(reopen(s.Dir()), name); err != nil {
				t.Errorf("while it is written: %v", err)
			}
		}
	}
	if err := command.Process.Kill(); err != nil {
		return err
	}
	if err := <-ended; err == nil {
		return errors.New("the writer ended by itself, in order")
	}
	return nil
}

// A writer that dies is noticed, not waited for.
func TestDeadWriter(t *testing.T) {
	s := newStore(t)
	for _, name := range names {
		if err := save(s, name); err != nil {
			t.Fatal(err)
		}
	}
	var exit *exec.ExitError
	if err := killWriter(t, s, "quit"); !errors.As(err, &exit) || exit.ExitCode() != 9 {
		t.Errorf("%v", err)
	}
}

// Another user could swap the files of a directory that is his. (That a directory
// is looked at, whoever runs the tests, is in owner_internal_test.go.)
func TestDirectoryOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	dir := t.TempDir()
	for _, open := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(open, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := helper(t, "nobody", dir).Run(); err != nil {
		t.Errorf("the other user: %v", err)
	}
}

// A FIFO must not make anybody wait.
func TestFIFO(t *testing.T) {
	s := newStore(t)
	if err := os.MkdirAll(s.Dir(), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, "flow.lock") {
		if err := syscall.Mkfifo(s.Path(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, name := range names {
			wantError(t, load(s, name), store.ErrNotRegular, s.Path(name))
			wantError(t, save(s, name), store.ErrNotRegular, s.Path(name))
		}
		_, err := s.Lock(context.Background(), "flow")
		wantError(t, err, store.ErrNotRegular, s.Path("flow.lock"))
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting for a FIFO")
	}
}

func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	s := newStore(t)
	for _, name := range names {
		put(t, s, name, "{}")
		if err := os.Chmod(s.Path(name), 0); err != nil {
			t.Fatal(err)
		}
		wantError(t, load(s, name), syscall.EACCES, s.Path(name))
	}
}

// What is said when a lock file or a temporary file cannot be made names the
// place once, and sends nobody after network file systems.
func TestNoRoomForFiles(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere")
	}
	s := newStore(t)
	if err := save(s, store.RoleFile); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(s.Dir(), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(s.Dir(), 0o700) })
	_, lockErr := s.Lock(t.Context(), "flow")
	for name, err := range map[string]error{"flow.lock": lockErr, store.RoleFile: save(s, store.RoleFile)} {
		var file *store.FileError
		if want := s.Path(name) + ": open: permission denied"; !errors.As(err, &file) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		} else if !strings.HasPrefix(file.Hint(), "you may not write there: ") {
			t.Errorf("hint %q", file.Hint())
		}
	}
}

// diskErrors are those of each remedy.
var diskErrors = map[string]error{
	"the disk is full:": syscall.ENOSPC, "your disk quota is used up:": syscall.EDQUOT, "a limit on the size of files": syscall.EFBIG,
	"the file system is read-only:": syscall.EROFS, "you may not write there:": syscall.EACCES,
}
