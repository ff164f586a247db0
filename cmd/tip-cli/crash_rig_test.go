package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/lab"
)

// scenario is a run of tip-cli that is killed.
type scenario struct {
	name    string
	args    []string
	weight  int
	prepare func(*rig) error
	course  course
}

// scenarios are what can be killed. Each begins on a machine that is signed in.
func scenarios() []*scenario {
	credentials := []string{"auth", "get-iam-credentials"}
	return []*scenario{
		{name: "first sign-in", args: []string{"auth"}, weight: 1, prepare: (*rig).signOut},
		{name: "sign-in again", args: []string{"auth"}, weight: 2, prepare: func(*rig) error { return nil }},
		{name: "refresh", args: []string{"auth", "refresh-token"}, weight: 3, prepare: func(*rig) error { return nil }},
		{name: "exchange", args: credentials, weight: 2, prepare: func(r *rig) error { return r.expire(false) }},
		{name: "refresh and exchange", args: credentials, weight: 4, prepare: func(r *rig) error { return r.expire(true) }},
	}
}

// rig is a machine on which tip-cli is killed over and over.
type rig struct {
	*watched
	t         *testing.T
	random    *rand.Rand
	program   string
	env       []string
	log       *os.File // what the runs print on stderr
	scenarios []*scenario
	familiar  map[string]bool // shapes of the files that uninterrupted runs leave
}

// newRig makes a machine that is signed in, and learns how the scenarios go.
func newRig(t *testing.T, seed uint64, grace time.Duration) *rig {
	t.Helper()
	r := &rig{
		watched: newWatched(t, func(w *lab.World) { w.Issuers[0].RotationGrace = int(grace.Seconds()) }),
		t:       t, random: rand.New(rand.NewPCG(seed, uint64(grace))),
		scenarios: scenarios(), familiar: map[string]bool{store.SignInFile: true}, // of a sign-in that was begun
	}
	var err error
	if r.program, err = exec.LookPath("tip-cli"); err != nil {
		t.Fatal(err)
	}
	if r.log, err = os.Create(filepath.Join(r.dir, "stderr")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.log.Close() })
	r.env = lab.Apply(os.Environ(), r.variables())
	for _, args := range [][]string{r.configure(), {"auth"}, {"auth", "get-iam-credentials"}} {
		r.must(args...)
	}
	for _, s := range r.scenarios {
		r.learn(s)
	}
	return r
}

// learn runs a scenario to its end and takes its measure.
func (r *rig) learn(s *scenario) {
	r.t.Helper()
	r.check(s.prepare(r))
	r.check(r.settle())
	r.Forget()
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { watchDir(r.state(), stop, func() { s.course.changes++ }) })
	began := time.Now()
	r.must(s.args...)
	s.course.duration = time.Since(began)
	close(stop)
	watching.Wait()
	s.course.operations = slices.Compact(slices.Sorted(slices.Values(r.Seen())))
	r.check(shapes(r.state(), r.familiar))
	r.must("auth", "refresh-token")
}

// pick takes a scenario at random.
func (r *rig) pick() *scenario {
	sum := 0
	for _, s := range r.scenarios {
		sum += s.weight
	}
	n := r.random.IntN(sum)
	for _, s := range r.scenarios {
		if n -= s.weight; n < 0 {
			return s
		}
	}
	return r.scenarios[0]
}

