package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
	"github.com/tip-cli/tip-cli/lab"
)

// screen is a terminal and what it shows.
type screen struct {
	master, tty *os.File
	watched     sync.WaitGroup
	text        bytes.Buffer
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	s := new(screen)
	s.master, s.tty = ptytest.Open(t, 0)
	s.watched.Go(func() { _, _ = s.text.ReadFrom(s.master) }) // it ends with an error: the terminal is closed
	return s
}

// shown closes the terminal and returns what was on it.
func (s *screen) shown() string {
	_ = s.tty.Close()
	s.watched.Wait()
	return s.text.String()
}

// asker is a program of somebody else whose AWS profile has tip-cli as its
// credential_process, and which captures what that prints.
type asker struct {
	name string
	need func(*testing.T)
	args []string
}

const whoAmI = `import boto3; print(boto3.Session(profile_name="p").client("sts").get_caller_identity()["Arn"])`

var askers = []asker{
	{"AWS CLI", needAWSCLI, []string{"aws", "sts", "get-caller-identity", "--profile", "p"}},
	{"boto3", needBoto3, []string{"python3", "-c", whoAmI}},
}

// onceConfigured is a machine on which nobody has signed in, and its environment.
func onceConfigured(t *testing.T) (*world, []string) {
	t.Helper()
	w := newWorld(t)
	env := w.environ(lab.ProxyDoor, "TIP_CLI_SIGN_IN=auto", browserOf("analyst"))
	w.configure(t, env, oktaIssuer)
	w.profiles(t, "[profile p]\nregion=eu-west-1\ncredential_process=tip-cli auth get-iam-credentials\n")
	return w, env
}

// run runs a client as the leader of a session of its own, at the terminal if it
// is not nil.
func (c asker) run(t *testing.T, w *world, env []string, at *screen) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Env, cmd.Dir = env, w.home
	together(cmd)
	if at != nil {
		cmd.ExtraFiles = []*os.File{at.tty}
		cmd.SysProcAttr.Setctty, cmd.SysProcAttr.Ctty = true, 3
	}
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err = cmd.Run()
	return out.String(), complaints.String(), err
}

// Nobody has signed in, and a client needs credentials: the person at its terminal
// signs in then and there. The address shows on the terminal only, because the
// client keeps for itself what tip-cli prints.
func TestClientsSignInOnDemand(t *testing.T) {
	for _, c := range askers {
		t.Run(c.name, func(t *testing.T) {
			c.need(t)
			w, env := onceConfigured(t)
			at := newScreen(t)
			stdout, stderr, err := c.run(t, w, env, at)
			if err != nil || !strings.Contains(stdout, "assumed-role/tip-id-enhanced-role/tip-"+analystID) {
				t.Errorf("%v\nstdout %q\nstderr %q", err, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, "/authorize") {
				t.Errorf("the address is among what the client prints: %q %q", stdout, stderr)
			}
			if shown := at.shown(); !strings.Contains(shown, oktaIssuer+"/v1/authorize?") {
				t.Errorf("the terminal shows %q", shown)
			}
			again, _, err := c.run(t, w, env, nil)
			if err != nil || again != stdout {
				t.Errorf("without the terminal, from then on: %v, %q", err, again)
			}
			if n := w.Counts().SignIns.Granted; n != 1 {
				t.Errorf("%d sign-ins", n)
			}
		})
	}
}

// Without a terminal the client fails, and repeats what to run.
func TestClientsWithoutAPerson(t *testing.T) {
	for _, c := range askers {
		t.Run(c.name, func(t *testing.T) {
			c.need(t)
			w, env := onceConfigured(t)
			stdout, stderr, err := c.run(t, w, env, nil)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || stdout != "" || !strings.Contains(stderr, "hint: run: tip-cli auth") {
				t.Errorf("%v\nstdout %q\nstderr %q", err, stdout, stderr)
			}
			if n := w.Counts().SignIns.Granted; n != 0 {
				t.Errorf("%d sign-ins", n)
			}
		})
	}
}
