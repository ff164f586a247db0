package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// Settings of [TestCrash].
const (
	killsVariable = "TIP_CLI_CRASH_KILLS"
	seedVariable  = "TIP_CLI_CRASH_SEED"
	defaultKills  = 30
)

// TestCrash sends SIGKILL to tip-cli at random points of sign-in, refresh and
// exchange, beside an identity provider that rotates refresh tokens and notices
// when one is used again. After each kill every file is whole and the store loads
// it, and the next runs go on without a sign-in, unless there was none before.
//
// Under a grace period of 30 s, which is Okta's default, no kill costs anything.
// Without grace a refresh token is lost where the kill falls between the identity
// provider's answer and the write of the rotated token, and nowhere else; the test
// logs how long that window is.
//
// The long run, 1,000 kills in each configuration:
//
//	TIP_CLI_CRASH_KILLS=1000 go test ./cmd/tip-cli -run 'TestCrash$' -count 1 -v -timeout 60m
//
// TIP_CLI_CRASH_SEED repeats the choices of a run that has logged its seed: which
// scenario, which sort of kill, and how far into it.
func TestCrash(t *testing.T) {
	long(t)
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no signals on Windows")
	}
	kills, seed := crashSetting(t, killsVariable, defaultKills), crashSetting(t, seedVariable, rand.Uint64())
	t.Logf("%s=%d %s=%d", killsVariable, kills, seedVariable, seed)
	for _, grace := range []time.Duration{30 * time.Second, 0} {
		t.Run(fmt.Sprintf("grace %v", grace), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, seed, grace)
			for _, s := range r.scenarios {
				t.Log(s)
			}
			r.measure(int(min(kills/2+1, 100)))
			tally := newTally(grace)
			for attempts := uint64(0); tally.kills < kills && attempts < 3*kills+20 && !t.Failed(); attempts++ {
				tally.round(r)
			}
			tally.report(t, r, kills)
		})
	}
}

func crashSetting(t *testing.T, name string, usual uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		t.Fatalf("%s=%q is no positive number", name, text)
	}
	return n
}

// window is how long a rotated refresh token is nowhere but in the memory of tip-cli.
type window struct {
	dir       string
	measuring sync.WaitGroup
	token     atomic.Pointer[string] // that was handed on
	requests  atomic.Int32           // that went by before it was on disk
	length    time.Duration
	err       error
}

func (w *window) hook(rw http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
	if proxytest.Of(r) != proxytest.Token {
		if token := w.token.Load(); token != nil && !w.holds(*token) {
			w.requests.Add(1)
		}
		forward(rw, r)
		return
	}
	answer := httptest.NewRecorder()
	forward(answer, r)
	began, token := time.Now(), givenBy(answer)
	w.token.Store(&token)
	w.measuring.Go(func() { w.length, w.err = w.untilHeld(began, token) })
	passOn(rw, answer)
}

func (w *window) holds(token string) bool {
	held, _ := unloadable(w.dir)
	return token != "" && held.RefreshToken.Reveal() == token
}

// untilHeld waits until a refresh token is on disk.
func (w *window) untilHeld(began time.Time, token string) (time.Duration, error) {
	before := ""
	for time.Since(began) < 20*time.Second {
		now := dirState(w.dir)
		if now == before {
			continue
		}
		before = now
		if w.holds(token) {
			return time.Since(began), nil
		}
	}
	return 0, errors.New("the rotated refresh token was not on disk within 20 s")
}

// tally adds up what the kills have done.
type tally struct {
	grace time.Duration
	began time.Time
	kills uint64
	runs  int
	// where counts the kills by scenario and by kind of plan.
	where map[string]int
	// between counts the kills after which a used-up refresh token was on disk:
	// before its successor was handed on, and after that.
	between [2]int
	// lost counts the refresh tokens that a sign-in had to replace.
	lost int
	// unfinished counts the first sign-ins that have come to nothing.
	unfinished int
	unreadable int
}

func newTally(grace time.Duration) *tally {
	return &tally{grace: grace, began: time.Now(), where: map[string]int{}}
}

