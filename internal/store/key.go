package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zalando/go-keyring"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// Where a sealing key may be.
const (
	inKeyring = "keyring"
	inFile    = "file"
)

const (
	keySize        = 32
	keyringService = "tip-cli"
	keyFilePrefix  = "sealing_key_"
)

var keyIDForm = lazyregexp.New(`^[0-9a-f]{16}$`)

var errKeyName = errors.New("its name is damaged")

// keyRef says which key seals a file. The id is part of the name of the keyring
// entry or key file, so that a new key never overwrites an old one.
type keyRef struct {
	Where string `json:"key"`
	ID    string `json:"key_id"`
	// Note says why the key is in a file.
	Note string `json:"key_note,omitempty"`
}

// keyCache remembers what the keyring said, so that it is asked once.
type keyCache struct {
	mu   sync.Mutex
	keys map[string][]byte
	hung error // not nil once the keyring did not answer in time
}

func (c *keyCache) get(id string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keys[id]
}

func (c *keyCache) put(id string, key []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil {
		c.keys = make(map[string][]byte)
	}
	c.keys[id] = key
}

// key returns the key that ref names, asking the keyring once per process.
func (s *Store) key(ctx context.Context, ref keyRef) ([]byte, error) {
	if key := s.keys.get(ref.ID); key != nil {
		return key, nil
	}
	if !keyIDForm().MatchString(ref.ID) {
		return nil, errKeyName
	}
	text, err := s.keyText(ctx, ref)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("the key in the %s is damaged", ref.Where)
	}
	s.keys.put(ref.ID, key)
	return key, nil
}

func (s *Store) keyText(ctx context.Context, ref keyRef) (string, error) {
	switch {
	case ref.Where == inFile:
		data, err := s.read(keyFilePrefix + ref.ID)
		return string(data), err
	case ref.Where != inKeyring:
		return "", errors.New("its place is unknown")
	case s.keyring == nil:
		return "", &unavailableError{s.keyringOff}
	}
	text, err := s.askKeyring(ctx, func() (string, error) {
		return s.keyring.Get(keyringService, keyringUser(ref.ID))
	})
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return "", &unavailableError{oneLine(err)}
	}
	return text, err
}

// askKeyring bounds one call of the keyring. A keyring that hung once is not
// asked again.
func (s *Store) askKeyring(ctx context.Context, call func() (string, error)) (string, error) {
	if hung := s.hung(); hung != nil {
		return "", hung
	}
	text, err := bounded(ctx, s.keyringTimeout, call)
	if err == nil {
		return text, nil
	}
	err = fmt.Errorf("OS keyring: %w", err)
	if errors.Is(err, errNoAnswer) {
		s.keys.mu.Lock()
		s.keys.hung = err
		s.keys.mu.Unlock()
	}
	return "", err
}

// hung returns why the keyring is not asked any more, or nil.
func (s *Store) hung() error {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	return s.keys.hung
}

// newKey makes a key to seal the file called name with, and keeps it in the keyring
// or, failing that, in a file.
func (s *Store) newKey(ctx context.Context, name string) (keyRef, []byte, error) {
	raw := make([]byte, keySize+8)
	_, _ = rand.Read(raw) // never fails: crypto/rand
	key, id := raw[:keySize], hex.EncodeToString(raw[keySize:])
	text := base64.StdEncoding.EncodeToString(key)
	ref := keyRef{Where: inKeyring, ID: id}
	unkept, err := s.keepInKeyring(ctx, id, text)
	if err != nil {
		return keyRef{}, nil, err
	}
	if unkept != nil {
		if s.keyring != nil && ctx.Err() != nil {
			return keyRef{}, nil, s.fileError(name, fmt.Errorf("store the sealing key: %w", ctx.Err()))
		}
		ref.Where, ref.Note = inFile, reasonOf(unkept, text)
		if err := s.keepInFile(ref, text); err != nil {
			return keyRef{}, nil, err
		}
	}
	s.keys.put(id, key)
	return ref, key, nil
}

// keepInFile also says so, unless a key was in a file before.
func (s *Store) keepInFile(ref keyRef, text string) error {
	known := slices.ContainsFunc(sealedFiles, func(name string) bool {
		before, err := s.keyOf(name)
		return err == nil && before.Where == inFile
	})
	if err := s.write(keyFilePrefix+ref.ID, []byte(text+"\n")); err != nil {
		return err
	}
	if !known {
		s.notice("key in a file", "the tokens are sealed, but %s", s.location(ref))
	}
	return nil
}

// maxReason is the length, in bytes, of what is repeated of a keyring's error.
const maxReason = 200

// reasonOf words a keyring's error for a person, in one line and without the key.
func reasonOf(err error, key string) string {
	if strings.Contains(strings.Join(strings.Fields(err.Error()), " "), key) {
		return "OS keyring: it refused"
	}
	return oneLine(err)
}

// oneLine words a keyring's error in one line that is not too long.
func oneLine(err error) string {
	reason := strings.Join(strings.Fields(err.Error()), " ")
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "") + "..."
	}
	return reason
}

// keepInKeyring puts a key into the keyring, and its id on the list of those that are
// there. unkept says why the keyring does not have it; err, that the list could not be
// written.
func (s *Store) keepInKeyring(ctx context.Context, id, text string) (unkept, err error) {
	switch hung := s.hung(); {
	case s.keyring == nil:
		return errors.New(s.keyringOff), nil
	case hung != nil:
		return hung, nil
	}
	if err := s.recordKey(id); err != nil {
		return nil, err
	}
	var set atomic.Bool
	unkept = s.setInKeyring(ctx, id, text, &set)
	if unkept != nil && !set.Load() && ctx.Err() == nil && s.hung() == nil { // for sure it has nothing
		return unkept, s.forgetKey(id)
	}
	return unkept, nil
}

// setInKeyring also reads back: some keyrings take what they do not keep.
func (s *Store) setInKeyring(ctx context.Context, id, text string, set *atomic.Bool) error {
	got, err := s.askKeyring(ctx, func() (string, error) {
		if err := s.keyring.Set(keyringService, keyringUser(id), text); err != nil {
			return "", err
		}
		set.Store(true)
		return s.keyring.Get(keyringService, keyringUser(id))
	})
	if err != nil {
		return err
	}
	if got != text {
		return errors.New("OS keyring: it does not keep what it is given")
	}
	return nil
}

// dropKey forgets a key that seals nothing any more. That it is not there is no error.
// The error wraps ErrKeyUnavailable if the keyring keeps it.
func (s *Store) dropKey(ctx context.Context, ref keyRef) error {
	switch {
	case !keyIDForm().MatchString(ref.ID):
		return nil
	case ref.Where == inFile:
		return s.remove(keyFilePrefix + ref.ID)
	case ref.Where != inKeyring:
		return nil
	case s.keyring == nil:
		return &unavailableError{s.keyringOff}
	}
	_, err := s.askKeyring(ctx, func() (string, error) {
		return "", s.keyring.Delete(keyringService, keyringUser(ref.ID))
	})
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return &unavailableError{oneLine(err)}
	}
	return s.forgetKey(ref.ID)
}

func keyringUser(id string) string { return "sealing key " + id }
