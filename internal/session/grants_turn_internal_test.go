package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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

func TestTurnOf(t *testing.T) {
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
		if a, b := s.turnOf(tt.a, role), s.turnOf(tt.b, role); (a == b) != tt.same {
			t.Errorf("%s: %s and %s", name, a, b)
		}
	}
	if a, b := s.turnOf(reading("s3://b/p"), role), s.turnOf(reading("s3://b/p"), store.RoleCredentials{UserID: "another"}); a == b {
		t.Errorf("two people wait for each other: %s", a)
	}
	different := map[string]bool{}
	for i := range 5000 {
		different[turnLock(s.turnOf(reading(fmt.Sprintf("s3://bucket-%d/", i)), role))] = true
	}
	if len(different) != grantTurns {
		t.Errorf("%d locks for 5000 buckets, want %d", len(different), grantTurns)
	}
}

// taken is a session, and a turn that another process has.
func taken(t *testing.T) (s *Session, turn string, free func()) {
	t.Helper()
	s = bare(t)
	turn = s.turnOf(reading("s3://b/p"), store.RoleCredentials{UserID: "user"})
	free, inTurn, err := s.turn(t.Context(), turn, time.Now())
	if err != nil || !inTurn {
		t.Fatal(inTurn, err)
	}
	return s, turn, free
}

// Who does not get the turn asks out of turn, and whose time is up does not.
func TestTurnIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, turn, free := taken(t)
		began := time.Now()
		release, inTurn, err := s.turn(t.Context(), turn, began)
		if waited := time.Since(began); err != nil || inTurn || waited < turnWait || waited > turnWait+time.Second {
			t.Errorf("%t, %v after %v", inTurn, err, waited)
		}
		release() // holds nothing
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := s.turn(ctx, turn, time.Now()); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrLocked) {
			t.Errorf("the time is up: %v", err)
		}
		free()
		began = time.Now()
		if release, inTurn, err = s.turn(t.Context(), turn, began); err != nil || !inTurn || time.Since(began) > 0 {
			t.Errorf("a turn that is free: %t, %v after %v", inTurn, err, time.Since(began))
		}
		release()
	})
}

// Once a turn has ended that was of no use to it, a process does not queue for others.
func TestTurnsAreNotQueuedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after time.Duration // from the beginning of the wait to the end of a turn; 0 for none
		other         bool          // of another bucket
		want          time.Duration
	}{
		"one has ended at once":        {0, time.Second, false, turnStep},
		"one has ended late":           {0, turnStep + time.Second, false, 3 * turnStep},
		"one had ended before":         {time.Second, 0, false, turnWait},
		"one has ended that is others": {0, time.Second, true, turnWait},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, turn, free := taken(t)
				defer free()
				ended := turn
				if tt.other {
					ended = s.turnOf(reading("s3://c/p"), store.RoleCredentials{UserID: "user"})
				}
				if tt.before > 0 {
					s.leaveWord(ended, store.S3Denial{})
					time.Sleep(tt.before)
				}
				if tt.after > 0 {
					time.AfterFunc(tt.after, func() { s.leaveWord(ended, store.S3Denial{}) })
				}
				began := time.Now()
				_, inTurn, err := s.turn(t.Context(), turn, began)
				if waited := time.Since(began); err != nil || inTurn || waited < tt.want || waited > tt.want+time.Second {
					t.Errorf("%t, %v after %v, want %v", inTurn, err, waited, tt.want)
				}
			})
		})
	}
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

// signedIn stores a role session of a person.
func (s *Session) signedIn(t *testing.T, user, fingerprint string) {
	t.Helper()
	role := store.RoleCredentials{
		AccessKeyID: "ASIAROLE", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"), Expiration: time.Now().Add(time.Hour),
		UserID: user, Fingerprint: fingerprint,
	}
	if err := s.store.SaveRole(role); err != nil {
		t.Fatal(err)
	}
}

// keys are the access keys of what is stored.
func (s *Session) keys(t *testing.T) (keys []string) {
	t.Helper()
	entries, err := s.store.LoadS3()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		keys = append(keys, e.AccessKeyID)
	}
	return keys
}

