package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// The files as the original writes them: json.dump with indent=4, times by
// datetime.isoformat() and datetime.timestamp().
const (
	originalRole = `{
    "access_key_id": "ASIAEXAMPLE",
    "secret_access_key": "secret",
    "session_token": "session",
    "expiration": "2026-01-02T03:04:05+00:00"
}`
	originalS3 = `{
    "s3://example-bucket/prefix/*": [
        {
            "id": "0d6cd7e4",
            "permission": "READ",
            "target_type": "Prefix",
            "privilege": "Default",
            "expiration": 1767323045.0,
            "creds": {
                "AccessKeyId": "ASIAEXAMPLE",
                "SecretAccessKey": "secret",
                "SessionToken": "session"
            }
        }
    ],
    "s3://a/*": []
}`
)

func TestRoleOfTheOriginal(t *testing.T) {
	want := store.RoleCredentials{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("secret"), SessionToken: secret.New("session"),
		Expiration: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	for _, expiration := range []string{"2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05.000000+00:00"} {
		s := newStore(t)
		put(t, s, store.RoleFile, strings.Replace(originalRole, "2026-01-02T03:04:05+00:00", expiration, 1))
		got, err := s.LoadRole()
		if diff := cmp.Diff(want, got, reveal); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", expiration, err, diff)
		}
	}
}

func TestRoleRoundTrip(t *testing.T) {
	s := newStore(t)
	want := store.RoleCredentials{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("a<&>/+="), SessionToken: secret.New("session"),
		Expiration: time.Now().Add(time.Hour).UTC().Truncate(time.Second),
		AccountID:  "444455556666", UserID: "11111111-2222-3333-4444-555555555555", Fingerprint: "f",
	}
	if err := s.SaveRole(want); err != nil {
		t.Fatal(err)
	}
	got, err := s.LoadRole()
	if diff := cmp.Diff(want, got, reveal); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	var file map[string]string
	if err := json.Unmarshal([]byte(text(t, s.Path(store.RoleFile))), &file); err != nil {
		t.Fatal(err)
	}
	if file["secret_access_key"] != "a<&>/+=" || file["expiration"] != want.Expiration.Format(time.RFC3339) {
		t.Errorf("the file has %v", file)
	}
	for range 2 {
		if err := s.ClearRole(); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, load(s, store.RoleFile), store.ErrNotFound, s.Path(store.RoleFile))
}

func TestRoleRefuses(t *testing.T) {
	for _, replace := range [][2]string{
		{`"ASIAEXAMPLE"`, `""`}, {`"secret"`, "null"}, {`"session"`, `""`}, {`"2026-01-02T03:04:05+00:00"`, `""`},
		{"2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05"}, {"2026-01-02T03:04:05+00:00", "soon"}, {`"secret"`, `["` + canary + `"]`},
		{`"2026-01-02T03:04:05+00:00"`, "1767323045"},
	} {
		s := newStore(t)
		put(t, s, store.RoleFile, strings.Replace(originalRole, replace[0], replace[1], 1))
		wantError(t, load(s, store.RoleFile), store.ErrCorrupt, s.Path(store.RoleFile))
	}
	full := store.RoleCredentials{AccessKeyID: "a", SecretAccessKey: secret.New("b"), SessionToken: secret.New("c"), Expiration: time.Now()}
	for i := range 4 {
		broken := full
		switch i {
		case 0:
			broken.AccessKeyID = ""
		case 1:
			broken.SecretAccessKey = secret.Value{}
		case 2:
			broken.SessionToken = secret.Value{}
		case 3:
			broken.Expiration = time.Time{}
		}
		s := newStore(t)
		wantError(t, s.SaveRole(broken), store.ErrCorrupt, s.Path(store.RoleFile))
	}
}

