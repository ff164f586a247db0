package datadir

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrTorn says that a part of the lines may stand behind those of a name, so that
// [Dir.ReplaceLines] has to write it anew.
var ErrTorn = errors.New("a line may be cut off")

// Append writes lines, each with its line feed, behind those of a name: all or,
// after an error other than [ErrTorn], none. They outlast a crash of the process,
// not always one of the machine.
func (d *Dir) Append(name string, lines []byte) error {
	f, err := os.OpenFile(filepath.Join(d.path, name), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if _, err = f.WriteAt(lines, info.Size()); err != nil { // a full disk takes the beginning
		if cut := f.Truncate(info.Size()); cut != nil {
			err = fmt.Errorf("%w: %w", ErrTorn, err)
		}
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil { // nobody knows what is there
		return fmt.Errorf("%w: %w", ErrTorn, err)
	}
	return nil
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
