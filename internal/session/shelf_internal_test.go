package session

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

func TestServes(t *testing.T) {
	alice := newShelf(nil, config.Config{})
	entry := func(edits ...func(*store.S3Entry)) *store.S3Entry {
		e := &store.S3Entry{
			Target: "s3://bucket/prefix/*", Permission: "READWRITE", TargetType: "Prefix", Privilege: "Default",
			Expiration: time.Now().Add(time.Hour), RequestedTarget: "s3://bucket/prefix/a/",
			Identity: alice.identity(store.RoleCredentials{UserID: "alice"}), AccountID: "444455556666", Region: "eu-west-1",
		}
		for _, edit := range edits {
			edit(e)
		}
		return e
	}
	left := func(d, of time.Duration) func(*store.S3Entry) {
		return func(e *store.S3Entry) { e.Expiration, e.Duration = time.Now().Add(d), of }
	}
	minimal := func(e *store.S3Entry) { e.Privilege = "Minimal" }
	request := func(target string, p types.Permission, privilege types.Privilege) *GrantRequest {
		return &GrantRequest{Target: target, Permission: p, Privilege: privilege}
	}
	const d, m = types.PrivilegeDefault, types.PrivilegeMinimal
	lasting := func(d time.Duration) *GrantRequest {
		return &GrantRequest{Target: "s3://bucket/prefix/", Permission: "READ", Privilege: types.PrivilegeDefault, Duration: d}
	}
	for name, test := range map[string]struct {
		entry   *store.S3Entry
		request *GrantRequest
		want    bool
	}{
		"the same":                    {entry(), request("s3://bucket/prefix/a/", "READWRITE", d), true},
		"below the grant":             {entry(), request("s3://bucket/prefix/b/c", "READ", d), true},
		"beside the grant":            {entry(), request("s3://bucket/other/", "READ", d), false},
		"the folder without slash":    {entry(), request("s3://bucket/prefix", "READ", d), false},
		"another bucket":              {entry(), request("s3://bucket2/prefix/", "READ", d), false},
		"more than was granted":       {entry(func(e *store.S3Entry) { e.Permission = "READ" }), request("s3://bucket/prefix/", "WRITE", d), false},
		"an hour's, 16 minutes left":  {entry(left(16*time.Minute, time.Hour)), request("s3://bucket/prefix/", "READ", d), true},
		"an hour's, 14 minutes left":  {entry(left(14*time.Minute, time.Hour)), request("s3://bucket/prefix/", "READ", d), false},
		"of no known life, as such":   {entry(left(14*time.Minute, 0)), request("s3://bucket/prefix/", "READ", d), false},
		"15 minutes', 6 minutes left": {entry(left(6*time.Minute, 15*time.Minute)), request("s3://bucket/prefix/", "READ", d), true},
		"15 minutes', 4 minutes left": {entry(left(4*time.Minute, 15*time.Minute)), request("s3://bucket/prefix/", "READ", d), false},
		"the clock was set back":      {entry(left(30*time.Hour, time.Hour)), request("s3://bucket/prefix/", "READ", d), false},
		"the clock, a little":         {entry(left(64*time.Minute, time.Hour)), request("s3://bucket/prefix/", "READ", d), true},
		"of no known life, set back":  {entry(left(66*time.Minute, 0)), request("s3://bucket/prefix/", "READ", d), false},
		"shorter than asked for":      {entry(left(14*time.Minute, 15*time.Minute)), lasting(12 * time.Hour), false},
		"an hour's, for two":          {entry(), lasting(2 * time.Hour), false},
		"an hour's, for one":          {entry(), lasting(time.Hour), true},
		"longer than asked for":       {entry(left(11*time.Hour, 12*time.Hour)), lasting(15 * time.Minute), true},
		"as long, an hour left":       {entry(left(time.Hour, 12*time.Hour)), lasting(12 * time.Hour), true},
		"expired":                     {entry(left(-time.Minute, time.Hour)), request("s3://bucket/prefix/", "READ", d), false},
		"Minimal from Default":        {entry(), request("s3://bucket/prefix/a/", "READWRITE", m), false},
		"Default from Minimal":        {entry(minimal), request("s3://bucket/prefix/a/", "READWRITE", d), false},
		"Minimal, the very same":      {entry(minimal), request("s3://bucket/prefix/a/", "READWRITE", m), true},
		"Minimal, below":              {entry(minimal), request("s3://bucket/prefix/a/b", "READWRITE", m), false},
		"Minimal, less":               {entry(minimal), request("s3://bucket/prefix/a/", "READ", m), false},
		"Minimal, as an object": {
			entry(minimal),
			&GrantRequest{Target: "s3://bucket/prefix/a/", Permission: "READWRITE", Privilege: m, TargetType: types.S3PrefixTypeObject}, false,
		},
	} {
		test.request.Region = "eu-west-1"
		asked := alice.asked(test.request, store.RoleCredentials{AccountID: "444455556666", UserID: "alice"})
		grant := test.entry.Grant()
		if got := asked.ServedBy(&grant); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Who is nobody gets nothing, not even what was stored for nobody.
func TestGrantOfNobody(t *testing.T) {
	st := store.New(t.TempDir(), func(o *store.Options) { o.Keyring = nil })
	s := newShelf(st, config.Config{})
	for user, want := range map[string]bool{"alice": true, "": false} {
		role := store.RoleCredentials{
			AccessKeyID: "ASIAROLE", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"), Expiration: time.Now().Add(time.Hour),
			AccountID: "444455556666", UserID: user, Fingerprint: s.fingerprint,
		}
		e := store.S3Entry{
			Target: "s3://bucket/*", Permission: "READ", TargetType: "Prefix", Privilege: "Default", AccountID: "444455556666", Region: "eu-west-1", Identity: s.identity(role),
			AccessKeyID: "ASIAS3", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"), Expiration: time.Now().Add(time.Hour),
		}
		if err := errors.Join(st.SaveRole(role), st.SaveS3([]store.S3Entry{e})); err != nil {
			t.Fatal(err)
		}
		if _, ok := s.heldGrant(&GrantRequest{Target: "s3://bucket/x", Permission: "READ", Region: "eu-west-1"}); ok != want {
			t.Errorf("%q: %v", user, ok)
		}
	}
}
