package session

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/recursion"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// chained puts an exchange of the context a into the environment, which waits for this
// process until then.
func chained(t *testing.T, home string, until time.Time) {
	t.Helper()
	_, value, _ := strings.Cut(recursion.Entry(recursion.Getenv([]string{"X=1"}), "token_command", filepath.Join(home, "contexts", "a"), until), "=")
	t.Setenv(recursion.Variable, value)
}

func open(t *testing.T, home, name string) *store.Store {
	t.Helper()
	st, err := store.Open(home, name, func(o *store.Options) { o.Keyring = nil })
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// Who is in a chain waits for a lock for a short time, others as long as an answer may
// take: the holder may wait for the chain.
func TestLockInAChain(t *testing.T) {
	for name, tt := range map[string]struct {
		chained time.Duration // how long the outer one waits
		wait    time.Duration
		loop    bool
	}{
		"in a chain":   {time.Hour, chainedWait, true},
		"in none":      {0, answerWithin, false},
		"it has ended": {-time.Minute, answerWithin, false},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			st := open(t, home, "b")
			release, err := st.Lock(t.Context(), sessionLock)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			if tt.chained != 0 {
				chained(t, home, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).Add(tt.chained))
			}
			synctest.Test(t, func(t *testing.T) {
				if tt.chained < 0 {
					time.Sleep(time.Until(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)))
				}
				start := time.Now()
				_, err := lock(t.Context(), st)
				if took := time.Since(start); took < tt.wait || took > tt.wait+time.Second {
					t.Errorf("waited for %s", took)
				}
				loop, ok := errors.AsType[*recursion.Error](err)
				if ok != tt.loop || !ok && !errors.Is(err, store.ErrLocked) {
					t.Fatal(err)
				}
				if ok && (*loop != recursion.Error{Setting: "token_command", Outer: "a", Inner: "b"}) {
					t.Errorf("%+v", loop)
				}
				ended, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := lock(ended, st); !errors.Is(err, store.ErrLocked) || errors.As(err, new(*recursion.Error)) {
					t.Errorf("the caller's own end: %v", err)
				}
			})
			release()
			if free, err := lock(t.Context(), st); err != nil {
				t.Error(err)
			} else {
				free()
			}
		})
	}
}

// A session of a context that waits for this process is not opened.
func TestNewInAChain(t *testing.T) {
	home := t.TempDir()
	chained(t, home, time.Now().Add(time.Minute))
	if _, err := New(Options{Store: open(t, home, "a")}); !errors.As(err, new(*recursion.Error)) {
		t.Error(err)
	}
}

// Credentials that have taken the place of those that were looked at stay as they are.
func TestIntroduceAfterAnother(t *testing.T) {
	st, c := open(t, t.TempDir(), ""), config.Config{
		IdP: config.Okta, OktaURL: "https://dev-123456789.okta.com/oauth2/default", OktaClientID: "0oaTipCliEXAMPLE",
		TokenExchangeApplicationARN: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		OIDCRoleARN:                 "arn:aws:iam::444455556666:role/tip-oidc-role",
		IDEnhancedRoleARN:           "arn:aws:iam::444455556666:role/tip-id-enhanced-role", Region: "eu-west-1",
	}
	text, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	there := store.RoleCredentials{
		AccessKeyID: "ASIANEW", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"), Expiration: time.Now().Add(time.Hour),
		Fingerprint: c.Fingerprint(),
	}
	if err := errors.Join(st.SaveConfig(text), st.SaveRole(there)); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"ASIAOLD": "", "ASIANEW": answer.Digest(text)} {
		if err := st.SaveRole(there); err != nil {
			t.Fatal(err)
		}
		looked := there
		looked.AccessKeyID = key
		s := newShelf(st, c)
		s.introduce(looked)
		if held, err := st.LoadRole(); err != nil || held.ConfigDigest != want {
			t.Errorf("%s: %q, %v", key, held.ConfigDigest, err)
		}
	}
}
