package session

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// bare is a session that calls nobody.
func bare(t *testing.T) *Session {
	t.Helper()
	st := store.New(t.TempDir(), func(o *store.Options) { o.Keyring = nil })
	return &Session{shelf: newShelf(st, config.Config{}), trace: func(string) {}, notice: func(text string) { t.Error(text) }}
}

func reading(target string, edits ...func(*GrantRequest)) *GrantRequest {
	r := &GrantRequest{Target: target, Permission: types.PermissionRead, AccountID: "444455556666"}
	for _, edit := range edits {
		edit(r)
	}
	return r
}

func TestTurnName(t *testing.T) {
	s, role := bare(t), store.RoleCredentials{UserID: "user"}
	minimal := func(r *GrantRequest) { r.Privilege = types.PrivilegeMinimal }
	for name, tt := range map[string]struct {
		a, b *GrantRequest
		same bool
	}{
		"siblings":                {reading("s3://b/p/1"), reading("s3://b/p/2"), true},
		"a bucket and its key":    {reading("s3://b"), reading("s3://b/p/2"), true},
		"another bucket":          {reading("s3://b/p"), reading("s3://c/p"), false},
		"another permission":      {reading("s3://b/p"), reading("s3://b/p", func(r *GrantRequest) { r.Permission = types.PermissionWrite }), false},
		"another region":          {reading("s3://b/p"), reading("s3://b/p", func(r *GrantRequest) { r.Region = "us-east-1" }), false},
		"another account":         {reading("s3://b/p"), reading("s3://b/p", func(r *GrantRequest) { r.AccountID = "111122223333" }), false},
		"another audit context":   {reading("s3://b/p"), reading("s3://b/p", func(r *GrantRequest) { r.AuditContext = "job" }), false},
		"Minimal, siblings":       {reading("s3://b/p/1", minimal), reading("s3://b/p/2", minimal), false},
		"Minimal, the very same":  {reading("s3://b/p/1", minimal), reading("s3://b/p/1", minimal), true},
		"forced, like the others": {reading("s3://b/p/1"), reading("s3://b/p/1", func(r *GrantRequest) { r.Force = true }), true},
	} {
		if a, b := s.turnName(tt.a, role), s.turnName(tt.b, role); (a == b) != tt.same {
			t.Errorf("%s: %s and %s", name, a, b)
		}
	}
	if a, b := s.turnName(reading("s3://b/p"), role), s.turnName(reading("s3://b/p"), store.RoleCredentials{UserID: "another"}); a == b {
		t.Errorf("two people wait for each other: %s", a)
	}
	different := map[string]bool{}
	for i := range 5000 {
		different[s.turnName(reading(fmt.Sprintf("s3://bucket-%d/", i)), role)] = true
	}
	if len(different) != grantTurns {
		t.Errorf("%d locks for 5000 buckets, want %d", len(different), grantTurns)
	}
}

// Who does not get the turn asks out of turn, and whose time is up does not.
func TestTurnIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r, role := bare(t), reading("s3://b/p"), store.RoleCredentials{UserID: "user"}
		free, err := s.turn(t.Context(), r, role)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		release, err := s.turn(t.Context(), r, role)
		if waited := time.Since(began); err != nil || waited < turnWait || waited > turnWait+time.Second {
			t.Errorf("%v after %v", err, waited)
		}
		release() // holds nothing
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.turn(ctx, r, role); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrLocked) {
			t.Errorf("the time is up: %v", err)
		}
		free()
		began = time.Now()
		if release, err = s.turn(t.Context(), r, role); err != nil || time.Since(began) > 0 {
			t.Errorf("a turn that is free: %v after %v", err, time.Since(began))
		}
		release()
	})
}

