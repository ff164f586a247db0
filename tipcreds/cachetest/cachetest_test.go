package cachetest_test

import (
	"flag"
	"fmt"
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

func TestMain(m *testing.M) {
	// Tests wait more than they work. What the command line says comes later, and wins.
	if err := flag.Set("test.parallel", "32"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func TestRun(t *testing.T) {
	t.Parallel()
	s := newStore()
	cachetest.Run(t, func(*testing.T) tipcreds.Cache { return memory{s} })
}

func TestOutage(t *testing.T) {
	t.Parallel()
	cachetest.Outage(t, down{10 * time.Millisecond}, time.Second)
}

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

// brokenOutages are caches with one fault each in an outage, and the check that must
// find it.
var brokenOutages = map[string]struct {
	check string
	limit time.Duration
	cache tipcreds.Cache
}{
	"no error":         {"Lock", time.Second, memory{newStore()}},
	"deaf to the end":  {"Lock/Context", 2 * time.Second, deaf{down{1200 * time.Millisecond}}},
	"beyond the limit": {"Lock", time.Second, down{1200 * time.Millisecond}},
}

// TestBroken has all broken caches tested in one process, where each must fail.
func TestBroken(t *testing.T) {
	t.Parallel()
	var run, want []string
	for name, b := range broken {
		name = strings.ReplaceAll(name, " ", "_")
		run = append(run, "^TestChild$/^"+name+"$/^Cache$/^"+strings.ReplaceAll(b.check, "/", "$/^")+"$")
		want = append(want, name+"/Cache/"+b.check)
	}
	wantFailures(t, strings.Join(run, "|"), "TestChild", want)
}

func TestBrokenOutage(t *testing.T) {
	t.Parallel()
	var want []string
	for name, b := range brokenOutages {
		want = append(want, strings.ReplaceAll(name, " ", "_")+"/Outage/"+b.check)
	}
	wantFailures(t, "^TestChildOutage$", "TestChildOutage", want)
}

// wantFailures runs tests in a process of their own, and wants these to fail.
func wantFailures(t *testing.T, run, test string, names []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+run, "-test.v", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), "CACHETEST_BROKEN=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("nothing failed")
	}
	for _, name := range names {
		if want := "--- FAIL: " + test + "/" + name + " "; !strings.Contains(string(out), want) {
			t.Errorf("there is no %s", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

func TestChild(t *testing.T) {
	if os.Getenv("CACHETEST_BROKEN") == "" {
		return // only TestBroken runs it
	}
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore()
			cachetest.Run(t, func(*testing.T) tipcreds.Cache { return b.open(memory{s}) })
		})
	}
}

func TestChildOutage(t *testing.T) {
	if os.Getenv("CACHETEST_BROKEN") == "" {
		return // only TestBrokenOutage runs it
	}
	for name, b := range brokenOutages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cachetest.Outage(t, b.cache, b.limit)
		})
	}
}
