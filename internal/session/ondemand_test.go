package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// asked is a finder that counts, and somebody who signs in with a browser.
func asked(n *atomic.Int32) session.Finder {
	return func() (session.Person, error) {
		n.Add(1)
		return session.Person{Options: func(*oidclogin.SignInOptions) {}}, nil
	}
}

// onDemand opens a session that may ask somebody.
func (d *desk) onDemand(t *testing.T, find session.Finder) *session.Session {
	t.Helper()
	s := d.open(t, d.config)
	s.FindWith(find)
	return s
}

// signInRequired wants err to ask for a sign-in, with a reason that holds text.
func signInRequired(t *testing.T, err error, text string) {
	t.Helper()
	need, ok := errors.AsType[*session.SignInRequiredError](err)
	if !ok || !strings.Contains(need.Reason, text) || need.Hint() != "run: tip-cli auth" {
		t.Errorf("%v, want a sign-in required because of %q", err, text)
	}
}

func TestSignInOnDemand(t *testing.T) {
	d := newDesk(t)
	var people atomic.Int32
	got, err := d.onDemand(t, asked(&people)).RoleCredentials(t.Context())
	if err != nil || got.UserID == "" || people.Load() != 1 {
		t.Errorf("%q, %v, %d people asked", got.UserID, err, people.Load())
	}
}

// Whoever needs a sign-in at the same time waits for the one that is under way.
func TestOneSignInForAll(t *testing.T) {
	d := newDesk(t)
	var people atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		s := d.onDemand(t, asked(&people))
		all.Go(func() {
			if _, err := s.RoleCredentials(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := people.Load(); n != 1 {
		t.Errorf("%d people were asked", n)
	}
}

func TestNobodyThere(t *testing.T) {
	d := newDesk(t)
	s := d.onDemand(t, func() (session.Person, error) { return session.Person{}, errors.New("nobody is at home") })
	_, err := s.RoleCredentials(t.Context())
	signInRequired(t, err, "nobody is at home")
	_, err = d.RoleCredentials(t.Context())
	signInRequired(t, err, "nobody has signed in yet")
	if _, err := d.store.LoadSignIn(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the breaker has tripped: %v", err)
	}
}

// After a sign-in that was refused nobody is asked again for a while, except at
// the person's own wish.
func TestBreaker(t *testing.T) {
	d := newDesk(t)
	var people atomic.Int32
	browse := d.browser
	d.browser = d.cancel
	_, err := d.onDemand(t, asked(&people)).RoleCredentials(t.Context())
	if oidclogin.KindOf(err) != oidclogin.KindDenied {
		t.Fatalf("a cancelled sign-in: %v", err)
	}
	d.browser = browse
	_, err = d.onDemand(t, asked(&people)).RoleCredentials(t.Context())
	signInRequired(t, err, "did not succeed (denied)")
	if people.Load() != 1 {
		t.Errorf("%d people were asked", people.Load())
	}
	// Some minutes later.
	if err := d.store.SaveSignIn(store.SignIn{FailedAt: time.Now().Add(-6 * time.Minute), Reason: "denied"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.onDemand(t, asked(&people)).RoleCredentials(t.Context()); err != nil || people.Load() != 2 {
		t.Errorf("%v after a while, %d people asked", err, people.Load())
	}
	if _, err := d.store.LoadSignIn(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the breaker stays: %v", err)
	}
}

func TestOwnSignInResetsTheBreaker(t *testing.T) {
	d := newDesk(t)
	if err := d.store.SaveSignIn(store.SignIn{FailedAt: time.Now(), Reason: "denied"}); err != nil {
		t.Fatal(err)
	}
	d.signIn(t, "analyst")
	if _, err := d.store.LoadSignIn(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the breaker stays: %v", err)
	}
}

// Time that runs out asks for a sign-in and trips nothing: people are slow.
func TestSlowPerson(t *testing.T) {
	d := newDesk(t)
	d.browser = func(context.Context, string) error { return nil }
	s := d.onDemand(t, asked(new(atomic.Int32)))
	s.AnswerWithin(300 * time.Millisecond)
	_, err := s.RoleCredentials(t.Context())
	signInRequired(t, err, "nobody signed in within 300ms")
	if _, err := d.store.LoadSignIn(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the breaker has tripped: %v", err)
	}
}

// A sign-in elsewhere that takes too long is not waited for for ever.
func TestSlowPersonElsewhere(t *testing.T) {
	d := newDesk(t)
	release, err := d.store.Lock(t.Context(), "sign-in")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	s := d.onDemand(t, asked(new(atomic.Int32)))
	s.AnswerWithin(200 * time.Millisecond)
	_, err = s.RoleCredentials(t.Context())
	signInRequired(t, err, "another tip-cli waits for it")
}

func TestInterruptedWait(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.browser = func(context.Context, string) error { cancel(); return nil }
	_, err := d.onDemand(t, asked(new(atomic.Int32))).RoleCredentials(ctx)
	if oidclogin.KindOf(err) != oidclogin.KindInterrupted {
		t.Error(err)
	}
}

// A provider that cannot be reached is not the person's fault.
func TestBreakerAndNetwork(t *testing.T) {
	d := newDesk(t)
	s := d.onDemand(t, asked(new(atomic.Int32)))
	if err := d.lab.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RoleCredentials(t.Context()); oidclogin.KindOf(err) != oidclogin.KindNetwork {
		t.Error(err)
	}
	if _, err := d.store.LoadSignIn(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the breaker has tripped: %v", err)
	}
}

// cancel is a person who presses Cancel at the identity provider.
func (d *desk) cancel(ctx context.Context, address string) error {
	return d.redirect(ctx, address, "access_denied")
}

// redirect plays a provider that ends the sign-in with an error.
func (d *desk) redirect(ctx context.Context, address, code string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	answer := url.Values{"error": {code}, "state": {u.Query().Get("state")}, "iss": {d.config.OktaURL}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.Query().Get("redirect_uri")+"?"+answer.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
