// Package atomicfile replaces files so that a reader sees either the whole old
// content or the whole new one, also after a crash in the middle of a write.
//
// A write goes to a temporary file beside the target, which is synced and then
// renamed over it; the directory is synced last. The package is safe for
// concurrent use, but it takes no lock: of two writers the later one wins. It
// does not create directories and does not follow a symbolic link in the place
// of the target (the link would be replaced): callers resolve links first.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// suffix ends the name of every temporary file: .NAME.DIGITS.tmp beside NAME.
const suffix = ".tmp"

// staleAfter is the age from which a temporary file is taken for the remains of
// a killed process.
const staleAfter = time.Hour

// Write replaces the file at path with data and mode perm (its permission bits;
// Windows knows only the read-only bit). On an error, which names path, the file is
// as it was before; but if the sync of the directory fails it may have changed.
func Write(path string, data []byte, perm fs.FileMode) error {
	return write(path, data, perm, nil)
}

// Replace is [Write] for a file that somebody else may own: an existing file
// keeps its mode and, as far as the system permits, its owner and group; a new
// one gets perm.
func Replace(path string, data []byte, perm fs.FileMode) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return write(path, data, perm, nil)
	}
	if err != nil {
		return err
	}
	return write(path, data, info.Mode().Perm(), info)
}

func write(path string, data []byte, perm fs.FileMode, like fs.FileInfo) error {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	RemoveStale(path)
	temp, err := os.CreateTemp(dir, "."+base+".*"+suffix)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := fill(temp, data, perm, like); err != nil {
		_ = os.Remove(temp.Name()) // else it is stale one day
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := rename(temp.Name(), path); err != nil {
		_ = os.Remove(temp.Name()) // else it is stale one day
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("write %s: sync directory: %w", path, err)
	}
	return nil
}

// fill writes, syncs and closes temp; it closes on an error as well. Its error is
// the first one.
func fill(temp *os.File, data []byte, perm fs.FileMode, like fs.FileInfo) error {
	err := chmod(temp, perm)
	if err == nil {
		err = keepOwner(temp, like)
	}
	if err == nil {
		_, err = temp.Write(data)
	}
	if err == nil {
		err = temp.Sync()
	}
	if closing := temp.Close(); err == nil {
		err = closing
	}
	return err
}

// RemoveStale deletes the temporary files that killed writers of path left behind
// more than an hour ago; every write does so too. It is a courtesy: whatever fails
// here is left for the next time.
func RemoveStale(path string) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !isTemporary(entry.Name(), base) || !entry.Type().IsRegular() {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

// isTemporary reports whether name is one that write gives to the temporary files of
// base: os.CreateTemp puts decimal digits in the place of the star.
func isTemporary(name, base string) bool {
	digits, ok := strings.CutPrefix(name, "."+base+".")
	if !ok {
		return false
	}
	digits, ok = strings.CutSuffix(digits, suffix)
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}
