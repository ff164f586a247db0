package store

import (
	"errors"
	"os"
	"slices"
	"strings"
)

// Delete removes the files of a context, also those that were set aside as damaged or
// that a killed writer left behind, and its directory. config.json goes last: a context
// whose deletion was cut off still counts as one, and can be deleted again. What is not
// the store's stays, and the directory with it: left has the names.
//
// The keys in the keyring are not its business: [Store.ClearKeys] comes first, after
// the Clear methods of all sealed files. No lock is taken, since the locks go as well:
// whoever writes there at the same time leaves a directory behind. The context
// "default" is refused. The error is a [*FileError].
func (s *Store) Delete() (left []string, err error) {
	if s.context == "" {
		return nil, &FileError{
			Path: s.dir, Err: errors.New("the context default is the state directory itself, which is not deleted"),
			Fix: "run: tip-cli --context default auth logout",
		}
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, s.dirError(s.dir, err)
	}
	var last []string // sorted, as the entries are: config.json before what was set aside of it
	for _, entry := range entries {
		name := entry.Name()
		base := baseOf(name)
		if base == "" && isLock(entry) {
			base = name
		}
		switch {
		case base == "" || !entry.Type().IsRegular() && name != ConfigFile: // which may be a link
			left = append(left, name)
		case base == ConfigFile:
			last = append(last, name)
		default:
			if err := s.remove(name); err != nil {
				return nil, err
			}
		}
	}
	slices.Reverse(last)
	for _, name := range last {
		if err := s.remove(name); err != nil {
			return nil, err
		}
	}
	if len(left) > 0 {
		return left, nil
	}
	if err := os.Remove(s.dir); err != nil {
		return nil, s.dirError(s.dir, err)
	}
	return nil, nil
}

// baseOf returns which file of a context has that name, was set aside under it or is
// being written under it; its own name for a key; "" for what the store does not make,
// or is the file of a lock.
func baseOf(name string) string {
	if keyFileForm().MatchString(name) {
		return name
	}
	for _, own := range dataFiles {
		if number, aside := strings.CutPrefix(name, own+damagedSuffix); name == own || aside && (number == "" || number[0] == '-' && digits(number[1:])) {
			return own
		}
		if rest, ok := strings.CutPrefix(name, "."+own+"."); ok {
			if number, temporary := strings.CutSuffix(rest, ".tmp"); temporary && digits(number) {
				return own
			}
		}
	}
	return ""
}

func digits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// isLock reports whether an entry is the file of a lock: nothing is ever in one.
func isLock(entry os.DirEntry) bool {
	name, ok := strings.CutSuffix(entry.Name(), ".lock")
	info, err := entry.Info()
	return ok && lockName().MatchString(name) && err == nil && info.Size() == 0
}
