package oidclogin_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

// TestOtherOwnNames: every loopback name with the port is the listener's own.
func TestOtherOwnNames(t *testing.T) {
	for _, name := range []string{"localhost", "LOCALHOST", "127.0.0.1", "[::1]"} {
		p := newIDP(t)
		var got visit
		r := p.signIn(t, signInOptions{before: func(u *url.URL) {
			redirect := redirectOf(t, u)
			req := newRequest(t, "GET", redirect.String())
			req.Host = name + ":" + redirect.Port()
			got = fetch(t, newHTTPClient(t), req)
		}})
		if got.status != http.StatusBadRequest || r.err != nil {
			t.Errorf("%s: status %d, %v", name, got.status, r.err)
		}
	}
}

// assertPageHeaders wants a page that may do nothing and is not stored.
func assertPageHeaders(t *testing.T, v visit) {
	t.Helper()
	want := map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	}
	for name, value := range want {
		if got := v.header.Get(name); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	csp := v.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("Content-Security-Policy = %q", csp)
	}
	if v.body == "" { // HEAD
		return
	}
	_, style, _ := strings.Cut(v.body, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	if !strings.Contains(csp, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
		t.Error("the hash in the policy is not that of the style")
	}
	if strings.Contains(v.body, "{{") || strings.Contains(v.body, "<script") {
		t.Errorf("body: %s", v.body)
	}
}

func TestPageHeadersOfOutcome(t *testing.T) {
	p := newIDP(t)
	assertPageHeaders(t, p.signIn(t, signInOptions{}).last)
	p.claims = func(c map[string]any) { c["nonce"] = "other" }
	r := p.signIn(t, signInOptions{})
	assertPageHeaders(t, r.last)
	if r.last.status != http.StatusBadGateway || !strings.Contains(r.last.body, "did not pass the checks") {
		t.Errorf("%d %s", r.last.status, r.last.body)
	}
}

func TestErrorRedirect(t *testing.T) {
	tests := map[string]struct {
		response url.Values
		kind     oidclogin.Kind
		want     string
		status   int
	}{
		"denied": {url.Values{"error": {"access_denied"}}, oidclogin.KindDenied,
			"sign in: the identity provider answered access_denied", 403},
		"description is cleaned": {url.Values{"error": {"access_denied"}, "error_description": {"User is not\x1b[2J assigned\r\nto \u202ethe client."}},
			oidclogin.KindDenied, "access_denied: User is not [2J assigned to the client.", 403},
		"out of order":   {url.Values{"error": {"temporarily_unavailable"}}, oidclogin.KindNetwork, "temporarily_unavailable", 502},
		"server error":   {url.Values{"error": {"server_error"}}, oidclogin.KindNetwork, "server_error", 502},
		"bad scope":      {url.Values{"error": {"invalid_scope"}}, oidclogin.KindConfig, "invalid_scope", 502},
		"bad client":     {url.Values{"error": {"unauthorized_client"}}, oidclogin.KindConfig, "unauthorized_client", 502},
		"consent":        {url.Values{"error": {"consent_required"}}, oidclogin.KindDenied, "consent_required", 403},
		"odd error code": {url.Values{"error": {"<b>x</b>"}}, oidclogin.KindDenied, "answered an unregistered error", 403},
		"code repeated":  {url.Values{"error": {"access_denied"}, "error_description": {"code"}}, oidclogin.KindDenied, "access_denied: REDACTED", 403},
		"neither":        {url.Values{}, oidclogin.KindVerification, "neither code nor error", 502},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.redirect = func(response url.Values) {
				code := response.Get("code")
				response.Del("code")
				for k, v := range tt.response {
					response[k] = v
				}
				if response.Get("error_description") == "code" {
					response.Set("error_description", code)
					response.Set("code", code)
				}
			}
			r := p.signIn(t, signInOptions{})
			wantError(t, r.err, tt.kind, tt.want)
			if r.last.status != tt.status || !strings.Contains(r.last.body, "The sign-in failed") {
				t.Errorf("the browser saw %d, want %d", r.last.status, tt.status)
			}
			if strings.Contains(r.last.body, "assigned") || strings.Contains(r.last.body, "<b>") {
				t.Errorf("the page has text of the request: %s", r.last.body)
			}
			if len(p.grants) != 0 {
				t.Error("a code was sent")
			}
		})
	}
}

func TestIssParameter(t *testing.T) {
	supported := func(doc map[string]any) { doc["authorization_response_iss_parameter_supported"] = true }
	tests := map[string]struct {
		discovery func(map[string]any)
		iss       func(issuer string) []string
		want      string
	}{
		"right":                {nil, func(i string) []string { return []string{i} }, ""},
		"right and announced":  {supported, func(i string) []string { return []string{i} }, ""},
		"absent":               {nil, nil, ""},
		"absent but announced": {supported, nil, "does not name its issuer"},
		"wrong":                {nil, func(string) []string { return []string{"https://evil.example"} }, `comes from issuer "https://evil.example"`},
		"slash":                {nil, func(i string) []string { return []string{i + "/"} }, "comes from issuer"},
		"empty":                {nil, func(string) []string { return []string{""} }, "comes from issuer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.discovery = tt.discovery
			p.redirect = func(response url.Values) {
				if tt.iss != nil {
					response["iss"] = tt.iss(p.URL)
				}
			}
			r := p.signIn(t, signInOptions{})
			if tt.want == "" {
				if r.err != nil {
					t.Fatal(r.err)
				}
				return
			}
			wantError(t, r.err, oidclogin.KindVerification, tt.want)
			if len(p.grants) != 0 {
				t.Error("the code was sent")
			}
		})
	}
}
