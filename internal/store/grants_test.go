package store_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
)

func TestGrants(t *testing.T) {
	s := keyless(t)
	if _, err := s.LoadGrants(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("without a file: %v", err)
	}
	want := store.Grants{Identity: "analyst", Instances: map[string][]string{
		"444455556666/eu-west-1":    {"s3://tip-demo-data/reports/*", "s3://tip-demo-data/a b/*"},
		"111122223333/eu-central-1": {"s3://tip-demo-data/reports/*", "s3://logs/<&>"},
	}}
	if err := s.SaveGrants(want); err != nil {
		t.Fatal(err)
	}
	got, err := s.LoadGrants()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"s3://logs/<&>", "s3://tip-demo-data/a b/*", "s3://tip-demo-data/reports/*"}, got.Targets()); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if err := s.SaveGrants(store.Grants{Instances: want.Instances}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("grants of nobody are saved: %v", err)
	}
	for _, text := range []string{`{"instances": {}}`, `{"identity": "x", "instances": 7}`, `{`} {
		if err := os.WriteFile(s.Path(store.GrantsFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.LoadGrants(); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := s.ClearGrants(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LoadGrants(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after clearing: %v", err)
	}
}

// TestManyGrants: the file stays readable however many there are, and however long.
func TestManyGrants(t *testing.T) {
	for _, tt := range []struct{ targets, length, want int }{{1999, 30, 1999}, {5000, 30, 2000}, {1000, 2000, 131}} {
		s := keyless(t)
		var many []string
		for i := range tt.targets {
			target := fmt.Sprintf("s3://bucket/%05d/", i)
			many = append(many, target+strings.Repeat("x", tt.length-len(target)))
		}
		if err := s.SaveGrants(store.Grants{Identity: "analyst", Instances: map[string][]string{"444455556666/eu-west-1": many}}); err != nil {
			t.Fatal(err)
		}
		got, err := s.LoadGrants()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(many[:tt.want], got.Targets()); diff != "" {
			t.Errorf("%d of %d bytes: %d are kept, want %d", tt.targets, tt.length, len(got.Targets()), tt.want)
		}
	}
}
