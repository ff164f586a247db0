package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// served is an endpoint as serve --format json says it.
type served struct {
	Context   string `json:"context"`
	S3Target  string `json:"s3_target"`
	URL       string `json:"url"`
	Token     string `json:"token"`
	TokenFile string `json:"token_file"`
}

// serving is a tip-cli serve that runs.
type serving struct {
	*machine
	cmd       *exec.Cmd
	endpoints []served
	stdout    string
	stderr    *lockedText
	rest      *bufio.Reader
}

// serve starts tip-cli serve --format json and reads what it says.
func (m *machine) serve(t *testing.T, args []string, settings ...string) *serving {
	t.Helper()
	cmd := m.command(t, append([]string{"serve", "--format", "json"}, args...)...)
	cmd.Env = append(cmd.Env, settings...)
	s := m.starts(t, cmd)
	s.says(t)
	return s
}

// starts starts a command that serves.
func (m *machine) starts(t *testing.T, cmd *exec.Cmd) *serving {
	t.Helper()
	s := &serving{machine: m, cmd: cmd, stderr: &lockedText{}}
	cmd.Stderr = s.stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	s.rest = bufio.NewReader(out)
	return s
}

// says reads the endpoints.
func (s *serving) says(t *testing.T) {
	t.Helper()
	var read bytes.Buffer
	if err := json.NewDecoder(io.TeeReader(s.rest, &read)).Decode(&s.endpoints); err != nil {
		t.Fatalf("%v: %v\n%s%s", s.cmd.Args, err, read.String(), s.stderr)
	}
	s.stdout = read.String()
}

// end sends a signal, wants exit code 0 and looks for secrets.
func (s *serving) end(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(s.rest)
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("after %v: %v\n%s", signal, err, s.stderr)
	}
	if strings.TrimSpace(string(rest)) != "" {
		t.Errorf("more on stdout: %q", rest)
	}
	if found := s.leaks(s.cmd.Args, s.stdout, s.stderr.String()); len(found) > 0 {
		t.Errorf("leaks: %v\n%s", found, s.stderr)
	}
	for _, e := range s.endpoints {
		if e.Token != "" && strings.Contains(s.stderr.String(), e.Token) {
			t.Errorf("the token on stderr: %s", s.stderr)
		}
	}
}

// retrieve is what the AWS SDK for Go gets.
func (e served) retrieve(t *testing.T) (aws.Credentials, error) {
	t.Helper()
	return endpointcreds.New(e.URL, func(o *endpointcreds.Options) {
		o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
			if e.TokenFile == "" {
				return e.Token, nil
			}
			token, err := os.ReadFile(e.TokenFile)
			return string(token), err
		})
		o.Retryer = aws.NopRetryer{}
	}).Retrieve(t.Context())
}

// key wants an answer and returns its access key.
func (e served) key(t *testing.T) string {
	t.Helper()
	c, err := e.retrieve(t)
	if err != nil {
		t.Fatal(err)
	}
	return c.AccessKeyID
}

// keySoon is [served.key] for a client that asks again: an attempt may take longer than
// a request waits, and its error is given again for a while.
func (e served) keySoon(t *testing.T) string {
	t.Helper()
	var err error
	for range 300 {
		var c aws.Credentials
		if c, err = e.retrieve(t); err == nil {
			return c.AccessKeyID
		}
		time.Sleep(100 * time.Millisecond) // a program of its own: there is nothing to wait on
	}
	t.Fatal(err)
	return ""
}

// refuses wants an error with code and text.
func (e served) refuses(t *testing.T, code, text string) {
	t.Helper()
	c, err := e.retrieve(t)
	if err == nil || !strings.Contains(err.Error(), code+": ") || !strings.Contains(err.Error(), text) || c.AccessKeyID != "" {
		t.Errorf("%q, %v; want %s: ... %s", c.AccessKeyID, err, code, text)
	}
}

func noSignals(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no signals on Windows")
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	noSignals(t)
	m := ready(t)
	s := m.serve(t, nil)
	want := []served{{Context: "default"}}
	got := []served{{Context: s.endpoints[0].Context}}
	if diff := cmp.Diff(want, got); diff != "" || len(s.endpoints) != 1 || !strings.HasSuffix(s.endpoints[0].URL, "/contexts/default") {
		t.Fatalf("%+v", s.endpoints)
	}
	c, err := s.endpoints[0].retrieve(t)
	if err != nil {
		t.Fatal(err)
	}
	held, err := store.New(m.state()).LoadRole()
	if err != nil || c.AccessKeyID != held.AccessKeyID || c.SessionToken != held.SessionToken.Reveal() || !c.Expires.Equal(held.Expiration.Truncate(time.Second)) {
		t.Errorf("%s until %s, %v; on disk %s until %s", c.AccessKeyID, c.Expires, err, held.AccessKeyID, held.Expiration)
	}
	m.Forget()
	for range 5 {
		_ = s.endpoints[0].key(t)
	}
	if seen := m.exchanged(); len(seen) > 0 {
		t.Errorf("cached answers went to the network: %v", seen)
	}
	s.end(t, os.Interrupt)
	if !strings.Contains(s.stderr.String(), "Serving credentials at http://127.0.0.1:") || strings.Contains(s.stderr.String(), "interrupted") {
		t.Errorf("%s", s.stderr)
	}
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		quiet := m.serve(t, []string{"--quiet"})
		quiet.end(t, signal)
		if quiet.stderr.String() != "" {
			t.Errorf("%s", quiet.stderr)
		}
	}
}

