package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// left are the files that a sign-out leaves, beside locks: the configuration, and
// a list of grants without entries.
var left = map[string]bool{store.ConfigFile: true, store.S3File: true}

// signOuts are the calls of a sign-out.
var signOuts = []hop{
	{proxytest.Revocation, newReady, signOutCommand, repeated},
	{proxytest.Discovery, newReady, signOutCommand, repeated},
}

// Whatever becomes of the revocation, nothing of the person stays on this machine;
// and where nobody has revoked the token, nobody says so.
func TestFaultsAtLogout(t *testing.T) {
	long(t)
	t.Parallel()
	var slow, quick []row
	for _, h := range signOuts {
		for _, f := range proxytest.Faults() {
			for _, o := range often {
				r := row{fmt.Sprintf("%s at %s, %s", f, h, o.name), func(t *testing.T) {
					codes, page := h.allowed(f, o.times), f == proxytest.HTML && h.op == proxytest.Revocation
					if page {
						codes = either
					}
					h.signsOut(t, proxytest.Strike(f, h.op, o.times), codes, page)
				}}
				switch {
				case !h.runs(f, o.name):
				case f.Slow():
					slow = append(slow, r)
				default:
					quick = append(quick, r)
				}
			}
		}
		for _, f := range lossy {
			quick = append(quick, row{fmt.Sprintf("%s after %s", f, h), func(t *testing.T) {
				h.signsOut(t, proxytest.Lose(f, h.op, 1), repeated, false)
			}})
		}
	}
	together(t, 16, append(slow, quick...))
}

// signsOut runs a sign-out. page says that somebody else answers in the place of the
// provider, with status 200: the content means nothing (RFC 7009 section 2.2).
func (h hop) signsOut(t *testing.T, hook proxytest.Hook, codes []int, page bool) {
	m := ready(t)
	m.must(t, dataAccess)
	held, err := m.tokens()
	if err != nil {
		t.Fatal(err)
	}
	m.Forget()
	m.Meddle(hook)
	o := m.run(t, h.args)
	m.check(t, o, codes...)
	if n := m.times(h.op); n == 0 || n > 3 {
		t.Errorf("%d requests: %v", n, m.Seen())
	}
	m.isEmpty(t)
	m.Meddle(nil)
	if said := strings.Contains(o.stderr, "the refresh token is revoked"); said != (o.code == 0) {
		t.Errorf("exit code %d and: %s", o.code, o.stderr)
	}
	if works := m.refreshes(t, held.RefreshToken); works != (o.code != 0) && !page {
		t.Errorf("exit code %d, and that the refresh token still works is %v", o.code, works)
	}
	m.Forget()
	if m.check(t, m.run(t, h.args), 0); len(m.exchanged()) > 0 {
		t.Errorf("a second sign-out called %v", m.exchanged())
	}
	m.check(t, m.run(t, credentials), 3)
}

// isEmpty wants nothing of a person in the state directory, and no secret.
func (m *machine) isEmpty(t *testing.T) {
	t.Helper()
	files, err := os.ReadDir(m.state())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !left[f.Name()] && !strings.HasSuffix(f.Name(), ".lock") {
			t.Errorf("%s is still there", f.Name())
		}
		text, err := os.ReadFile(filepath.Join(m.state(), f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for value, name := range m.Secrets() {
			if shows(string(text), value) {
				t.Errorf("%s is still in %s", name, f.Name())
			}
		}
	}
}

// refreshes says whether the identity provider takes a refresh token.
func (m *machine) refreshes(t *testing.T, token secret.Value) bool {
	t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {clientID}, "refresh_token": {token.Reveal()}}
	resp, err := m.HTTPClient().PostForm(issuer+"/v1/token", form)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
