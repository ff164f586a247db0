package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// olderS3 is s3_creds.json as versions wrote it that knew neither regions nor how an
// account was found.
const olderS3 = `{
    "s3://example-bucket/prefix/*": [
        {
            "id": "128c407ed4d4f7856290976d015b9d24375f4fd273f592e2c9477c61f727edfc",
            "permission": "READ",
            "target_type": "Prefix",
            "privilege": "Default",
            "expiration": 1767323045.0,
            "creds": {
                "AccessKeyId": "ASIAEXAMPLE",
                "SecretAccessKey": "secret",
                "SessionToken": "session"
            },
            "account_id": "444455556666",
            "duration_seconds": 900,
            "identity": "f",
            "requested_target": "s3://example-bucket/prefix/a"
        }
    ]
}
`

func TestS3OfOlderVersions(t *testing.T) {
	s := newStore(t)
	put(t, s, store.S3File, olderS3)
	want := store.S3Entry{
		Target: "s3://example-bucket/prefix/*", Permission: "READ", TargetType: "Prefix", Privilege: "Default",
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("secret"), SessionToken: secret.New("session"),
		Expiration: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), AccountID: "444455556666", Duration: 15 * time.Minute, Identity: "f",
		RequestedTarget: "s3://example-bucket/prefix/a",
	}
	checkS3(t, s, []store.S3Entry{want})
	r := &answer.GrantRequest{Now: want.Expiration.Add(-10 * time.Minute), Target: "s3://example-bucket/prefix/b", Permission: "READ", Identity: "f", Caller: "444455556666", Region: "eu-west-1"}
	grant := want.Grant()
	if r.ServedBy(&grant) {
		t.Error("it answers, and nobody knows of which region it is")
	}
	if grant.Region = r.Region; !r.ServedBy(&grant) {
		t.Error("it answers nothing")
	}
	// Nothing was added to it, so that those versions write what they read.
	later := want
	later.Expiration = time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	if err := s.SaveS3([]store.S3Entry{later}); err != nil {
		t.Fatal(err)
	}
	wantText := strings.Replace(olderS3, "1767323045.0", fmt.Sprintf("%d.0", later.Expiration.Unix()), 1)
	if diff := cmp.Diff(wantText, text(t, s.Path(store.S3File))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestS3RoundTrip(t *testing.T) {
	s := newStore(t)
	want := entry("s3://b/<&>ü*", func(e *store.S3Entry) {
		e.Resolved, e.Region, e.UserID, e.GranteeType, e.GranteeID = true, "eu-central-1", "a1b2", "DIRECTORY_GROUP", "c3d4"
		e.ObtainedAt = time.Now().UTC().Truncate(time.Second)
	})
	if err := s.SaveS3([]store.S3Entry{want}); err != nil {
		t.Fatal(err)
	}
	checkS3(t, s, []store.S3Entry{want})
	info, err := os.Stat(s.Path(store.S3File))
	if err != nil || !answer.Private(info) {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestClearS3OfABucket(t *testing.T) {
	for _, target := range []string{"s3://b", "s3://b/"} {
		s := newStore(t)
		other := entry("s3://b/*")
		if err := s.SaveS3([]store.S3Entry{entry("s3://b/"), other}); err != nil {
			t.Fatal(err)
		}
		if n, err := s.ClearS3(t.Context(), target); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", target, n, err)
		}
		checkS3(t, s, []store.S3Entry{other})
	}
}

// Of more entries than there may be those stay that last longest, and the newest.
func TestMaxS3Entries(t *testing.T) {
	s := newStore(t)
	var entries []store.S3Entry
	for i := range store.MaxS3Entries + 1 {
		entries = append(entries, entry(fmt.Sprintf("s3://b/%04d/*", i), lasting(time.Hour+time.Duration(i)*time.Second)))
	}
	if err := s.SaveS3(entries); err != nil {
		t.Fatal(err)
	}
	checkS3(t, s, entries[1:])
	newest := entry("s3://b/new/*", lasting(15*time.Minute), func(e *store.S3Entry) { e.AccessKeyID, e.RequestedTarget = "ASIANEW", "s3://b/new/x" })
	if err := s.UpsertS3(t.Context(), newest); err != nil {
		t.Fatal(err)
	}
	checkS3(t, s, append(entries[2:], newest))
}

// The newest stays as well where the file would be too large.
func TestTooLargeButForTheNewest(t *testing.T) {
	s := newStore(t)
	long := func(e *store.S3Entry) { e.SessionToken = secret.New(strings.Repeat("t", 1500)) }
	var entries []store.S3Entry
	for i := range 600 {
		entries = append(entries, entry(fmt.Sprintf("s3://b/%04d/*", i), long, lasting(time.Hour)))
	}
	if err := s.SaveS3(entries); err != nil {
		t.Fatal(err)
	}
	newest := entry("s3://b/new/*", lasting(15*time.Minute), func(e *store.S3Entry) { e.AccessKeyID = "ASIANEW" })
	for range 2 { // the second replaces the first
		newest.SessionToken = secret.New(strings.Repeat("n", 200_000+len(newest.SessionToken.Reveal())))
		if err := s.UpsertS3(t.Context(), newest); err != nil {
			t.Fatal(err)
		}
		got, err := s.LoadS3()
		if err != nil || len(got) < 100 || got[len(got)-1].AccessKeyID != "ASIANEW" {
			t.Errorf("%d entries, %v", len(got), err)
		}
	}
}

func lasting(d time.Duration) func(*store.S3Entry) {
	return func(e *store.S3Entry) { e.Expiration = time.Now().Add(d).UTC().Truncate(time.Second) }
}

// What AWS has answered last comes before all that was stored for the same question.
func TestSuperseded(t *testing.T) {
	type edit = func(*store.S3Entry)
	asked := func(target string) edit { return func(e *store.S3Entry) { e.RequestedTarget = target } }
	permits := func(permission string) edit { return func(e *store.S3Entry) { e.Permission = permission } }
	longer := lasting(2 * time.Hour)
	of := func(account string, resolved bool) edit {
		return func(e *store.S3Entry) { e.AccountID, e.Resolved = account, resolved }
	}
	for _, tt := range []struct {
		name     string
		old, new store.S3Entry
		dropped  bool
		original string
	}{
		{"case 32: the same again", entry("s3://b/*", longer), entry("s3://b/*"), true, "appends it, and the old one shadows it"},
		{"case 32: a wider grant in the place of a narrow one", entry("s3://b/a/*"), entry("s3://b/*", asked("s3://b/a/x")), true, "finds the first that matches"},
		{"case 32: the same of another type", entry("s3://b/*", longer), entry("s3://b/*", func(e *store.S3Entry) { e.TargetType = "Object" }), true, ""},
		{"case 32: named before, found now", entry("s3://b/*", longer, of("444455556666", false)), entry("s3://b/*", of("444455556666", true)), true, ""},
		{"case 32: found elsewhere now", entry("s3://b/a/*", of("111122223333", true)), entry("s3://b/*", asked("s3://b/a/x"), of("444455556666", true)), true, ""},
		{"a narrow one beside", entry("s3://b/a/*"), entry("s3://b/*", asked("s3://b/c")), false, ""},
		{"a wider one", entry("s3://b/*", longer), entry("s3://b/a/*", asked("s3://b/a/x")), false, ""},
		{"a wider permission", entry("s3://b/*", longer, permits("READWRITE")), entry("s3://b/*"), false, ""},
		{"a narrow one of a wider permission", entry("s3://b/a/*", permits("READWRITE")), entry("s3://b/*", asked("s3://b/a/x")), true, ""},
		{"a narrow one of another permission", entry("s3://b/a/*", permits("WRITE")), entry("s3://b/*", asked("s3://b/a/x")), false, ""},
		{"of somebody else", entry("s3://b/a/*", func(e *store.S3Entry) { e.Identity = "g" }), entry("s3://b/*", asked("s3://b/a/x")), false, ""},
		{"of another account", entry("s3://b/a/*", of("111122223333", false)), entry("s3://b/*", asked("s3://b/a/x")), false, ""},
		{"of another region", entry("s3://b/a/*", func(e *store.S3Entry) { e.Region = "eu-central-1" }), entry("s3://b/*", asked("s3://b/a/x")), false, ""},
		{"a Minimal one", entry("s3://b/a/x", func(e *store.S3Entry) { e.Privilege, e.RequestedTarget = "Minimal", "s3://b/a/x" }), entry("s3://b/*", asked("s3://b/a/x")), false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			tt.old.AccessKeyID, tt.new.AccessKeyID = "ASIAOLD", "ASIANEW"
			for _, e := range []store.S3Entry{tt.old, tt.new} {
				if err := s.UpsertS3(t.Context(), e); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.LoadS3()
			if want := map[bool]int{true: 1, false: 2}[tt.dropped]; err != nil || len(got) != want {
				t.Errorf("%d entries, %v, want %d; the original %s", len(got), err, want, tt.original)
			}
			if tt.dropped && len(got) == 1 && got[0].AccessKeyID != "ASIANEW" {
				t.Errorf("kept %s", got[0].AccessKeyID)
			}
		})
	}
}

// Whether an entry is stored is decided while nobody else can write, by what is there.
func TestUpsertS3If(t *testing.T) {
	s := newStore(t)
	there, late := entry("s3://a/*"), entry("s3://b/*")
	if err := s.UpsertS3(t.Context(), there); err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []bool{false, true} {
		err := s.UpsertS3If(t.Context(), late, func(held []store.S3Entry) bool {
			if diff := cmp.Diff([]store.S3Entry{there}, held, reveal); diff != "" {
				t.Errorf("held (-want +got):\n%s", diff)
			}
			if _, ok, err := s.TryLock(store.S3File); ok || err != nil {
				t.Errorf("somebody else could write: %v", err)
			}
			return wanted
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []store.S3Entry{there}
		if wanted {
			want = append(want, late)
		}
		checkS3(t, s, want)
	}
}

// RemoveS3 waits for nobody, and sets aside what is damaged.
func TestRemoveS3(t *testing.T) {
	s := newStore(t)
	release, err := s.Lock(t.Context(), store.S3File)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for _, content := range []string{"{}", "{"} {
		if err := os.WriteFile(s.Path(store.S3File), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time there is none
			if err := s.RemoveS3(); err != nil {
				t.Errorf("%s: %v", content, err)
			}
			if _, err := os.Stat(s.Path(store.S3File)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", content, err)
			}
		}
	}
	if damaged, err := s.DamagedFiles(); err != nil || len(damaged) != 1 {
		t.Errorf("%v, %v", damaged, err)
	}
}
