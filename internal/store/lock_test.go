package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
)

const helperVariable = "TIP_CLI_STORE_TEST_HELPER"

// TestMain lets the test binary play another process.
func TestMain(m *testing.M) {
	name, dir, _ := strings.Cut(os.Getenv(helperVariable), " ")
	if helper, ok := helpers[name]; ok {
		helper(dir)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var helpers = map[string]func(dir string){
	// hold takes the lock, says so, and keeps it until it is killed.
	"hold": func(dir string) {
		if _, err := reopen(dir).Lock(context.Background(), "flow"); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("locked")
		select {}
	},
}

func helper(t *testing.T, name, dir string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), helperVariable+"="+name+" "+dir)
	command.Stderr = os.Stderr
	return command
}

func TestLockAcrossProcesses(t *testing.T) {
	s := newStore(t)
	command := helper(t, "hold", s.Dir())
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
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = s.Lock(ctx, "flow")
	wantError(t, err, store.ErrLocked, s.Path("flow.lock"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not say why the wait ended", err)
	}
	if err := command.Process.Kill(); err != nil { // the kernel frees it
		t.Fatal(err)
	}
	long, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	release, err := s.Lock(long, "flow")
	if err != nil {
		t.Fatal(err)
	}
	release()
	release()
}

func TestLockIsCancelled(t *testing.T) {
	s := newStore(t)
	release, err := s.Lock(context.Background(), "flow")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() {
		_, err := s.Lock(ctx, "flow")
		result <- err
	}()
	cancel()
	err = <-result
	wantError(t, err, store.ErrLocked, s.Path("flow.lock"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not say why the wait ended", err)
	}
	other, err := s.Lock(context.Background(), "other")
	if err != nil {
		t.Fatalf("another lock: %v", err)
	}
	other()
}

func TestLockExcludes(t *testing.T) {
	s := newStore(t)
	var wait sync.WaitGroup
	var inside atomic.Int32
	for range 20 {
		wait.Go(func() {
			release, err := reopen(s.Dir()).Lock(context.Background(), "flow")
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			if n := inside.Add(1); n != 1 {
				t.Errorf("%d hold the lock at once", n)
			}
			runtime.Gosched()
			inside.Add(-1)
		})
	}
	wait.Wait()
}

func TestLockRefuses(t *testing.T) {
	s, ctx := newStore(t), context.Background()
	for _, name := range []string{"", "../x", "a/b", "A", ".x", "a b", strings.Repeat("a", 65)} {
		if _, err := s.Lock(ctx, name); err == nil || !strings.Contains(err.Error(), "not a name for a lock") {
			t.Errorf("Lock(%q): %v", name, err)
		}
	}
	if err := os.MkdirAll(s.Path("dir.lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := s.Lock(ctx, "dir")
	wantError(t, err, store.ErrNotRegular, s.Path("dir.lock"))
	target := filepath.Join(t.TempDir(), "target")
	if err := os.Symlink(target, s.Path("link.lock")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	_, err = s.Lock(ctx, "link")
	wantError(t, err, store.ErrNotRegular, s.Path("link.lock"))
	if _, err := os.Stat(target); err == nil {
		t.Error("the link was followed")
	}
}
