package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

const hundred = 100

// work is what the lab has done, by its own count.
type work struct{ Refreshes, Refused, Exchanges, RoleSessions int }

// done counts from the audit trail and the identity provider's decisions.
func (w *watched) done() work {
	taken, refused := w.ledger.refreshes()
	return work{taken, refused, w.granted("CreateTokenWithIAM"), w.granted("AssumeRole")}
}

// minus is the work since before.
func (a work) minus(b work) work {
	return work{a.Refreshes - b.Refreshes, a.Refused - b.Refused, a.Exchanges - b.Exchanges, a.RoleSessions - b.RoleSessions}
}

// A hundred processes at once: one refresh, one exchange, a hundred identical answers.
// The identity provider answers when all of them have been started.
func TestHundredProcesses(t *testing.T) {
	long(t)
	t.Parallel()
	w := coldStart(t)
	before := w.done()
	h := newHold(proxytest.Token, false)
	w.Meddle(h.hook)
	c := newCrowd(t, w, "auth", "get-iam-credentials")
	c.start(hundred)
	h.let()
	c.wait()
	c.answered()
	if diff := cmp.Diff(aWholeExchange, w.steps()); diff != "" {
		t.Errorf("not one refresh and one exchange (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(work{1, 0, 1, 1}, w.done().minus(before)); diff != "" {
		t.Errorf("by the lab's own count (-want +got):\n%s", diff)
	}
}

// hold keeps the first request of an operation in the proxy.
type hold struct {
	operation proxytest.Operation
	asked     bool // the service has answered, and the answer is kept back
	held      chan struct{}
	release   chan struct{}
	first     sync.Once
	let       func() // closes release, once
}

// heldAtMost is for how long a request can be held without the client giving it up.
const heldAtMost = 5 * time.Second

func newHold(o proxytest.Operation, asked bool) *hold {
	h := &hold{operation: o, asked: asked, held: make(chan struct{}), release: make(chan struct{})}
	h.let = sync.OnceFunc(func() { close(h.release) })
	return h
}

func (h *hold) hook(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
	mine := false
	if proxytest.Of(r) == h.operation {
		h.first.Do(func() { mine = true })
	}
	if !mine {
		forward(w, r)
		return
	}
	detached := r.WithContext(context.WithoutCancel(r.Context()))
	kept := httptest.NewRecorder()
	if h.asked {
		forward(kept, detached)
	}
	close(h.held)
	select {
	case <-h.release:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
	if !h.asked {
		forward(kept, detached)
	}
	passOn(w, kept)
}

// The process at work is killed while ninety-nine wait: one of them does the work
// again, and all of them have its answer.
func TestHundredAndTheHolderIsKilled(t *testing.T) {
	long(t)
	t.Parallel()
	needProc(t)
	for name, tt := range map[string]struct {
		hold      *hold
		wantSteps []proxytest.Operation
		wantWork  work
	}{
		"the identity provider has answered": {
			newHold(proxytest.Token, true),
			append([]proxytest.Operation{proxytest.Token}, aWholeExchange...), work{2, 0, 1, 1},
		},
		"the ID token is marked as spent": {
			newHold("CreateTokenWithIAM", false),
			append(slices.Clone(aWholeExchange[:3]), aWholeExchange...), work{2, 0, 1, 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := coldStart(t)
			before := w.done()
			w.Meddle(tt.hold.hook)
			c := newCrowd(t, w, "auth", "get-iam-credentials")
			holder := c.holding(tt.hold)
			awaitIdle(c.deadline(), t, c.start(hundred-1))
			holder.kill()
			c.wait()
			c.answered(holder)
			if holder.cmd.ProcessState.ExitCode() != -1 || holder.stdout.Len() > 0 {
				t.Errorf("the holder was not killed: %v, %q", holder.cmd.ProcessState, holder.stdout.String())
			}
			if diff := cmp.Diff(tt.wantSteps, w.steps()); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.wantWork, w.done().minus(before)); diff != "" {
				t.Errorf("by the lab's own count (-want +got):\n%s", diff)
			}
		})
	}
}

// deadline bounds a wait inside a test.
func (c *crowd) deadline() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	c.t.Cleanup(cancel)
	return ctx
}

// holding starts a process and waits until its request is held.
func (c *crowd) holding(h *hold) *member {
	c.t.Helper()
	holder := c.start(1)[0]
	select {
	case <-h.held:
	case <-holder.ended:
		c.t.Fatalf("it has ended without %s: %s", h.operation, holder.stderr.String())
	case <-c.deadline().Done():
		c.t.Fatalf("%s was not asked for", h.operation)
	}
	return holder
}

// Ctrl-C ends one that waits, at once, and concerns nobody else. The others wait as
// long as the holder does, and have its answer.
func TestWaitersOfASlowHolder(t *testing.T) {
	long(t)
	t.Parallel()
	needProc(t)
	if runtime.GOOS == "windows" {
		t.Skip("no signals on Windows")
	}
	w := coldStart(t)
	h := newHold("CreateTokenWithIAM", false)
	w.Meddle(h.hook)
	c := newCrowd(t, w, "auth", "get-iam-credentials")
	c.holding(h)
	waiting := c.start(9)
	awaitIdle(c.deadline(), t, waiting)
	interrupted := waiting[4]
	began := time.Now()
	if err := interrupted.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-interrupted.ended:
	case <-c.deadline().Done():
		t.Fatal("Ctrl-C does not end the wait")
	}
	took := time.Since(began)
	t.Logf("Ctrl-C took %v", took.Round(time.Millisecond))
	if took > 5*time.Second {
		t.Errorf("Ctrl-C took %v", took)
	}
	if code, said := interrupted.cmd.ProcessState.ExitCode(), interrupted.stderr.String(); code != 130 || interrupted.stdout.Len() > 0 || said != "tip-cli: interrupted\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, interrupted.stdout.String(), said)
	}
	for _, m := range c.members {
		select {
		case <-m.ended:
			if m != interrupted {
				t.Errorf("another one has ended, too: %v, %s", m.cmd.ProcessState, m.stderr.String())
			}
		default:
		}
	}
	h.let()
	c.wait()
	c.answered(interrupted)
	if diff := cmp.Diff(aWholeExchange, w.steps()); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// Many processes are refused by AWS: nobody hangs or asks for a sign-in, all of them
// say the same, and no refresh token is used twice.
func TestManyProcessesAreRefused(t *testing.T) {
	long(t)
	t.Parallel()
	w := coldStart(t, func(world *lab.World) { world.Issuers[0].RotationGrace = 0 })
	w.Meddle(func(rw http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) != "AssumeRoleWithWebIdentity" {
			forward(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "text/xml")
		rw.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(rw, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>No.</Message></Error></ErrorResponse>`)
	})
	c := newCrowd(t, w, "auth", "get-iam-credentials")
	c.start(10)
	c.wait()
	for i, m := range c.members {
		if code := m.cmd.ProcessState.ExitCode(); code != 4 || m.stdout.Len() > 0 || m.stderr.String() != c.members[0].stderr.String() {
			t.Errorf("process %d: exit code %d, stdout %q, stderr %s", i, code, m.stdout.String(), m.stderr.String())
		}
	}
	w.Meddle(nil)
	after := newCrowd(t, w, "auth", "get-iam-credentials")
	after.start(10)
	after.wait()
	after.answered()
	if taken, refused := w.ledger.refreshes(); taken != 1 || refused > 0 {
		t.Errorf("%d refresh tokens were taken and %d refused", taken, refused)
	}
}