// serve follows what others do to the state: nobody gets credentials of who has
// signed out, and after a sign-in it goes on.
func TestServeFollows(t *testing.T) {
	t.Parallel()
	noSignals(t)
	m := ready(t)
	s := m.serve(t, nil)
	e := s.endpoints[0]
	first := e.key(t)
	m.must(t, signOutCommand)
	e.refuses(t, "SignInRequired", "run: tip-cli auth")
	m.signIn(t)
	second := e.keySoon(t)
	if first == second {
		t.Error("the credentials of before the sign-out")
	}
	// another process has renewed them
	if err := os.Remove(filepath.Join(m.state(), store.RoleFile)); err != nil {
		t.Fatal(err)
	}
	m.must(t, credentials)
	m.Forget()
	if third := e.key(t); third == second || len(m.exchanged()) > 0 {
		t.Errorf("%s after %s, and %v", third, second, m.exchanged())
	}
	s.end(t, os.Interrupt)
	if n := strings.Count(s.stderr.String(), "there are no credentials: sign-in required"); n != 1 {
		t.Errorf("said %d times:\n%s", n, s.stderr)
	}
}

// A request opens a browser only where the configuration says so.
func TestServeSignIn(t *testing.T) {
	t.Parallel()
	noSignals(t)
	m := ready(t)
	s := m.serve(t, nil, "TIP_CLI_SIGN_IN=always")
	first := s.endpoints[0].key(t)
	m.must(t, signOutCommand)
	m.Forget()
	second := s.endpoints[0].keySoon(t)
	if second == first {
		t.Errorf("%q after %q\n%s", second, first, s.stderr)
	}
	s.end(t, os.Interrupt)
}

func TestServeTokenFile(t *testing.T) {
	t.Parallel()
	noSignals(t)
	m := ready(t)
	path := filepath.Join(m.dir, "the token")
	s := m.serve(t, []string{"--token-file", path})
	if e := s.endpoints[0]; e.Token != "" || e.TokenFile != path {
		t.Fatalf("%+v", e)
	}
	token, err := os.ReadFile(path)
	info, statErr := os.Stat(path)
	if err != nil || statErr != nil || len(token) != 43 || info.Mode().Perm() != 0o600 {
		t.Fatalf("%d bytes, %v, %v, %v", len(token), info, err, statErr)
	}
	_ = s.endpoints[0].key(t)
	// a second one leaves the file to the first
	second := m.run(t, []string{"serve", "--token-file", path})
	if second.code == 0 || !strings.Contains(second.stderr, "another tip-cli serve has its token there") {
		t.Errorf("exit code %d: %s", second.code, second.stderr)
	}
	_ = s.endpoints[0].key(t)
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait()
	third := m.serve(t, []string{"--token-file", path}) // in the place of what a kill has left
	_ = third.endpoints[0].key(t)
	third.end(t, syscall.SIGTERM)
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is left behind")
	}
}

func TestServePort(t *testing.T) {
	t.Parallel()
	noSignals(t)
	m := ready(t)
	s := m.serve(t, nil)
	address, _, _ := strings.Cut(strings.TrimPrefix(s.endpoints[0].URL, "http://"), "/")
	_, port, _ := strings.Cut(address, ":")
	again := m.run(t, []string{"serve", "--port", port})
	m.check(t, again, 1)
	if !strings.Contains(again.stderr, "the address "+address+" is in use by another program") || !strings.Contains(again.stderr, "--port") {
		t.Errorf("%s", again.stderr)
	}
	s.end(t, os.Interrupt)
	fixed := m.serve(t, []string{"--port", port})
	if !strings.HasPrefix(fixed.endpoints[0].URL, "http://"+address+"/") {
		t.Errorf("%+v", fixed.endpoints)
	}
	fixed.end(t, os.Interrupt)
}

