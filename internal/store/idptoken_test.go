package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	oskeyring "github.com/zalando/go-keyring"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

const (
	jwt     = "header." + canary + "jwt.signature"
	refresh = canary + "refresh"
)

// keyring is a keyring in memory.
type keyring struct {
	mu      sync.Mutex
	entries map[string]string
	gets    int
	err     error         // of every call
	lossy   bool          // Set keeps nothing right
	hang    chan struct{} // calls wait for it
}

func (k *keyring) call() error {
	if k.hang != nil {
		<-k.hang
	}
	return k.err
}

func (k *keyring) Get(service, user string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gets++
	if err := k.call(); err != nil {
		return "", err
	}
	text, ok := k.entries[service+"/"+user]
	if !ok {
		return "", fmt.Errorf("get: %w", oskeyring.ErrNotFound)
	}
	return text, nil
}

func (k *keyring) Set(service, user, password string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.call(); err != nil {
		return err
	}
	if k.lossy {
		password = ""
	}
	if k.entries == nil {
		k.entries = make(map[string]string)
	}
	k.entries[service+"/"+user] = password
	return nil
}

func (k *keyring) Delete(service, user string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.call(); err != nil {
		return err
	}
	delete(k.entries, service+"/"+user)
	return nil
}

func with(k *keyring) func(*store.Options) {
	return func(o *store.Options) { o.Keyring = k }
}

func token() store.IDPToken {
	return store.IDPToken{
		Token: secret.New(jwt), RefreshToken: secret.New(refresh),
		ObtainedAt: time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC), Fingerprint: "f",
	}
}

func saveToken(t *testing.T, s *store.Store, token store.IDPToken) {
	t.Helper()
	if err := s.SaveIDPToken(context.Background(), token); err != nil {
		t.Fatal(err)
	}
}

func checkToken(t *testing.T, s *store.Store, want store.IDPToken) {
	t.Helper()
	got, err := s.LoadIDPToken(context.Background())
	if diff := cmp.Diff(want, got, reveal); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestTokenOfTheOriginal(t *testing.T) {
	tests := map[string]store.IDPToken{
		`{"token": "a.b.c", "refresh_token": "r", "requires_refresh": false}`: {Token: secret.New("a.b.c"), RefreshToken: secret.New("r"), Unverified: true, Plaintext: true},
		`{"token": "a.b.c", "refresh_token": null, "requires_refresh": true}`: {Token: secret.New("a.b.c"), RequiresRefresh: true, Unverified: true, Plaintext: true},
		`{"token": null, "refresh_token": "r"}`:                               {RefreshToken: secret.New("r"), RequiresRefresh: true, Unverified: true, Plaintext: true},
	}
	for content, want := range tests {
		k := &keyring{}
		s := newStore(t, with(k))
		put(t, s, store.IDPTokenFile, content)
		checkToken(t, s, want)
		if k.gets != 0 {
			t.Error("the keyring was asked for a plain file")
		}
		saveToken(t, s, want)
		want.Plaintext = false
		checkToken(t, s, want) // and still unverified
		want.Unverified = false
		saveToken(t, s, want)
		checkToken(t, s, want)
		if got := text(t, s.Path(store.IDPTokenFile)); strings.Contains(got, "a.b.c") {
			t.Errorf("still plain: %s", got)
		}
	}
}

func TestTokensAreSealed(t *testing.T) {
	for name, k := range map[string]*keyring{"keyring": {}, "file": nil} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			if k != nil {
				s = newStore(t, with(k))
			}
			saveToken(t, s, token())
			checkToken(t, s, token())
			spent := token().MarkSpent(time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC))
			saveToken(t, s, spent)
			checkToken(t, s, spent)
			checkToken(t, reopen(s.Dir(), func(o *store.Options) {
				if k != nil {
					o.Keyring = k
				}
			}), spent)
			// The files of the directory must not show the tokens.
			entries, err := os.ReadDir(s.Dir())
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				if strings.Contains(text(t, s.Path(entry.Name())), canary) {
					t.Errorf("%s shows a token", entry.Name())
				}
			}
			// The original sees an empty token, for which it asks to sign in again.
			var file map[string]any
			if err := json.Unmarshal([]byte(text(t, s.Path(store.IDPTokenFile))), &file); err != nil {
				t.Fatal(err)
			}
			if file["token"] != "" || file["refresh_token"] != "" || file["requires_refresh"] != true {
				t.Errorf("for the original: %v", file)
			}
		})
	}
}

func TestSpentMark(t *testing.T) {
	fresh := token()
	spent := fresh.MarkSpent(time.Now())
	reset := spent
	reset.RequiresRefresh = false // by the hash alone
	next := reset
	next.Token = secret.New("another.jwt.x")
	used := fresh
	used.RequiresRefresh = true // as the original marks it
	got := []bool{fresh.Unspent(), spent.Unspent(), reset.Unspent(), next.Unspent(), used.Unspent(), store.IDPToken{}.Unspent()}
	if want := []bool{true, false, false, true, false, false}; !slices.Equal(got, want) {
		t.Errorf("Unspent() = %v, want %v", got, want)
	}
	if len(spent.SpentSHA256) != 64 || spent.SpentAt.IsZero() || fresh.SpentSHA256 != "" {
		t.Errorf("MarkSpent: %+v", spent)
	}
}