// signOut removes what a sign-in has left.
func (r *rig) signOut() error {
	for _, name := range []string{store.IDPTokenFile, store.RoleFile} {
		if err := os.Remove(filepath.Join(r.state(), name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// expire ends the role credentials, and the ID token as well if it is to be spent.
func (r *rig) expire(spent bool) error {
	err := r.edit(store.RoleFile, func(f map[string]any) { f["expiration"] = time.Now().Add(-time.Minute).UTC().Format(time.RFC3339) })
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil || !spent {
		return err
	}
	return r.edit(store.IDPTokenFile, func(f map[string]any) { f["requires_refresh"] = true })
}

// command runs tip-cli as a process of its own, without a terminal.
func (r *rig) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, r.program, args...)
	cmd.Env, cmd.Stderr = r.env, r.log // a file: nobody waits for a browser that has it, too
	alone(cmd)
	return cmd
}

// ending is how a run has ended.
type ending struct {
	code           int
	stdout, stderr string
}

// run runs tip-cli to its end.
func (r *rig) run(args ...string) ending {
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	from := r.written()
	var stdout bytes.Buffer
	cmd := r.command(ctx, args...)
	cmd.Stdout = &stdout
	if err := cmd.Run(); cmd.ProcessState == nil {
		return ending{code: -1, stderr: err.Error()}
	}
	return ending{cmd.ProcessState.ExitCode(), stdout.String(), r.said(from)}
}

// written is how much there is on stderr, and said what was added.
func (r *rig) written() int64 {
	info, err := r.log.Stat()
	r.check(err)
	return info.Size()
}

func (r *rig) said(from int64) string {
	text := make([]byte, r.written()-from)
	n, _ := r.log.ReadAt(text, from)
	return string(text[:n])
}

// must runs what has to succeed.
func (r *rig) must(args ...string) {
	r.t.Helper()
	if out := r.run(args...); out.code != 0 {
		r.t.Fatalf("tip-cli %s: exit code %d\n%s", strings.Join(args, " "), out.code, out.stderr)
	}
}

func (r *rig) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// settle waits until whatever was sent has been dealt with.
func (r *rig) settle() error {
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	return r.relay.settle(ctx)
}

// assault runs a scenario and kills it as planned. It returns what the identity
// provider has rotated meanwhile, and whether the process was killed indeed.
func (r *rig) assault(s *scenario, p killPlan) ([]rotation, bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	r.check(s.prepare(r))
	from := r.written()
	m := &murder{plan: p, victim: newVictim(r.command(ctx, s.args...))}
	r.Meddle(m.hook)
	defer r.Meddle(nil)
	if p.Change > 0 {
		seen := 0
		m.others.Go(func() {
			watchDir(r.state(), m.victim.ended, func() {
				if seen++; seen == p.Change {
					m.victim.kill()
				}
			})
		})
	}
	m.others.Go(func() {
		if p.After > 0 {
			<-m.victim.started
			select {
			case <-time.After(p.After):
				m.victim.kill()
			case <-m.victim.ended:
			}
		}
	})
	began := time.Now()
	err := m.victim.run()
	s.course.took(time.Since(began), p, m.victim.killed())
	r.check(r.settle())
	m.others.Wait()
	if err != nil && !m.victim.killed() {
		r.t.Errorf("%s, to be killed %v, failed by itself: %v\n%s", s.name, p, err, r.said(from))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rotations, m.victim.killed()
}

// measure logs, over runs that nobody kills, the time from when the proxy hands on a
// rotated refresh token until it is on disk, and wants no request in between.
func (r *rig) measure(runs int) {
	r.t.Helper()
	lengths, busy := make([]time.Duration, runs), 0
	for i := range lengths {
		w := &window{dir: r.state()}
		r.Meddle(w.hook)
		r.must("auth", "refresh-token")
		r.Meddle(nil)
		r.check(r.settle())
		w.measuring.Wait()
		r.check(w.err)
		lengths[i] = w.length
		if w.requests.Load() > 0 {
			busy++
		}
	}
	if busy > 0 {
		r.t.Errorf("%d of %d times a request went by before the rotated token was on disk", busy, runs)
	}
	slices.Sort(lengths)
	r.t.Logf("from the answer handed on to the rotated token on disk, %d runs: median %v, max %v",
		runs, lengths[runs/2].Round(10*time.Microsecond), lengths[runs-1].Round(10*time.Microsecond))
}

// String says what the scenario is and how it goes.
func (s *scenario) String() string {
	return fmt.Sprintf("%s (tip-cli %s: %v, %v, %d changes)", s.name, strings.Join(s.args, " "), s.course.duration.Round(time.Millisecond), s.course.operations, s.course.changes)
}
