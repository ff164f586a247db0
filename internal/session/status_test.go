package session_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/tokensource"
	"github.com/tip-cli/tip-cli/lab"
)

// needs are the reasons of Look, "" if credentials can be had.
func needs(s session.Status) string {
	need, ok := errors.AsType[*session.SignInRequiredError](s.Needed)
	switch {
	case s.Needed == nil:
		return ""
	case ok:
		return need.Reason
	}
	return "other: " + s.Needed.Error()
}

// TestLook: what is on disk, and whether it is enough.
func TestLook(t *testing.T) {
	d := newDesk(t, withoutRefreshToken)
	look := func() session.Status { return session.Look(t.Context(), d.store, d.config, false) }
	if s := look(); needs(s) != "nobody has signed in yet" || s.Token.Stored || s.Role != nil {
		t.Errorf("nothing: %+v", s)
	}
	d.signIn(t, "analyst")
	d.proxy.Forget()
	s := look()
	if needs(s) != "" || !s.Token.Ours || s.Token.Spent || s.Token.Refreshable || s.Token.Claims == nil || s.Token.Claims.Email != "analyst@example.com" {
		t.Errorf("signed in: %+v", s.Token)
	}
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.proxy.Forget()
	s = look()
	if needs(s) != "" || !s.Token.Spent || s.Role == nil || s.Role.Identity.IdentityStoreID != "d-1234567890" || s.Role.UserID == "" {
		t.Errorf("with a session: %+v", s)
	}
	d.expire(t)
	if s := look(); needs(s) != "the ID token is used up and there is no refresh token" || s.Role == nil {
		t.Errorf("after the session: %q", needs(s))
	}
	other := d.config
	other.OktaClientID = "0oaOtherEXAMPLE"
	if s := session.Look(t.Context(), d.store, other, false); needs(s) != "the last sign-in was for another configuration" || s.Role != nil {
		t.Errorf("another configuration: %q", needs(s))
	}
	other.TokenFile = filepath.Join(t.TempDir(), "token.jwt")
	sourced := func() session.Status { return session.Look(t.Context(), d.store, other, false) }
	if s := sourced(); tokensource.KindOf(s.Needed) != tokensource.KindConfig {
		t.Errorf("tokens from a file that is not there: %q", needs(s))
	}
	if err := os.WriteFile(other.TokenFile, []byte("a.b.c"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := sourced(); needs(s) != "" {
		t.Errorf("tokens from a file: %q", needs(s))
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if other.TokenFile, other.TokenCommand = "", []string{exe, "would fail"}; needs(sourced()) != "" {
		t.Errorf("tokens from a program: %q", needs(sourced()))
	}
	if other.TokenCommand[0] += "-not"; tokensource.KindOf(sourced().Needed) != tokensource.KindConfig {
		t.Errorf("tokens from a program that is not there: %q", needs(sourced()))
	}
	if seen := d.seen(); seen != "" {
		t.Errorf("somebody was asked: %s", seen)
	}
}

// TestLookAtRefreshTokens: the identity provider's, and that of Identity Center
// while the JWT lasts.
func TestLookAtRefreshTokens(t *testing.T) {
	d := newDesk(t)
	d.signIn(t, "analyst")
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.expire(t)
	if s := session.Look(t.Context(), d.store, d.config, false); needs(s) != "" || !s.Token.Refreshable {
		t.Errorf("%q %+v", needs(s), s.Token)
	}
	d = newDesk(t, withoutRefreshToken, func(w *lab.World) { w.IdentityCenter[0].Applications[0].RefreshToken = true })
	d.signIn(t, "analyst")
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.expire(t)
	if s := session.Look(t.Context(), d.store, d.config, false); needs(s) != "" || !s.ApplicationToken || s.Token.Refreshable {
		t.Errorf("%q %+v", needs(s), s)
	}
	if err := d.store.SaveApplicationToken(t.Context(), store.ApplicationToken{RefreshToken: secret.New("of somebody else"), Fingerprint: "x"}); err != nil {
		t.Fatal(err)
	}
	if s := session.Look(t.Context(), d.store, d.config, false); needs(s) == "" {
		t.Error("somebody else's refresh token is believed")
	}
}

// ring is a keyring that can be locked, and counts how often it is asked.
type ring struct {
	keys   map[string]string
	locked bool
	asked  int
}

func (r *ring) Get(_, user string) (string, error) {
	r.asked++
	if r.locked {
		return "", errors.New("the collection is locked")
	}
	if key, ok := r.keys[user]; ok {
		return key, nil
	}
	return "", keyring.ErrNotFound
}

func (r *ring) Set(_, user, key string) error { r.keys[user] = key; return nil }
func (r *ring) Delete(_, user string) error   { delete(r.keys, user); return nil }

// TestLookAtTheKeyring: it opens the token, is locked, is not asked, or has lost the key.
func TestLookAtTheKeyring(t *testing.T) {
	d := newDesk(t)
	r := &ring{keys: map[string]string{}}
	open := func(k store.Keyring) *store.Store {
		return store.New(d.store.Dir(), func(o *store.Options) { o.Keyring, o.Getenv = k, func(string) string { return "" } })
	}
	d.signIn(t, "analyst")
	held, err := d.store.LoadIDPToken(t.Context())
	if err == nil {
		err = errors.Join(d.store.ClearIDPToken(t.Context()), open(r).SaveIDPToken(t.Context(), held))
	}
	if err != nil {
		t.Fatal(err)
	}
	look := func(k store.Keyring, keyless bool) session.Status {
		return session.Look(t.Context(), open(k), d.config, keyless)
	}
	if s := look(r, false); needs(s) != "" || s.Token.Claims == nil {
		t.Errorf("open: %q %+v", needs(s), s.Token)
	}
	asked := r.asked
	if s := look(nil, true); needs(s) != "" || s.Token.Claims != nil || !s.Token.Refreshable || r.asked != asked {
		t.Errorf("not asked: %q %+v", needs(s), s.Token)
	}
	held.RefreshToken = secret.Value{}
	if err := open(r).SaveIDPToken(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	if s := look(nil, true); needs(s) != "" {
		t.Errorf("not asked, unspent: %q", needs(s))
	}
	if err := open(r).SaveIDPToken(t.Context(), held.MarkSpent(time.Now())); err != nil {
		t.Fatal(err)
	}
	if s := look(nil, true); needs(s) != "the ID token is used up and there is no refresh token" {
		t.Errorf("not asked, spent: %q", needs(s))
	}
	r.locked = true
	if s := look(r, false); !errors.Is(s.Needed, store.ErrKeyUnavailable) || s.Token.Claims != nil {
		t.Errorf("locked: %v", s.Needed)
	}
	r.locked, r.keys = false, map[string]string{}
	if s := look(r, false); needs(s) != "the stored tokens cannot be opened" {
		t.Errorf("lost: %q", needs(s))
	}
}

// TestLookAtWhatCannotBeRead tells why, and not that there is nothing.
func TestLookAtWhatCannotBeRead(t *testing.T) {
	d := newDesk(t)
	d.signIn(t, "analyst")
	look := func() session.Status { return session.Look(t.Context(), d.store, d.config, false) }
	if s := look(); s.RoleUnread != nil || s.S3Unread != nil || s.Needed != nil {
		t.Errorf("not there: %v, %v, %v", s.RoleUnread, s.S3Unread, s.Needed)
	}
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(d.store.Path(name), []byte(`{"x":`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(store.RoleFile)
	write(store.S3File)
	if s := look(); !errors.Is(s.RoleUnread, store.ErrCorrupt) || !errors.Is(s.S3Unread, store.ErrCorrupt) || s.Needed != nil {
		t.Errorf("damaged: %v, %v, %v", s.RoleUnread, s.S3Unread, s.Needed)
	}
	block := func(name string) {
		t.Helper()
		if err := errors.Join(os.Remove(d.store.Path(name)), os.Mkdir(d.store.Path(name), 0o700)); err != nil {
			t.Fatal(err)
		}
	}
	block(store.RoleFile)
	if s := look(); !errors.Is(s.RoleUnread, store.ErrNotRegular) || !errors.Is(s.Needed, store.ErrNotRegular) {
		t.Errorf("a directory: %v, %v", s.RoleUnread, s.Needed)
	}
	if _, err := d.RoleCredentials(t.Context()); !errors.Is(err, store.ErrNotRegular) {
		t.Errorf("and yet: %v", err)
	}
	if err := os.Remove(d.store.Path(store.RoleFile)); err != nil {
		t.Fatal(err)
	}
	block(store.IDPTokenFile)
	if s := look(); !errors.Is(s.Token.Unread, store.ErrNotRegular) || !errors.Is(s.Needed, store.ErrNotRegular) || s.Token.Stored {
		t.Errorf("a directory for the tokens: %+v, %v", s.Token, s.Needed)
	}
}

// TestLookAtAnEmptiedToken: the original can leave a refresh token alone.
func TestLookAtAnEmptiedToken(t *testing.T) {
	d := newDesk(t)
	if err := os.WriteFile(d.store.Path(store.IDPTokenFile), []byte(`{"token": "", "refresh_token": "r", "requires_refresh": false}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := session.Look(t.Context(), d.store, d.config, false)
	if s.Needed != nil || s.Token.Unread != nil || s.Token.Claims != nil || !s.Token.Spent || !s.Token.Stored || !s.Token.Refreshable {
		t.Errorf("%+v, %v", s.Token, s.Needed)
	}
}
