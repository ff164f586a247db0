package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
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
	other.TokenFile = "token.jwt"
	if s := session.Look(t.Context(), d.store, other, false); needs(s) != "" {
		t.Errorf("tokens from a file: %q", needs(s))
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

// TestDirectoryUser reads as the person, with many groups, and not for ever.
func TestDirectoryUser(t *testing.T) {
	d := newDesk(t, func(w *lab.World) {
		w.Switches.IdentityContextAllowList = []string{"identitystore:*"}
		w.Accounts[1].Roles[1].Policies["directory"] = map[string]any{"Version": "2012-10-17", "Statement": []any{
			map[string]any{"Effect": "Allow", "Action": "identitystore:*", "Resource": "*"},
		}}
		c := &w.IdentityCenter[0]
		template := c.Groups[0]
		for i := range 120 {
			g := template
			g.ID, g.DisplayName = fmt.Sprintf("1234567890-99999999-0000-4000-8000-%012d", i), fmt.Sprintf("group %d", i)
			c.Groups = append(c.Groups, g)
		}
	})
	d.signIn(t, "analyst")
	role, err := d.RoleCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u := d.DirectoryUser(t.Context(), role)
	if u.Refused != nil || u.GroupsRefused != nil || u.UserName != "analyst@example.com" || u.Email != "analyst@example.com" || len(u.Groups) != 121 {
		t.Fatalf("%+v", u)
	}
	names := 0
	for _, g := range u.Groups {
		if g.Name != "" {
			names++
		}
	}
	if names != 50 {
		t.Errorf("%d names", names)
	}
	d.strike("DescribeUser", func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type": "AccessDeniedException", "Message": "no"}`)
	})
	u = d.DirectoryUser(t.Context(), role)
	if call, ok := errors.AsType[*session.CallError](u.Refused); !ok || !call.Denied() || len(u.Groups) != 121 {
		t.Errorf("denied: %v", u.Refused)
	}
	role.AccessKeyID = "ASIAANOTHERSESSION"
	if u := d.DirectoryUser(t.Context(), role); !errors.Is(u.Refused, session.ErrUnknownStore) || !errors.Is(u.GroupsRefused, session.ErrUnknownStore) {
		t.Errorf("another session: %+v", u)
	}
	if _, err := d.Caller(t.Context(), role); err == nil {
		t.Error("STS knows a key that does not exist")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Caller(ended, role); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
