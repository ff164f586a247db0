package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// killPhase of an operation as the proxy sees it.
type killPhase string

const (
	arrived  killPhase = "arrived"  // the service has not seen the request
	answered killPhase = "answered" // the client has not seen the answer
	handed   killPhase = "handed"   // the client has the answer, or soon will
)

// killPlan says when a process is killed. One of After, At and Change is set.
type killPlan struct {
	// After is the delay from the start of the process.
	After time.Duration
	// At is an operation, Phase how far it has come, and Then a pause after that.
	At    proxytest.Operation
	Phase killPhase
	Then  time.Duration
	// Change counts the changes of the state directory until the kill.
	Change int
}

// kind names the sort of plan.
func (p killPlan) kind() string {
	switch {
	case p.At != "":
		return "operation"
	case p.Change > 0:
		return "file"
	}
	return "delay"
}

// String says when.
func (p killPlan) String() string {
	switch p.kind() {
	case "operation":
		return fmt.Sprintf("%v after %s was %s", p.Then, p.At, p.Phase)
	case "file":
		return fmt.Sprintf("at change %d of the directory", p.Change)
	}
	return fmt.Sprintf("after %v", p.After)
}

// course is how a scenario goes when nobody interrupts it.
type course struct {
	duration   time.Duration
	operations []proxytest.Operation
	changes    int
}

// took adapts the duration to how busy the machine is: to that of a run which was to
// be killed after a delay and came to its end, and a little upwards where it did not.
func (c *course) took(duration time.Duration, p killPlan, killed bool) {
	switch {
	case p.kind() != "delay":
	case killed:
		c.duration += c.duration / 20
	default:
		c.duration = duration
	}
}

// choose makes a plan for a scenario at random: 2 of 5 around an operation, 1 of 5 at
// a change of the state directory, the rest by the clock.
func (c *course) choose(random *rand.Rand) killPlan {
	kind, where := random.IntN(5), random.Float64() // the same number of draws each time: a seed repeats them
	phase, then := random.IntN(3), random.Float64()
	switch {
	case kind < 2 && len(c.operations) > 0:
		p := killPlan{At: c.operations[int(where*float64(len(c.operations)))], Phase: []killPhase{arrived, answered, handed}[phase]}
		if p.Phase == handed {
			p.Then = time.Duration(then * float64(5*time.Millisecond))
		}
		return p
	case kind < 3 && c.changes > 0:
		return killPlan{Change: 1 + int(where*float64(c.changes))}
	}
	return killPlan{After: 1 + time.Duration(where*float64(c.duration))}
}

// victim is a process that is killed, or not.
type victim struct {
	cmd     *exec.Cmd
	started chan struct{} // closed when the process runs, or never will
	ended   chan struct{} // closed when it is gone
}

func newVictim(cmd *exec.Cmd) *victim {
	return &victim{cmd, make(chan struct{}), make(chan struct{})}
}

// run runs the process to its end.
func (v *victim) run() error {
	err := v.cmd.Start()
	close(v.started)
	if err != nil {
		close(v.ended)
		return err
	}
	err = v.cmd.Wait()
	close(v.ended)
	return err
}

// kill sends SIGKILL and waits until the process is gone.
func (v *victim) kill() {
	<-v.started
	if v.cmd.Process == nil {
		return
	}
	_ = v.cmd.Process.Kill() // it may have come to its end
	<-v.ended
}

// killed reports whether a signal has ended the process.
func (v *victim) killed() bool {
	return v.cmd.ProcessState != nil && v.cmd.ProcessState.ExitCode() == -1
}

// rotation is what the identity provider gave for a refresh token.
type rotation struct {
	sent, given string
	handed      bool // the proxy had passed the answer on while the client lived
}

// lost returns the rotation that has used up the refresh token on disk: the kill
// fell between the identity provider's answer and the write.
func lost(onDisk string, rotations []rotation) (rotation, bool) {
	i := slices.IndexFunc(rotations, func(r rotation) bool {
		return onDisk != "" && r.sent == onDisk && r.given != "" && r.given != onDisk
	})
	if i < 0 {
		return rotation{}, false
	}
	return rotations[i], true
}

// murder is what the proxy knows of a run that is killed.
type murder struct {
	plan   killPlan
	victim *victim
	others sync.WaitGroup

	mu        sync.Mutex
	rotations []rotation
}

// hook forwards everything, takes notes, and kills as planned. What has arrived is
// forwarded to its end even if the client is gone, as it would be in the world.
func (m *murder) hook(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
	o := proxytest.Of(r)
	m.reached(o, arrived)
	form := bodyForm(r)
	answer := httptest.NewRecorder()
	forward(answer, r.WithContext(context.WithoutCancel(r.Context())))
	n := m.note(form, answer)
	m.reached(o, answered)
	select {
	case <-m.victim.ended:
		if o != proxytest.Authorize { // which a browser asks, that may live on
			panic(http.ErrAbortHandler)
		}
	default:
	}
	passOn(w, answer)
	m.hand(n)
	m.others.Go(func() { m.reached(o, handed) }) // the next request waits until this hook has returned
}

// reached kills if the plan says so. A request that has only arrived goes no further.
func (m *murder) reached(o proxytest.Operation, p killPhase) {
	if m.plan.At != o || m.plan.Phase != p {
		return
	}
	time.Sleep(m.plan.Then)
	m.victim.kill()
	if p == arrived && o != proxytest.Authorize {
		panic(http.ErrAbortHandler)
	}
}

// note records an answer to a refresh token and returns its index, or -1.
func (m *murder) note(form url.Values, answer *httptest.ResponseRecorder) int {
	sent, given := form.Get("refresh_token"), givenBy(answer)
	if sent == "" || given == "" {
		return -1
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rotations = append(m.rotations, rotation{sent: sent, given: given})
	return len(m.rotations) - 1
}

// givenBy is the refresh token in an answer, or "".
func givenBy(answer *httptest.ResponseRecorder) string {
	var tokens struct {
		RefreshToken string `json:"refresh_token"`
	}
	if answer.Code != http.StatusOK || json.Unmarshal(answer.Body.Bytes(), &tokens) != nil {
		return ""
	}
	return tokens.RefreshToken
}

func (m *murder) hand(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n >= 0 {
		m.rotations[n].handed = true
	}
}

// bodyForm reads a form and leaves the body as it was.
func bodyForm(r *http.Request) url.Values {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	return form
}

// passOn sends an answer on, down to the socket: with its length, for without that
// its end would be sent only when the hook returns.
func passOn(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	for name, values := range answer.Header() {
		w.Header()[name] = slices.Clone(values)
	}
	w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // the client is gone if this fails
	_ = http.NewResponseController(w).Flush()
}

// watchDir calls changed for every change of the directory that it sees, until stop.
// It looks as often as it can: what it waits for lasts microseconds.
func watchDir(dir string, stop <-chan struct{}, changed func()) {
	for before := dirState(dir); ; {
		select {
		case <-stop:
			return
		default:
		}
		if now := dirState(dir); now != before {
			before = now
			changed()
		}
	}
}

// dirState describes what is in a directory now.
func dirState(dir string) string {
	entries, _ := os.ReadDir(dir)
	var b strings.Builder
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			fmt.Fprintln(&b, entry.Name(), info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}
