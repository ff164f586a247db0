package session_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// hold signs in and stores a role session, changed.
func (d *desk) hold(t *testing.T, change func(*store.RoleCredentials)) store.RoleCredentials {
	t.Helper()
	d.signIn(t, "analyst")
	held, err := d.RoleCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	change(&held)
	if err := d.store.SaveRole(held); err != nil {
		t.Fatal(err)
	}
	return held
}

func lasting(left time.Duration) func(*store.RoleCredentials) {
	return func(c *store.RoleCredentials) {
		c.Expiration, c.ObtainedAt = time.Now().Add(left), time.Now().Add(left-time.Hour)
	}
}

func TestLasting(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*store.RoleCredentials)
		least  time.Duration
		same   bool
	}{
		"long enough":               {lasting(40 * time.Minute), 39 * time.Minute, true},
		"not long enough":           {lasting(40 * time.Minute), 41 * time.Minute, false},
		"below the margin anyway":   {lasting(14 * time.Minute), time.Minute, false},
		"a whole session":           {lasting(59 * time.Minute), time.Hour, false},
		"a whole session, before":   {lasting(time.Hour - 30*time.Second), time.Hour, false},
		"a whole session, just now": {func(c *store.RoleCredentials) { c.ObtainedAt = time.Now().Add(2 * time.Second) }, time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			held := d.hold(t, tt.change)
			got, err := d.RoleCredentialsLasting(t.Context(), tt.least)
			if err != nil || (got.AccessKeyID == held.AccessKeyID) != tt.same {
				t.Errorf("%s after %s, %v", got.AccessKeyID, held.AccessKeyID, err)
			}
			if _, ok := session.HeldRole(d.store, d.config, tt.least); name == "long enough" && !ok {
				t.Error("not held")
			}
		})
	}
}

// What is good enough without a demand is an error with it, and says why.
func TestNoLastGoodBelowTheAskedLife(t *testing.T) {
	d := newDesk(t)
	held := d.hold(t, lasting(10*time.Minute))
	if err := d.lab.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := d.RoleCredentialsLasting(t.Context(), 30*time.Minute)
	short, ok := errors.AsType[*session.TooShortError](err)
	if !ok || short.Asked != 30*time.Minute || short.Left < 9*time.Minute || short.Left > 10*time.Minute || short.Err == nil {
		t.Errorf("%+v, %v", short, err)
	}
	if got, err := d.RoleCredentialsLasting(t.Context(), 9*time.Minute); err != nil || got.AccessKeyID != held.AccessKeyID {
		t.Errorf("nine minutes: %v", err)
	}
	if got, err := d.RoleCredentials(t.Context()); err != nil || got.AccessKeyID != held.AccessKeyID {
		t.Errorf("no demand: %v", err)
	}
}

// Where only a person can go on, a demand does not hide that.
func TestTooShortNeedsSignIn(t *testing.T) {
	d := newDesk(t)
	d.hold(t, lasting(10*time.Minute))
	if err := d.store.ClearIDPToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := d.RoleCredentialsLasting(t.Context(), 30*time.Minute)
	if !errors.As(err, new(*session.TooShortError)) || !errors.As(err, new(*session.SignInRequiredError)) {
		t.Error(err)
	}
	if err := d.store.ClearRole(); err != nil {
		t.Fatal(err)
	}
	_, err = d.RoleCredentialsLasting(t.Context(), 30*time.Minute)
	if errors.As(err, new(*session.TooShortError)) || !errors.As(err, new(*session.SignInRequiredError)) {
		t.Errorf("with nothing at hand: %v", err)
	}
}

// saveConfig writes config.json and returns its digest.
func (d *desk) saveConfig(t *testing.T, c config.Config, edit func(string) string) string {
	t.Helper()
	text, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(edit(string(text)))
	if err := d.store.SaveConfig(text); err != nil {
		t.Fatal(err)
	}
	return answer.Digest(text)
}

func asIs(text string) string { return text }

// Credentials are stored with what the fast path needs to know them.
func TestStoredForTheFastPath(t *testing.T) {
	d := newDesk(t)
	digest := d.saveConfig(t, d.config, asIs)
	start := time.Now().Truncate(time.Second)
	d.hold(t, func(*store.RoleCredentials) {})
	held, err := d.store.LoadRole()
	if err != nil {
		t.Fatal(err)
	}
	if held.ConfigDigest != digest || held.ObtainedAt.Before(start) || held.RenewBefore < 15*time.Minute || held.RenewBefore > 16*time.Minute {
		t.Errorf("digest %q, obtained %s, margin %s", held.ConfigDigest, held.ObtainedAt, held.RenewBefore)
	}
}

// Credentials are not made known for a configuration that is written while they are
// made, nor for one that has something to be said about.
func TestNotForTheFastPath(t *testing.T) {
	otherRole := func(text string) string { return strings.Replace(text, "tip-oidc-role", "tip-other-role", 1) }
	for name, edit := range map[string]func(string) string{
		"another configuration": otherRole,
		"an unknown key":        func(text string) string { return strings.Replace(text, "{", `{"of_tomorrow": 1,`, 1) },
		"an invalid region":     func(text string) string { return strings.Replace(text, `"eu-west-1"`, `"nowhere"`, 1) },
	} {
		d := newDesk(t)
		d.saveConfig(t, d.config, edit)
		d.hold(t, func(*store.RoleCredentials) {})
		if held, err := d.store.LoadRole(); err != nil || held.ConfigDigest != "" {
			t.Errorf("%s: %q, %v", name, held.ConfigDigest, err)
		}
	}
}

func TestIntroduced(t *testing.T) {
	spaced := func(text string) string { return "\n" + text }
	d := newDesk(t)
	d.saveConfig(t, d.config, asIs)
	before := d.hold(t, func(c *store.RoleCredentials) { c.RenewBefore = 16 * time.Minute })
	digest := d.saveConfig(t, d.config, spaced)

	release, err := d.store.Lock(t.Context(), "session")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := session.HeldRole(d.store, d.config, 0); !ok {
		t.Error("not held while somebody has the lock")
	}
	if held, err := d.store.LoadRole(); err != nil || held.ConfigDigest == digest {
		t.Errorf("written without the lock: %v", err)
	}
	release()
	if _, ok := session.HeldRole(d.store, d.config, 0); !ok {
		t.Error("not held")
	}
	after, err := d.store.LoadRole()
	if err != nil || after.ConfigDigest != digest || after.AccessKeyID != before.AccessKeyID || after.RenewBefore != 16*time.Minute {
		t.Errorf("%+v, %v", after, err)
	}

	original := store.RoleCredentials{
		AccessKeyID: "ASIAORIGINAL", SecretAccessKey: after.SecretAccessKey, SessionToken: after.SessionToken, Expiration: time.Now().Add(time.Hour),
	}
	if err := d.store.SaveRole(original); err != nil {
		t.Fatal(err)
	}
	if held, ok := session.HeldRole(d.store, d.config, 0); !ok || held.AccessKeyID != "ASIAORIGINAL" {
		t.Error("the original's are not held")
	}
	if held, err := d.store.LoadRole(); err != nil || held.ConfigDigest != "" || held.Fingerprint != "" {
		t.Errorf("the original's were changed: %+v, %v", held, err)
	}
}
