package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// The commands of the scripts, beside those of testscript.
var commands = map[string]func(*testscript.TestScript, bool, []string){
	"lab":        cmdLab,       // lab proxy|endpoint [EDIT...]: start a lab and set the environment for it
	"door":       cmdDoor,      // door proxy|endpoint: lead clients through another door
	"code":       cmdCode,      // code N PROGRAM ARGS...: run it, want exit code N, and no secret anywhere
	"leaks":      cmdLeaks,     // leaks: look for secrets in what the last program printed
	"seen":       cmdSeen,      // seen [OPERATION...]: exactly these operations went by since the last time
	"forget":     cmdForget,    // forget: begin a new record of what goes by
	"await":      cmdAwait,     // await OPERATION: wait until it went by
	"fault":      cmdFault,     // fault OPERATION STATUS [BODY] | OPERATION drop | off
	"refuse":     cmdRefuse,    // refuse HOST|off: the proxy opens no tunnel to hosts that begin so
	"expire":     cmdExpire,    // expire DURATION [CONTEXT]: let the role credentials end by then
	"unspend":    cmdUnspend,   // unspend: forget that the ID token was exchanged
	"plain":      cmdPlain,     // plain: write idp_token.json as the original does
	"mode":       cmdMode,      // mode MODE FILE...: want these permissions
	"occupy":     cmdOccupy,    // occupy: listen on the port of the redirect
	"mint":       cmdMint,      // mint FILE: an ID token of the analyst that nobody has seen
	"deny":       cmdDeny,      // deny OPERATION STATUS CODE TEXT: AWS refuses it
	"shorten":    cmdShorten,   // shorten DURATION: S3 Access Grants gives credentials of that life
	"expire-s3":  cmdExpireS3,  // expire-s3 DURATION: let the stored S3 credentials end by then
	"hold":       cmdHold,      // hold LOCK|off: another tip-cli holds a lock of the state
	"ended":      cmdEnded,     // ended N: the background program that was awaited or fetched from had exit code N
	"port":       cmdPort,      // port NAME: set it to a free port
	"fetch":      cmdFetch,     // fetch URL TOKENFILE FILE: ask an endpoint, once it is there
	"approve":    cmdApprove,   // approve: a person enters the codes for devices
	"paste":      cmdPaste,     // paste FILE ANSWER: sign in at the address in FILE; the one that it ends at goes to ANSWER
	"repin":      cmdRepin,     // repin ISSUER: another process pins it while the identity provider is asked
	"same-token": cmdSameToken, // same-token: the identity provider answers with the present ID token again
}

type machineKey struct{}

func setUp(env *testscript.Env) error {
	env.Setenv("AWS_TIP_CLI", env.WorkDir+"/state")
	env.Setenv("TIP_CLI_KEYRING", "off")
	env.Setenv("TIP_CLI_SIGN_IN", "never") // whoever runs the tests may sit at a terminal
	env.Setenv("AWS_CONFIG_FILE", env.WorkDir+"/aws-config")
	env.Setenv("AWS_SHARED_CREDENTIALS_FILE", env.WorkDir+"/aws-credentials")
	tb, ok := env.T().(testing.TB)
	if !ok {
		return errors.New("the test is no testing.TB")
	}
	env.Values["tb"] = tb
	env.Values[machineKey{}] = new(machine)
	return nil
}

// machineOf is the machine of a script; its lab is nil until the script starts one.
func machineOf(ts *testscript.TestScript) *machine { return ts.Value(machineKey{}).(*machine) }