func TestS3OfTheOriginal(t *testing.T) {
	s := newStore(t)
	put(t, s, store.S3File, originalS3)
	want := []store.S3Entry{{
		Target: "s3://example-bucket/prefix/*", Permission: "READ", TargetType: "Prefix", Privilege: "Default",
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("secret"), SessionToken: secret.New("session"),
		Expiration: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}}
	got, err := s.LoadS3()
	if diff := cmp.Diff(want, got, reveal); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestS3Refuses(t *testing.T) {
	for _, replace := range [][2]string{
		{"1767323045.0", `"soon"`}, {"1767323045.0", "-1"}, {"1767323045.0", "1e300"}, {"1767323045.0", "null"},
		{`"secret"`, `""`}, {`"session"`, "null"}, {`"ASIAEXAMPLE"`, `""`}, {`"secret"`, `{"` + canary + `": 1}`},
		{`"id": "0d6cd7e4"`, `"duration_seconds": -1`}, {`"id": "0d6cd7e4"`, `"duration_seconds": 4294967296`}, {"[]", `"` + canary + `"`},
	} {
		s := newStore(t)
		put(t, s, store.S3File, strings.Replace(originalS3, replace[0], replace[1], 1))
		wantError(t, load(s, store.S3File), store.ErrCorrupt, s.Path(store.S3File))
		changes := map[string]func(*store.Store) error{
			"upsert":    func(s *store.Store) error { return s.UpsertS3(t.Context(), entry("s3://b/*")) },
			"clear one": func(s *store.Store) error { _, err := s.ClearS3(t.Context(), "s3://b/*"); return err },
			"clear all": func(s *store.Store) error { _, err := s.ClearS3(t.Context(), ""); return err },
		}
		damaged := text(t, s.Path(store.S3File))
		for name, change := range changes {
			s := newStore(t)
			put(t, s, store.S3File, damaged)
			if err := change(s); err != nil || load(s, store.S3File) != nil || text(t, s.Path(store.S3File)+".damaged") != damaged {
				t.Errorf("%s of %s does not set it aside: %v, %v", name, damaged, err, load(s, store.S3File))
			}
		}
	}
}

func entry(target string, with ...func(*store.S3Entry)) store.S3Entry {
	e := store.S3Entry{
		Target: target, Permission: "READ", TargetType: "Prefix", Privilege: "Default",
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("secret"), SessionToken: secret.New("session"),
		Expiration: time.Now().Add(time.Hour).UTC().Truncate(time.Second),
		AccountID:  "444455556666", Region: "eu-west-1", Duration: time.Hour, Identity: "f", RequestedTarget: "s3://b/x",
	}
	for _, fn := range with {
		fn(&e)
	}
	return e
}

func TestUpsertAndClearS3(t *testing.T) {
	s, ctx := newStore(t), context.Background()
	first := entry("s3://b/*")
	variants := []store.S3Entry{
		entry("s3://a/*"),
		first,
		entry("s3://b/*", func(e *store.S3Entry) { e.Permission = "WRITE" }),
		entry("s3://b/*", func(e *store.S3Entry) { e.TargetType = "Object" }),
		entry("s3://b/*", func(e *store.S3Entry) { e.Identity = "g" }),
		entry("s3://b/*", func(e *store.S3Entry) { e.AccountID = "111122223333" }),
		entry("s3://b/*", func(e *store.S3Entry) { e.Privilege = "Minimal" }),
		entry("s3://b/*", func(e *store.S3Entry) { e.Privilege, e.RequestedTarget = "Minimal", "s3://b/y" }),
	}
	for _, e := range variants {
		if err := s.UpsertS3(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	checkS3(t, s, variants)
	newer := entry("s3://b/*", func(e *store.S3Entry) {
		e.AccessKeyID, e.RequestedTarget, e.Duration = "ASIANEWER", "s3://b/other", time.Minute
	})
	if err := s.UpsertS3(ctx, newer); err != nil {
		t.Fatal(err)
	}
	want := append([]store.S3Entry{variants[0]}, append(variants[2:], newer)...)
	checkS3(t, s, want)
	if n, err := s.ClearS3(ctx, "s3://b/*"); n != 7 || err != nil {
		t.Errorf("ClearS3 = %d, %v", n, err)
	}
	checkS3(t, s, variants[:1])
	if n, err := s.ClearS3(ctx, ""); n != 1 || err != nil {
		t.Errorf("ClearS3 = %d, %v", n, err)
	}
	checkS3(t, s, nil)
	if got := text(t, s.Path(store.S3File)); got != "{}\n" {
		t.Errorf("the file has %q", got)
	}
}

func checkS3(t *testing.T, s *store.Store, want []store.S3Entry) {
	t.Helper()
	got, err := s.LoadS3()
	if diff := cmp.Diff(want, got, reveal); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestSaveS3DropsExpired(t *testing.T) {
	s := newStore(t)
	old := entry("s3://a/*", func(e *store.S3Entry) { e.Expiration = time.Now().Add(-time.Second) })
	if err := s.SaveS3([]store.S3Entry{old, entry("s3://b/*")}); err != nil {
		t.Fatal(err)
	}
	checkS3(t, s, []store.S3Entry{entry("s3://b/*")})
}

// The original must be able to read the file: it wants these keys, and takes the
// expiration for a float.
func TestS3ForTheOriginal(t *testing.T) {
	s := newStore(t)
	if err := s.SaveS3([]store.S3Entry{entry("s3://b/*")}); err != nil {
		t.Fatal(err)
	}
	var file map[string][]map[string]any
	if err := json.Unmarshal([]byte(text(t, s.Path(store.S3File))), &file); err != nil {
		t.Fatal(err)
	}
	got := file["s3://b/*"][0]
	for _, key := range []string{"permission", "target_type", "privilege", "creds"} {
		if got[key] == nil {
			t.Errorf("%s is missing in %v", key, got)
		}
	}
	// hashlib.sha256(str(tuple(sorted({...}.items()))).encode()).hexdigest() in Python.
	if want := "128c407ed4d4f7856290976d015b9d24375f4fd273f592e2c9477c61f727edfc"; got["id"] != want {
		t.Errorf("id = %v, want %s", got["id"], want)
	}
	if _, ok := got["expiration"].(float64); !ok {
		t.Errorf("expiration = %v", got["expiration"])
	}
}

func TestConcurrentUpserts(t *testing.T) {
	s, ctx := newStore(t), context.Background()
	var wait sync.WaitGroup
	targets := strings.Split("abcdefghijklmnop", "")
	for _, target := range targets {
		wait.Go(func() {
			if err := s.UpsertS3(ctx, entry("s3://"+target+"/*")); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	got, err := s.LoadS3()
	if len(got) != len(targets) || err != nil {
		t.Errorf("%d entries, %v; want %d", len(got), err, len(targets))
	}
}

// However many grants a script asks for, the file stays one that can be read.
func TestTooManyS3Entries(t *testing.T) {
	s := newStore(t)
	var entries []store.S3Entry
	for i := range 800 {
		entries = append(entries, store.S3Entry{
			Target: fmt.Sprintf("s3://example-bucket/%d", i), Permission: "READ", AccessKeyID: "ASIAEXAMPLE",
			SecretAccessKey: secret.New("s"), SessionToken: secret.New(strings.Repeat("t", 1500)),
			Expiration: time.Now().Add(time.Hour + time.Duration(i)*time.Second),
		})
	}
	if err := s.SaveS3(entries); err != nil {
		t.Fatal(err)
	}
	got, err := s.LoadS3()
	if err != nil || len(got) < 400 || len(got) >= len(entries) {
		t.Fatalf("%d entries, %v", len(got), err)
	}
	for _, e := range got { // those that last longest
		if e.Expiration.Before(entries[len(entries)-len(got)].Expiration.Truncate(time.Second)) {
			t.Errorf("%s was kept", e.Target)
		}
	}
}

func TestTooLargeToWrite(t *testing.T) {
	s := newStore(t)
	if err := save(s, store.ConfigFile); err != nil {
		t.Fatal(err)
	}
	before := text(t, s.Path(store.ConfigFile))
	err := s.SaveConfig([]byte(`{"idp": "` + strings.Repeat("a", store.MaxFileSize) + `"}`))
	wantError(t, err, store.ErrTooLarge, s.Path(store.ConfigFile))
	if text(t, s.Path(store.ConfigFile)) != before {
		t.Error("the file was replaced")
	}
}
