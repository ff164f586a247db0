package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// faultsVariable set to "all" runs the rows, too, in which an upstream is silent
// or drips for good: each lasts as long as all attempts of the client together.
// Without it those in slowByDefault run.
const faultsVariable = "TIP_CLI_FAULTS"

// hop is a call to an upstream, made by a command.
type hop struct {
	op   proxytest.Operation
	from func(*testing.T) *machine
	args []string
	// once are the exit codes if only the first request fails: 0 where the call
	// may be repeated, and the code of an authorization code may not (RFC 6749
	// section 4.1.2).
	once []int
}

func (h hop) String() string { return fmt.Sprintf("%s of %s", h.op, strings.Join(h.args, " ")) }

func newSpent(t *testing.T) *machine { return spent(t) }
func newReady(t *testing.T) *machine { return ready(t) }

var (
	repeated = []int{0}
	either   = []int{0, 6}
)

// hops are the calls, but for the CreateTokenWithIAM of a person without a
// refresh token, which is in fault_jwt_test.go.
var hops = []hop{
	{proxytest.Discovery, newSpent, credentials, repeated},
	{proxytest.Keys, newSpent, credentials, repeated},
	{proxytest.Token, newSpent, credentials, repeated},
	{proxytest.Token, newSpent, refreshTokenByCLI, repeated},
	{"AssumeRoleWithWebIdentity", newReady, credentials, repeated},
	{"CreateTokenWithIAM", newReady, credentials, repeated},
	{"AssumeRole", newReady, credentials, repeated},
	{"GetDataAccess", newReady, dataAccess, repeated},
	{proxytest.Discovery, newReady, signInCommand, repeated},
	{proxytest.Keys, newReady, signInCommand, repeated},
	{proxytest.Token, newReady, signInCommand, either},
	{proxytest.DeviceAuthorization, newReady, deviceCommand, repeated},
	{proxytest.Token, newReady, deviceCommand, repeated},
}

// lost are the exit codes if the first answer is lost: a device code is used up by
// then (RFC 8628 section 3.5), so that the person has to enter another.
func (h hop) lost() []int {
	if h.op == proxytest.Token && byDevice(h.args) {
		return []int{3, 6}
	}
	return h.once
}

// slowByDefault are the longest rows that always run: one for each client. The
// others are behind TIP_CLI_FAULTS=all.
var slowByDefault = []string{
	"silence at Token of auth, always",
	"drip at Token of auth get-iam-credentials, always",
	"silence at CreateTokenWithIAM of auth get-iam-credentials, always",
	"drip at GetDataAccess of s3ag get-data-access s3://tip-demo-data/reports/, always",
	"silence at DeviceAuthorization of auth --device, always",
	"drip at Token of auth --device, always",
	"silence at Revocation of auth logout, always",
}

// allowed are the exit codes of a row.
func (h hop) allowed(f proxytest.Fault, times int) []int {
	signIn := slices.Equal(h.args, signInCommand)
	switch {
	case f == proxytest.HTML && h.op == proxytest.Discovery && signIn:
		return []int{0, 5, 6} // or the issuer is wrong: nobody has signed in there yet
	case times == proxytest.Always && h.op == proxytest.Token && byDevice(h.args) && f != proxytest.HTML:
		return []int{3, 6} // the code expires while the polls fail: another one is needed
	case times == proxytest.Always:
		return []int{6}
	case f == proxytest.HTML && h.op != "CreateTokenWithIAM":
		return either // somebody answered, and nobody says that asking again helps
	}
	return h.once
}

// often are the numbers of failing requests and their names.
var often = []struct {
	name  string
	times int
}{{"once", 1}, {"always", proxytest.Always}}

func matrix() []row {
	var slow, quick []row
	for _, h := range hops {
		for _, f := range proxytest.Faults() {
			r := row{fmt.Sprintf("%s at %s", f, h), func(t *testing.T) { h.fails(t, f) }}
			if f.Slow() {
				slow = append(slow, r)
			} else {
				quick = append(quick, r)
			}
		}
	}
	return slices.Concat(waits(), slow, quick) // the longest first
}

// runs reports whether a row is among those that run.
func (h hop) runs(f proxytest.Fault, often string) bool {
	name := fmt.Sprintf("%s at %s, %s", f, h, often)
	return !f.Slow() || often == "once" || os.Getenv(faultsVariable) == "all" || slices.Contains(slowByDefault, name)
}

// Every call to an upstream fails in every way, once and for good. What a fault
// leaves behind is never worse than what one more run mends.
func TestFaults(t *testing.T) {
	long(t)
	t.Parallel()
	together(t, 16, matrix())
}