func TestKeyLocation(t *testing.T) {
	k := &keyring{}
	s := newStore(t, with(k))
	_, err := s.KeyLocation()
	wantError(t, err, store.ErrNotFound, s.Path(store.IDPTokenFile))
	saveToken(t, s, token())
	gets := k.gets
	got, err := s.KeyLocation()
	if diff := cmp.Diff(store.KeyLocation{Keyring: true}, got); diff != "" || err != nil || k.gets != gets {
		t.Errorf("%v, asked %d times (-want +got):\n%s", err, k.gets-gets, diff)
	}
	reasons := map[string]*keyring{
		"OS keyring: no D-Bus session":                      {err: errors.New("no D-Bus session")},
		"OS keyring: it does not keep what it is given":     {lossy: true},
		"no keyring here":                                   nil,
		store.KeyringVariable + "=off":                      {},
		"OS keyring: The name is not provided by any .file": {err: errors.New("The name is not provided by any .file")},
	}
	for reason, k := range reasons {
		s := newStore(t, func(o *store.Options) {
			if k != nil {
				o.Keyring = k
			}
			if strings.HasSuffix(reason, "=off") {
				o.Getenv = func(string) string { return "OFF" }
			}
		})
		saveToken(t, s, token())
		checkToken(t, s, token())
		got, err := s.KeyLocation()
		if err != nil || got.Keyring || filepath.Dir(got.Path) != s.Dir() || got.Reason != reason {
			t.Errorf("%s: %+v, %v", reason, got, err)
		}
		if said := got.String(); !strings.Contains(said, got.Path) || !strings.Contains(said, reason) {
			t.Errorf("String() = %q", said)
		}
		if len(text(t, got.Path)) != 45 {
			t.Errorf("the key file has %d bytes", len(text(t, got.Path)))
		}
		if strings.HasSuffix(reason, "=off") && len(k.entries) != 0 {
			t.Error("the keyring was used all the same")
		}
	}
}

// lost saves tokens, lets do happen, and wants a new process to say that the key
// is lost, and a new sign-in to help.
func lost(t *testing.T, k *keyring, do func(s *store.Store), optFns ...func(*store.Options)) {
	t.Helper()
	optFns = append([]func(*store.Options){func(o *store.Options) {
		if k != nil {
			o.Keyring = k
		}
	}}, optFns...)
	s := newStore(t, optFns[0])
	saveToken(t, s, token())
	do(s)
	before := text(t, s.Path(store.IDPTokenFile))
	again := reopen(s.Dir(), optFns...)
	err := load(again, store.IDPTokenFile)
	wantError(t, err, store.ErrKeyLost, s.Path(store.IDPTokenFile))
	var file *store.FileError
	if errors.As(err, &file) && file.Hint() != "run: tip-cli auth" {
		t.Errorf("hint %q", file.Hint())
	}
	if text(t, s.Path(store.IDPTokenFile)) != before {
		t.Error("loading changed the file")
	}
	saveToken(t, again, token())
	checkToken(t, reopen(s.Dir(), optFns...), token())
}

func TestLostKeys(t *testing.T) {
	k := &keyring{}
	lost(t, k, func(*store.Store) { clear(k.entries) })
	lost(t, k, func(*store.Store) {
		for key := range k.entries {
			k.entries[key] = "AAAA" // another, too short
		}
	})
	lost(t, k, func(*store.Store) {
		for key := range k.entries {
			k.entries[key] = strings.Repeat("A", 43) + "=" // another
		}
	})
	remove := func(s *store.Store) {
		location, err := s.KeyLocation()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(location.Path); err != nil {
			t.Fatal(err)
		}
	}
	lost(t, nil, remove)
	lost(t, nil, func(s *store.Store) {
		location, err := s.KeyLocation()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(location.Path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	})
}

// edit changes the sealed part of idp_token.json.
func edit(t *testing.T, s *store.Store, change func(file, sealed map[string]any)) {
	t.Helper()
	var file map[string]any
	if err := json.Unmarshal([]byte(text(t, s.Path(store.IDPTokenFile))), &file); err != nil {
		t.Fatal(err)
	}
	change(file, file["sealed"].(map[string]any))
	data, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, store.IDPTokenFile, string(data))
}

