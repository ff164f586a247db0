package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// cmdDeny has AWS refuse an operation in the form of its service.
func cmdDeny(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[1])
	ts.Check(err)
	machineOf(ts).Meddle(proxytest.Deny(proxytest.Operation(args[0]), proxytest.Always, status, args[2], args[3]))
}

var expirationElement = regexp.MustCompile(`<Expiration>[^<]*</Expiration>`)

// cmdShorten has credentials of S3 Access Grants end sooner than was asked for.
func cmdShorten(ts *testscript.TestScript, _ bool, args []string) {
	life, err := time.ParseDuration(args[0])
	ts.Check(err)
	machineOf(ts).Meddle(proxytest.Rewrite(nil, func(a *proxytest.Answer) {
		if a.Operation == "GetDataAccess" {
			end := time.Now().Add(life).UTC().Format(time.RFC3339)
			a.Body = expirationElement.ReplaceAll(a.Body, []byte("<Expiration>"+end+"</Expiration>"))
		}
	}))
}

// cmdExpireS3 lets all stored S3 credentials end at the same time.
func cmdExpireS3(ts *testscript.TestScript, _ bool, args []string) {
	left, err := time.ParseDuration(args[0])
	ts.Check(err)
	ts.Check(machineOf(ts).edit(store.S3File, func(f map[string]any) {
		for _, list := range f {
			for _, entry := range list.([]any) {
				entry.(map[string]any)["expiration"] = time.Now().Add(left).Unix()
			}
		}
	}))
}

// cmdHold takes a lock of the state, as another tip-cli would.
func cmdHold(ts *testscript.TestScript, _ bool, args []string) {
	m := machineOf(ts)
	if args[0] == "off" {
		m.letGo()
		return
	}
	release, err := store.New(m.state(), func(o *store.Options) { o.Keyring = nil }).Lock(context.Background(), args[0])
	ts.Check(err)
	m.letGo = release
	ts.Defer(release)
}

// cmdEnded wants the program that was last awaited to have ended with an exit code.
// (testscript's wait tells a failure from a success only.)
func cmdEnded(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	cmd := machineOf(ts).awaited
	if cmd == nil || cmd.ProcessState == nil {
		ts.Fatalf("nobody was awaited, or has ended")
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit code %d, want %d\n%s", got, want, ts.ReadFile("stderr"))
	}
	checkOutput(ts, cmd.Args[1:], want)
}

// remember keeps the program that was last started in the background.
func remember(ts *testscript.TestScript) {
	if started := ts.BackgroundCmds(); len(started) > 0 {
		machineOf(ts).awaited = started[len(started)-1]
	}
}

// cmdPort sets a variable to a free port.
func cmdPort(ts *testscript.TestScript, _ bool, args []string) {
	port, err := lab.FreePort(context.Background())
	ts.Check(err)
	ts.Setenv(args[0], strconv.Itoa(port))
}

// cmdFetch asks an endpoint on loopback as an SDK does and keeps the answer in a file.
// It waits until there is one.
func cmdFetch(ts *testscript.TestScript, _ bool, args []string) {
	remember(ts)
	var failed error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) { // a program of its own
		var answer []byte
		if answer, failed = fetch(args[0], ts.MkAbs(args[1])); failed == nil {
			ts.Check(os.WriteFile(ts.MkAbs(args[2]), answer, 0o600))
			return
		}
	}
	ts.Fatalf("%s: %v", args[0], failed)
}

func fetch(address, tokenFile string) ([]byte, error) {
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", string(token))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	return io.ReadAll(resp.Body)
}

// cmdApprove has a person enter each code for a device as soon as it is given out.
func cmdApprove(ts *testscript.TestScript, _ bool, _ []string) {
	m := machineOf(ts)
	m.Meddle(hurried(patientCode, func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) != proxytest.DeviceAuthorization {
			forward(w, r)
			return
		}
		proxytest.Rewrite(nil, func(a *proxytest.Answer) {
			var given struct {
				Page string `json:"verification_uri"`
				Code string `json:"user_code"`
			}
			err := json.Unmarshal(a.Body, &given)
			if err == nil {
				err = approve(m.HTTPClient(), given.Page+"?user_code="+url.QueryEscape(given.Code))
			}
			if err != nil {
				a.Status = http.StatusInternalServerError
			}
		})(w, r, forward)
	}))
}

var shownAddress = regexp.MustCompile(`(https://\S+/authorize\?\S+)\n`)

// cmdPaste signs in with a browser elsewhere, at the address that a file shows, and
// writes the one that it ends at into another.
func cmdPaste(ts *testscript.TestScript, _ bool, args []string) {
	var shown [][]byte
	for deadline := time.Now().Add(30 * time.Second); shown == nil; time.Sleep(20 * time.Millisecond) { // a program of its own
		text, _ := os.ReadFile(ts.MkAbs(args[0]))
		if shown = shownAddress.FindSubmatch(text); shown == nil && time.Now().After(deadline) {
			ts.Fatalf("no address in %q", text)
		}
	}
	client := *machineOf(ts).HTTPClient()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Get(string(shown[1]) + "&" + url.Values{"lab_login": {"analyst"}, "lab_password": {"analyst"}}.Encode())
	ts.Check(err)
	ts.Check(resp.Body.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.TrimSpace(resp.Header.Get("Location"))+"\n"), 0o600))
}

// cmdRepin has another process learn another issuer, kept in a file, while the token
// endpoint is asked.
func cmdRepin(ts *testscript.TestScript, _ bool, args []string) {
	m := machineOf(ts)
	st := store.New(m.state(), func(o *store.Options) { o.Keyring = nil })
	pinned, err := st.LoadIssuer()
	ts.Check(err)
	ts.Check(st.ClearIssuer())
	pinned.Issuer = args[0]
	m.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) == proxytest.Token {
			if err := st.SaveIssuer(pinned); err != nil {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
		}
		forward(w, r)
	})
}