// round kills once, looks at what is left, and goes on from there.
func (c *tally) round(r *rig) {
	s := r.pick()
	p := s.course.choose(r.random)
	rotations, killed := r.assault(s, p)
	c.runs++
	what := fmt.Sprintf("kill %d, %s %v", c.kills+1, s.name, p)
	if killed {
		c.kills++
		c.where[s.name]++
		c.where["by "+p.kind()]++
		if c.kills%100 == 0 {
			r.t.Logf("%d kills in %v", c.kills, time.Since(c.began).Round(time.Second))
		}
	}
	held, wrong := unloadable(r.state())
	wrong = append(append(wrong, unreadable(r.state(), r.familiar)...), r.looseModes()...)
	if len(wrong) > 0 {
		c.unreadable++
		r.t.Errorf("%s: %s", what, strings.Join(wrong, "; "))
	}
	onDisk := held.RefreshToken.Reveal()
	gap, inGap := lost(onDisk, rotations)
	if inGap && gap.handed {
		c.between[1]++
	} else if inGap {
		c.between[0]++
	}
	if inGap && slices.Contains(aWholeExchange[1:], p.At) {
		r.t.Errorf("%s: the exchange had begun, and the rotated refresh token was not on disk", what)
	}
	if c.resume(r, what, onDisk == "", inGap); inGap && c.grace == 0 {
		r.t.Logf("%s: lost; the answer had been handed on: %v", what, gap.handed)
	}
}

// resume runs what a person would run next, and wants of it what is right: success
// without a sign-in, or exit code 3 where nobody has signed in, or where a refresh
// token is used up and no grace saves it.
func (c *tally) resume(r *rig, what string, nobody, inGap bool) {
	_, before := r.ledger.refreshes()
	commands := [][]string{{"auth", "get-iam-credentials"}, {"auth", "refresh-token"}}
	if r.random.IntN(2) == 0 {
		slices.Reverse(commands)
	}
	asked := false
	for _, args := range commands {
		out := r.run(args...)
		mayAsk := nobody || inGap && c.grace == 0
		asked = asked || out.code == 3
		if out.code != 0 && !(out.code == 3 && mayAsk) {
			r.t.Errorf("%s: then tip-cli %s: exit code %d\n%s", what, strings.Join(args, " "), out.code, out.stderr)
		}
		if (out.code == 0) != strings.HasSuffix(out.stdout, "\n") && args[1] == "get-iam-credentials" {
			r.t.Errorf("%s: then exit code %d and on stdout %q", what, out.code, out.stdout)
		}
	}
	if _, after := r.ledger.refreshes(); after != before && !(inGap && c.grace == 0) {
		r.t.Errorf("%s: the identity provider has refused %d refresh tokens", what, after-before)
	}
	if asked != (nobody || inGap && c.grace == 0) {
		r.t.Errorf("%s: asked for a sign-in: %v; nobody was signed in: %v; the token was used up: %v", what, asked, nobody, inGap)
	}
	switch {
	case asked && nobody:
		c.unfinished++
	case asked:
		c.lost++
	default:
		return
	}
	r.must("auth")
}

// report logs the sums and wants as many kills as there were to be.
func (c *tally) report(t *testing.T, r *rig, kills uint64) {
	t.Helper()
	taken, refused := r.ledger.refreshes()
	temporaries, err := remains(r.state())
	if err != nil {
		t.Error(err)
	}
	t.Logf("grace %v: %d kills in %d runs, %v: %d unreadable, %d lost refresh tokens, %d refresh tokens taken by the identity provider and %d refused",
		c.grace, c.kills, c.runs, time.Since(c.began).Round(time.Second), c.unreadable, c.lost, taken, refused)
	t.Logf("the kills left a used-up refresh token on disk %d times before and %d times after its successor was handed on; %d first sign-ins came to nothing",
		c.between[0], c.between[1], c.unfinished)
	t.Logf("left behind: %d temporary files", temporaries)
	for _, name := range slices.Sorted(maps.Keys(c.where)) {
		t.Logf("%5d %s", c.where[name], name)
	}
	if c.kills < kills && !t.Failed() {
		t.Errorf("only %d of %d kills came off", c.kills, kills)
	}
	if c.grace > 0 && (c.lost > 0 || refused > 0) {
		t.Errorf("%d refresh tokens were lost and %d refused", c.lost, refused)
	}
	if c.grace == 0 && c.lost != c.between[0]+c.between[1] {
		t.Errorf("%d refresh tokens were lost, and %d kills fell into the window", c.lost, c.between[0]+c.between[1])
	}
}

func TestLostRefreshToken(t *testing.T) {
	t.Parallel()
	rotated := rotation{sent: "a", given: "b"}
	for name, tt := range map[string]struct {
		onDisk    string
		rotations []rotation
		want      bool
	}{
		"not sent":      {"a", nil, false},
		"sent and kept": {"b", []rotation{rotated}, false},
		"used up":       {"a", []rotation{rotated}, true},
		"not rotated":   {"a", []rotation{{sent: "a", given: "a"}}, false},
		"twice":         {"b", []rotation{rotated, {sent: "b", given: "c"}}, true},
		"nothing held":  {"", []rotation{rotated}, false},
	} {
		if _, got := lost(tt.onDisk, tt.rotations); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
