package store_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
)

const keyInFile = "the tokens are sealed, but the key is in the file "

// unavailable are keyrings that do not give what they have, and what is said of them.
var unavailable = map[string]func(*store.Options){
	"TIP_CLI_KEYRING=off": func(o *store.Options) {
		o.Keyring, o.Getenv = &keyring{}, func(string) string { return "off" }
	},
	"no keyring here":              func(o *store.Options) { o.Keyring = nil },
	"OS keyring: locked":           with(&keyring{err: errors.New("locked")}),
	"OS keyring: no D-Bus session": with(&keyring{err: errors.New("no D-Bus\nsession")}),
}

// checkUnavailable wants each sealed file to say that the keyring does not give its key,
// why, and what helps.
func checkUnavailable(t *testing.T, s *store.Store, cause string) {
	t.Helper()
	again := map[string]string{store.ClientSecretFile: "tip-cli configure client-secret"}
	for _, name := range sealed {
		err := load(s, name)
		wantError(t, err, store.ErrKeyUnavailable, s.Path(name))
		hint := "unlock the OS keyring, or run: tip-cli auth"
		if cause == "TIP_CLI_KEYRING=off" {
			hint = "unset TIP_CLI_KEYRING, or run: tip-cli auth"
		}
		if command := again[name]; command != "" {
			hint = strings.Replace(hint, "tip-cli auth", command, 1)
		}
		var file *store.FileError
		if errors.Is(err, store.ErrKeyLost) || errors.Is(err, store.ErrNotFound) || strings.Contains(err.Error(), "\n") ||
			!strings.Contains(err.Error(), cause) || errors.As(err, &file) && file.Hint() != hint {
			t.Errorf("%v, hint %q, want %q", err, file.Hint(), cause)
		}
	}
}

// A key that the keyring has and does not give is not lost. A sign-in works all the
// same, and it is said that it made another key.
func TestUnavailableKeys(t *testing.T) {
	for cause, option := range unavailable {
		k := &keyring{}
		s := newStore(t, with(k))
		saveAll(t, s)
		var l listener
		away := reopen(s.Dir(), option, l.option)
		checkUnavailable(t, away, cause)
		l.check(t)
		checkSealed(t, reopen(s.Dir(), with(k))) // nothing was changed
		saveToken(t, away, token())
		l.check(t, keyInFile, s.Path(store.IDPTokenFile)+" is sealed with a new key: the present one is in the OS keyring, which does not give it now ("+cause+")")
		saveToken(t, away, token())
		l.check(t)
		checkSealed(t, reopen(s.Dir(), with(k))) // the other files are as they were
	}
}

// A new key in place of one that is lost for sure is made without a word on the keyring.
func TestLostKeyIsReplaced(t *testing.T) {
	k := &keyring{}
	s := newStore(t, with(k))
	saveAll(t, s)
	clear(k.entries)
	var l listener
	saveToken(t, reopen(s.Dir(), with(k), l.option), token())
	l.check(t)
}

func TestHungKeyring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keyring{}
		s := newStore(t, with(k))
		saveToken(t, s, token())
		hung := &keyring{hang: make(chan struct{})}
		defer close(hung.hang)
		start := time.Now()
		again := reopen(s.Dir(), with(hung))
		err := load(again, store.IDPTokenFile)
		wantError(t, err, store.ErrKeyUnavailable, s.Path(store.IDPTokenFile))
		if waited := time.Since(start); waited != 30*time.Second || !strings.Contains(err.Error(), "no answer within 30s") {
			t.Errorf("waited %v: %v", waited, err)
		}
		saveToken(t, again, token()) // in a file, without waiting again
		if waited := time.Since(start); waited != 30*time.Second {
			t.Errorf("waited %v", waited)
		}
		if location, err := again.KeyLocation(); location.Keyring || !strings.Contains(location.Reason, "no answer") || err != nil {
			t.Errorf("%+v, %v", location, err)
		}
	})
}

