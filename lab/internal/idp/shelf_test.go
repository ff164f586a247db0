package idp

import (
	"crypto/sha256"
	"strconv"
	"testing"
	"time"
)

func TestShelf(t *testing.T) {
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	s := newShelf[int](clock, clock)
	s.put("a", 1, time.Minute)
	if v, ok := s.get("a"); v != 1 || !ok {
		t.Errorf("%d, %v", v, ok)
	}
	if _, ok := s.get("b"); ok {
		t.Error("a text that was never put")
	}
	now = now.Add(time.Minute)
	if v, ok := s.get("a"); v != 0 || ok {
		t.Errorf("%d, %v after its end", v, ok)
	}
	now = now.Add(time.Second)
	s.put("b", 2, time.Minute)
	if len(s.items) != 1 {
		t.Errorf("%d items: what has ended is swept", len(s.items))
	}
}

// A full shelf drops what would end first.
func TestShelfIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	s := newShelf[int](clock, clock)
	for i := range shelfLimit + 5 {
		s.put(strconv.Itoa(i), i, time.Hour+time.Duration(i))
	}
	if len(s.items) != shelfLimit {
		t.Errorf("%d items, want %d", len(s.items), shelfLimit)
	}
	if _, ok := s.get("4"); ok {
		t.Error("the first to end is still there")
	}
	if _, ok := s.get(strconv.Itoa(shelfLimit + 4)); !ok {
		t.Error("the newest is not there")
	}
}

// What has ended goes before what has not, also from a full shelf.
func TestFullShelfDropsWhatHasEnded(t *testing.T) {
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	s := newShelf[int](clock, clock)
	for i := range shelfLimit - 1 {
		s.put(strconv.Itoa(i), i, time.Hour)
	}
	s.put("short", 0, time.Second)
	now = now.Add(30 * time.Second) // too early for the sweep of every minute
	s.put("new", 1, time.Hour)
	if len(s.items) != shelfLimit {
		t.Errorf("%d items, want %d", len(s.items), shelfLimit)
	}
	for _, text := range []string{"0", strconv.Itoa(shelfLimit - 2), "new"} {
		if _, ok := s.get(text); !ok {
			t.Errorf("%s is gone", text)
		}
	}
}

// What was dropped by name makes room for one more each.
func TestDroppedMakesRoom(t *testing.T) {
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	s := newShelf[int](clock, clock)
	for i := range shelfLimit + 1 { // chooses who goes next: 1, 2, ...
		s.put(strconv.Itoa(i), i, time.Hour+time.Duration(i))
	}
	s.drop("1")
	s.put("a", 0, 2*time.Hour)
	s.put("b", 0, 2*time.Hour)
	if _, ok := s.get("2"); ok || len(s.items) != shelfLimit {
		t.Errorf("2 is there: %t; %d items", ok, len(s.items))
	}
	if _, ok := s.get("3"); !ok {
		t.Error("3 is gone")
	}
}

// What lies on a shelf is there again when the clock was put forward and back.
func TestShelfAfterTheClockWentForwardAndBack(t *testing.T) {
	const far = 26 * time.Hour
	now := time.Unix(1e9, 0)
	machine := now
	past := func() time.Time {
		if machine.Before(now) {
			return machine
		}
		return now
	}
	s := newShelf[int](func() time.Time { return now }, past)
	s.put("a", 1, time.Hour)
	now = now.Add(far)
	s.put("b", 2, time.Hour)
	now = now.Add(-far)
	if v, ok := s.get("a"); v != 1 || !ok {
		t.Errorf("%d, %v", v, ok)
	}
	now = now.Add(-far)
	s.put("c", 3, time.Hour)
	now = now.Add(2 * time.Hour)
	s.put("d", 4, time.Hour)
	if _, ok := s.items[sha256.Sum256([]byte("c"))]; ok {
		t.Error("what ended after the clock went back is still there")
	}
}
