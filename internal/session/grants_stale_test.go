package session_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// wantSigners wants these access keys to have signed GetDataAccess, in order.
func (d *desk) wantSigners(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, r := range d.proxy.Requests() {
		if r.Operation == "GetDataAccess" {
			_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
			key, _, _ := strings.Cut(credential, "/")
			got = append(got, key)
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("signed by %q, want %q", got, want)
	}
}

// key is the access key of the role session on disk.
func (d *desk) key(t *testing.T) string {
	t.Helper()
	role, err := d.store.LoadRole()
	if err != nil {
		t.Fatal(err)
	}
	return role.AccessKeyID
}

// exchange has another process replace the role session on disk.
func (d *desk) exchange(t *testing.T, other *session.Session) (key string) {
	t.Helper()
	if err := d.store.ClearRole(); err != nil {
		t.Error(err)
	}
	role, err := other.RoleCredentials(t.Context())
	if err != nil {
		t.Error(err)
	}
	return role.AccessKeyID
}

// GetDataAccess is signed by the role session that is there when it is called, whoever has
// renewed it.
func TestGrantIsSignedByNewRoleSession(t *testing.T) {
	original(t, "the role credentials are loaded before the exchange, and the stale copy is used")
	t.Run("that this call makes", func(t *testing.T) {
		d := withRole(t)
		old := d.key(t)
		d.expire(t)
		if _, err := d.DataAccess(t.Context(), readReports()); err != nil {
			t.Fatal(err)
		}
		renewed := d.key(t)
		if renewed == old {
			t.Fatal("there was no exchange")
		}
		d.wantSigners(t, renewed)
	})
	t.Run("that another process makes while it waits for its turn", func(t *testing.T) {
		d := withRole(t)
		d.expire(t)
		other := d.open(t, d.config)
		release := d.holdTurns(t)
		exchanging, done := make(chan struct{}), make(chan error, 1)
		begin := sync.OnceFunc(func() { close(exchanging) })
		d.proxy.Meddle(proxytest.Hook(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
			if proxytest.Of(r) == "AssumeRole" {
				begin()
			}
			forward(w, r)
		}))
		go func() {
			_, err := d.DataAccess(t.Context(), readReports())
			done <- err
		}()
		select {
		case <-exchanging:
		case err := <-done:
			t.Fatalf("it did not wait: %v", err)
		}
		first, err := other.RoleCredentials(t.Context()) // once its exchange is over
		if err != nil {
			t.Fatal(err)
		}
		second := d.exchange(t, other)
		if second == first.AccessKeyID {
			t.Fatal("there was no other exchange")
		}
		release()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		d.wantSigners(t, second)
	})
	t.Run("that another process makes while AWS is asked", func(t *testing.T) {
		d := withRole(t)
		old, renewed, other := d.key(t), "", d.open(t, d.config)
		d.proxy.Meddle(proxytest.Hook(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
			if proxytest.Of(r) == "GetDataAccess" && renewed == "" {
				renewed = d.exchange(t, other)
				answerXML(http.StatusBadRequest, "ExpiredToken")(w, r, forward)
				return
			}
			forward(w, r)
		}))
		if _, err := d.DataAccess(t.Context(), readReports()); err != nil {
			t.Fatal(err)
		}
		d.wantSigners(t, old, renewed)
		if seen := d.seen(); strings.Count(seen, "CreateTokenWithIAM") != 1 {
			t.Errorf("seen %s", seen)
		}
	})
}

// holdTurns has nobody get a turn until they are released.
func (d *desk) holdTurns(t *testing.T) (release func()) {
	t.Helper()
	var releases []func()
	for i := range 64 {
		free, err := d.store.Lock(t.Context(), fmt.Sprintf("s3ag-%02x", i))
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, free)
	}
	return func() {
		for _, free := range releases {
			free()
		}
	}
}

// Stored credentials of a shorter duration do not answer a request for a longer one.
func TestDurationOfStoredGrant(t *testing.T) {
	original(t, "serves them: the duration is not in the key")
	d := withRole(t)
	lasting := func(length time.Duration) func(*session.GrantRequest) {
		return func(r *session.GrantRequest) { r.Duration = length }
	}
	short := d.get(t, readReports(lasting(15*time.Minute)), "GetDataAccess")
	long := d.get(t, readReports(lasting(30*time.Minute)), "GetDataAccess")
	if long.AccessKeyID == short.AccessKeyID || long.Duration != 30*time.Minute {
		t.Errorf("they last %s", long.Duration)
	}
	if again := d.get(t, readReports(lasting(15*time.Minute)), ""); again.AccessKeyID != long.AccessKeyID || again.Permission != string(types.PermissionRead) {
		t.Errorf("got %s, want those that last longer", again.AccessKeyID)
	}
}

// original says, of a test that fails, what the Python sample or a peer does instead.
func original(t *testing.T, what string) {
	t.Helper()
	t.Cleanup(func() {
		if what != "" && t.Failed() {
			t.Log("elsewhere: " + what)
		}
	})
}