// What was vended for a person is stored beside a role session of theirs, under the same
// configuration, and nowhere else.
func TestKeepGrantOfWhoIsSignedIn(t *testing.T) {
	for name, tt := range map[string]struct {
		now  func(*testing.T, *Session)
		want []string
	}{
		"the same person":       {func(t *testing.T, s *Session) { s.signedIn(t, "user", s.fingerprint) }, []string{"VENDED"}},
		"the original's":        {func(t *testing.T, s *Session) { s.signedIn(t, "user", "") }, []string{"VENDED"}},
		"signed out":            {func(*testing.T, *Session) {}, nil},
		"somebody else":         {func(t *testing.T, s *Session) { s.signedIn(t, "another", s.fingerprint) }, nil},
		"another configuration": {func(t *testing.T, s *Session) { s.signedIn(t, "user", "another") }, nil},
		"a damaged session": {func(t *testing.T, s *Session) {
			if err := os.WriteFile(s.store.Path(store.RoleFile), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := bare(t)
			if err := s.store.SaveS3(nil); err != nil {
				t.Fatal(err)
			}
			tt.now(t, s)
			s.keepGrant(t.Context(), &store.S3Entry{
				Target: "s3://b/*", Permission: "READ", UserID: "user", AccessKeyID: "VENDED", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"),
				Expiration: time.Now().Add(time.Hour),
			})
			if diff := cmp.Diff(tt.want, s.keys(t)); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

// Whose role session it is, is looked at while nobody else can write the S3 credentials.
func TestKeepGrantLooksUnderTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bare(t)
		s.signedIn(t, "user", s.fingerprint)
		release, err := s.store.Lock(t.Context(), store.S3File)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.keepGrant(t.Context(), &store.S3Entry{
				Target: "s3://b/*", Permission: "READ", UserID: "user", AccessKeyID: "VENDED", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"),
				Expiration: time.Now().Add(time.Hour),
			})
		}()
		time.Sleep(time.Second)
		if err := s.store.ClearRole(); err != nil {
			t.Fatal(err)
		}
		release()
		if <-done; len(s.keys(t)) != 0 {
			t.Errorf("stored after the sign-out: %v", s.keys(t))
		}
	})
}

// A sign-out takes the role session first, and the S3 credentials even if somebody else holds
// on to their lock.
func TestForgetCredentialsThatAreLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bare(t)
		s.signedIn(t, "user", s.fingerprint)
		e := store.S3Entry{
			Target: "s3://b/*", Permission: "READ", AccessKeyID: "A", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"),
			Expiration: time.Now().Add(time.Hour),
		}
		if err := s.store.SaveS3([]store.S3Entry{e}); err != nil {
			t.Fatal(err)
		}
		release, err := s.store.Lock(t.Context(), store.S3File)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		began, done := time.Now(), make(chan error, 1)
		go func() { done <- forgetCredentials(t.Context(), s.store) }()
		time.Sleep(time.Second)
		if _, err := s.store.LoadRole(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the role session while the S3 credentials are waited for: %v", err)
		}
		if err := <-done; err != nil || time.Since(began) > storeWait+time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if _, err := os.Stat(s.store.Path(store.S3File)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("S3 credentials: %v", err)
		}
	})
}

// Who waits while somebody else signs in takes over the answer to that person's question.
func TestQuestionOfWhoIsSignedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r, before := bare(t), reading("s3://b/p"), store.RoleCredentials{UserID: "user"}
		release, err := s.store.Lock(t.Context(), turnLock(s.turnOf(r, before)))
		if err != nil {
			t.Fatal(err)
		}
		refused := make(chan error, 1)
		go func() { _, err := s.grantInTurn(t.Context(), r, before); refused <- err }()
		time.Sleep(time.Second)
		s.signedIn(t, "another", s.fingerprint)
		d := store.S3Denial{Question: s.question(r, store.RoleCredentials{UserID: "another"}), At: time.Now(), Code: "AccessDenied", Message: "Theirs."}
		if err := s.store.AddS3Denial(d); err != nil {
			t.Fatal(err)
		}
		release()
		if err, ok := errors.AsType[*s3agcreds.DataAccessError](<-refused); !ok || err.Message != "Theirs." {
			t.Errorf("not their answer: %v", err)
		}
	})
}

// Of all that an answer depends on, each part makes another question.
func TestQuestion(t *testing.T) {
	role := store.RoleCredentials{UserID: "user"}
	edit := func(edit func(*GrantRequest)) *GrantRequest { return reading("s3://b/p", edit) }
	s, seen := bare(t), map[string]string{}
	for name, r := range map[string]*GrantRequest{
		"plain":         reading("s3://b/p"),
		"target":        reading("s3://b/q"),
		"region":        edit(func(r *GrantRequest) { r.Region = "us-east-1" }),
		"account":       edit(func(r *GrantRequest) { r.AccountID = "111122223333" }),
		"permission":    edit(func(r *GrantRequest) { r.Permission = types.PermissionWrite }),
		"privilege":     edit(func(r *GrantRequest) { r.Privilege = types.PrivilegeMinimal }),
		"target type":   edit(func(r *GrantRequest) { r.TargetType = types.S3PrefixTypeObject }),
		"duration":      edit(func(r *GrantRequest) { r.Duration = time.Hour }),
		"audit context": edit(func(r *GrantRequest) { r.AuditContext = "job" }),
	} {
		q := s.question(r, role)
		if other, ok := seen[q]; ok {
			t.Errorf("%s and %s are one question", name, other)
		}
		seen[q] = name
	}
	if _, ok := seen[s.question(reading("s3://b/p"), store.RoleCredentials{UserID: "another"})]; ok {
		t.Error("two people ask one question")
	}
}

// Of two answers to the same question the one that was asked for later stays.
func TestKeepGrant(t *testing.T) {
	at := func(key string, ago time.Duration, edits ...func(*store.S3Entry)) store.S3Entry {
		e := store.S3Entry{
			Target: "s3://b/*", Permission: "READ", TargetType: "Prefix", Privilege: "Default", AccountID: "444455556666", Identity: "i", UserID: "user",
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
			s.signedIn(t, "user", s.fingerprint)
			if err := s.store.SaveS3([]store.S3Entry{tt.there}); err != nil {
				t.Fatal(err)
			}
			s.keepGrant(t.Context(), &tt.late)
			if diff := cmp.Diff(tt.want, s.keys(t)); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}
