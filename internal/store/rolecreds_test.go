package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// What the fast path looks at is stored, and handed to whoever judges.
func TestRoleForTheFastPath(t *testing.T) {
	s := newStore(t)
	now := time.Now().UTC().Truncate(time.Second)
	want := store.RoleCredentials{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("secret"), SessionToken: secret.New("session"),
		Expiration: now.Add(time.Hour), Fingerprint: "f", ObtainedAt: now, RenewBefore: 912 * time.Second, ConfigDigest: "fnv1a-128:00",
	}
	if err := s.SaveRole(want); err != nil {
		t.Fatal(err)
	}
	got, err := s.LoadRole()
	if diff := cmp.Diff(want, got, reveal); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	judged := &answer.Stored{
		Complete: true, Private: true, Expiration: now.Add(time.Hour), ObtainedAt: now, RenewBefore: 912 * time.Second,
		Fingerprint: "f", ConfigDigest: "fnv1a-128:00",
	}
	if diff := cmp.Diff(judged, got.Judged()); diff != "" {
		t.Error(diff)
	}
	got.SessionToken, got.Exposed = secret.Value{}, true
	if j := got.Judged(); j.Complete || j.Private {
		t.Errorf("%+v", j)
	}
}

// A file of a later version is read; one that is wrong is damaged.
func TestRoleMembers(t *testing.T) {
	for member, want := range map[string]error{
		`"of_tomorrow": {"a": [1]}`:             nil,
		`"obtained_at": "2026-01-02T02:04:05Z"`: nil,
		`"obtained_at": "soon"`:                 store.ErrCorrupt,
		`"renew_before": 912`:                   nil,
		`"renew_before": -1`:                    store.ErrCorrupt,
		`"renew_before": "15m"`:                 store.ErrCorrupt,
	} {
		s := newStore(t)
		put(t, s, store.RoleFile, strings.Replace(originalRole, "{", "{"+member+",", 1))
		if _, err := s.LoadRole(); want == nil && err != nil {
			t.Errorf("%s: %v", member, err)
		}
		if want != nil {
			wantError(t, load(s, store.RoleFile), want, s.Path(store.RoleFile))
		}
	}
}
