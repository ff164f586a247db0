package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// keyRecordFile lists the keys that were put into the keyring and not yet dropped: a
// keyring cannot be asked which it holds. A key is listed before it is put there, so
// that no kill in between leaves one behind.
const keyRecordFile = "sealing_keys.json"

// maxRecorded bounds the list; the oldest go first.
const maxRecorded = 200

type keyRecord struct {
	Keyring []string `json:"keyring"`
}

// recordedKeys returns the ids of the list. One that cannot be read counts for none:
// then a key may stay in the keyring, which opens nothing.
func (s *Store) recordedKeys() []string {
	var record keyRecord
	if err := s.decode(keyRecordFile, &record); err != nil {
		return nil
	}
	return slices.DeleteFunc(record.Keyring, func(id string) bool { return !keyIDForm().MatchString(id) })
}

func (s *Store) recordKey(id string) error {
	ids := append(s.recordedKeys(), id)
	return s.encode(keyRecordFile, keyRecord{Keyring: ids[max(0, len(ids)-maxRecorded):]})
}

// forgetKey takes an id from the list.
func (s *Store) forgetKey(id string) error {
	before := s.recordedKeys()
	after := slices.DeleteFunc(slices.Clone(before), func(other string) bool { return other == id })
	switch {
	case len(after) == 0:
		return s.remove(keyRecordFile)
	case len(after) == len(before):
		return nil
	}
	return s.encode(keyRecordFile, keyRecord{Keyring: after})
}

// keyFileForm matches the key files, and the temporary ones of their killed writers.
var keyFileForm = lazyregexp.New(`^\.?` + keyFilePrefix + `([0-9a-f]{16})(\.[0-9]+\.tmp)?$`)

// ClearKeys drops the keys that seal no file any more, from the keyring and from the
// directory: those of files that were cleared, and those that a lost keyring or a kill
// left behind. Keys in use stay. After the Clear methods of all sealed files none is
// left. A sealed file that is damaged is set aside. ctx bounds the wait for the
// keyring. The caller holds the lock under which the sealed files are written.
//
// A key that the keyring does not drop now stays on record, for the next call, and
// [Options].Notice says so. The error says what could not be deleted or read, or
// wraps that of ctx.
func (s *Store) ClearKeys(ctx context.Context) error {
	if err := s.setAsideSealed(); err != nil {
		return err
	}
	used, err := s.usedKeys()
	if err != nil {
		return err // what a file is sealed with is not known
	}
	first := s.clearKeyFiles(used)
	for _, id := range s.recordedKeys() {
		if used[id] {
			continue
		}
		if err := s.clearKey(ctx, id); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// clearKey drops a key from the keyring, or says that it stays there.
func (s *Store) clearKey(ctx context.Context, id string) error {
	err := s.dropKey(ctx, keyRef{Where: inKeyring, ID: id})
	unavailable, ok := errors.AsType[*unavailableError](err)
	switch {
	case !ok:
		return err
	case ctx.Err() != nil:
		return s.fileError(keyRecordFile, fmt.Errorf("drop a sealing key: %w", ctx.Err()))
	}
	s.notice("key stays", "a key that seals nothing any more stays in the OS keyring until the next sign-out (%v): the entry %q of %q",
		unavailable.cause, keyringUser(id), keyringService)
	return nil
}

// setAsideSealed sets aside what does not say which key seals it. A form that only
// another version knows is no damage here: it says so.
func (s *Store) setAsideSealed() error {
	for _, name := range sealedFiles {
		if _, err := s.keyOf(name); errors.Is(err, ErrCorrupt) || errors.Is(err, ErrTooLarge) {
			if _, err := s.SetAside(name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) clearKeyFiles(used map[string]bool) error {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return s.dirError(s.dir, err)
	}
	var first error
	for _, entry := range entries {
		match := keyFileForm().FindStringSubmatch(entry.Name())
		if match == nil || used[match[1]] && !strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if err := s.remove(entry.Name()); err != nil && first == nil {
			first = err
		}
	}
	return first
}
