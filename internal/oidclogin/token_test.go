package oidclogin_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// oauthAnswer answers as a token endpoint that refuses, and repeats in its
// description whatever it was sent.
func oauthAnswer(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f := r.PostForm
		writeJSON(w, status, map[string]any{"error": code, "error_description": fmt.Sprintf("told\nby %s%s %s eyJhbGciOiJSUzI1NiJ9.canary",
			f.Get("code"), f.Get("refresh_token"), f.Get("code_verifier"))})
	}
}

func plainAnswer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Location", "/canary-location")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestTokenEndpointRefuses(t *testing.T) {
	tests := map[string]struct {
		token http.HandlerFunc
		kind  oidclogin.Kind
		want  string
		sends int // of a sign-in and a refresh together; 2 where it is zero
	}{
		"invalid_grant":       {oauthAnswer(400, "invalid_grant"), oidclogin.KindInvalidGrant, "answered invalid_grant: told by REDACTED", 0},
		"interaction":         {oauthAnswer(400, "interaction_required"), oidclogin.KindInvalidGrant, "interaction_required", 0},
		"invalid_client":      {oauthAnswer(401, "invalid_client"), oidclogin.KindConfig, "invalid_client", 0},
		"unauthorized_client": {oauthAnswer(400, "unauthorized_client"), oidclogin.KindConfig, "unauthorized_client", 0},
		"unknown code":        {oauthAnswer(400, "odd"), oidclogin.KindConfig, "answered odd", 0},
		"error text for code": {oauthAnswer(400, "canary odd"), oidclogin.KindConfig, "an unregistered error", 0},
		"access_denied":       {oauthAnswer(403, "access_denied"), oidclogin.KindDenied, "access_denied", 0},
		"slow_down":           {oauthAnswer(400, "slow_down"), oidclogin.KindNetwork, "slow_down", 0},
		"error with 200":      {oauthAnswer(200, "invalid_grant"), oidclogin.KindInvalidGrant, "invalid_grant", 0},
		"500 and a grant":     {oauthAnswer(500, "invalid_grant"), oidclogin.KindNetwork, "HTTP status 500", 5},
		"500":                 {plainAnswer(500, "text/plain", "canary-body"), oidclogin.KindNetwork, "the token endpoint answered HTTP status 500", 5},
		"429":                 {plainAnswer(429, "text/html", "canary-body"), oidclogin.KindNetwork, "HTTP status 429", 5},
		"proxy log-in":        {plainAnswer(407, "text/html", "canary-body"), oidclogin.KindNetwork, "HTTP status 407", 0},
		"404":                 {plainAnswer(404, "text/html", "<html>canary-body"), oidclogin.KindConfig, "HTTP status 404 without an OAuth error", 0},
		"HTML with 200":       {plainAnswer(200, "text/html", "<html>canary-body"), oidclogin.KindNetwork, "the token endpoint answered HTTP status 200 with text/html in place of a JSON object", 0},
		"bad JSON":            {plainAnswer(200, "application/json", `{"canary`), oidclogin.KindNetwork, "with application/json that is not a JSON object", 0},
		"JSON list":           {plainAnswer(200, "application/json", `["canary"]`), oidclogin.KindNetwork, "that is not a JSON object", 0},
		"JSON null":           {plainAnswer(200, "application/json", `null`), oidclogin.KindNetwork, "that is not a JSON object", 0},
		"no content type":     {plainAnswer(200, "", "canary"), oidclogin.KindNetwork, "with something without a content type", 0},
		"odd content type":    {plainAnswer(200, "canary type/<b>", "canary"), oidclogin.KindNetwork, "with an odd content type", 0},
		"nothing in it":       {plainAnswer(200, "application/json", `{}`), oidclogin.KindNoIDToken, "no id_token", 0},
		"redirect 302":        {plainAnswer(302, "text/html", "canary-body"), oidclogin.KindConfig, "answered with a redirect (HTTP status 302)", 0},
		"redirect 307":        {plainAnswer(307, "text/html", "canary-body"), oidclogin.KindConfig, "answered with a redirect (HTTP status 307)", 0},
		"redirect 308":        {plainAnswer(308, "text/html", "canary-body"), oidclogin.KindConfig, "answered with a redirect (HTTP status 308)", 0},
		"huge body": {plainAnswer(200, "application/json", `{"x":"`+strings.Repeat("canary", 400_000)+`"}`), oidclogin.KindNetwork,
			"the token endpoint: the answer is larger than 1 MiB", 0},
		"garbage": {hijack("canary-garbage\r\n\r\n"), oidclogin.KindNetwork, "the token endpoint gave no readable answer", 5},
		"reset":   {hijack(""), oidclogin.KindNetwork, "the token endpoint closed the connection", 5},
		"cut off": {hijack("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ncanary"), oidclogin.KindNetwork, "closed the connection", 5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.token = tt.token
			r := p.signIn(t, signInOptions{})
			client := oidclogin.New(p.settings(), oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)})
			kept, err := client.Refresh(t.Context(), secret.New("canary-refresh-held"))
			for op, err := range map[string]error{"sign in: ": r.err, "refresh ID token: ": err} {
				wantError(t, err, tt.kind, tt.want)
				if !strings.HasPrefix(err.Error(), op) || strings.Contains(formats(err), "canary") || strings.Contains(err.Error(), "\n") {
					t.Error(formats(err))
				}
			}
			if kept.RefreshToken.Reveal() != "canary-refresh-held" || kept.Rotated || !kept.IDToken.IsZero() {
				t.Errorf("kept %q, rotated %v", kept.RefreshToken.Reveal(), kept.Rotated)
			}
			if want := max(tt.sends, 2); len(p.grants) != want {
				t.Errorf("the token endpoint was asked %d times, want %d", len(p.grants), want)
			}
			if r.last.status < 400 || !strings.Contains(r.last.body, "The sign-in failed") {
				t.Errorf("the browser saw %d %s", r.last.status, r.last.body)
			}
		})
	}
}

