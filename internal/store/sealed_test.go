package store_test

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

func TestApplicationTokenRoundTrip(t *testing.T) {
	s := newStore(t)
	want := applicationToken()
	if err := s.SaveApplicationToken(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got, err := reopen(s.Dir()).LoadApplicationToken(t.Context())
	if diff := cmp.Diff(want, got, reveal); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	err = s.SaveApplicationToken(t.Context(), store.ApplicationToken{Fingerprint: "f"})
	wantError(t, err, store.ErrCorrupt, s.Path(store.ApplicationTokenFile))
}

func TestClientSecretRoundTrip(t *testing.T) {
	s := newStore(t)
	for _, want := range []string{canary, "s p a c e ", "a<&>\n\x00é" + strings.Repeat("x", 5000)} {
		if err := s.SaveClientSecret(t.Context(), secret.New(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := reopen(s.Dir()).LoadClientSecret(t.Context()); got.Reveal() != want || err != nil {
			t.Errorf("%v, want %q", err, want)
		}
	}
	wantError(t, s.SaveClientSecret(t.Context(), secret.Value{}), store.ErrCorrupt, s.Path(store.ClientSecretFile))
}

func TestIssuerRoundTrip(t *testing.T) {
	s := newStore(t)
	want := store.Issuer{Issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE", Fingerprint: "f"}
	if err := s.SaveIssuer(want); err != nil {
		t.Fatal(err)
	}
	got, err := s.LoadIssuer()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	wantError(t, s.SaveIssuer(store.Issuer{Fingerprint: "f"}), store.ErrCorrupt, s.Path(store.IssuerFile))
	put(t, s, store.IssuerFile, `{"fingerprint": "f"}`)
	wantError(t, load(s, store.IssuerFile), store.ErrCorrupt, s.Path(store.IssuerFile))
}

func TestUnverifiedIsKept(t *testing.T) {
	s := newStore(t)
	want := token()
	want.Unverified = true
	saveToken(t, s, want)
	checkToken(t, s, want)
	saveToken(t, s, want.MarkSpent(time.Now().UTC().Truncate(time.Second)))
	got, err := s.LoadIDPToken(t.Context())
	if !got.Unverified || got.Plaintext || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	saveToken(t, s, token())
	if strings.Contains(text(t, s.Path(store.IDPTokenFile)), "unverified") {
		t.Error("verified tokens are marked")
	}
}

func saveAll(t *testing.T, s *store.Store) {
	t.Helper()
	for _, name := range sealed {
		if err := save(s, name); err != nil {
			t.Fatal(err)
		}
	}
}

// checkSealed wants each sealed file to load, or else to say that its key is lost.
func checkSealed(t *testing.T, s *store.Store, lost ...string) {
	t.Helper()
	for _, name := range sealed {
		err := load(s, name)
		if slices.Contains(lost, name) {
			wantError(t, err, store.ErrKeyLost, s.Path(name))
			if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrCorrupt) {
				t.Errorf("%v is more than a lost key", err)
			}
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One key for all files, and one question to the keyring.
func TestSealedFilesShareAKey(t *testing.T) {
	k := &keyring{}
	s := newStore(t, with(k))
	saveAll(t, s)
	if len(k.entries) != 1 || k.gets != 1 {
		t.Errorf("%d keys, asked %d times", len(k.entries), k.gets)
	}
	again := reopen(s.Dir(), with(k))
	checkSealed(t, again)
	saveAll(t, again)
	if len(k.entries) != 1 || k.gets != 2 {
		t.Errorf("%d keys, asked %d times", len(k.entries), k.gets)
	}
	if !strings.Contains(text(t, s.Path("sealing_keys.json")), "keyring") {
		t.Error("the key is not listed")
	}
}

// What is sealed for one file and member does not open in another.
func TestSealedFilesAreBoundToTheirName(t *testing.T) {
	s := newStore(t)
	saveAll(t, s)
	application := text(t, s.Path(store.ApplicationTokenFile))
	put(t, s, store.ClientSecretFile, strings.Replace(application, `"refresh_token"`, `"client_secret"`, 1))
	put(t, s, store.IDPTokenFile, application)
	checkSealed(t, s, store.ClientSecretFile, store.IDPTokenFile)
}

func TestSealedFilesRefuse(t *testing.T) {
	for _, name := range []string{store.ApplicationTokenFile, store.ClientSecretFile} {
		for _, replace := range [][2]string{
			{`"version": 1`, `"version": 2`}, {`"version": 1`, `"version": "1"`}, {`"sealed"`, `"plain"`}, {`"refresh_token"`, `"x"`}, {`"client_secret"`, `"x"`},
		} {
			s := newStore(t)
			saveAll(t, s)
			before := text(t, s.Path(name))
			after := strings.Replace(before, replace[0], replace[1], 1)
			if after == before {
				continue // the other file's
			}
			put(t, s, name, after)
			wantError(t, load(s, name), store.ErrCorrupt, s.Path(name))
		}
	}
}

// The key goes with the last file that needs it, in whatever order they go.
func TestKeyGoesLast(t *testing.T) {
	for name, k := range map[string]*keyring{"keyring": {}, "file": nil} {
		for first := range sealed {
			s := newStore(t)
			if k != nil {
				s = newStore(t, with(k))
			}
			saveAll(t, s)
			order := append(slices.Clone(sealed[first:]), sealed[:first]...)
			for i, file := range order {
				if err := clearFile(t, s, file); err != nil {
					t.Fatal(err)
				}
				if err := s.ClearKeys(t.Context()); err != nil {
					t.Fatal(err)
				}
				for _, left := range order[i+1:] {
					if err := load(fresh(s, k), left); err != nil {
						t.Errorf("%s: %s was cleared, and then: %v", name, file, err)
					}
				}
			}
			checkNoKey(t, s, k)
		}
	}
}

// fresh is the store of a new process.
func fresh(s *store.Store, k *keyring) *store.Store {
	if k == nil {
		return reopen(s.Dir())
	}
	return reopen(s.Dir(), with(k))
}

func clearFile(t *testing.T, s *store.Store, name string) error {
	t.Helper()
	switch name {
	case store.IDPTokenFile:
		return s.ClearIDPToken(t.Context())
	case store.ApplicationTokenFile:
		return s.ClearApplicationToken()
	default:
		return s.ClearClientSecret()
	}
}

func checkNoKey(t *testing.T, s *store.Store, k *keyring) {
	t.Helper()
	if k != nil && len(k.entries) != 0 {
		t.Errorf("left in the keyring: %q", slices.Collect(maps.Keys(k.entries)))
	}
	entries, err := os.ReadDir(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.Contains(entry.Name(), "sealing") {
			t.Errorf("left in the directory: %s", entry.Name())
		}
	}
}

// ClearIDPToken alone drops the key only if it was the last that used it.
func TestClearIDPTokenSparesOthers(t *testing.T) {
	for _, other := range sealed[1:] {
		k := &keyring{}
		s := newStore(t, with(k))
		saveToken(t, s, token())
		if err := save(s, other); err != nil {
			t.Fatal(err)
		}
		if err := s.ClearIDPToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := load(fresh(s, k), other); err != nil {
			t.Errorf("%s: %v", other, err)
		}
		// One that cannot be read may need it just as well.
		saveToken(t, s, token())
		put(t, s, other, "[")
		if err := s.ClearIDPToken(t.Context()); err != nil || len(k.entries) != 1 {
			t.Errorf("beside a damaged %s: %v, %d keys", other, err, len(k.entries))
		}
		if err := s.ClearKeys(t.Context()); err != nil || text(t, s.Path(other+".damaged")) != "[" || len(k.entries) != 0 {
			t.Errorf("after ClearKeys beside a damaged %s: %v, %d keys", other, err, len(k.entries))
		}
	}
}

// After a lost key the files that it sealed say so, until they are saved anew.
func TestLostKeyOfSeveralFiles(t *testing.T) {
	k := &keyring{}
	s := newStore(t, with(k))
	saveAll(t, s)
	old := maps.Clone(k.entries)
	clear(k.entries)
	s = fresh(s, k)
	checkSealed(t, s, sealed...)
	saveToken(t, s, token())
	checkSealed(t, fresh(s, k), sealed[1:]...)
	if err := save(s, store.ClientSecretFile); err != nil {
		t.Fatal(err)
	}
	checkSealed(t, fresh(s, k), store.ApplicationTokenFile)
	if len(k.entries) != 1 {
		t.Errorf("%d keys", len(k.entries))
	}
	maps.Copy(k.entries, old) // the keyring is unlocked again, so to speak
	checkSealed(t, fresh(s, k))
	if err := s.ClearKeys(t.Context()); err != nil || len(k.entries) != 2 {
		t.Errorf("%v, %d keys: one of two in use was dropped", err, len(k.entries))
	}
	saveAll(t, s)
	if err := s.ClearKeys(t.Context()); err != nil || len(k.entries) != 1 {
		t.Errorf("%v, %d keys: the old one is still there", err, len(k.entries))
	}
	checkSealed(t, fresh(s, k))
}

// A key that still works is not replaced because that of another file is lost.
func TestGoodKeyIsTaken(t *testing.T) {
	s := newStore(t)
	saveAll(t, s)
	content := text(t, s.Path(store.IDPTokenFile))
	put(t, s, store.IDPTokenFile, strings.Replace(content, `"key_id": "`, `"key_id": "0000000000000000`, 1))
	s = reopen(s.Dir())
	checkSealed(t, s, store.IDPTokenFile)
	saveToken(t, s, token())
	checkSealed(t, reopen(s.Dir()))
}

// A hanging, a refusing and a forgetting keyring, for every sealed file.
func TestBadKeyrings(t *testing.T) {
	for name, bad := range map[string]*keyring{
		"hanging": {hang: make(chan struct{})}, "refusing": {err: errors.New("denied")}, "forgetting": {lossy: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if bad.hang != nil {
					bad.hang = make(chan struct{}) // of this bubble
					defer close(bad.hang)
				}
				good := &keyring{}
				s := newStore(t, with(good))
				saveAll(t, s)
				start := time.Now()
				var l listener
				again := reopen(s.Dir(), with(bad), l.option)
				cause := map[string]string{"hanging": "no answer within 30s", "refusing": "denied"}[name]
				if cause != "" {
					checkUnavailable(t, again, cause)
				} else {
					checkSealed(t, again, sealed...)
				}
				saveAll(t, again)
				checkSealed(t, again)
				checkSealed(t, reopen(s.Dir())) // the key is in a file
				if waited := time.Since(start); waited > 30*time.Second {
					t.Errorf("waited %v", waited)
				}
				for _, file := range sealed {
					if err := clearFile(t, again, file); err != nil {
						t.Error(err)
					}
				}
				if err := again.ClearKeys(t.Context()); err != nil {
					t.Error(err)
				}
				if cause == "" {
					l.check(t, keyInFile)
					if len(bad.entries) != 0 {
						t.Errorf("it drops everything, but: %d keys", len(bad.entries))
					}
					return
				}
				l.check(t, keyInFile, "is sealed with a new key", "stays in the OS keyring until the next sign-out (OS keyring: "+cause)
				if err := fresh(s, good).ClearKeys(t.Context()); err != nil { // another time
					t.Error(err)
				}
				checkNoKey(t, s, good)
			})
		})
	}
}

// What a kill leaves between a new key and the file that it seals goes as well.
func TestClearKeysDropsOrphans(t *testing.T) {
	k := &keyring{}
	s := newStore(t, with(k))
	saveToken(t, s, token())
	if err := os.Remove(s.Path(store.IDPTokenFile)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sealing_key_0123456789abcdef", ".sealing_key_0123456789abcdef.7.tmp"} {
		put(t, s, name, canary)
	}
	put(t, s, "sealing_key_of_mine", "x")
	if err := fresh(s, k).ClearKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := text(t, s.Path("sealing_key_of_mine")); got != "x" {
		t.Errorf("a file of somebody else has %q", got)
	}
	if err := os.Remove(s.Path("sealing_key_of_mine")); err != nil {
		t.Fatal(err)
	}
	checkNoKey(t, s, k)
	if err := newStore(t).ClearKeys(t.Context()); err != nil {
		t.Errorf("without a directory: %v", err)
	}
}

// A keyring that works no more is not remembered as having the key.
func TestNothingToClearWithoutAKeyring(t *testing.T) {
	s := newStore(t, with(&keyring{err: errors.New("no D-Bus session")}))
	saveAll(t, s)
	for _, name := range sealed {
		if err := clearFile(t, s, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.ClearKeys(t.Context()); err != nil {
		t.Error(err)
	}
	checkNoKey(t, s, nil)
}