// fails lets the hop fail once and, after a run that mends it, for good.
func (h hop) fails(t *testing.T, f proxytest.Fault) {
	m := h.from(t)
	for _, o := range often {
		if !h.runs(f, o.name) {
			continue
		}
		t.Run(o.name, func(t *testing.T) { h.fault(t, m, f, o.times) })
		m.dropCredentials(t)
	}
}

func (h hop) fault(t *testing.T, m *machine, f proxytest.Fault, times int) {
	m.Forget()
	m.Meddle(h.around(proxytest.Strike(f, h.op, times), times))
	o := m.run(t, h.args)
	if m.times(h.op) == 0 {
		t.Fatalf("%s was not called: %v", h.op, m.Seen())
	}
	m.check(t, o, h.allowed(f, times)...)
	if n := m.times(h.op); n > 10 {
		t.Errorf("%d requests", n)
	}
	if o.code == 0 && times == 1 && (f == proxytest.Throttled || f == proxytest.TooManyRequests) {
		m.checkRetryAfter(t, h.op)
	}
	if o.code == 0 {
		return
	}
	m.Meddle(h.around(nil, 1))
	m.check(t, m.run(t, h.args), 0)
}

// lossy are the faults that can come after an upstream has done its work.
var lossy = []proxytest.Fault{proxytest.Reset, proxytest.Truncated, proxytest.Unavailable}

// An upstream has done what was asked and its answer is lost. What may be asked
// again is; an authorization code may not, and that is no reason to blame the
// person (exit code 3) for the network.
func TestLostAnswers(t *testing.T) {
	long(t)
	t.Parallel()
	var rows []row
	for _, h := range hops {
		if h.op == "CreateTokenWithIAM" {
			continue // in fault_jwt_test.go
		}
		for _, f := range lossy {
			rows = append(rows, row{fmt.Sprintf("%s at %s", f, h), func(t *testing.T) {
				m := h.from(t)
				m.Meddle(h.around(proxytest.Lose(f, h.op, 1), 1))
				m.check(t, m.run(t, h.args), h.lost()...)
				m.Meddle(h.around(nil, 1))
				m.check(t, m.run(t, h.args), 0)
			}})
		}
	}
	together(t, 12, rows)
}

// ours are the calls that no retryer of the SDK repeats. (It knows only
// x-amz-retry-after.)
var ours = []proxytest.Operation{proxytest.Discovery, proxytest.Keys, proxytest.Token, "CreateTokenWithIAM"}

// checkRetryAfter wants a second between the first two requests.
func (m *machine) checkRetryAfter(t *testing.T, op proxytest.Operation) {
	t.Helper()
	var at []time.Time
	for _, r := range m.Requests() {
		if r.Operation == op {
			at = append(at, r.At)
		}
	}
	if slices.Contains(ours, op) && len(at) > 1 && at[1].Sub(at[0]) < 900*time.Millisecond {
		t.Errorf("asked again after %v, against Retry-After: 1", at[1].Sub(at[0]))
	}
}

// Credentials that still hold are handed out while renewal fails, with a word
// about it and no error.
func TestFaultsWhileCredentialsHold(t *testing.T) {
	long(t)
	t.Parallel()
	var rows []row
	for _, h := range hops {
		if h.args[len(h.args)-1] != "get-iam-credentials" {
			continue
		}
		for _, f := range proxytest.Faults() {
			if f.Slow() && os.Getenv(faultsVariable) != "all" {
				continue
			}
			rows = append(rows, row{fmt.Sprintf("%s at %s", f, h.op), func(t *testing.T) { lastGood(t, f, h.op) }})
		}
	}
	together(t, 12, rows)
}

func lastGood(t *testing.T, f proxytest.Fault, op proxytest.Operation) {
	m := ready(t)
	m.must(t, credentials)
	m.leave(t, 10*time.Minute)
	held := m.must(t, credentials) // renewed: what follows is a refresh
	m.leave(t, 10*time.Minute)
	m.Meddle(proxytest.Strike(f, op, proxytest.Always))
	o := m.run(t, credentials)
	m.check(t, o, 0)
	if key(held) == "" || key(o) != key(held) {
		t.Errorf("not the last good credentials: %q, want %q", key(o), key(held))
	}
	if n := strings.Count("\n"+o.stderr, "\ntip-cli: warning: "); n != 1 {
		t.Errorf("%d warnings:\n%s", n, o.stderr)
	}
	m.leave(t, 30*time.Second)
	if f.Slow() {
		return
	}
	m.check(t, m.run(t, credentials), 6)
}

// key is the AccessKeyId of an answer.
func key(o finished) string {
	_, rest, _ := strings.Cut(o.stdout, `"AccessKeyId":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}