// edits change the world of a script.
var edits = map[string]func(*lab.World){
	"no-refresh-token": func(w *lab.World) { w.Issuers[0].Clients[0].RefreshToken = false },
	"no-oidc-provider": func(w *lab.World) { w.Accounts[1].OIDCProviders = nil },
	"no-actor":         func(w *lab.World) { w.IdentityCenter[0].Applications[0].ActorPolicy = nil },
	"assignment": func(w *lab.World) {
		required := true
		w.IdentityCenter[0].Applications[0].AssignmentRequired = &required
	},
	"no-set-context": func(w *lab.World) {
		trust := w.Accounts[1].Roles[1].Trust.(map[string]any)
		trust["Statement"] = trust["Statement"].([]any)[:1]
	},
	"no-trust": func(w *lab.World) {
		w.Accounts[1].Roles[0].Trust.(map[string]any)["Statement"].([]any)[0].(map[string]any)["Effect"] = "Deny"
	},
	"no-user": func(w *lab.World) { w.IdentityCenter[0].Users[0].Email = "somebody@example.com" },
	// The identity-enhanced role may read the identity store.
	"directory": func(w *lab.World) {
		w.Switches.IdentityContextAllowList = []string{"identitystore:*", "s3:GetDataAccess"}
		allowDirectory(w, "identitystore:*")
	},
	// The same, but for the groups.
	"directory-user": func(w *lab.World) {
		w.Switches.IdentityContextAllowList = []string{"identitystore:*"}
		allowDirectory(w, "identitystore:DescribeUser")
	},
	"no-policy":     func(w *lab.World) { delete(w.Accounts[1].Roles[1].Policies, "access-grants") },
	"client-secret": func(w *lab.World) { w.Issuers[0].Clients[0].Secret = "open-sesame" },
	"no-instance":   func(w *lab.World) { w.AccessGrants = nil },
	"owner":         shareGrants,
	"template":      likeTheTemplate,
	// The access tokens of the custom authorization server are for api://default.
	"access-token": func(w *lab.World) { admitAudience(w, "api://default", true) },
	// The same, and Identity Center does not know that audience.
	"access-token-unknown": func(w *lab.World) { admitAudience(w, "api://default", false) },
	// A provider whose access tokens are opaque unless an audience is asked for.
	"audience": func(w *lab.World) {
		w.Issuers[0].Face = "plain"
		admitAudience(w, "https://api.example.com", true)
	},
}

func allowDirectory(w *lab.World, action string) {
	w.Accounts[1].Roles[1].Policies["directory"] = map[string]any{
		"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": action, "Resource": "*"}},
	}
}

func cmdLab(ts *testscript.TestScript, _ bool, args []string) {
	var chosen []func(*lab.World)
	for _, name := range args[1:] {
		edit, ok := edits[name]
		if !ok {
			ts.Fatalf("no edit %q", name)
		}
		chosen = append(chosen, edit)
	}
	*machineOf(ts) = *newMachine(ts.Value("tb").(testing.TB), ts.Getenv("WORK"), lab.Door(args[0]), chosen...)
	ts.Setenv("PORT", strconv.Itoa(machineOf(ts).port))
	cmdDoor(ts, false, args[:1])
}

func cmdDoor(ts *testscript.TestScript, _ bool, args []string) {
	for _, v := range machineOf(ts).variables(lab.Door(args[0])) {
		if !v.Unset {
			ts.Setenv(v.Name, v.Value)
		}
	}
}

func cmdCode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("run %s: %v", args[1], err)
	}
	got := 0
	if exit != nil {
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\n%s%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
	if args[1] == "tip-cli" {
		checkOutput(ts, args[2:], got)
	}
}

// checkOutput wants of every run of tip-cli: no secrets, no answer beside an
// error, one line with the cause and one with what to do.
func checkOutput(ts *testscript.TestScript, args []string, code int) {
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	if m := machineOf(ts); m.Lab != nil {
		if found := m.leaks(args, stdout, stderr); len(found) > 0 {
			ts.Fatalf("leaks: %s\n%s%s", strings.Join(found, ", "), stdout, stderr)
		}
	}
	if code == 0 || code == 130 {
		return
	}
	if stdout != "" && !slices.Contains(args, "status") && !slices.Contains(args, "explain") { // which report what is wrong
		ts.Fatalf("exit code %d and an answer on stdout: %q", code, stdout)
	}
	if n := strings.Count("\n"+stderr, "\ntip-cli: error: "); n != 1 {
		ts.Fatalf("%d lines with an error:\n%s", n, stderr)
	}
	if n := strings.Count("\n"+stderr, "\ntip-cli: hint: "); n != 1 {
		ts.Fatalf("%d lines with a hint:\n%s", n, stderr)
	}
}

func cmdLeaks(ts *testscript.TestScript, _ bool, args []string) {
	if found := machineOf(ts).leaks(args, ts.ReadFile("stdout"), ts.ReadFile("stderr")); len(found) > 0 {
		ts.Fatalf("leaks: %s", strings.Join(found, ", "))
	}
}

