package datadir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// PutBlob stores bytes and returns their name. Bytes that are there are not
// written again.
func (d *Dir) PutBlob(data []byte) (string, error) {
	name := digest(data)
	path := d.blob(name)
	if info, err := os.Stat(path); err == nil && info.Size() == int64(len(data)) {
		return name, nil
	}
	return name, replace(path, data)
}

func (d *Dir) blob(name string) string { return filepath.Join(d.path, blobsName, name) }

// Blob returns the bytes of a name. The error is [*DamagedError] if they are not there.
func (d *Dir) Blob(name string) ([]byte, error) {
	if !blobName(name) {
		return nil, &DamagedError{Path: filepath.Join(d.path, blobsName), Reason: "an object has no name that it can have"}
	}
	data, err := os.ReadFile(d.blob(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &DamagedError{Path: d.blob(name), Reason: "it is missing"}
	case err != nil:
		return nil, err
	case digest(data) != name:
		return nil, &DamagedError{Path: d.blob(name), Reason: "its checksum does not fit; it was cut off or changed"}
	}
	return data, nil
}

// blobName reports whether a blob can have that name.
func blobName(name string) bool {
	return len(name) == 64 && strings.Trim(name, "0123456789abcdef") == ""
}

// HasBlobs reports whether there is any blob.
func (d *Dir) HasBlobs() (bool, error) {
	names, err := d.blobNames()
	return len(names) > 0, err
}

func (d *Dir) blobNames() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(d.path, blobsName))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if blobName(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// KeepBlobs removes all blobs whose names are not in keep.
func (d *Dir) KeepBlobs(keep map[string]bool) error {
	names, err := d.blobNames()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !keep[name] {
			if err := os.Remove(d.blob(name)); err != nil {
				return err
			}
		}
	}
	return nil
}