func TestDenials(t *testing.T) {
	refused := func(kind s3agcreds.Kind, code string, status int) *s3agcreds.DataAccessError {
		return &s3agcreds.DataAccessError{
			Operation: "GetDataAccess", Kind: kind, Code: code, Message: "No.", HTTPStatus: status, RequestID: "r", Target: "s3://b/k", Permission: "READ",
		}
	}
	noGrant := refused(s3agcreds.KindNoGrant, "AccessDenied", 403)
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"no grant":            {noGrant, true},
		"no instance":         {refused(s3agcreds.KindNoInstance, "AccessGrantsInstanceNotExistsError", 404), true},
		"not authorized":      {refused(s3agcreds.KindNotAuthorized, "AccessDenied", 403), true},
		"location role":       {refused(s3agcreds.KindLocationRole, "StsNotAuthorizedError", 403), true},
		"throttled":           {refused(s3agcreds.KindUnavailable, "SlowDown", 503), true},
		"of the owner":        {&OwnerError{AccountID: "111122223333", Err: noGrant}, true},
		"owner unknown":       {&OwnerUnknownError{Err: noGrant, LookUp: "AccessDenied"}, true},
		"in other words":      {refused(s3agcreds.KindOther, "AccessDenied", 403), true},
		"not reached":         {refused(s3agcreds.KindUnavailable, "", 0), false},
		"unknown keys":        {refused(s3agcreds.KindOther, "InvalidToken", 400), false},
		"expired keys":        {refused(s3agcreds.KindUnavailable, "ExpiredToken", 503), false},
		"something else":      {refused(s3agcreds.KindOther, "InvalidRequest", 400), false},
		"a proxy's 503":       {refused(s3agcreds.KindUnavailable, "", 503), false},
		"the end of the wait": {context.DeadlineExceeded, false},
		"nothing":             {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, ok := denialOf(tt.err)
			if ok != tt.want {
				t.Fatalf("shared: %v", ok)
			}
			if !ok {
				return
			}
			got := refusalOf(&d)
			if diff := cmp.Diff(tt.err, got); diff != "" || got.Error() != tt.err.Error() {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Of two answers to the same question the one that was asked for later stays.
func TestKeepGrant(t *testing.T) {
	at := func(key string, ago time.Duration, edits ...func(*store.S3Entry)) store.S3Entry {
		e := store.S3Entry{
			Target: "s3://b/*", Permission: "READ", TargetType: "Prefix", Privilege: "Default", AccountID: "444455556666", Identity: "i",
			AccessKeyID: key, SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"),
			Expiration: time.Now().Add(time.Hour), ObtainedAt: time.Now().Add(-ago).UTC().Truncate(time.Second),
		}
		for _, edit := range edits {
			edit(&e)
		}
		return e
	}
	for name, tt := range map[string]struct {
		there, late store.S3Entry
		want        []string
	}{
		"case 32: a forced new one, then a late older one": {at("forced", 5*time.Second), at("late", 20*time.Second), []string{"forced"}},
		"case 32: an old one, then a forced new one":       {at("old", 20*time.Second), at("forced", 5*time.Second), []string{"forced"}},
		"an old one of unknown age":                        {at("old", 0, func(e *store.S3Entry) { e.ObtainedAt = time.Time{} }), at("new", 0), []string{"new"}},
		"one from the future, of a clock that went wrong":  {at("wrong", -time.Hour), at("new", 0), []string{"new"}},
		"of another region":                                {at("there", 0, func(e *store.S3Entry) { e.Region = "us-east-1" }), at("late", 20*time.Second), []string{"there", "late"}},
		"of another person":                                {at("there", 0, func(e *store.S3Entry) { e.Identity = "j" }), at("late", 20*time.Second), []string{"there", "late"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := bare(t)
			if err := s.store.SaveS3([]store.S3Entry{tt.there}); err != nil {
				t.Fatal(err)
			}
			s.keepGrant(t.Context(), &tt.late)
			entries, err := s.store.LoadS3()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range entries {
				got = append(got, e.AccessKeyID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}
