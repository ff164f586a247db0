package session_test

import (
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// reports asks for a path below the reports that analysts may read.
func reports(path string) session.GrantRequest {
	return session.GrantRequest{Target: "s3://tip-demo-data/reports/" + path, Permission: types.PermissionRead, Privilege: types.PrivilegeDefault, Region: "eu-west-1"}
}

func TestStoredGrants(t *testing.T) {
	d := newDesk(t)
	d.hold(t, func(*store.RoleCredentials) {})
	d.seen()
	first, err := d.DataAccess(t.Context(), reports("2026/a"))
	if err != nil {
		t.Fatal(err)
	}
	served := func(t *testing.T, r session.GrantRequest, want string) {
		t.Helper()
		got, ok := session.HeldGrant(d.store, d.config, r, "")
		if got.AccessKeyID != want || ok != (want != "") {
			t.Errorf("%s: %s, want %s", r.Target, got.AccessKeyID, want)
		}
	}
	t.Run("case 27: siblings under one matched target, one call", func(t *testing.T) {
		for _, path := range []string{"2026/a", "2026/b", "2027/", "x", "", "*"} {
			got, err := d.DataAccess(t.Context(), reports(path))
			if err != nil || got.AccessKeyID != first.AccessKeyID {
				t.Errorf("%s: %s, %v", path, got.AccessKeyID, err)
			}
			served(t, reports(path), first.AccessKeyID)
		}
		if seen := d.seen(); seen != "GetDataAccess" {
			t.Errorf("sent: %s", seen)
		}
	})
	role, err := d.store.LoadRole()
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*store.RoleCredentials)) {
		other := role
		change(&other)
		if err := d.store.SaveRole(other); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("case 22: the same person with other keys", func(t *testing.T) {
		with(func(c *store.RoleCredentials) { c.AccessKeyID, c.SecretAccessKey = "ASIANEW", secret.New("new") })
		served(t, reports("x"), first.AccessKeyID)
	})
	t.Run("case 21: another person", func(t *testing.T) { // elsewhere: served, for the identity is not in the key
		with(func(c *store.RoleCredentials) { c.UserID = "another" })
		served(t, reports("x"), "")
	})
	t.Run("the session has expired", func(t *testing.T) {
		with(func(c *store.RoleCredentials) { c.Expiration = time.Now().Add(-time.Hour) })
		served(t, reports("x"), first.AccessKeyID)
	})
	t.Run("of nobody", func(t *testing.T) {
		with(func(c *store.RoleCredentials) { c.UserID = "" })
		served(t, reports("x"), "")
	})
	with(func(*store.RoleCredentials) {})
	t.Run("case 28: another account", func(t *testing.T) { // elsewhere: served, for the account is not in the key
		r := reports("x")
		r.AccountID = "111122223333"
		served(t, r, "")
		r.AccountID = "444455556666"
		served(t, r, first.AccessKeyID)
	})
	t.Run("by force", func(t *testing.T) {
		r := reports("x")
		r.Force = true
		served(t, r, "")
	})
	t.Run("another region", func(t *testing.T) {
		r := reports("x")
		r.Region = "eu-central-1"
		served(t, r, "")
	})
}

// Whoever finds S3 credentials on disk makes the person known to the fast path, if the
// role session was stored by a version that did not.
func TestIntroducedByAGrant(t *testing.T) {
	d := newDesk(t)
	text, err := d.config.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.store.SaveConfig(text); err != nil {
		t.Fatal(err)
	}
	want := d.hold(t, func(*store.RoleCredentials) {})
	if want.S3Identity == "" || want.ConfigDigest != answer.Digest(text) {
		t.Errorf("a new session says %q, %q", want.S3Identity, want.ConfigDigest)
	}
	e, err := d.DataAccess(t.Context(), reports("x"))
	if err != nil || e.Identity != want.S3Identity {
		t.Fatalf("%q, %v", e.Identity, err)
	}
	for name, tt := range map[string]struct {
		change func(*store.RoleCredentials)
		want   bool
	}{
		"a version without S3 credentials": {func(c *store.RoleCredentials) { c.S3Identity = "" }, true},
		"another account in config.json":   {func(c *store.RoleCredentials) { c.S3AccountID = "111122223333" }, true},
		"a version without a fast path":    {func(c *store.RoleCredentials) { c.S3Identity, c.ConfigDigest = "", "" }, true},
		"the original":                     {func(c *store.RoleCredentials) { c.S3Identity, c.Fingerprint = "", "" }, false},
	} {
		old := want
		tt.change(&old)
		if err := d.store.SaveRole(old); err != nil {
			t.Fatal(err)
		}
		if _, ok := session.HeldGrant(d.store, d.config, reports("x"), ""); !ok {
			t.Errorf("%s: not held", name)
		}
		got, err := d.store.LoadRole()
		if known := got.S3Identity == want.S3Identity && got.S3AccountID == "" && got.ConfigDigest == want.ConfigDigest; err != nil || known != tt.want {
			t.Errorf("%s: known %v, %v", name, known, err)
		}
	}
}

// Nothing is written where there is nothing to say, or while somebody else writes.
func TestNotIntroduced(t *testing.T) {
	d := newDesk(t)
	role := d.hold(t, func(*store.RoleCredentials) {})
	text, err := d.config.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.store.SaveConfig(text); err != nil {
		t.Fatal(err)
	}
	if _, err := d.DataAccess(t.Context(), reports("x")); err != nil {
		t.Fatal(err)
	}
	untouched := func(want bool) {
		t.Helper()
		before, err := os.Stat(d.store.Path(store.RoleFile))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := session.HeldGrant(d.store, d.config, reports("x"), ""); !ok {
			t.Error("not held")
		}
		if after, err := os.Stat(d.store.Path(store.RoleFile)); err != nil || os.SameFile(before, after) != want {
			t.Errorf("untouched %v, %v", !want, err)
		}
	}
	untouched(false) // config.json is newer than the session
	untouched(true)
	role.S3Identity = ""
	if err := d.store.SaveRole(role); err != nil {
		t.Fatal(err)
	}
	release, err := d.store.Lock(t.Context(), "session")
	if err != nil {
		t.Fatal(err)
	}
	untouched(true)
	release()
	untouched(false)
}