func TestTamperedTokens(t *testing.T) {
	changes := map[string]struct {
		want   error
		change func(file, sealed map[string]any)
	}{
		"swapped fields": {store.ErrKeyLost, func(_, sealed map[string]any) {
			sealed["token"], sealed["refresh_token"] = sealed["refresh_token"], sealed["token"]
		}},
		"one for both":    {store.ErrKeyLost, func(_, sealed map[string]any) { sealed["refresh_token"] = sealed["token"] }},
		"cut":             {store.ErrKeyLost, func(_, sealed map[string]any) { sealed["token"] = "AAAA" }},
		"not base64":      {store.ErrKeyLost, func(_, sealed map[string]any) { sealed["token"] = "?" }},
		"key id":          {store.ErrKeyLost, func(_, sealed map[string]any) { sealed["key_id"] = "../../x" }},
		"another key":     {store.ErrKeyLost, func(_, sealed map[string]any) { sealed["key_id"] = "0123456789abcdef" }},
		"unknown place":   {store.ErrKeyLost, func(_, sealed map[string]any) { sealed["key"] = "cloud" }},
		"newer version":   {store.ErrCorrupt, func(_, sealed map[string]any) { sealed["version"] = 2 }},
		"no version":      {store.ErrCorrupt, func(_, sealed map[string]any) { delete(sealed, "version") }},
		"plain beside it": {store.ErrCorrupt, func(file, _ map[string]any) { file["token"] = "a.b.c" }},
		"wrong type":      {store.ErrCorrupt, func(file, _ map[string]any) { file["requires_refresh"] = "no" }},
		"wrong time":      {store.ErrCorrupt, func(file, _ map[string]any) { file["obtained_at"] = "today" }},
	}
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			saveToken(t, s, token())
			edit(t, s, changes[name].change)
			wantError(t, load(reopen(s.Dir()), store.IDPTokenFile), changes[name].want, s.Path(store.IDPTokenFile))
		})
	}
}

// A file sealed here does not open under another name of the same content.
func TestTokensOfAnotherDirectory(t *testing.T) {
	a, b := newStore(t), newStore(t)
	saveToken(t, a, token())
	put(t, b, store.IDPTokenFile, text(t, a.Path(store.IDPTokenFile)))
	wantError(t, load(b, store.IDPTokenFile), store.ErrKeyLost, b.Path(store.IDPTokenFile))
}

func TestKeysArePutAway(t *testing.T) {
	k := &keyring{}
	s := newStore(t, with(k))
	for range 3 {
		saveToken(t, s, token())
	}
	if len(k.entries) != 1 || k.gets != 1 {
		t.Errorf("%d entries, asked %d times", len(k.entries), k.gets)
	}
	other := reopen(s.Dir(), with(k))
	checkToken(t, other, token())
	saveToken(t, other, token())
	if len(k.entries) != 1 || k.gets != 2 {
		t.Errorf("%d entries, asked %d times", len(k.entries), k.gets)
	}
	for range 2 {
		if err := s.ClearIDPToken(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.entries) != 0 {
		t.Errorf("the keyring still has %d entries", len(k.entries))
	}
	plain := newStore(t)
	saveToken(t, plain, token())
	if err := plain.ClearIDPToken(context.Background()); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(plain.Dir()); len(entries) != 0 || err != nil {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// A directory that a session without a keyring has used keeps its key file, so
// that both sessions can go on.
func TestKeyFileStays(t *testing.T) {
	headless := newStore(t)
	saveToken(t, headless, token())
	k := &keyring{}
	desktop := reopen(headless.Dir(), with(k))
	checkToken(t, desktop, token())
	saveToken(t, desktop, token())
	checkToken(t, reopen(headless.Dir()), token())
	if len(k.entries) != 0 {
		t.Error("the key moved")
	}
}

func TestKeyringHeedsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keyring{}
		s := newStore(t, with(k))
		saveToken(t, s, token())
		hung := &keyring{hang: make(chan struct{})}
		defer close(hung.hang)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		again := reopen(s.Dir(), with(hung))
		_, err := again.LoadIDPToken(ctx)
		wantError(t, err, context.DeadlineExceeded, s.Path(store.IDPTokenFile))
		if errors.Is(err, store.ErrKeyLost) || errors.Is(err, store.ErrKeyUnavailable) {
			t.Error("an end of the wait says nothing about the key")
		}
		listed := text(t, s.Path("sealing_keys.json"))
		err = again.SaveIDPToken(ctx, token())
		wantError(t, err, context.DeadlineExceeded, s.Path(store.IDPTokenFile))
		if text(t, s.Path("sealing_keys.json")) != listed {
			t.Error("another key was made, where the present one may be had another time")
		}
		checkToken(t, reopen(s.Dir(), with(k)), token())
	})
}

func FuzzLoad(f *testing.F) {
	f.Add(originalRole)
	f.Add(originalS3)
	f.Add(`{"token": "a", "refresh_token": null, "sealed": {"version": 1, "key": "file", "key_id": "0123456789abcdef", "token": "AAAA"}}`)
	f.Fuzz(func(t *testing.T, content string) {
		s := newStore(t)
		for _, name := range names {
			put(t, s, name, content)
			var file *store.FileError
			if err := load(s, name); err != nil && (!errors.As(err, &file) || file.Hint() == "") {
				t.Errorf("%s: %v", name, err)
			}
			if got := text(t, s.Path(name)); got != content {
				t.Errorf("%s was changed", name)
			}
		}
	})
}
