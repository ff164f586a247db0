package world_test

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func smallWorld(tb testing.TB, now func() time.Time, edits ...func(*world.File)) *world.World {
	tb.Helper()
	f, err := world.Parse([]byte("version: 1\nregion: eu-west-1\naccounts: [{id: \"111122223333\"}]\n"), endpoint)
	if err != nil {
		tb.Fatal(err)
	}
	for _, edit := range edits {
		edit(f)
	}
	w, err := world.New(f, now)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func TestContextsOpenWhereTheyWereSealed(t *testing.T) {
	w := smallWorld(t, time.Now)
	want := &world.IdentityContext{UserID: "user", Scopes: []string{"openid"}, Issued: time.Unix(1, 0).UTC(), Expires: time.Unix(2, 0).UTC(), Audit: true}
	text, err := w.SealContext(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.OpenContext(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if again, _ := w.SealContext(want); again == text {
		t.Error("the same context has the same text twice")
	}
	if strings.Contains(text, "user") {
		t.Error("the text shows its contents")
	}
	if _, err := smallWorld(t, time.Now).OpenContext(text); err == nil {
		t.Error("another world opens it")
	}
}

// A context of many scopes, which is compressed, opens like any other and is as
// long; one that is too long even then is refused.
func TestLongContexts(t *testing.T) {
	w := smallWorld(t, time.Now)
	short, err := w.SealContext(&world.IdentityContext{UserID: "user"})
	if err != nil {
		t.Fatal(err)
	}
	want := &world.IdentityContext{UserID: "user"}
	for i := range 100 {
		want.Scopes = append(want.Scopes, "application:resource:"+strconv.Itoa(i))
	}
	text, err := w.SealContext(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.OpenContext(text)
	if diff := cmp.Diff(want, got); err != nil || diff != "" || len(text) != len(short) {
		t.Errorf("%v, %d characters, want %d\n%s", err, len(text), len(short), diff)
	}
	if _, err := w.SealContext(&world.IdentityContext{UserID: noise(4000)}); err == nil {
		t.Error("a context that cannot fit is sealed")
	}
}

// noise is n characters that do not compress to much less.
func noise(n int) string {
	b := make([]byte, n/2)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// FuzzOpenContext looks for a text that opens and was never sealed.
func FuzzOpenContext(f *testing.F) {
	w := smallWorld(f, time.Now)
	sealed, err := w.SealContext(&world.IdentityContext{UserID: "user"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("")
	f.Add("AQoJb3JpZ2luX2Vj")
	f.Add(sealed[:len(sealed)-1])
	f.Add(strings.ToLower(sealed))
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := w.OpenContext(text); err == nil && strings.NewReplacer("\r", "", "\n", "").Replace(text) != sealed {
			t.Errorf("%q opens", text)
		}
	})
}

func TestSpendLetsOneWin(t *testing.T) {
	var offset atomic.Int64
	now := func() time.Time { return time.Unix(1_700_000_000+offset.Load(), 0) }
	w := smallWorld(t, now, func(f *world.File) { n := 60; f.Switches.ReplayMemory = &n })
	var won atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if w.Spend("issuer", "jti 1") {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 50 spent the same token", won.Load())
	}
	if !w.Spend("another issuer", "jti 1") || !w.Spend("issuer", "jti 2") {
		t.Error("other tokens count as the same")
	}
	offset.Store(60)
	if !w.Spend("issuer", "jti 1") {
		t.Error("the token is remembered for longer than the switch says")
	}
}

// Sessions are found while they last and for an hour after, so that they are told to have expired.
func TestSessionsAreForgotten(t *testing.T) {
	var offset atomic.Int64
	now := func() time.Time { return time.Unix(1_700_000_000+offset.Load(), 0) }
	w := smallWorld(t, now)
	w.AddSession(&world.Session{AccessKeyID: "ASIAOLD", Expires: now().Add(time.Minute)})
	for after, want := range map[int64]bool{120: true} {
		offset.Store(after)
		w.AddSession(&world.Session{AccessKeyID: "ASIANEW", Expires: now().Add(time.Hour)})
		if _, ok := w.Session("ASIAOLD"); ok != want {
			t.Errorf("after %d s: found %t", after, ok)
		}
	}
	offset.Store(3600 + 61)
	w.AddSession(&world.Session{AccessKeyID: "ASIANEW", Expires: now().Add(time.Hour)})
	if _, ok := w.Session("ASIAOLD"); ok {
		t.Error("a session is found an hour after its end")
	}
}

// The trail keeps the newest 10,000 events in order, and hands on every one.
func TestTrailIsBounded(t *testing.T) {
	w := smallWorld(t, time.Now)
	seen, recorded := 0, 0
	w.OnEvent(func(world.Event) { seen++ })
	for _, upTo := range []int{3, 10_000, 10_001, 10_500, 25_000} {
		for ; recorded < upTo; recorded++ {
			w.Record(world.Event{EventName: strconv.Itoa(recorded)})
		}
		kept := w.Events()
		if want := min(upTo, 10_000); len(kept) != want || seen != upTo {
			t.Fatalf("%d events kept, want %d; %d seen, want %d", len(kept), want, seen, upTo)
		}
		for i, e := range kept {
			if want := strconv.Itoa(upTo - len(kept) + i); e.EventName != want {
				t.Fatalf("of %d, event %d is %s, want %s", upTo, i, e.EventName, want)
			}
		}
	}
}
