package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
)

// One at a time, and nothing is left.
func TestLockBeside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	var holders, most int
	var mu sync.Mutex
	var crowd sync.WaitGroup
	count := func(by int) {
		mu.Lock()
		defer mu.Unlock()
		holders += by
		most = max(most, holders)
	}
	for range 20 {
		crowd.Go(func() {
			release, err := store.LockBeside(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			count(1)
			count(-1)
			release()
			release()
		})
	}
	crowd.Wait()
	if most != 1 {
		t.Errorf("%d held it at once", most)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestLockBesideRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	release, err := store.LockBeside(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := store.LockBeside(ctx, path); !errors.Is(err, store.ErrLocked) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a held one: %v", err)
	}
	release()
	var file *store.FileError
	if _, err := store.LockBeside(t.Context(), filepath.Join(t.TempDir(), "none", "config")); !errors.As(err, &file) || errors.Is(err, store.ErrLocked) {
		t.Errorf("no directory: %v", err)
	}
	if err := os.Mkdir(filepath.Join(filepath.Dir(path), ".config.tip-cli.lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := store.LockBeside(t.Context(), path); !errors.Is(err, store.ErrNotRegular) {
		t.Errorf("a directory in its place: %v", err)
	}
}
