package cachetest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/cachetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	s := newStore()
	cachetest.Run(t, func(*testing.T) tipcreds.Cache { return memory{s} })
}

func TestOutage(t *testing.T) { cachetest.Outage(t, down{10 * time.Millisecond}, time.Second) }

// broken are caches with one fault each, and the check that must find it.
var broken = map[string]struct {
	check string
	open  func(m memory) tipcreds.Cache
}{
	"makes up values":         {"Get/None", func(m memory) tipcreds.Cache { return madeUp{m} }},
	"gets after the end":      {"Get/EndedContext", func(m memory) tipcreds.Cache { return endless{m} }},
	"sets after the end":      {"Set/EndedContext", func(m memory) tipcreds.Cache { return endless{m} }},
	"adds after the end":      {"Add/EndedContext", func(m memory) tipcreds.Cache { return endless{m} }},
	"deletes after the end":   {"Delete/EndedContext", func(m memory) tipcreds.Cache { return endless{m} }},
	"locks after the end":     {"Lock/EndedContext", func(m memory) tipcreds.Cache { return endless{m} }},
	"waits after the end":     {"Lock/WaitEnds", func(m memory) tipcreds.Cache { return patient{m} }},
	"waits after the cancel":  {"Lock/WaitIsCancelled", func(m memory) tipcreds.Cache { return patient{m} }},
	"shares nothing":          {"Set/Shared", func(memory) tipcreds.Cache { return memory{newStore()} }},
	"cuts values":             {"Set/Values", func(m memory) tipcreds.Cache { return text{m} }},
	"folds keys":              {"Set/Keys", func(m memory) tipcreds.Cache { return folds{m} }},
	"keeps the slice":         {"Set/Copies", func(m memory) tipcreds.Cache { return keeps{m, &sync.Map{}} }},
	"sets once":               {"Set/Replaces", func(m memory) tipcreds.Cache { return setsOnce{m} }},
	"keeps for ever":          {"Set/Expires", func(m memory) tipcreds.Cache { return lasting{m, time.Hour} }},
	"keeps too short":         {"Set/Expires", func(m memory) tipcreds.Cache { return lasting{m, time.Millisecond} }},
	"keeps claims for ever":   {"Add/Expires", func(m memory) tipcreds.Cache { return lasting{m, time.Hour} }},
	"keeps the first time":    {"Set/RenewsTime", func(m memory) tipcreds.Cache { return firstTime{m, &sync.Map{}} }},
	"adds always":             {"Add/OnlyFirst", func(m memory) tipcreds.Cache { return overwrites{m} }},
	"adds in two steps":       {"Add/OneOfMany", func(m memory) tipcreds.Cache { return twoSteps{m} }},
	"deletes nothing":         {"Delete/Shared", func(m memory) tipcreds.Cache { return deletesNothing{m} }},
	"wants a value to delete": {"Delete/None", func(m memory) tipcreds.Cache { return picky{m} }},
	"locks nobody out":        {"Lock/Excludes", func(m memory) tipcreds.Cache { return lockless{m} }},
	"lets many in":            {"Lock/Contention", func(m memory) tipcreds.Cache { return lockless{m} }},
	"has one lock":            {"Lock/Keys", func(m memory) tipcreds.Cache { return oneLock{m} }},
	"locks with a value":      {"Lock/NotItsValue", func(m memory) tipcreds.Cache { return lockIsValue{m} }},
	"unlocks the next":        {"Lock/UnlockTwice", func(m memory) tipcreds.Cache { return unlocksAgain{m} }},
	"unlocks by context":      {"Lock/OutlivesContext", func(m memory) tipcreds.Cache { return bound{m} }},
}

// TestBroken has each broken cache tested in a process of its own, which must fail.
func TestBroken(t *testing.T) {
	var wg sync.WaitGroup
	for name, b := range broken {
		wg.Go(func() { // they wait more than they work
			out, err := child(t.Context(), "^TestChild$/^Cache$/^"+strings.ReplaceAll(b.check, "/", "$/^")+"$", name)
			if err == nil || !strings.Contains(out, "--- FAIL: TestChild/Cache/"+b.check) {
				t.Errorf("%s: %s does not find it: %v\n%s", name, b.check, err, out)
			}
		})
	}
	wg.Wait()
}

func TestBrokenOutage(t *testing.T) {
	for _, name := range []string{"", "0s", "5s"} { // no error, no end with the context, too slow
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, err := child(t.Context(), "^TestChildOutage$", name); err == nil || !strings.Contains(out, "--- FAIL: TestChildOutage/Outage/Lock") {
				t.Errorf("no failure: %v\n%s", err, out)
			}
		})
	}
}

func TestChild(t *testing.T) {
	b, ok := broken[os.Getenv("CACHETEST_BROKEN")]
	if !ok {
		return // only TestBroken runs it
	}
	s := newStore()
	cachetest.Run(t, func(*testing.T) tipcreds.Cache { return b.open(memory{s}) })
}

func TestChildOutage(t *testing.T) {
	switch name, ok := os.LookupEnv("CACHETEST_BROKEN"); {
	case !ok: // only TestBrokenOutage runs it
	case name == "":
		cachetest.Outage(t, memory{newStore()}, time.Second)
	case name == "0s":
		cachetest.Outage(t, deaf{down{1200 * time.Millisecond}}, 2*time.Second)
	default:
		cachetest.Outage(t, down{1200 * time.Millisecond}, time.Second)
	}
}

func child(ctx context.Context, run, name string) (string, error) {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run="+run, "-test.v", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), "CACHETEST_BROKEN="+name)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
