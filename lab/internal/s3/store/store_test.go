package store_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

func clock() time.Time { return time.Date(2026, 8, 1, 12, 0, 0, 999, time.UTC) }

func newStore(t testing.TB, limit int64, buckets ...string) *store.Store {
	t.Helper()
	s := store.New(clock, limit)
	for _, name := range buckets {
		if err := s.CreateBucket(name, store.Unversioned); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// put stores an object of n bytes.
func put(t testing.TB, s *store.Store, bucket, key string, n int) *store.Object {
	t.Helper()
	body, err := s.Read(strings.NewReader(strings.Repeat("x", n)), int64(n))
	if err != nil {
		t.Fatal(err)
	}
	o := &store.Object{Key: key, Body: body}
	if err := s.Put(bucket, o, nil); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestBlob(t *testing.T) {
	s := newStore(t, 1<<30)
	want := make([]byte, 3<<20+4321)
	for i := range want {
		want[i] = byte(i * i >> 7)
	}
	for _, hint := range []int64{-1, 0, 1, 5000, int64(len(want)), int64(len(want)) + 1, 1 << 29} {
		blob, err := s.Read(iotest.HalfReader(bytes.NewReader(want)), hint)
		if err != nil {
			t.Fatal(err)
		}
		if blob.Size() != int64(len(want)) {
			t.Fatalf("hint %d: %d bytes", hint, blob.Size())
		}
		if err := iotest.TestReader(blob.Section(0, blob.Size()), want); err != nil {
			t.Errorf("hint %d: %v", hint, err)
		}
		for _, span := range [][2]int64{{0, 0}, {0, 1}, {1 << 20, 1}, {1<<20 - 1, 2}, {5, 2 << 20}, {blob.Size() - 1, 1}, {blob.Size(), 0}} {
			part := blob.Slice(span[0], span[1])
			got, err := io.ReadAll(part.Section(0, part.Size()))
			if err != nil || !bytes.Equal(got, want[span[0]:span[0]+span[1]]) {
				t.Errorf("slice %v: %d bytes, %v", span, len(got), err)
			}
			both := store.Join(part, blob)
			if both.Size() != span[1]+blob.Size() {
				t.Errorf("joined %d", both.Size())
			}
		}
		s.Release(blob)
	}
	if s.Used() != 0 {
		t.Errorf("%d bytes are left", s.Used())
	}
	if _, err := new(store.Blob).ReadAt(make([]byte, 1), 0); !errors.Is(err, io.EOF) {
		t.Errorf("empty blob: %v", err)
	}
	if _, err := new(store.Blob).ReadAt(nil, -1); err == nil {
		t.Error("a negative offset was read")
	}
}

func TestLimit(t *testing.T) {
	s := newStore(t, 10_000, "b")
	put(t, s, "b", "k", 6000)
	for _, hint := range []int64{-1, 4001} {
		if _, err := s.Read(strings.NewReader(strings.Repeat("x", 4001)), hint); !errors.Is(err, store.ErrFull) {
			t.Errorf("hint %d: %v", hint, err)
		}
	}
	if _, err := s.Read(iotest.ErrReader(errors.New("reset")), -1); err == nil || errors.Is(err, store.ErrFull) {
		t.Errorf("broken reader: %v", err)
	}
	put(t, s, "b", "k", 4000) // takes the place of the other, after a moment with both
	if s.Used() != 4000 {
		t.Errorf("%d bytes used", s.Used())
	}
	if err := s.CreateBucket("c", store.Unversioned, &store.Object{Key: "k", Body: store.NewBlob(make([]byte, 6001))}); !errors.Is(err, store.ErrFull) {
		t.Errorf("a seed beyond the limit: %v", err)
	}
	if _, ok := s.Bucket("c"); ok {
		t.Error("the bucket of a refused seed exists")
	}
}

// TestNothingLeaks does everything and takes it back: no bytes may stay counted.
func TestNothingLeaks(t *testing.T) {
	s := newStore(t, 1<<20, "b", "gone")
	refuse := func(*store.Object) error { return errors.New("no") }
	body := func() *store.Blob { b, _ := s.Read(strings.NewReader("12345"), 5); return b }
	if err := s.Put("b", &store.Object{Key: "k", Body: body()}, refuse); err == nil {
		t.Error("a refused check wrote")
	}
	if err := s.Put("none", &store.Object{Key: "k", Body: body()}, nil); !errors.Is(err, store.ErrNoBucket) {
		t.Errorf("no bucket: %v", err)
	}
	if err := s.PutPart("b", "k", "none", &store.Part{Number: 1, Body: body()}); !errors.Is(err, store.ErrNoUpload) {
		t.Errorf("no upload: %v", err)
	}
	u := &store.Upload{Key: "k"}
	if err := s.CreateUpload("b", u); err != nil {
		t.Fatal(err)
	}
	kept, unused := &store.Part{Number: 1, Body: body()}, &store.Part{Number: 2, Body: body()}
	for _, p := range []*store.Part{{Number: 1, Body: body()}, kept, unused} {
		if err := s.PutPart("b", "k", u.ID, p); err != nil {
			t.Fatal(err)
		}
	}
	o := &store.Object{Key: "k", Body: kept.Body}
	if err := s.CompleteUpload("b", u.ID, o, []*store.Part{kept}, refuse); err == nil {
		t.Error("a refused check completed")
	}
	if err := s.CompleteUpload("b", u.ID, o, []*store.Part{{Number: 1, Body: kept.Body}}, nil); !errors.Is(err, store.ErrNoPart) {
		t.Errorf("a part that was replaced: %v", err)
	}
	if err := s.CompleteUpload("b", u.ID, o, []*store.Part{kept}, nil); err != nil {
		t.Fatal(err)
	}
	if s.Used() != 5 {
		t.Errorf("%d bytes for an object of 5", s.Used())
	}
	put(t, s, "gone", "k", 100)
	if err := s.CreateUpload("gone", u); err != nil {
		t.Fatal(err)
	}
	if err := s.PutPart("gone", "k", u.ID, &store.Part{Number: 1, Body: body()}); err != nil {
		t.Fatal(err)
	}
	s.DropBucket("gone")
	if _, err := s.Delete("b", "k", "", nil); err != nil {
		t.Fatal(err)
	}
	if s.Used() != 0 {
		t.Errorf("%d bytes are left", s.Used())
	}
	if err := s.DeleteBucket("b"); err != nil {
		t.Errorf("delete of the empty bucket: %v", err)
	}
}

func TestSentinels(t *testing.T) {
	s := newStore(t, 100, "b")
	put(t, s, "b", "k", 1)
	check := func(what string, want, got error) {
		t.Helper()
		if !errors.Is(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	_, err := s.Get("none", "k", "")
	check("get", store.ErrNoBucket, err)
	_, err = s.Get("b", "none", "")
	check("get", store.ErrNoKey, err)
	_, err = s.Get("b", "k", "none")
	check("get", store.ErrNoVersion, err)
	_, err = s.List("none", store.Query{})
	check("list", store.ErrNoBucket, err)
	_, err = s.ListVersions("none", store.VersionQuery{})
	check("list versions", store.ErrNoBucket, err)
	_, err = s.Uploads("none", store.UploadQuery{})
	check("uploads", store.ErrNoBucket, err)
	_, _, err = s.Upload("b", "k", "none")
	check("upload", store.ErrNoUpload, err)
	_, err = s.Delete("none", "k", "", nil)
	check("delete", store.ErrNoBucket, err)
	check("tags", store.ErrNoKey, s.SetTags("b", "none", "", nil))
	check("tags", store.ErrNoVersion, s.SetTags("b", "k", "none", nil))
	check("delete bucket", store.ErrNotEmpty, s.DeleteBucket("b"))
	check("delete bucket", store.ErrNoBucket, s.DeleteBucket("none"))
	check("versioning", store.ErrNoBucket, s.SetVersioning("none", store.Enabled))
	check("create upload", store.ErrNoBucket, s.CreateUpload("none", &store.Upload{}))
	if err := s.SetVersioning("b", store.Enabled); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete("b", "k", "", nil); err != nil {
		t.Fatal(err)
	}
	check("tags of a delete marker", store.ErrNoKey, s.SetTags("b", "k", "", nil))
}

// TestListAgainstModel compares pages of random lists with a plain filter.
func TestListAgainstModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		var b strings.Builder
		for range random.IntN(5) + 1 {
			b.WriteByte("ab/-"[random.IntN(4)])
		}
		return b.String()
	}
	for range 300 {
		s := newStore(t, 1<<20, "b")
		keys := map[string]bool{}
		for range random.IntN(20) {
			key := word()
			keys[key] = true
			put(t, s, "b", key, 1)
		}
		q := store.Query{Max: random.IntN(3) + 1}
		if random.IntN(2) > 0 {
			q.Prefix = word()[:1]
		}
		if random.IntN(2) > 0 {
			q.Delimiter = "/"
		}
		if random.IntN(2) > 0 {
			q.After = word()
		}
		if diff := cmp.Diff(expected(keys, q), walk(t, s, q)); diff != "" {
			t.Fatalf("%+v of %v: %s", q, keys, diff)
		}
	}
}

func expected(keys map[string]bool, q store.Query) []string {
	out := []string{}
	for key := range keys {
		if !strings.HasPrefix(key, q.Prefix) || key <= q.After {
			continue
		}
		if i := strings.Index(key[len(q.Prefix):], "/"); q.Delimiter != "" && i >= 0 {
			if key = key[:len(q.Prefix)+i+1]; key == q.After {
				continue
			}
		}
		if !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	sort.Strings(out)
	return out
}

func walk(t *testing.T, s *store.Store, q store.Query) []string {
	t.Helper()
	got := []string{}
	for range 100 {
		page, err := s.List("b", q)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(page.Objects) + len(page.CommonPrefixes); n > q.Max || page.Truncated && n < q.Max {
			t.Fatalf("a page of %d has %d, truncated %v", q.Max, n, page.Truncated)
		}
		for _, o := range page.Objects {
			got = append(got, o.Key)
		}
		got = append(got, page.CommonPrefixes...)
		if q.After = page.Next; !page.Truncated {
			sort.Strings(got)
			return got
		}
	}
	t.Fatal("the pages do not end")
	return nil
}

func TestCompletionsAreForgotten(t *testing.T) {
	s := newStore(t, 1<<20, "b")
	var first string
	for i := range 1001 {
		u := &store.Upload{Key: "k"}
		if err := s.CreateUpload("b", u); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = u.ID
		}
		if err := s.CompleteUpload("b", u.ID, &store.Object{Key: "k", Body: &store.Blob{}}, nil, nil); err != nil {
			t.Fatal(err)
		}
		if _, ok := s.Completed("b", "k", u.ID); !ok {
			t.Fatal("the newest is not remembered")
		}
	}
	if _, ok := s.Completed("b", "k", first); ok {
		t.Error("the oldest of 1001 is still remembered")
	}
}
