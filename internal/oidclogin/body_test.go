package oidclogin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// TestUnfinishedRequests: what another program begins to send and does not finish
// neither stops nor delays the end of a sign-in.
func TestUnfinishedRequests(t *testing.T) {
	tests := map[string]struct{ request, answer string }{
		"header":          {"GET /callback?x=1 HTT", ""},
		"nothing":         {"", ""},
		"body":            {"GET /callback?code=x&state=STATE HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 1000\r\n\r\nabc", "HTTP/1.1 400 "},
		"large body":      {"POST /callback HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 10000000\r\n\r\nabc", "HTTP/1.1 405 "},
		"chunked":         {"GET /callback?code=x&state=STATE HTTP/1.1\r\nHost: localhost:PORT\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 400 "},
		"chunked, path":   {"GET /x HTTP/1.1\r\nHost: localhost:PORT\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 404 "},
		"chunked, host":   {"GET /x HTTP/1.1\r\nHost: evil.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 403 "},
		"chunked, expect": {"POST /x HTTP/1.1\r\nHost: localhost:PORT\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 404 "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var began time.Time
			r := newIDP(t).signIn(t, signInOptions{before: func(address *url.URL) {
				redirect := redirectOf(t, address)
				conn, err := net.Dial("tcp4", "127.0.0.1:"+redirect.Port())
				if err != nil {
					t.Error(err)
					return
				}
				t.Cleanup(func() { _ = conn.Close() })
				request := strings.NewReplacer("PORT", redirect.Port(), "STATE", address.Query().Get("state")).Replace(tt.request)
				if _, err := io.WriteString(conn, request); err != nil {
					t.Error(err)
				}
				began = time.Now()
				if tt.answer != "" {
					wantAnswer(t, conn, tt.answer)
				}
			}})
			if took := time.Since(began); r.err != nil || took > 3*time.Second {
				t.Errorf("the sign-in took %v, %v", took, r.err)
			}
		})
	}
}

func wantAnswer(t *testing.T, conn net.Conn, want string) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); string(got) != want {
		t.Errorf("the answer begins with %q, want %q: %v", got, want, err)
	}
}

// TestUnreachableIsPrintable: what a resolver, a proxy or a certificate says is
// one short line of a terminal.
func TestUnreachableIsPrintable(t *testing.T) {
	odd := "a\x1b]0;x\x07\u202e\n" + strings.Repeat("b", 10_000)
	refused := &http.Client{Transport: answers(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New(odd)}
	})}
	address, client := oddCertificate(t, odd)
	for want, s := range map[string]struct {
		issuer string
		client *http.Client
	}{
		"cannot reach":   {"https://idp.example", refused},
		"is not trusted": {address, client},
	} {
		_, err := oidclogin.New(oidclogin.Settings{Issuer: s.issuer, ClientID: clientID}, oidclogin.Env{Wait: noWait, HTTPClient: s.client}).
			Refresh(t.Context(), secret.New(held))
		wantError(t, err, oidclogin.KindNetwork, want)
		if strings.ContainsAny(err.Error(), "\x1b\x07\u202e\n") || len(err.Error()) > 800 {
			t.Errorf("%q", err.Error())
		}
	}
}

// oddCertificate serves a certificate for another name, which is odd.
func oddCertificate(t *testing.T, name string) (address string, client *http.Client) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	name = strings.ReplaceAll(name, "\u202e", "") // it is an IA5String
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return strings.Replace(srv.URL, "127.0.0.1", "localhost", 1), newHTTPClient(t)
}
