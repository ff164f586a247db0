package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// shared is a lab with the default world for many machines, each with a proxy and
// a sign-in of its own, so that none sees anything of another. To make the keys of
// a lab takes longer than the rest of a row. It ends with the process.
type shared struct {
	*lab.Lab
	// ports are redirects that no machine uses at the moment.
	ports chan int
}

// machinesAtOnce is how many can share the lab at a time.
const machinesAtOnce = 64

var sharedLab = sync.OnceValues(func() (*shared, error) {
	s := &shared{ports: make(chan int, machinesAtOnce)}
	var redirects []string
	for range machinesAtOnce {
		port, err := lab.FreePort(context.Background())
		if err != nil {
			return nil, err
		}
		s.ports <- port
		redirects = append(redirects, fmt.Sprintf("http://localhost:%d/callback", port))
	}
	var err error
	s.Lab, err = lab.Start(context.Background(), lab.Options{Edit: func(w *lab.World) { w.Issuers[0].Clients[0].RedirectURIs = redirects }})
	return s, err
})

// newSharedMachine is a configured machine at the shared lab.
func newSharedMachine(t *testing.T) *machine {
	t.Helper()
	s, err := sharedLab()
	if err != nil {
		t.Fatal(err)
	}
	port := <-s.ports
	t.Cleanup(func() { s.ports <- port })
	return (&machine{Lab: s.Lab, port: port}).neighbour(t)
}

// neighbour is another configured machine at the same lab. The two cannot sign in
// at the same time.
func (m *machine) neighbour(t *testing.T) *machine {
	t.Helper()
	n := &machine{Lab: m.Lab, Proxy: proxytest.Start(t, m.HTTPClient().Transport), dir: t.TempDir(), port: m.port}
	n.write(t, "config.json", n.configuration(issuer))
	n.write(t, "ca.pem", string(n.Proxy.CA()))
	n.configure(t)
	return n
}

// configure does what tip-cli configure idp does, in less time.
func (m *machine) configure(t *testing.T) {
	t.Helper()
	text := strings.Replace(m.configuration(issuer), "{", `{"idp": "okta",`, 1)
	if err := errors.Join(os.Mkdir(m.state(), 0o700), os.WriteFile(filepath.Join(m.state(), store.ConfigFile), []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// signIn does what tip-cli auth and a browser do, in less time.
func (m *machine) signIn(t *testing.T) {
	t.Helper()
	browser := m.browser(t)
	defer browser.CloseIdleConnections()
	verifier := oauth2.GenerateVerifier()
	redirect := fmt.Sprintf("http://localhost:%d/callback", m.port)
	code, err := authorized(browser, url.Values{
		"client_id": {clientID}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid email profile offline_access"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"}, "state": {"state"}, "nonce": {"nonce"},
		"lab_login": {"analyst"}, "lab_password": {"analyst"},
	})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := browser.PostForm(issuer+"/v1/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {clientID}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var tokens map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&tokens); err != nil {
		t.Fatal(err)
	}
	id, _ := tokens["id_token"].(string)
	refresh, _ := tokens["refresh_token"].(string)
	held := store.IDPToken{Token: secret.New(id), RefreshToken: secret.New(refresh), ObtainedAt: time.Now()}
	if err := store.New(m.state(), func(o *store.Options) { o.Keyring = nil }).SaveIDPToken(t.Context(), held); err != nil || id == "" {
		t.Fatal("no sign-in: ", err, tokens["error"])
	}
	m.Forget()
}

// browser goes through the proxy of the machine, which learns the secrets.
func (m *machine) browser(t *testing.T) *http.Client {
	t.Helper()
	proxy, err := url.Parse(m.Proxy.URL())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(m.Proxy.CA())
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func authorized(browser *http.Client, q url.Values) (code string, err error) {
	resp, err := browser.Get(issuer + "/v1/authorize?" + q.Encode())
	if err != nil {
		return "", err
	}
	_ = resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(back.String(), q.Get("redirect_uri")) || back.Query().Get("code") == "" {
		return "", errors.Join(err, fmt.Errorf("the sign-in ended with HTTP status %d at %q", resp.StatusCode, resp.Header.Get("Location")))
	}
	return back.Query().Get("code"), nil
}