func cmdSeen(ts *testscript.TestScript, _ bool, args []string) {
	p := machineOf(ts).Proxy
	got := slices.DeleteFunc(p.Seen(), func(o proxytest.Operation) bool { return o == proxytest.Discovery || o == proxytest.Keys })
	p.Forget()
	if text, want := fmt.Sprint(got), fmt.Sprint(args); text != want {
		ts.Fatalf("seen %s, want %s", text, want)
	}
}

func cmdForget(ts *testscript.TestScript, _ bool, _ []string) { machineOf(ts).Forget() }

func cmdAwait(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	remember(ts)
	ts.Check(machineOf(ts).Await(ctx, proxytest.Operation(args[0])))
}

// cmdFault answers an operation in place of the lab.
func cmdFault(ts *testscript.TestScript, _ bool, args []string) {
	p := machineOf(ts).Proxy
	if args[0] == "off" {
		p.Meddle(nil)
		return
	}
	p.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if string(proxytest.Of(r)) != args[0] {
			forward(w, r)
			return
		}
		if args[1] == "drop" {
			panic(http.ErrAbortHandler)
		}
		status, err := strconv.Atoi(args[1])
		if err != nil {
			status = http.StatusInternalServerError
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		for _, body := range args[2:] {
			_, _ = fmt.Fprint(w, body)
		}
	})
}

func cmdRefuse(ts *testscript.TestScript, _ bool, args []string) {
	machineOf(ts).Refuse(strings.TrimPrefix(args[0], "off"))
}

func (m *machine) edit(name string, change func(map[string]any)) error {
	path := m.state() + "/" + name
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	change(file)
	if text, err = json.Marshal(file); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

func cmdExpire(ts *testscript.TestScript, _ bool, args []string) {
	left, err := time.ParseDuration(args[0])
	ts.Check(err)
	name := store.RoleFile
	if len(args) > 1 {
		name = "contexts/" + args[1] + "/" + name
	}
	ts.Check(machineOf(ts).edit(name, func(f map[string]any) { f["expiration"] = time.Now().Add(left).UTC().Format(time.RFC3339) }))
}

func cmdUnspend(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(machineOf(ts).edit(store.IDPTokenFile, func(f map[string]any) {
		f["requires_refresh"] = false
		delete(f, "spent_sha256")
	}))
}

// tokens opens idp_token.json of this machine.
func (m *machine) tokens() (store.IDPToken, error) {
	return store.New(m.state(), func(o *store.Options) { o.Keyring = nil }).LoadIDPToken(context.Background())
}

func cmdPlain(ts *testscript.TestScript, _ bool, _ []string) {
	m := machineOf(ts)
	held, err := m.tokens()
	ts.Check(err)
	ts.Check(m.writePlain(held.Token, held.RefreshToken, held.RequiresRefresh))
}

// writePlain writes idp_token.json as the original does, but for its mode.
func (m *machine) writePlain(token, refresh secret.Value, spent bool) error {
	text, err := json.MarshalIndent(map[string]any{"token": token.Reveal(), "refresh_token": refresh.Reveal(), "requires_refresh": spent}, "", "    ")
	if err != nil {
		return err
	}
	return os.WriteFile(m.state()+"/"+store.IDPTokenFile, text, 0o600)
}

func cmdMode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	for _, path := range args[1:] {
		info, err := os.Stat(ts.MkAbs(path))
		ts.Check(err)
		if info.Mode().Perm() != fs.FileMode(want) {
			ts.Fatalf("%s has mode %v", path, info.Mode())
		}
	}
}

func cmdOccupy(ts *testscript.TestScript, _ bool, _ []string) {
	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", machineOf(ts).port))
	ts.Check(err)
	ts.Defer(func() { _ = ln.Close() })
}

func cmdMint(ts *testscript.TestScript, _ bool, args []string) {
	jwt, err := machineOf(ts).IssueIDToken("okta", "analyst", clientID)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(jwt+"\n"), 0o600))
}

func cmdSameToken(ts *testscript.TestScript, _ bool, _ []string) {
	held, err := machineOf(ts).tokens()
	ts.Check(err)
	cmdFault(ts, false, []string{"Token", "200", fmt.Sprintf(`{"access_token": "x", "token_type": "Bearer", "id_token": %q}`, held.Token.Reveal())})
}
