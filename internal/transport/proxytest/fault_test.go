package proxytest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// upstream answers every request with the number of those before it.
type upstream struct{ requests atomic.Int64 }

func (u *upstream) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	_, _ = fmt.Fprintf(w, `{"n":%d,"message":"text","refresh_token":"a secret of sorts"}`, u.requests.Add(1)-1)
	return w.Result(), nil
}

func start(t *testing.T) (*proxytest.Proxy, *upstream, *http.Client) {
	t.Helper()
	u := &upstream{}
	p := proxytest.Start(t, u)
	address, err := url.Parse(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.CA())
	transport := &http.Transport{Proxy: http.ProxyURL(address), TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return p, u, &http.Client{Transport: transport}
}

// ask posts to an operation and says how it went.
func ask(ctx context.Context, c *http.Client, address string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader("grant_type=refresh_token"))
	if err != nil {
		return err.Error()
	}
	resp, err := c.Do(req)
	if err != nil {
		return kind(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Sprintf("%d %s", resp.StatusCode, kind(err))
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s %s%s", resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("Retry-After"), resp.Header.Get("X-Amzn-Errortype")))
}

func kind(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "silence"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut"
	}
	return err.Error()
}

const (
	token  = "https://idp.example.com/token"
	create = "https://oidc.eu-west-1.amazonaws.com/token?aws_iam=t"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	want := map[proxytest.Fault]string{
		proxytest.Silence:         "silence",
		proxytest.Reset:           "reset",
		proxytest.Throttled:       "429 application/json 1ThrottlingException:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/",
		proxytest.TooManyRequests: "429  1",
		proxytest.ServerError:     "500 text/plain; charset=utf-8",
		proxytest.Unavailable:     "503 text/plain; charset=utf-8",
		proxytest.HTML:            "200 text/html; charset=utf-8",
		proxytest.Truncated:       "200 cut",
		proxytest.Drip:            "200 silence",
	}
	for _, f := range proxytest.Faults() {
		t.Run(string(f), func(t *testing.T) {
			p, u, client := start(t)
			p.Meddle(proxytest.Strike(f, "CreateTokenWithIAM", 1))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
			defer cancel()
			if diff := cmp.Diff(want[f], ask(ctx, client, create)); diff != "" || u.requests.Load() != 0 {
				t.Errorf("%d requests came through (-want +got):\n%s", u.requests.Load(), diff)
			}
			if got := ask(t.Context(), client, create); !strings.HasPrefix(got, "200 ") || u.requests.Load() != 1 {
				t.Errorf("the second request is struck, too: %s", got)
			}
		})
	}
}

func TestStrikeIsForOneOperation(t *testing.T) {
	t.Parallel()
	p, u, client := start(t)
	p.Meddle(proxytest.Strike(proxytest.Unavailable, proxytest.Token, proxytest.Always))
	for range 3 {
		if got := ask(t.Context(), client, token); !strings.HasPrefix(got, "503 ") {
			t.Error(got)
		}
	}
	if got := ask(t.Context(), client, create); !strings.HasPrefix(got, "200 ") || u.requests.Load() != 1 {
		t.Error(got)
	}
}

// What is lost was done, and its secrets are known.
func TestLose(t *testing.T) {
	t.Parallel()
	p, u, client := start(t)
	p.Meddle(proxytest.Lose(proxytest.Reset, proxytest.Token, 1))
	if got := ask(t.Context(), client, token); got != "reset" || u.requests.Load() != 1 {
		t.Errorf("%s, %d requests", got, u.requests.Load())
	}
	if p.Secrets()["a secret of sorts"] != "refresh_token" {
		t.Errorf("secrets %v", p.Secrets())
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	p, _, client := start(t)
	p.Meddle(proxytest.Rewrite(proxytest.Deny("CreateTokenWithIAM", 1, 400, "SlowDownException", "text"), func(a *proxytest.Answer) {
		a.Header.Set("Retry-After", string(a.Operation))
		a.Body = append(a.Body, "noise"...)
	}))
	for address, want := range map[string]string{
		create: "400 application/json CreateTokenWithIAMSlowDownException:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/",
		token:  "200 text/plain; charset=utf-8 Token",
	} {
		if diff := cmp.Diff(want, ask(t.Context(), client, address)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestOperationOf(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]proxytest.Operation{
		"https://dev-123456789.okta.com/oauth2/default/.well-known/openid-configuration": proxytest.Discovery,
		"https://dev-123456789.okta.com/oauth2/default/v1/keys":                          proxytest.Keys,
		"https://dev-123456789.okta.com/oauth2/default/v1/authorize":                     proxytest.Authorize,
		"https://dev-123456789.okta.com/oauth2/default/v1/device/authorize":              proxytest.DeviceAuthorization,
		"https://login.microsoftonline.com/tenant/oauth2/v2.0/devicecode":                proxytest.DeviceAuthorization,
		"https://pool.auth.eu-west-1.amazoncognito.com/oauth2/revoke":                    proxytest.Revocation,
		"https://pool.auth.eu-west-1.amazoncognito.com/logout":                           proxytest.Logout,
		"https://444455556666.s3-control.eu-west-1.amazonaws.com/v20180820/x":            "GetDataAccess",
		"https://tip-demo-data.s3.eu-west-1.amazonaws.com/key":                           proxytest.S3,
		create: "CreateTokenWithIAM",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if got := proxytest.Of(r); got != want {
			t.Errorf("%s is for %s, want %s", address, got, want)
		}
	}
}
