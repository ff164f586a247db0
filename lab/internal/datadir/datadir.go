// Package datadir keeps files of a lab on disk so that they are whole after a
// crash: each is written beside the old one, synced and renamed, and has a format
// version and a checksum in its first line. Large things are blobs, named by their
// digest and written once.
//
// A directory belongs to one [Dir] at a time, which a lock sees to; it ends with
// the process, however that ends. A Dir is safe for concurrent use as long as
// nobody writes the same name twice at once.
//
// The package knows nothing of what is in the files. The checksum finds damage, not
// malice: who can write the directory can do anything.
package datadir

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/gofrs/flock"
)

// Version is the format that this package writes, and the only one that it reads.
const Version = 1

// magic begins every file.
const magic = "tip-lab state "

// ErrLocked says that another lab uses the directory.
var ErrLocked = errors.New("another lab uses the data directory")

// ErrForeign says that a directory is neither empty nor a data directory.
var ErrForeign = errors.New("the directory is neither empty nor a data directory of tip-lab")

// ErrDamaged and ErrVersion are what every [*DamagedError] and [*VersionError] is.
var (
	ErrDamaged = errors.New("the data directory is damaged")
	ErrVersion = errors.New("the data directory has another format")
)

// DamagedError says that a file is not what was written.
type DamagedError struct{ Path, Reason string }

// Error implements error.
func (e *DamagedError) Error() string { return e.Path + " is damaged: " + e.Reason }

// Unwrap returns [ErrDamaged].
func (e *DamagedError) Unwrap() error { return ErrDamaged }

// VersionError says that a file has another format.
type VersionError struct {
	Path    string
	Version int
}

// Error implements error.
func (e *VersionError) Error() string {
	age := "a newer"
	if e.Version < Version {
		age = "an older"
	}
	return fmt.Sprintf("%s was written by %s tip-lab: it has format %d, this one reads %d", e.Path, age, e.Version, Version)
}

// Unwrap returns [ErrVersion].
func (e *VersionError) Unwrap() error { return ErrVersion }

const (
	lockName  = "lock"
	blobsName = "objects"
)

// Dir is a data directory. Make one with [Open].
type Dir struct {
	path string
	lock *flock.Flock
	own  func(name string) bool // whether a file of that name is the Dir's

	mu   sync.Mutex
	last map[string]string // digests of what was written, by name
}

// Open takes possession of a directory, which is made if need be, with mode 0700.
// main is the name of the file that makes it a data directory, and own reports
// which other names its files have: nothing else in it is ever touched. The error
// is [ErrLocked], [ErrForeign] or that of the system.
func Open(path, main string, own func(name string) bool) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	d := &Dir{path: path, last: map[string]string{}, lock: flock.New(filepath.Join(path, lockName), flock.SetPermissions(0o600))}
	d.own = func(name string) bool { return name == main || own(name) }
	if err := d.ours(main); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(path, blobsName), 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o700); err != nil { //nolint:gosec // a directory needs the x
		return nil, err
	}
	locked, err := d.lock.TryLock()
	if err == nil && !locked {
		return nil, fmt.Errorf("%w %s", ErrLocked, path)
	}
	if err == nil {
		err = d.sweepTemporary()
	}
	if err != nil {
		return nil, errors.Join(err, d.lock.Close())
	}
	return d, nil
}

// ours refuses a directory that holds anything but a data directory or the
// beginning of one.
func (d *Dir) ours(main string) error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	foreign := false
	for _, e := range entries {
		name := e.Name()
		if name == main {
			return nil
		}
		foreign = foreign || name != blobsName && name != lockName && !d.own(strings.TrimSuffix(name, tempSuffix))
	}
	blobs, err := os.ReadDir(filepath.Join(d.path, blobsName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range blobs {
		foreign = foreign || !blobName(strings.TrimSuffix(e.Name(), tempSuffix))
	}
	if !foreign {
		return nil
	}
	return fmt.Errorf("%s: %w", d.path, ErrForeign)
}

// suffix ends the names of a Dir's files, temporary ones before tempSuffix.
const (
	suffix     = ".state"
	tempSuffix = ".tmp"
)

// sweepTemporary removes what a crash left behind.
func (d *Dir) sweepTemporary() error {
	for dir, own := range map[string]func(string) bool{d.path: d.own, filepath.Join(d.path, blobsName): blobName} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			name, temporary := strings.CutSuffix(e.Name(), tempSuffix)
			if !temporary || !own(name) {
				continue
			}
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Path is the absolute path of the directory.
func (d *Dir) Path() string { return d.path }

// File is the name of a file for the other methods.
func File(name string) string { return name + suffix }

// Close lets others have the directory.
func (d *Dir) Close() error { return d.lock.Close() }

// Read returns what was written under a name. The error is fs.ErrNotExist,
// [*DamagedError], [*VersionError] or that of the system.
func (d *Dir) Read(name string) ([]byte, error) {
	path := filepath.Join(d.path, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	data, reason, version := Unwrap(text)
	switch {
	case reason != "":
		return nil, &DamagedError{Path: path, Reason: reason}
	case version != Version:
		return nil, &VersionError{Path: path, Version: version}
	}
	return data, nil
}

// Unwrap takes a file apart: what was written, or why it cannot be that, or its
// version if that is another one.
func Unwrap(text []byte) (data []byte, reason string, version int) {
	head, data, ok := bytes.Cut(text, []byte("\n"))
	rest, ours := strings.CutPrefix(string(head), magic)
	number, sum, two := strings.Cut(rest, " ")
	version, err := strconv.Atoi(number)
	switch {
	case !ours || err != nil || version < 1:
		return nil, "it does not begin as a file of tip-lab", 0
	case version != Version:
		return nil, "", version
	case !ok || !two || sum != digest(data):
		return nil, "its checksum does not fit; it was cut off or changed", 0
	}
	return data, "", version
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Write puts data under a name in place of what was there. When it returns nil,
// the data outlast a crash of the machine. What was written last is not written again.
func (d *Dir) Write(name string, data []byte) error {
	sum := digest(data)
	if d.remembered(name) == sum {
		return nil
	}
	head := magic + strconv.Itoa(Version) + " " + sum + "\n"
	d.remember(name, "") // who knows what is there after an error
	if err := replace(filepath.Join(d.path, name), []byte(head), data); err != nil {
		return err
	}
	d.remember(name, sum)
	return nil
}

func (d *Dir) remembered(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last[name]
}

func (d *Dir) remember(name, sum string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last[name] = sum
}

// Remove forgets a name. One that is not there is no error.
func (d *Dir) Remove(name string) error {
	d.remember(name, "")
	err := os.Remove(filepath.Join(d.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Names are those of all files of the Dir: what else is in the directory is not
// among them.
func (d *Dir) Names() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if d.own(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// replace writes a file beside the old one and renames it.
func replace(path string, parts ...[]byte) (err error) {
	tmp := path + tempSuffix
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err == nil {
			_, err = f.Write(part)
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename outlast a crash, where the system knows how.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
