package datadir

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Append writes lines, each with its line feed, behind those of a name. They
// outlast a crash of the process, not always one of the machine.
func (d *Dir) Append(name string, lines []byte) (err error) {
	f, err := os.OpenFile(filepath.Join(d.path, name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(lines)
	return errors.Join(err, f.Close())
}

// Lines returns the whole lines that were appended to a name: none if it is not
// there, and without a last one that was cut off.
func (d *Dir) Lines(name string) ([][]byte, error) {
	text, err := os.ReadFile(filepath.Join(d.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines := bytes.Split(text, []byte("\n"))
	return lines[:len(lines)-1], nil
}

// ReplaceLines puts lines in the place of those of a name.
func (d *Dir) ReplaceLines(name string, lines []byte) error {
	return replace(filepath.Join(d.path, name), lines)
}
