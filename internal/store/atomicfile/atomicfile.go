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

// suffix ends the name of every temporary file.
const suffix = ".tmp"

// staleAfter is the age from which a temporary file is taken for the remains of
// a killed process.
const staleAfter = time.Hour

// Write replaces the file at path with data and mode perm (its permission bits;
// Windows knows only the read-only bit). On an error the file is as it was
// before, and the error names path.
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
	removeStale(dir, base)
	temp, err := os.CreateTemp(dir, "."+base+".*"+suffix)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := fill(temp, data, perm, like); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(temp.Name()))
	}
	if err := rename(temp.Name(), path); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(temp.Name()))
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("write %s: sync directory: %w", path, err)
	}
	return nil
}

// fill writes, syncs and closes temp; it closes on an error as well.
func fill(temp *os.File, data []byte, perm fs.FileMode, like fs.FileInfo) error {
	err := errors.Join(chmod(temp, perm), keepOwner(temp, like))
	if err == nil {
		_, err = temp.Write(data)
	}
	if err == nil {
		err = temp.Sync()
	}
	return errors.Join(err, temp.Close())
}

// removeStale deletes the temporary files that killed writers of base left. It
// is a courtesy: whatever fails here is left for the next time.
func removeStale(dir, base string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, "."+base+".") || !strings.HasSuffix(name, suffix) || !entry.Type().IsRegular() {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}