// hijack answers with raw bytes, then closes.
func hijack(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, raw)
		_ = conn.Close()
	}
}

// TestHangs: a provider that never answers ends while an SDK still waits, as an error of the network, whichever request it is.
func TestHangs(t *testing.T) {
	for _, hanging := range []string{"/.well-known/openid-configuration", "/token", "/keys"} {
		synctest.Test(t, func(t *testing.T) {
			p := &idp{Server: &httptest.Server{URL: "http://127.0.0.1"}, t: t}
			inner := map[string]http.HandlerFunc{
				"/.well-known/openid-configuration": p.serveDiscovery, "/token": p.serveToken, "/keys": p.serveKeys,
			}
			client := &http.Client{Transport: answers(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == hanging {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				w := httptest.NewRecorder()
				inner[r.URL.Path](w, r)
				return w.Result(), nil
			})}
			start := time.Now()
			_, err := oidclogin.New(p.settings(), oidclogin.Env{HTTPClient: client}).Refresh(t.Context(), secret.New("canary-refresh-held"))
			wantError(t, err, oidclogin.KindNetwork, "did not answer in time")
			if took := time.Since(start); took < 20*time.Second || took > 24*time.Second {
				t.Errorf("%s: it took %s", hanging, took)
			}
		})
	}
}

// TestCallerDeadline: the caller's deadline is told from a slow provider's.
func TestCallerDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: answers(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		c := oidclogin.New(oidclogin.Settings{Issuer: "https://idp.example", ClientID: clientID}, oidclogin.Env{Wait: noWait, HTTPClient: client})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Refresh(ctx, secret.New("r"))
		wantError(t, err, oidclogin.KindTimeout, "the time was up")
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = c.Refresh(cancelled, secret.New("r"))
		wantError(t, err, oidclogin.KindInterrupted, "interrupted")
	})
}

func TestShorterTimeoutOfClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Timeout: time.Second, Transport: answers(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		start := time.Now()
		_, err := oidclogin.New(oidclogin.Settings{Issuer: "https://idp.example", ClientID: clientID},
			oidclogin.Env{Wait: noWait, HTTPClient: client}).Refresh(t.Context(), secret.New("r"))
		wantError(t, err, oidclogin.KindNetwork, "did not answer in time")
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestConnectionErrors(t *testing.T) {
	dns := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "idp.example", IsNotFound: true}}
	certificate := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	tests := map[string]struct {
		err  error
		want string
		hint string
	}{
		"no such host": {dns, "cannot reach the discovery document of https://idp.example: dial tcp: lookup idp.example: no such host", ""},
		"certificate":  {certificate, "the certificate of the discovery document of https://idp.example is not trusted", "AWS_CA_BUNDLE"},
		"other":        {errors.New("malformed HTTP response canary-body"), "gave no readable answer", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			requests := 0
			client := &http.Client{Transport: answers(func(*http.Request) (*http.Response, error) { requests++; return nil, tt.err })}
			_, err := oidclogin.New(oidclogin.Settings{Issuer: "https://idp.example", ClientID: clientID},
				oidclogin.Env{Wait: noWait, HTTPClient: client}).Refresh(t.Context(), secret.New("r"))
			wantError(t, err, oidclogin.KindNetwork, tt.want)
			var e *oidclogin.Error
			if errors.As(err, &e); !strings.Contains(e.Hint, tt.hint) || strings.Contains(formats(err), "canary") {
				t.Error(formats(err))
			}
			if final := name == "certificate"; e.Retryable() == final || (requests == 1) != final {
				t.Errorf("retryable %v after %d requests", e.Retryable(), requests)
			}
			if errors.Is(err, tt.err) != (name != "other") {
				t.Errorf("the cause is %v", errors.Unwrap(err))
			}
		})
	}
}

// TestHTTPClientReachesEverything: no request bypasses Env.HTTPClient.
func TestHTTPClientReachesEverything(t *testing.T) {
	p := newIDP(t)
	base := newHTTPClient(t)
	seen := map[string]int{}
	counting := &http.Client{Transport: answers(func(r *http.Request) (*http.Response, error) {
		seen[r.URL.Path]++
		if r.Header.Get("Cookie") != "" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s has credentials in its header", r.URL.Path)
		}
		return base.Transport.RoundTrip(r)
	})}
	if r := p.signIn(t, signInOptions{client: counting}); r.err != nil {
		t.Fatal(r.err)
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/token", "/keys"} {
		if seen[path] != 1 {
			t.Errorf("%s was seen %d times", path, seen[path])
		}
	}
}
