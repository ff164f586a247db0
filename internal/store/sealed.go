package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// sealedFiles are the files with sealed members. They share one key as far as it
// can be had, so that the keyring is asked once.
var sealedFiles = []string{IDPTokenFile, ApplicationTokenFile, ClientSecretFile}

// sealHeader begins the object "sealed" of each of them.
type sealHeader struct {
	Version int `json:"version"`
	keyRef
}

// member is a secret of a sealed file: the name that it is bound to, and where its
// plain and its sealed form are.
type member struct {
	field  string
	plain  *secret.Value
	sealed *string
}

// seal fills the sealed form of members and returns the header that belongs to it.
func (s *Store) seal(ctx context.Context, name string, members []member) (sealHeader, error) {
	ref, key, err := s.sealingKey(ctx, name)
	if err != nil {
		return sealHeader{}, err
	}
	for _, m := range members {
		if *m.sealed, err = sealText(key, name, m.field, *m.plain); err != nil {
			return sealHeader{}, s.fileError(name, err)
		}
	}
	return sealHeader{Version: sealVersion, keyRef: ref}, nil
}

// open fills the plain form of members. Its error wraps ErrKeyLost, ErrKeyUnavailable
// or that of ctx.
func (s *Store) open(ctx context.Context, name string, ref keyRef, members []member) error {
	key, err := s.key(ctx, ref)
	for _, m := range members {
		if err == nil {
			*m.plain, err = openText(key, name, m.field, *m.sealed)
		}
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return s.fileError(name, ctx.Err())
	case errors.Is(err, ErrKeyUnavailable):
		return &FileError{Path: s.Path(name), Err: err, Fix: s.unlock(name)}
	}
	// Not wrapped: a key file that is not there is not this file's ErrNotFound.
	return s.fileError(name, fmt.Errorf("%w: %s", ErrKeyLost, err.Error()))
}

// checkHeader refuses what this version did not seal.
func (s *Store) checkHeader(name string, h sealHeader) error {
	if h.Version != sealVersion {
		return s.corrupt(name, "sealed in a form (%d) that this version does not know", h.Version)
	}
	return nil
}

// sealingKey returns the key to seal a file with: one that seals a file already, if it
// can be had. A key that is in a file stays there until nothing is sealed with it, so
// that one directory can serve a desktop session and a session without a keyring. That
// a new key is made although the keyring may have the present one is said.
func (s *Store) sealingKey(ctx context.Context, name string) (keyRef, []byte, error) {
	tried := make(map[string]bool)
	var unavailable *unavailableError
	for _, file := range sealedFiles {
		ref, err := s.keyOf(file)
		if err != nil || tried[ref.ID] {
			continue
		}
		tried[ref.ID] = true
		key, err := s.key(ctx, ref)
		if err == nil {
			return ref, key, nil
		}
		if unavailable == nil {
			errors.As(err, &unavailable)
		}
		if ctx.Err() != nil { // the key may be there all the same
			return keyRef{}, nil, s.fileError(name, fmt.Errorf("get the sealing key: %w", ctx.Err()))
		}
	}
	ref, key, err := s.newKey(ctx, name)
	if err == nil && unavailable != nil {
		s.notice("new key", "%s is sealed with a new key: the present one is in the OS keyring, which does not give it now (%s)", s.Path(name), unavailable.cause)
	}
	return ref, key, err
}

// keyOf returns which key seals a file, without asking for it.
func (s *Store) keyOf(name string) (keyRef, error) {
	var file struct {
		Sealed *sealHeader `json:"sealed"`
	}
	if err := s.decode(name, &file); err != nil {
		return keyRef{}, err
	}
	if file.Sealed == nil {
		return keyRef{}, s.fileError(name, ErrNotFound)
	}
	return file.Sealed.keyRef, nil
}

// usedKeys returns the ids of the keys that seal files. Its error says that one of
// them cannot be known.
func (s *Store) usedKeys() (map[string]bool, error) {
	used := make(map[string]bool)
	for _, name := range sealedFiles {
		ref, err := s.keyOf(name)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		if err == nil {
			used[ref.ID] = true
		}
	}
	return used, nil
}

// KeyLocation says where the key is that seals the tokens.
type KeyLocation struct {
	// Keyring is true for the OS keyring.
	Keyring bool
	// Path is the key file, if Keyring is false.
	Path string
	// Reason says why the key is in a file.
	Reason string
}

// String says it in words for a person.
func (l KeyLocation) String() string {
	if l.Keyring {
		return "the key is in the OS keyring"
	}
	return fmt.Sprintf("the key is in the file %s (mode 0600), beside the tokens: whoever can read this directory can open them (%s)", l.Path, l.Reason)
}

func (s *Store) location(ref keyRef) KeyLocation {
	if ref.Where == inKeyring {
		return KeyLocation{Keyring: true}
	}
	return KeyLocation{Path: s.Path(keyFilePrefix + ref.ID), Reason: ref.Note}
}

// KeyLocation returns where the key is of the present idp_token.json or, without
// one, of another sealed file, without asking for it. The error wraps [ErrNotFound]
// if nothing is sealed, and [ErrKeyLost] if the file does not say where.
func (s *Store) KeyLocation() (KeyLocation, error) {
	var first error
	for _, name := range sealedFiles {
		ref, err := s.keyOf(name)
		switch {
		case err == nil && !keyIDForm().MatchString(ref.ID):
			return KeyLocation{}, s.fileError(name, fmt.Errorf("%w: %w", ErrKeyLost, errKeyName))
		case err == nil:
			return s.location(ref), nil
		case first == nil:
			first = err
		}
	}
	return KeyLocation{}, first
}