// The first key that goes to a file is said in full, and once.
func TestKeyInFileIsSaid(t *testing.T) {
	for _, name := range sealed {
		var l listener
		s := newStore(t, l.option)
		put(t, s, store.IDPTokenFile, `{"token": "a.b.c", "refresh_token": "r"}`) // the original's
		if err := os.Chmod(s.Path(store.IDPTokenFile), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := save(s, name); err != nil {
			t.Fatal(err)
		}
		location, err := s.KeyLocation()
		if err != nil {
			t.Fatal(err)
		}
		l.check(t, keyInFile+location.Path+" (mode 0600), beside the tokens: whoever can read this directory can open them (no keyring here)")
		saveAll(t, s)
		again := reopen(s.Dir(), l.option)
		saveAll(t, again)
		if err := os.Remove(location.Path); err != nil { // another key, in a file as before
			t.Fatal(err)
		}
		saveToken(t, reopen(s.Dir(), l.option), token())
		l.check(t)
	}
	var l listener
	saveAll(t, newStore(t, with(&keyring{}), l.option))
	l.check(t)
}

// The key of a file that was cleared stays on record while the keyring does not drop it.
func TestClearKeysWithoutTheKeyring(t *testing.T) {
	for cause, option := range unavailable {
		k := &keyring{}
		s := newStore(t, with(k))
		saveToken(t, s, token())
		var l listener
		away := reopen(s.Dir(), option, l.option)
		if err := away.ClearIDPToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := away.ClearKeys(t.Context()); err != nil {
				t.Errorf("%s: %v", cause, err)
			}
		}
		l.check(t, "stays in the OS keyring until the next sign-out ("+cause+"): the entry \"sealing key ")
		if len(k.entries) != 1 {
			t.Errorf("%d keys", len(k.entries))
		}
		if err := reopen(s.Dir(), with(k), l.option).ClearKeys(t.Context()); err != nil {
			t.Error(err)
		}
		l.check(t)
		checkNoKey(t, s, k)
	}
}

// A wait for the keyring that the caller ended is an error.
func TestClearKeysHeedsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t, with(&keyring{}))
		saveToken(t, s, token())
		if err := os.Remove(s.Path(store.IDPTokenFile)); err != nil {
			t.Fatal(err)
		}
		var l listener
		hung := &keyring{hang: make(chan struct{})}
		defer close(hung.hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := reopen(s.Dir(), with(hung), l.option).ClearKeys(ctx)
		wantError(t, err, context.DeadlineExceeded, s.Path("sealing_keys.json"))
		l.check(t)
	})
}

// What does not say which key seals it is set aside; what only another version can read
// stays, and so does its key.
func TestClearKeysSetsDamagedFilesAside(t *testing.T) {
	for _, name := range sealed {
		for _, content := range []string{"{{", "", strings.Repeat(" ", store.MaxFileSize+1)} {
			k := &keyring{}
			s := newStore(t, with(k))
			saveToken(t, s, token())
			if err := s.ClearIDPToken(t.Context()); err != nil {
				t.Fatal(err)
			}
			put(t, s, name, content)
			if err := s.ClearKeys(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got := text(t, s.Path(name+".damaged")); got != content {
				t.Errorf("%s: %.20q was set aside", name, got)
			}
			checkNoKey(t, s, k)
		}
	}
	k := &keyring{}
	s := newStore(t, with(k))
	saveToken(t, s, token())
	newer := strings.Replace(text(t, s.Path(store.IDPTokenFile)), `"version": 1`, `"version": 2`, 1)
	put(t, s, store.IDPTokenFile, newer)
	if err := s.ClearKeys(t.Context()); err != nil || len(k.entries) != 1 || text(t, s.Path(store.IDPTokenFile)) != newer {
		t.Errorf("%v, %d keys", err, len(k.entries))
	}
	if err := os.MkdirAll(s.Path(store.ClientSecretFile), 0o700); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.ClearKeys(t.Context()), store.ErrNotRegular, s.Path(store.ClientSecretFile))
	paths, err := s.DamagedFiles()
	if slices.Contains(paths, s.Path(store.ClientSecretFile+".damaged")) || err != nil {
		t.Errorf("%q, %v", paths, err)
	}
}
