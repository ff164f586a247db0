package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

func TestRestore(t *testing.T) {
	object := func(key, version string) *store.Object {
		return &store.Object{Key: key, VersionID: version, Body: store.NewBlob([]byte("12345"))}
	}
	bucket := func(name string, versions ...*store.Object) store.BucketState {
		return store.BucketState{Name: name, Versioning: store.Enabled, Versions: versions}
	}
	for name, c := range map[string]struct {
		states []store.BucketState
		limit  int64
		ok     bool
	}{
		"good":          {[]store.BucketState{bucket("a", object("k", "1"), object("k", "2"), object("a", "1")), bucket("b")}, 15, true},
		"too large":     {[]store.BucketState{bucket("a", object("k", "1"), object("k", "2"), object("a", "1"))}, 14, false},
		"bucket twice":  {[]store.BucketState{bucket("a"), bucket("a")}, 15, false},
		"version twice": {[]store.BucketState{bucket("a", object("k", "1"), object("k", "1"))}, 15, false},
		"no version":    {[]store.BucketState{bucket("a", object("k", ""))}, 15, false},
		"no key":        {[]store.BucketState{bucket("a", object("", "1"))}, 15, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := store.New(time.Now, c.limit)
			err := s.Restore(c.states)
			if (err == nil) != c.ok || name == "too large" && !errors.Is(err, store.ErrFull) {
				t.Fatalf("%v", err)
			}
			if !c.ok {
				return
			}
			state := s.State()
			if len(state) != 2 || len(state[0].Versions) != 3 || state[0].Versions[0].Key != "a" || state[0].Versions[2].VersionID != "2" || s.Used() != 15 {
				t.Errorf("%+v, %d bytes", state, s.Used())
			}
			before := s.Changes()
			if _, err := s.Delete("a", "k", "2", nil); err != nil || s.Changes() == before || s.Used() != 10 {
				t.Errorf("%v, %d changes, %d bytes", err, s.Changes(), s.Used())
			}
		})
	}
}
