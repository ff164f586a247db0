package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/lab"
)

// member is one of many processes.
type member struct {
	*victim
	stdout, stderr bytes.Buffer
}

// crowd is many processes of tip-cli that run the same command at once.
type crowd struct {
	t       *testing.T
	machine *watched
	args    []string
	members []*member
	began   time.Time
}

// newCrowd prepares processes that nobody has started yet.
func newCrowd(t *testing.T, m *watched, args ...string) *crowd {
	t.Helper()
	return &crowd{t: t, machine: m, args: args, began: time.Now()}
}

// start starts n more processes. They are ended with the test.
func (c *crowd) start(n int) []*member {
	c.t.Helper()
	env := lab.Apply(os.Environ(), c.machine.variables())
	for range n {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		cmd := exec.CommandContext(ctx, "tip-cli", c.args...)
		m := &member{victim: newVictim(cmd)}
		cmd.Env, cmd.Stdout, cmd.Stderr = env, &m.stdout, &m.stderr
		alone(cmd)
		c.members = append(c.members, m)
		go func() { _ = m.run(); cancel() }() // what it ended with is looked at when it has
		c.t.Cleanup(func() { cancel(); <-m.ended })
		<-m.started
	}
	return c.members[len(c.members)-n:]
}

// wait waits for the end of all and logs what they cost.
func (c *crowd) wait() {
	c.t.Helper()
	var cpu, system time.Duration
	for _, m := range c.members {
		<-m.ended
		if state := m.cmd.ProcessState; state != nil {
			cpu += state.UserTime() + state.SystemTime()
			system += state.SystemTime()
		}
	}
	c.t.Logf("%d times tip-cli %s: %v, CPU %v, of that %v in the kernel, on %d cores", len(c.members), strings.Join(c.args, " "),
		time.Since(c.began).Round(time.Millisecond), cpu.Round(time.Millisecond), system.Round(time.Millisecond), runtime.NumCPU())
}

// answered wants of all but the excepted ones success, the same answer, and
// nothing on stderr.
func (c *crowd) answered(except ...*member) {
	c.t.Helper()
	var with []crowdAnswer
	for _, m := range c.members {
		excepted := false
		for _, e := range except {
			excepted = excepted || e == m
		}
		if !excepted {
			with = append(with, crowdAnswer{m.cmd.ProcessState.ExitCode(), m.stdout.String(), m.stderr.String()})
		}
	}
	for _, problem := range disagreements(with) {
		c.t.Error(problem)
	}
}

// crowdAnswer is what one process has given.
type crowdAnswer struct {
	code           int
	stdout, stderr string
}

// disagreements lists what is wrong with the answers of a crowd.
func disagreements(answers []crowdAnswer) []string {
	var found []string
	different := map[string]int{}
	for i, a := range answers {
		if a.code != 0 || a.stderr != "" || !strings.HasPrefix(a.stdout, `{"Version":1,`) || !strings.HasSuffix(a.stdout, "}\n") {
			found = append(found, fmt.Sprintf("process %d: exit code %d, %d bytes on stdout, on stderr: %s", i, a.code, len(a.stdout), a.stderr))
		}
		different[a.stdout]++
	}
	if len(different) != 1 {
		found = append(found, fmt.Sprintf("%d different answers of %d processes", len(different), len(answers)))
	}
	return found
}

func TestDisagreements(t *testing.T) {
	t.Parallel()
	good := crowdAnswer{0, `{"Version":1,"AccessKeyId":"a"}` + "\n", ""}
	other := crowdAnswer{0, `{"Version":1,"AccessKeyId":"b"}` + "\n", ""}
	for name, tt := range map[string]struct {
		answers []crowdAnswer
		want    int
	}{
		"the same":        {[]crowdAnswer{good, good}, 0},
		"two answers":     {[]crowdAnswer{good, other}, 1},
		"nobody":          {nil, 1},
		"an exit code":    {[]crowdAnswer{good, {1, good.stdout, ""}}, 1},
		"a warning":       {[]crowdAnswer{good, {0, good.stdout, "tip-cli: warning"}}, 1},
		"half an answer":  {[]crowdAnswer{{0, good.stdout[:12], ""}}, 1},
		"another answer":  {[]crowdAnswer{{0, "Signed in.\n", ""}}, 1},
		"twice an answer": {[]crowdAnswer{good, {0, good.stdout + good.stdout, ""}}, 1},
	} {
		if found := disagreements(tt.answers); len(found) != tt.want {
			t.Errorf("%s: %q", name, found)
		}
	}
}

// coldStart is a machine on which the analyst has signed in and has had
// credentials, which are gone: the next run refreshes and exchanges.
func coldStart(t *testing.T, edits ...func(*lab.World)) *watched {
	t.Helper()
	w := newWatched(t, edits...)
	env := lab.Apply(os.Environ(), w.variables())
	for _, args := range [][]string{w.configure(), {"auth"}, {"auth", "get-iam-credentials"}} {
		cmd := exec.CommandContext(t.Context(), "tip-cli", args...)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("tip-cli %v: %v\n%s", args, err, out)
		}
	}
	if err := os.Remove(filepath.Join(w.state(), store.RoleFile)); err != nil {
		t.Fatal(err)
	}
	w.Forget()
	return w
}

// needProc skips a test that has to see processes wait.
func needProc(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("only /proc tells whether a process waits")
	}
}

// awaitIdle waits until processes have come to where they wait for another: all of
// them sleep, and together they use no more CPU time than polling a lock takes.
func awaitIdle(ctx context.Context, t *testing.T, members []*member) {
	t.Helper()
	const pause = 250 * time.Millisecond
	before := 0
	for {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			t.Fatal("processes that should wait are busy")
		}
		now, awake := 0, 0
		for _, m := range members {
			select {
			case <-m.ended:
				t.Fatalf("a process that should wait has ended: %v, %s", m.cmd.ProcessState, m.stderr.String())
			default:
			}
			state, ticks := activity(t, m)
			now += ticks
			if state != "S" {
				awake++
			}
		}
		// A tick is 10 ms. Looking at a lock every 20 ms costs a percent or so each.
		if awake <= len(members)/20 && now-before <= 2+len(members)/2 {
			return
		}
		before = now
	}
}

// activity is the state of a process and the CPU time that it has used, in
// hundredths of a second (proc(5), stat).
func activity(t *testing.T, m *member) (state string, ticks int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		t.Fatalf("/proc/PID/stat has %d fields after the name", len(fields))
	}
	var user, system int
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		t.Fatal(err)
	}
	return fields[0], user + system
}
