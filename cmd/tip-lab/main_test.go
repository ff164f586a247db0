package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/labfile"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tip-lab":      main,
		"show-browser": func() { _, _ = os.Stdout.WriteString(strings.Join(os.Args[1:], "\n")) },
	})
}

// TestScripts runs every script of testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", env.WorkDir+"/cache")
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":    cmdCode,    // code N PROGRAM ARGS...
			"ready":   cmdReady,   // ready FOLDER: wait until the lab that is described there answers
			"addr":    cmdAddr,    // addr FOLDER: set ADDR to the address of that lab
			"events":  cmdEvents,  // events FILE NAME...: these events, a JSON document a line
			"occupy":  cmdOccupy,  // occupy: set ADDR to an address that is taken
			"sh-eval": cmdShEval,  // sh-eval ARGS...: tip-lab env ARGS in a real sh, then print some variables
			"mode":    cmdMode,    // mode MODE FILE...
			"dead":    cmdDeadLab, // dead FOLDER: a description of a lab that does not answer
		},
	})
}

func cmdCode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	got := 0
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("run %s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\n%s", got, want, ts.ReadFile("stderr"))
	}
	if stderr := ts.ReadFile("stderr"); want != 0 && strings.Count("\n"+stderr, "\ntip-lab: error: ") != 1 {
		ts.Fatalf("not one line with an error:\n%s", stderr)
	}
}

func cmdReady(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		_, err := labfile.Read(ctx, ts.MkAbs(args[0]))
		if err == nil {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			ts.Fatalf("the lab does not answer: %v", err)
		}
	}
}

func cmdAddr(ts *testscript.TestScript, _ bool, args []string) {
	running, err := labfile.Read(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Setenv("ADDR", strings.TrimPrefix(running.Endpoint, "http://"))
	ts.Setenv("PID", strconv.Itoa(running.PID))
}

func cmdEvents(ts *testscript.TestScript, _ bool, args []string) {
	var names []string
	for lines := bufio.NewScanner(strings.NewReader(ts.ReadFile(args[0]))); lines.Scan(); {
		var event struct{ EventName string }
		ts.Check(json.Unmarshal(lines.Bytes(), &event))
		names = append(names, event.EventName)
	}
	if got, want := strings.Join(names, " "), strings.Join(args[1:], " "); got != want {
		ts.Fatalf("events %s, want %s", got, want)
	}
}

func cmdOccupy(ts *testscript.TestScript, _ bool, _ []string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = ln.Close() })
	ts.Setenv("ADDR", ln.Addr().String())
}

// cmdShEval evaluates tip-lab env as the documentation says, and runs what
// BROWSER says in the way of xdg-open, with an address.
func cmdShEval(ts *testscript.TestScript, _ bool, args []string) {
	for i, arg := range args {
		args[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	ts.Check(ts.Exec("sh", "-euc", `eval "$(tip-lab env `+strings.Join(args, " ")+`)"
printf '%s\n' "AWS_CA_BUNDLE=${AWS_CA_BUNDLE-unset}" "HTTPS_PROXY=${HTTPS_PROXY-unset}" "https_proxy=${https_proxy-unset}" \
  "AWS_ENDPOINT_URL=${AWS_ENDPOINT_URL-unset}" "AWS_PROFILE=${AWS_PROFILE-unset}" "AWS_REGION=${AWS_REGION-unset}" \
  "NO_PROXY=${NO_PROXY-unset}" "BROWSER=$BROWSER" "AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID-unset}" \
  "AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY-unset}" "AWS_SESSION_TOKEN=${AWS_SESSION_TOKEN-unset}" \
  "leftovers=${AWS_SECURITY_TOKEN-unset} ${AWS_CREDENTIAL_EXPIRATION-unset} ${AWS_ACCOUNT_ID-unset} ${AWS_CREDENTIAL_SCOPE-unset}"`))
}

func cmdMode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	for _, path := range args[1:] {
		info, err := os.Stat(ts.MkAbs(path))
		ts.Check(err)
		if uint64(info.Mode().Perm()) != want {
			ts.Fatalf("%s has mode %v", path, info.Mode())
		}
	}
}

func cmdDeadLab(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o700))
	ts.Check(os.WriteFile(ts.MkAbs(args[0])+"/lab.json", []byte(`{"endpoint": "http://127.0.0.1:1", "pid": 1}`), 0o600))
}
