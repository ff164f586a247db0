package credserver

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Whoever asks again and again gets the same error for longer and longer.
func TestRefrains(t *testing.T) {
	for most, want := range map[time.Duration][]time.Duration{
		refrainAtMost:          {0, 5 * time.Second, 15 * time.Second, 35 * time.Second, 75 * time.Second, 135 * time.Second, 195 * time.Second},
		7 * time.Second:        {0, 5 * time.Second, 12 * time.Second, 19 * time.Second},
		500 * time.Millisecond: {0, 500 * time.Millisecond, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, time.Hour)
			b.most = most
			b.becomes(0, always(errNo))
			for time.Since(b.start) <= want[len(want)-1] {
				if _, err := b.get(t.Context()); !errors.Is(err, errNo) {
					t.Fatal(err)
				}
				time.Sleep(100 * time.Millisecond)
			}
			if diff := cmp.Diff(want, b.at); diff != "" {
				t.Error(diff)
			}
			b.becomes(0, nil)
			time.Sleep(most)
			b.want(t, len(want)+1)
			if diff := cmp.Diff([]string{"there are no credentials: no"}, b.notices); diff != "" {
				t.Error(diff)
			}
			b.becomes(0, always(errNo)) // and it begins with five seconds again
			b.current = false
			_, _ = b.get(t.Context())
			time.Sleep(min(most, refrainAtFirst))
			b.becomes(0, nil)
			b.want(t, len(want)+3)
		})
	}
}

// After a sign-in, for example, nobody is told the old error.
func TestRefrainsNotAfterAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.becomes(0, always(errNo))
		for range 3 {
			if _, err := b.get(t.Context()); !errors.Is(err, errNo) {
				t.Fatal(err)
			}
		}
		b.becomes(0, nil)
		b.lastMark = "signed in"
		b.want(t, 2)
	})
}

// A clock that was set back makes nobody wait longer.
func TestRefrainsByTheWallClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.becomes(0, always(errNo))
		_, _ = b.get(t.Context())
		b.becomes(0, nil)
		b.route.mu.Lock()
		b.refusedAt = wallClock().Add(time.Hour)
		b.route.mu.Unlock()
		b.want(t, 2)
	})
}

// What was told is not told again because a request has another id.
func TestToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		n := 0
		b.becomes(0, func(Demand) error {
			n++
			return fmt.Errorf("AccessDenied: no (HTTP 403, request %08d-aaaa-4bbb-8ccc-%012d); the clock is %ds behind", n, n*7919, n)
		})
		for range 4 {
			_, _ = b.get(t.Context())
			time.Sleep(refrainAtMost)
		}
		b.becomes(0, always(errors.New("AccessDenied: another (HTTP 403, request 1)")))
		_, _ = b.get(t.Context())
		synctest.Wait()
		if len(b.notices) != 2 || b.calls() != 5 || !strings.Contains(b.notices[1], "another") {
			t.Errorf("%d calls, told %q", b.calls(), b.notices)
		}
	})
}

// After a laptop has slept the clock that timers go by is behind the wall clock, by
// which credentials end.
func TestSlept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.want(t, 1)
		b.route.mu.Lock()
		b.held.Expiration = wallClock().Add(70 * time.Second) // 58 minutes of sleep
		b.route.mu.Unlock()
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if b.calls() != 2 || !b.demands[1].Background {
			t.Fatalf("called after %v: %+v", b.at, b.demands)
		}
		b.want(t, 2)
	})
	synctest.Test(t, func(t *testing.T) { // and who asks right after waking up waits for others
		b := newBench(t, time.Hour)
		b.want(t, 1)
		b.route.mu.Lock()
		b.held.Expiration = wallClock().Add(70 * time.Second)
		b.route.mu.Unlock()
		b.want(t, 2)
	})
}

// A pause after a failure that is longer than any is one by a clock that was set back.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.want(t, 1)
		b.route.mu.Lock()
		b.window, b.notBefore = time.Hour, wallClock().Add(24*time.Hour)
		b.route.mu.Unlock()
		time.Sleep(2 * lookAgain)
		synctest.Wait()
		if b.calls() != 2 {
			t.Errorf("called after %v", b.at)
		}
	})
}
