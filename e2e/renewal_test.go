package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
)

// roleFile is what tip-cli and the original keep of the role session.
func (w *world) roleFile() string { return filepath.Join(w.home, "state", "role_creds.json") }

// heldKey is the access key of the stored role session.
func (w *world) heldKey(t *testing.T) string {
	t.Helper()
	return editJSON(t, w.roleFile(), nil)["access_key_id"].(string)
}

// age lets the stored role session end in left.
func (w *world) age(t *testing.T, left time.Duration) {
	t.Helper()
	editJSON(t, w.roleFile(), func(f map[string]any) { f["expiration"] = time.Now().Add(left).UTC().Format(time.RFC3339) })
}

// editJSON changes a file, or only reads it where edit is nil.
func editJSON(t *testing.T, path string, edit func(map[string]any)) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if edit == nil {
		return file
	}
	edit(file)
	if text, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// counted makes identity a profile that leaves a line in a file for each process.
func (w *world) counted(t *testing.T) (starts func() int) {
	t.Helper()
	log := filepath.Join(w.home, "starts")
	w.profiles(t, "[profile identity]\nregion=eu-west-1\ncredential_process=sh -c \"echo start >> '"+log+"'; exec tip-cli auth get-iam-credentials\"\n")
	return func() int {
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), "\n")
	}
}

// lasting is an errand that waits in the middle for a line.
type lasting struct {
	cmd        *exec.Cmd
	stdin      io.WriteCloser
	lines      *bufio.Scanner
	shown      string
	complaints bytes.Buffer
}

// begin runs a client until it has shown its first line.
func (w *world) begin(t *testing.T, env, argv []string) *lasting {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTimeout)
	t.Cleanup(cancel)
	l := &lasting{cmd: exec.CommandContext(ctx, argv[0], argv[1:]...)}
	l.cmd.Env, l.cmd.Dir, l.cmd.Stderr = env, w.home, &l.complaints
	together(l.cmd)
	var err error
	if l.stdin, err = l.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if l.cmd.ProcessState == nil {
			cancel()
			_ = l.cmd.Wait()
		}
	})
	l.lines = bufio.NewScanner(stdout)
	l.read()
	return l
}

func (l *lasting) read() bool {
	more := l.lines.Scan()
	l.shown += l.lines.Text() + "\n"
	return more
}

// finish lets it go on, and returns what it has shown.
func (l *lasting) finish(t *testing.T) map[string]string {
	t.Helper()
	_, wrote := l.stdin.Write([]byte("\n"))
	for l.read() {
	}
	if err := l.cmd.Wait(); err != nil || wrote != nil {
		t.Fatalf("%v: %v, %v\n%s%s", l.cmd.Args, err, wrote, l.shown, l.complaints.String())
	}
	shown := read(l.shown)
	delete(shown, "")
	return shown
}

// signed are the keys with which the lab was asked who the caller is.
func (w *world) signed() []string {
	var keys []string
	for _, e := range w.Events() {
		if e.EventName == "GetCallerIdentity" {
			keys = append(keys, e.UserIdentity.AccessKeyID)
		}
	}
	return keys
}

// A client that goes on for longer than its session: it asks again in time, and
// what it signs then is of a new session.
func TestLastingClientsRenewByProcess(t *testing.T) {
	t.Parallel()
	for _, c := range allClients {
		if !c.library {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.need(t)
			w, env := analystAt(t, lab.ProxyDoor)
			starts := w.counted(t)
			w.must(t, env, "tip-cli", "auth", "get-iam-credentials")
			first := w.heldKey(t)
			w.age(t, 16*time.Minute) // handed out as they are
			begun := w.begin(t, env, c.command("renewal", "identity"))
			w.age(t, 14*time.Minute)
			got := begun.finish(t)
			second := w.heldKey(t)
			if diff := cmp.Diff(map[string]string{"first": first, "second": second}, got); diff != "" || first == second {
				t.Errorf("the client's keys (-want +got), %s and then %s held:\n%s", first, second, diff)
			}
			if diff := cmp.Diff([]string{first, second}, w.signed()); diff != "" {
				t.Errorf("what was signed (-want +got):\n%s", diff)
			}
			if n := w.Counts().Exchanges.Granted; n != 2 {
				t.Errorf("%d exchanges", n)
			}
			if n := starts(); n != 2 && c.name != "SDK for Go" { // whose credentials the errand makes ask at every use
				t.Errorf("%d processes for two sessions", n)
			}
		})
	}
}

// By an endpoint of serve, which renews by itself: the clients get what it has.
func TestLastingClientsRenewByServer(t *testing.T) {
	t.Parallel()
	w, env := analystAt(t, lab.ProxyDoor)
	w.must(t, env, "tip-cli", "auth", "get-iam-credentials")
	first := w.heldKey(t)
	w.age(t, 16*time.Minute)
	server := w.endpoints(t, env)[0]
	begun, parent := map[string]*lasting{}, t // the clients outlive their subtests
	for _, c := range allClients {
		if !c.library {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			c.need(t)
			begun[c.name] = w.begin(parent, append(slices.Clone(env), server.environ()...), c.command("renewal", ""))
		})
	}
	w.age(t, 14*time.Minute)
	second := server.renewed(t, first)
	for name, l := range begun {
		if diff := cmp.Diff(map[string]string{"first": first, "second": second}, l.finish(t)); diff != "" {
			t.Errorf("the keys of %s (-want +got):\n%s", name, diff)
		}
	}
	want := slices.Concat(slices.Repeat([]string{first}, len(begun)), slices.Repeat([]string{second}, len(begun)))
	if diff := cmp.Diff(want, w.signed()); diff != "" {
		t.Errorf("what was signed (-want +got):\n%s", diff)
	}
	if n := w.Counts().Exchanges.Granted; n != 2 {
		t.Errorf("%d exchanges", n)
	}
}

// renewed asks until the endpoint has another key.
func (s served) renewed(t *testing.T, than string) string {
	t.Helper()
	for range 300 {
		if key := s.key(t); key != than {
			return key
		}
		time.Sleep(100 * time.Millisecond) // a program of its own: there is nothing to wait on
	}
	t.Fatal("the server does not renew")
	return ""
}

// Sessions of 900 seconds are always in the window in which botocore asks again:
// a process for each call, all of them from disk.
func TestShortSessionsStartAProcessForEachCall(t *testing.T) {
	t.Parallel()
	needBoto3(t)
	w, env := analystAt(t, lab.ProxyDoor)
	w.must(t, env, "tip-cli", "configure", "idp", "--config", `{"session_duration": 900}`)
	starts := w.counted(t)
	w.must(t, env, "python3", script("sdk.py"), "often", "--profile", "identity")
	if n := starts(); n < 5 || n > 6 { // one more where botocore looks before the first call
		t.Errorf("%d processes for five calls", n)
	}
	if n := w.Counts().Exchanges.Granted; n != 1 {
		t.Errorf("%d exchanges for five calls", n)
	}
}