func TestServeContextsAndS3(t *testing.T) {
	t.Parallel()
	noSignals(t)
	m := ready(t)
	config := filepath.Join(m.dir, "config.json")
	m.must(t, []string{"--context", "work.2", "configure", "idp", "--provider", "okta", "--config", config})
	s := m.serve(t, []string{"--all-contexts", "--s3", "s3://tip-demo-data/reports/", "--permission", "read"})
	var paths []string
	for _, e := range s.endpoints {
		_, path, _ := strings.Cut(strings.TrimPrefix(e.URL, "http://"), "/")
		paths = append(paths, e.Context+" "+path+" "+e.S3Target)
	}
	const target = "s3://tip-demo-data/reports/"
	want := []string{
		"default contexts/default ", "default contexts/default/s3/1 " + target, "work.2 contexts/work.2 ", "work.2 contexts/work.2/s3/1 " + target,
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Fatal(diff)
	}
	if role, grant := s.endpoints[0].key(t), s.endpoints[1].key(t); role == grant {
		t.Error("one and the same")
	}
	if c, err := s.endpoints[1].retrieve(t); err != nil || c.AccountID != "" {
		t.Errorf("account %q, %v", c.AccountID, err)
	}
	s.endpoints[2].refuses(t, "SignInRequired", "context work.2: ")
	s.endpoints[3].refuses(t, "SignInRequired", "run: tip-cli --context work.2 auth")
	if !strings.Contains(s.stderr.String(), "warning: context work.2: sign-in required") {
		t.Errorf("%s", s.stderr)
	}
	m.must(t, []string{"--context", "work.2", "auth"})
	if one, other := s.endpoints[0].key(t), s.endpoints[2].keySoon(t); one == other {
		t.Error("two contexts with the same credentials")
	}
	m.must(t, []string{"s3ag", "clear-credentials"})
	m.Forget()
	_ = s.endpoints[1].key(t)
	if diff := cmp.Diff([]proxytest.Operation{"GetDataAccess"}, m.exchanged()); diff != "" {
		t.Error(diff)
	}
	s.end(t, os.Interrupt)
}

// An upstream that fails while there is nothing to fall back on; and the end in
// the midst of a request.
func TestServeUpstreamFails(t *testing.T) {
	t.Parallel()
	noSignals(t)
	m := ready(t)
	s := m.serve(t, []string{"-vv"})
	if err := os.Remove(filepath.Join(m.state(), store.RoleFile)); err != nil {
		t.Fatal(err)
	}
	m.Meddle(echo("AssumeRoleWithWebIdentity"))
	s.endpoints[0].refuses(t, "Configuration", "")
	arrived := make(chan struct{}, 100)
	m.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) == "AssumeRoleWithWebIdentity" || proxytest.Of(r) == proxytest.Token {
			arrived <- struct{}{}
			<-r.Context().Done() // nobody answers
			return
		}
		forward(w, r)
	})
	waiting, ended := make(chan error, 1), make(chan struct{})
	go func() {
		for { // the same error is given again for a while, before there is another attempt
			_, err := s.endpoints[0].retrieve(t)
			select {
			case <-ended:
				waiting <- err
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	select {
	case <-arrived:
	case <-time.After(30 * time.Second):
		t.Fatal("nobody has asked upstream")
	}
	before := time.Now()
	s.end(t, os.Interrupt)
	close(ended)
	if err := <-waiting; err == nil {
		t.Error("an answer")
	}
	if took := time.Since(before); took > 10*time.Second {
		t.Errorf("the end took %s", took)
	}
}

// What is printed leads a shell's programs to the endpoint.
func TestServeForShells(t *testing.T) {
	t.Parallel()
	noSignals(t)
	m := ready(t)
	path := filepath.Join(m.dir, "it's the token")
	cmd := m.command(t, "serve", "--token-file", path, "--context", "default", "--s3", "s3://tip-demo-data/reports/")
	cmd.Env = append(cmd.Env, "SHELL=/bin/sh", "PSModulePath=")
	lines := m.starts(t, cmd).rest
	var block strings.Builder
	for { // the first of two
		line, err := lines.ReadString('\n')
		if err != nil || line == "\n" {
			break
		}
		block.WriteString(line)
	}
	if !strings.HasPrefix(block.String(), "# context default\n") {
		t.Errorf("%s", block.String())
	}
	shell := exec.Command("sh", "-c", block.String()+`printf '%s|' "$AWS_CONTAINER_CREDENTIALS_FULL_URI" "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" "$AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_PROFILE" "$AWS_ACCESS_KEY_ID"`)
	shell.Env = []string{"AWS_PROFILE=other", "AWS_ACCESS_KEY_ID=other", "AWS_CONTAINER_AUTHORIZATION_TOKEN=other"}
	text, err := shell.Output()
	fields := strings.Split(string(text), "|")
	if err != nil || len(fields) != 6 || !strings.HasSuffix(fields[0], "/contexts/default") || fields[1] != path || fields[2]+fields[3]+fields[4] != "" {
		t.Errorf("%v: %q from\n%s", err, text, block.String())
	}
	rest := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(lines)
		rest <- string(all)
	}()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if second := <-rest; !strings.HasPrefix(second, "# context default, s3://tip-demo-data/reports/\n") || !strings.Contains(second, "/contexts/default/s3/1'") {
		t.Errorf("%s", second)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
