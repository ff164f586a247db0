//go:build unix

package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
)

func init() {
	// hold-local is hold on a file system that cannot lock.
	helpers["hold-local"] = func(arg string) {
		dir, temporary, _ := strings.Cut(arg, " ")
		if _, err := noLocks(dir, temporary, syscall.ENOTSUP).Lock(context.Background(), "flow"); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("locked")
		select {}
	}
}

// noLocks is a store in dir, where flock fails with errno, and temporary has the place
// of /tmp.
func noLocks(dir, temporary string, errno error, optFns ...func(*store.Options)) *store.Store {
	s := reopen(dir, optFns...)
	s.LocalLocksIn(temporary)
	s.OnFlock(func(path string, try func() (bool, error)) (bool, error) {
		if strings.HasPrefix(path, dir) {
			return false, errno
		}
		return try()
	})
	return s
}

// localLocks is the directory of the local locks in temporary.
func localLocks(temporary string) string {
	return filepath.Join(temporary, fmt.Sprintf("tip-cli-%d", os.Geteuid()))
}

func private(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLocalLock(t *testing.T) {
	for _, errno := range []error{syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.EINVAL} {
		var l listener
		dir, temporary := private(t), private(t)
		s := noLocks(dir, temporary, errno, l.option)
		release, err := s.Lock(t.Context(), "flow")
		if err != nil {
			t.Fatalf("%v: %v", errno, err)
		}
		second := noLocks(dir, temporary, errno)
		if _, ok, err := second.TryLock("flow"); ok || err != nil {
			t.Errorf("%v: two have it: %v", errno, err)
		}
		for _, other := range []func() (func(), bool, error){
			func() (func(), bool, error) { return s.TryLock("other") },
			func() (func(), bool, error) { return noLocks(private(t), temporary, errno).TryLock("flow") },
		} {
			if release, ok, err := other(); !ok || err != nil {
				t.Errorf("%v: another lock: %v, %v", errno, ok, err)
			} else {
				release()
			}
		}
		release()
		again, ok, err := second.TryLock("flow")
		if !ok || err != nil {
			t.Fatalf("%v: after the release: %v, %v", errno, ok, err)
		}
		again()
		l.check(t, "locks are in "+localLocks(temporary)+", and do not hold off processes on other machines")
		checkMode(t, localLocks(temporary), 0o700)
		entries, err := os.ReadDir(localLocks(temporary))
		if err != nil || !regexp.MustCompile(`^[0-9a-f]{64}\.lock$`).MatchString(entries[0].Name()) {
			t.Errorf("%v, %v", entries, err)
		}
	}
}

// The local lock excludes other processes, and is free when its holder is killed.
func TestLocalLockAcrossProcesses(t *testing.T) {
	dir, temporary := private(t), private(t)
	command := helper(t, "hold-local", dir+" "+temporary)
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "locked\n" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	link := filepath.Join(private(t), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, spelling := range []string{dir, link} {
		s := noLocks(spelling, temporary, syscall.ENOTSUP)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		_, err = s.Lock(ctx, "flow")
		cancel()
		wantError(t, err, store.ErrLocked, s.Path("flow.lock"))
		if _, ok, err := s.TryLock("flow"); ok || err != nil {
			t.Errorf("as %s two have it: %v", spelling, err)
		}
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	release, err := noLocks(dir, temporary, syscall.ENOTSUP).Lock(ctx, "flow")
	if err != nil {
		t.Fatal(err)
	}
	release()
}

// Where the local lock cannot be had either, that is said; other errors of flock are
// not taken for a file system that cannot lock.
func TestNoLockAtAll(t *testing.T) {
	dir := private(t)
	open := private(t)
	if err := os.MkdirAll(localLocks(open), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(localLocks(open), 0o755); err != nil {
		t.Fatal(err)
	}
	linked := private(t)
	if err := os.Symlink(private(t), localLocks(linked)); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		store *store.Store
		want  string
	}{
		"open to others":  {noLocks(dir, open, syscall.ENOTSUP), "is open to other users (mode 0755)"},
		"a link":          {noLocks(dir, linked, syscall.ENOTSUP), "is not a directory"},
		"fails there too": {noLocks(dir, private(t), syscall.ENOTSUP), "no local lock either: operation not supported"},
		"another error":   {noLocks(dir, private(t), syscall.EIO), "lock: input/output error"},
	}
	tests["fails there too"].store.OnFlock(func(string, func() (bool, error)) (bool, error) { return false, syscall.ENOTSUP })
	for name, tt := range tests {
		_, err := tt.store.Lock(t.Context(), "flow")
		_, ok, tryErr := tt.store.TryLock("flow")
		for _, err := range []error{err, tryErr} {
			var file *store.FileError
			if ok || !errors.As(err, &file) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") ||
				!strings.Contains(file.Hint(), "to a local directory") || file.Path != filepath.Join(dir, "flow.lock") {
				t.Errorf("%s: %v, want %s", name, err, tt.want)
			}
		}
	}
}
