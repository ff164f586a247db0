package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// invitation shows the address with the code in it.
var invitation = regexp.MustCompile(`(https://\S+\?user_code=\S+)\n`)

// approving collects what tip-cli prints, and enters the code of a sign-in by
// device as soon as it shows.
type approving struct {
	text     bytes.Buffer
	browser  *http.Client
	approved bool
	err      error
}

// Write implements io.Writer.
func (a *approving) Write(p []byte) (int, error) {
	n, err := a.text.Write(p)
	if page := invitation.FindSubmatch(a.text.Bytes()); page != nil && !a.approved {
		a.approved = true
		a.err = approve(a.browser, string(page[1]))
	}
	return n, err
}

func approve(browser *http.Client, page string) error {
	resp, err := browser.Get(page + "&" + url.Values{"lab_login": {"analyst"}, "lab_password": {"analyst"}}.Encode())
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the device page answered HTTP status %d", resp.StatusCode)
	}
	_ = resp.Body.Close()
	return err
}

func byDevice(args []string) bool { return slices.Equal(args, deviceCommand) }

// hurried has the device asked for every second and its code expire soon, so
// that nobody waits for long. Whatever under answers itself it leaves alone.
func hurried(seconds int, under proxytest.Hook) proxytest.Hook {
	hurry := proxytest.Rewrite(nil, func(a *proxytest.Answer) {
		var answer map[string]any
		if json.Unmarshal(a.Body, &answer) == nil && answer["device_code"] != nil {
			answer["interval"], answer["expires_in"] = 1, seconds
			a.Body, _ = json.Marshal(answer) // it was JSON
		}
	})
	return func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		onward := func(w http.ResponseWriter, r *http.Request) {
			if proxytest.Of(r) == proxytest.DeviceAuthorization {
				hurry(w, r, forward)
				return
			}
			forward(w, r)
		}
		if under == nil {
			onward(w, r)
			return
		}
		under(w, r, onward)
	}
}

// The life of a device code in seconds, where polls fail once and for good.
const (
	patientCode = 40
	hastyCode   = 6
)

// around gives a sign-in by device a code that fits the number of failing requests.
func (h hop) around(hook proxytest.Hook, times int) proxytest.Hook {
	switch {
	case !byDevice(h.args):
		return hook
	case times == proxytest.Always:
		return hurried(hastyCode, hook)
	}
	return hurried(patientCode, hook)
}

// A code that nobody enters ends when the provider has said, with exit code 3.
func TestHurried(t *testing.T) {
	long(t)
	t.Parallel()
	m := ready(t)
	m.Meddle(hurried(hastyCode, nil))
	cmd := m.command(t, deviceCommand...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("nobody entered the code: %v\n%s", err, stderr.String())
	}
	if n := m.times(proxytest.Token); n < 1 || n > hastyCode {
		t.Errorf("%d polls", n)
	}
}
