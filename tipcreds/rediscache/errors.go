package rediscache

import (
	"errors"
	"fmt"
)

// Causes of a [KeyError].
var (
	// ErrNoKeys means that the list of keys is empty.
	ErrNoKeys = errors.New("at least one key is required")
	// ErrKeyID means that an id is not of the form that values can carry.
	ErrKeyID = errors.New(`a key id has 1 to 32 letters, digits and characters of "._-"`)
	// ErrKeyLength means that a key is not one of AES-256.
	ErrKeyLength = errors.New("a key has 32 bytes: make one with openssl rand -base64 32")
	// ErrKeyEncoding means that the text of a key is not id:base64.
	ErrKeyEncoding = errors.New("a key is written as id, colon and base64")
	// ErrDuplicateKeyID means that two keys have the same id.
	ErrDuplicateKeyID = errors.New("two keys have this id")
)

// Other errors of [New], and of the cache.
var (
	// ErrNoClient means that New was given no client.
	ErrNoClient = errors.New("rediscache: a client is required")
	// ErrLockTTL means that Options.LockTTL is too short to be renewed in time.
	ErrLockTTL = errors.New("rediscache: LockTTL is below 100ms")
	// ErrTTL means that a value was to live for no time. Redis was not asked.
	ErrTTL = errors.New("rediscache: the time to live is not positive")
	// ErrTimeout means that Redis gave no answer within Options.Timeout. Whether
	// the command took effect is not known.
	ErrTimeout = errors.New("no answer in time")
)

// KeyError is a key that [New], [NewKey] or [ParseKeys] refuses. It never shows key
// material.
type KeyError struct {
	// ID is the id of the key; empty if it has none that may be shown.
	ID string
	// Position is the place of the key in the list, from 1 on; 0 outside of a list.
	Position int
	// Err is one of the sentinels above.
	Err error
}

// Error implements error.
func (e *KeyError) Error() string {
	switch {
	case e.ID != "":
		return fmt.Sprintf("rediscache: key %q: %v", e.ID, e.Err)
	case e.Position != 0:
		return fmt.Sprintf("rediscache: key %d of the list: %v", e.Position, e.Err)
	}
	return fmt.Sprintf("rediscache: %v", e.Err)
}

// Unwrap returns Err.
func (e *KeyError) Unwrap() error { return e.Err }
