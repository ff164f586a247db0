package rediscache

import (
	"bytes"
	"strings"
	"testing"
)

func testSealer(t testing.TB) *sealer {
	t.Helper()
	var keys []Key
	for i, id := range []string{"one", "two"} {
		key, err := NewKey(id, bytes.Repeat([]byte{byte(i)}, keySize))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	s, err := newSealer(keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzOpen: whatever Redis returns, open neither panics nor opens what was not
// sealed for this name.
func FuzzOpen(f *testing.F) {
	s := testSealer(f)
	f.Add("k", []byte{})
	f.Add("k", []byte{version, 3})
	f.Add("k", s.seal("k", []byte("value")))
	f.Add("k", s.seal("other", []byte("value")))
	f.Add("", s.seal("", nil))
	f.Fuzz(func(t *testing.T, name string, sealed []byte) {
		value, _, err := s.open(name, sealed)
		if err != nil {
			if value != nil {
				t.Errorf("a value with error %v", err)
			}
			return
		}
		if name != "k" && name != "" { // only the seeds are sealed
			t.Errorf("%q opens as a value of %q", sealed, name)
		}
		if value == nil {
			t.Error("an opened value is nil, which says that there is none")
		}
	})
}

// FuzzSeal: what is sealed opens, under its name, whole, and not otherwise.
func FuzzSeal(f *testing.F) {
	s := testSealer(f)
	f.Add("k", []byte("value"), 0, byte(1))
	f.Add("", []byte{}, 5, byte(0x80))
	f.Fuzz(func(t *testing.T, name string, value []byte, at int, flip byte) {
		sealed := s.seal(name, value)
		got, id, err := s.open(name, sealed)
		if err != nil || !bytes.Equal(got, value) || got == nil || id != "one" {
			t.Fatalf("open = %q, %q, %v, want %q", got, id, err, value)
		}
		if _, _, err := s.open(name+"x", sealed); err == nil {
			t.Error("it opens under another name")
		}
		at = max(at, -at, 0) % len(sealed)
		if _, _, err := s.open(name, sealed[:at]); err == nil {
			t.Errorf("it opens when cut to %d bytes", at)
		}
		sealed[at] ^= flip | 1
		if _, _, err := s.open(name, sealed); err == nil {
			t.Errorf("it opens with byte %d changed", at)
		}
	})
}

// The header is bound, too: an id can be exchanged for one of the same material
// only by who has the material.
func TestHeaderIsBound(t *testing.T) {
	material := bytes.Repeat([]byte{1}, keySize)
	one, err := NewKey("one", material)
	if err != nil {
		t.Fatal(err)
	}
	two, err := NewKey("two", material)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSealer([]Key{one, two})
	if err != nil {
		t.Fatal(err)
	}
	sealed := s.seal("k", []byte("value"))
	if _, _, err := s.open("k", bytes.Replace(sealed, []byte("one"), []byte("two"), 1)); err == nil {
		t.Error("it opens under another key id")
	}
}

func BenchmarkSeal(b *testing.B) {
	s, value := testSealer(b), []byte(strings.Repeat("x", 2000))
	b.ReportAllocs()
	for b.Loop() {
		s.seal("tipcreds:v:session/example", value)
	}
}

func BenchmarkOpen(b *testing.B) {
	s := testSealer(b)
	sealed := s.seal("tipcreds:v:session/example", []byte(strings.Repeat("x", 2000)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := s.open("tipcreds:v:session/example", sealed); err != nil {
			b.Fatal(err)
		}
	}
}

// The longest value that is read, sealed with a key of the longest id, is as long as
// the longest that is read of Redis.
func TestLongestSealed(t *testing.T) {
	key, err := NewKey(strings.Repeat("k", maxKeyID), bytes.Repeat([]byte{1}, keySize))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSealer([]Key{key})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.seal("k", make([]byte, maxValue))); n != maxSealed {
		t.Errorf("sealed it is %d bytes long, want %d", n, maxSealed)
	}
}
