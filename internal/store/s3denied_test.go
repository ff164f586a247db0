package store_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
)

// denial is one that came some time ago.
func denial(question string, ago time.Duration) store.S3Denial {
	return store.S3Denial{
		Question: question, At: time.Now().Add(-ago).UTC(), Operation: "GetDataAccess", Kind: "NoGrant", Code: "AccessDenied", Message: "You do not have it",
		HTTPStatus: 403, RequestID: "r", Target: "s3://b/k", Permission: "READ", Owner: "111122223333", LookUp: "AccessDenied",
	}
}

func TestS3DenialSince(t *testing.T) {
	s := newStore(t)
	want := denial("q", 2*time.Second)
	if err := s.AddS3Denial(want); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		question string
		since    time.Time
		want     bool
	}{
		"since before":      {"q", want.At.Add(-time.Second), true},
		"at that moment":    {"q", want.At, true},
		"since after":       {"q", want.At.Add(time.Nanosecond), false},
		"another question":  {"p", want.At.Add(-time.Second), false},
		"of no question":    {"", want.At.Add(-time.Second), false},
		"since the morning": {"q", want.At.Add(-6 * time.Hour), true},
	} {
		got, ok := s.S3DenialSince(tt.question, tt.since)
		if ok != tt.want {
			t.Errorf("%s: %v", name, ok)
		}
		if diff := cmp.Diff(want, got); ok && diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if err := s.AddS3Denial(denial("later", -time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.S3DenialSince("later", want.At); ok {
		t.Error("a denial from the future is taken for one of now")
	}
}

func TestS3DenialsAreFewAndYoung(t *testing.T) {
	s := newStore(t)
	add := func(d store.S3Denial) {
		t.Helper()
		if err := s.AddS3Denial(d); err != nil {
			t.Fatal(err)
		}
	}
	add(denial("old", 2*time.Minute))
	add(denial("twice", 2*time.Second))
	add(denial("twice", time.Second))
	if _, ok := s.S3DenialSince("old", time.Time{}); ok {
		t.Error("a denial of two minutes ago is still there")
	}
	if d, ok := s.S3DenialSince("twice", time.Time{}); !ok || time.Since(d.At) > 1900*time.Millisecond {
		t.Errorf("the later one is not there: %v", d.At)
	}
	for i := range 100 {
		add(denial(fmt.Sprint("q", i), time.Millisecond))
	}
	there := 0
	for i := range 100 {
		if _, ok := s.S3DenialSince(fmt.Sprint("q", i), time.Time{}); ok {
			there++
		}
	}
	if _, ok := s.S3DenialSince("q99", time.Time{}); there != 32 || !ok {
		t.Errorf("%d denials are kept, the last one: %v", there, ok)
	}
}

func TestS3DenialsOnDisk(t *testing.T) {
	s := newStore(t)
	if err := s.ClearS3Denials(); err != nil {
		t.Errorf("none to clear: %v", err)
	}
	put(t, s, store.S3DeniedFile, "[damaged")
	if _, ok := s.S3DenialSince("q", time.Time{}); ok {
		t.Error("a denial in a damaged file")
	}
	if err := s.AddS3Denial(denial("q", time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.S3DenialSince("q", time.Time{}); !ok {
		t.Error("nothing was written in the place of a damaged file")
	}
	if got := text(t, s.Path(store.S3DeniedFile)+".damaged"); got != "[damaged" {
		t.Errorf("set aside: %q", got)
	}
	if runtime.GOOS != "windows" {
		checkMode(t, s.Path(store.S3DeniedFile), 0o600)
	}
	if err := s.ClearS3Denials(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.Path(store.S3DeniedFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("cleared, and still there: %v", err)
	}
}
