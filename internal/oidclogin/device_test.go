package oidclogin_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// deviceAnswer is a device authorization response, edited.
func (p *idp) deviceAnswer(edits ...func(map[string]any)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		answer := map[string]any{
			"device_code": p.secret("device"), "user_code": "WDJB-MJHT", "verification_uri": "https://idp.example/device",
			"verification_uri_complete": "https://idp.example/device?user_code=WDJB-MJHT", "expires_in": 600, "interval": 7,
		}
		both(edits...)(answer)
		writeJSON(w, http.StatusOK, answer)
	}
}

// polls answers the polls in turn with OAuth errors or, if they are numbers or
// empty, with a status or a closed connection; then it grants.
func (p *idp) polls(each ...any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if len(each) == 0 {
			if !p.grantOK(r, nil) {
				writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
				return
			}
			p.serveTokens(w, "")
			return
		}
		next := each[0]
		each = each[1:]
		switch next := next.(type) {
		case int:
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(next)
		case string:
			if next == "" {
				hijack("")(w, r)
				return
			}
			oauthAnswer(http.StatusBadRequest, next)(w, r)
		}
	}
}

// byDevice signs in by device code and returns what was waited for. It is
// interrupted when that is longer than any code is valid.
func (p *idp) byDevice(t *testing.T, edit func(*oidclogin.Settings)) (run, []time.Duration) {
	t.Helper()
	var waited pauses
	var total time.Duration
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := p.signIn(t, signInOptions{
		settings: edit, ctx: ctx,
		wait: func(ctx context.Context, d time.Duration) error {
			if total += d; total > time.Hour {
				cancel()
			}
			return waited.wait(ctx, d)
		},
		signIn:  func(o *oidclogin.SignInOptions) { o.Method = oidclogin.MethodDevice },
		openURL: func(context.Context, string) error { t.Error("a browser was opened"); return nil },
	})
	return r, waited.each
}

func seconds(each ...int) []time.Duration {
	var d []time.Duration
	for _, s := range each {
		d = append(d, time.Duration(s)*time.Second)
	}
	return d
}

// TestDevicePolls follows RFC 8628 section 3.5.
func TestDevicePolls(t *testing.T) {
	tests := map[string]struct {
		polls  []any
		waited []time.Duration
		kind   oidclogin.Kind
		want   string
	}{
		"at once":                {nil, seconds(7), 0, ""},
		"pending":                {[]any{"authorization_pending", "authorization_pending"}, seconds(7, 7, 7), 0, ""},
		"slow_down":              {[]any{"slow_down", "authorization_pending", "slow_down"}, seconds(7, 12, 12, 17), 0, ""},
		"network":                {[]any{"", "", "authorization_pending"}, seconds(7, 14, 28, 28), 0, ""},
		"network for a while":    {[]any{"", "", "", "", ""}, seconds(7, 14, 28, 56, 60, 60), 0, ""},
		"out of order":           {[]any{503}, seconds(7, 90), 0, ""},
		"denied":                 {[]any{"access_denied"}, seconds(7), oidclogin.KindDenied, "answered access_denied"},
		"declined at Entra ID":   {[]any{"authorization_pending", "authorization_declined"}, seconds(7, 7), oidclogin.KindDenied, "authorization_declined"},
		"expired":                {[]any{"expired_token"}, seconds(7), oidclogin.KindTimeout, "answered expired_token"},
		"used by a lost attempt": {[]any{"", "invalid_grant"}, seconds(7, 14), oidclogin.KindNetwork, "the answer to an earlier attempt was lost"},
		"bad code":               {[]any{"bad_verification_code"}, seconds(7), oidclogin.KindConfig, "bad_verification_code"},
		"not found":              {[]any{404}, seconds(7), oidclogin.KindConfig, "HTTP status 404"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.device, p.token = p.deviceAnswer(), p.polls(tt.polls...)
			r, waited := p.byDevice(t, nil)
			if tt.want != "" {
				wantError(t, r.err, tt.kind, tt.want)
			} else if r.err != nil || r.tokens.Assertion.IsZero() || r.tokens.RefreshToken.IsZero() {
				t.Fatalf("%+v, %v", r.tokens, r.err)
			}
			if diff := cmp.Diff(tt.waited, waited); diff != "" {
				t.Errorf("waited (-want +got):\n%s", diff)
			}
			for _, grant := range p.grants {
				if grant.Get("grant_type") != deviceGrant || grant.Has("code_verifier") {
					t.Errorf("sent %v", grant)
				}
			}
		})
	}
}

// TestDeviceAnswers: what a person sees is safe to print and to open.
func TestDeviceAnswers(t *testing.T) {
	tests := map[string]struct {
		edit   func(map[string]any)
		shown  []string
		hidden string
		waited []time.Duration
		want   string
	}{
		"all":              {nil, []string{"  https://idp.example/device\n", "  WDJB-MJHT\n", "device?user_code=WDJB-MJHT\n", "Waiting for up to 10 minutes; Ctrl-C ends it."}, "", seconds(7), ""},
		"none complete":    {set("verification_uri_complete", nil), []string{"  WDJB-MJHT\n"}, "which has the code in it", seconds(7), ""},
		"complete is odd":  {set("verification_uri_complete", "javascript:alert(1)"), []string{"  WDJB-MJHT\n"}, "javascript", seconds(7), ""},
		"loopback":         {set("verification_uri", "http://127.0.0.1:9/device"), []string{"http://127.0.0.1:9/device\n"}, "", seconds(7), ""},
		"old name":         {both(set("verification_uri", nil), set("verification_url", "https://idp.example/old")), []string{"https://idp.example/old\n"}, "", seconds(7), ""},
		"no interval":      {set("interval", nil), nil, "", seconds(5), ""},
		"interval zero":    {set("interval", 0), nil, "", seconds(5), ""},
		"interval below":   {set("interval", -3), nil, "", seconds(5), ""},
		"fraction":         {set("interval", 0.01), nil, "", seconds(1), ""},
		"text for numbers": {both(set("interval", "9"), set("expires_in", "120")), []string{"up to 2 minutes"}, "", seconds(9), ""},
		"no lifetime":      {set("expires_in", nil), []string{"up to 15 minutes"}, "", seconds(7), ""},
		"endless":          {set("expires_in", 1e300), []string{"up to 30 minutes"}, "", seconds(7), ""},
		"escape in code":   {set("user_code", "AB\x1b[2J\nCD\u202e"), []string{"  AB [2J CD\n"}, "\x1b", seconds(7), ""},
		"long code":        {set("user_code", strings.Repeat("A", 5000)), nil, strings.Repeat("A", 100), seconds(7), ""},
		"escape in page":   {set("verification_uri", "https://idp.example/\u202edevice"), nil, "idp.example", nil, "or no plain URL"},
		"escape, complete": {set("verification_uri_complete", "https://idp.example/device?\u009b2J"), nil, "which has the code in it", seconds(7), ""},
		"http page":        {set("verification_uri", "http://idp.example/device"), nil, "idp.example", nil, "neither https nor on this machine"},
		"no page":          {set("verification_uri", nil), nil, "", nil, "neither https nor on this machine"},
		"no user code":     {set("user_code", nil), nil, "", nil, "no device code or no user code"},
		"no device code":   {set("device_code", nil), nil, "", nil, "no device code or no user code"},
		"blank user code":  {set("user_code", "\x1b"), nil, "", nil, "no device code or no user code"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.device, p.token = p.deviceAnswer(both()), p.polls()
			if tt.edit != nil {
				p.device = p.deviceAnswer(tt.edit)
			}
			r, waited := p.byDevice(t, nil)
			if (r.err == nil) != (tt.want == "") || (r.err != nil && !strings.Contains(r.err.Error(), tt.want)) {
				t.Fatalf("error %v, want %q", r.err, tt.want)
			}
			for _, text := range tt.shown {
				if !strings.Contains(r.stderr, text) {
					t.Errorf("%q is not in %q", text, r.stderr)
				}
			}
			if tt.hidden != "" && strings.Contains(r.stderr, tt.hidden) {
				t.Errorf("%q is in %q", tt.hidden, r.stderr)
			}
			if diff := cmp.Diff(tt.waited, waited); diff != "" {
				t.Errorf("waited (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDeviceEndpoint: what can be wrong with asking for a code.
func TestDeviceEndpoint(t *testing.T) {
	tests := map[string]struct {
		device    http.HandlerFunc
		discovery func(map[string]any)
		kind      oidclogin.Kind
		want      string
	}{
		"none":             {nil, nil, oidclogin.KindConfig, "has no device authorization endpoint"},
		"over http":        {plainAnswer(200, "", ""), set("device_authorization_endpoint", "http://idp.example/d"), oidclogin.KindConfig, "device_authorization_endpoint"},
		"not for client":   {oauthAnswer(400, "unauthorized_client"), nil, oidclogin.KindConfig, "unauthorized_client"},
		"out of order":     {plainAnswer(503, "text/html", "canary"), nil, oidclogin.KindNetwork, "the device authorization endpoint answered HTTP status 503"},
		"not found":        {plainAnswer(404, "text/html", "canary"), nil, oidclogin.KindConfig, "the device authorization endpoint answered HTTP status 404"},
		"redirect":         {plainAnswer(302, "text/html", "canary"), nil, oidclogin.KindConfig, "redirect"},
		"not JSON":         {plainAnswer(200, "text/html", "canary"), nil, oidclogin.KindNetwork, "the device authorization endpoint answered HTTP status 200 with text/html"},
		"reset":            {hijack(""), nil, oidclogin.KindNetwork, "the device authorization endpoint closed the connection"},
		"error with a 200": {oauthAnswer(200, "invalid_scope"), nil, oidclogin.KindConfig, "invalid_scope"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.device, p.discovery = tt.device, tt.discovery
			r, _ := p.byDevice(t, nil)
			wantError(t, r.err, tt.kind, tt.want)
			if r.stderr != "" || strings.Contains(formats(r.err), "canary") {
				t.Errorf("stderr %q, %s", r.stderr, formats(r.err))
			}
			if tt.device == nil && !strings.Contains(hintOf(t, r.err), "Sign in with a browser") {
				t.Error(hintOf(t, r.err))
			}
		})
	}
}

// TestDeviceRequest: scope, audience and parameters reach the endpoint, which may
// come from the settings.
func TestDeviceRequest(t *testing.T) {
	p := newIDP(t)
	var asked map[string][]string
	p.device = func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		asked = r.PostForm
		p.deviceAnswer()(w, r)
	}
	p.discovery, p.token = set("device_authorization_endpoint", nil), p.polls()
	r, _ := p.byDevice(t, func(s *oidclogin.Settings) {
		s.DeviceEndpoint, s.Audience, s.Parameters = p.URL+"/device", "https://api.example", map[string]string{"organization": "o1"}
	})
	if r.err != nil {
		t.Fatal(r.err)
	}
	want := map[string][]string{
		"client_id": {clientID}, "scope": {"openid email offline_access"}, "audience": {"https://api.example"}, "organization": {"o1"},
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("device authorization request (-want +got):\n%s", diff)
	}
}

// TestDeviceEnds: the lifetime of the code, the caller's deadline and Ctrl-C.
func TestDeviceEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		kind oidclogin.Kind
		err  error
		want string
	}{
		"time is up": {oidclogin.KindTimeout, context.DeadlineExceeded, "nobody entered the code in time"},
		"Ctrl-C":     {oidclogin.KindInterrupted, context.Canceled, "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.device, p.token = p.deviceAnswer(set("expires_in", 0.2)), p.polls()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r := p.signIn(t, signInOptions{ctx: ctx, signIn: func(o *oidclogin.SignInOptions) { o.Method = oidclogin.MethodDevice },
				wait: func(ctx context.Context, _ time.Duration) error {
					if tt.kind == oidclogin.KindInterrupted {
						cancel()
					}
					<-ctx.Done()
					return ctx.Err()
				}})
			wantError(t, r.err, tt.kind, tt.want)
			if !errors.Is(r.err, tt.err) || (hintOf(t, r.err) == "") != (tt.kind == oidclogin.KindInterrupted) {
				t.Errorf("%v, hint %q", r.err, hintOf(t, r.err))
			}
			if len(p.grants) != 0 {
				t.Error("it polled")
			}
		})
	}
}

// TestDeviceTokens: a token by device code is verified like any other, and has no nonce.
func TestDeviceTokens(t *testing.T) {
	for want, edit := range map[string]func(*idp){
		"expected audience": func(p *idp) { p.claims = set("aud", "other") },
		"no id_token":       func(p *idp) { p.answer = set("id_token", nil) },
	} {
		p := newIDP(t)
		p.device, p.token = p.deviceAnswer(), p.polls()
		edit(p)
		r, _ := p.byDevice(t, nil)
		if r.err == nil || !strings.Contains(r.err.Error(), want) || !r.tokens.RefreshToken.IsZero() {
			t.Errorf("%v, want %q", r.err, want)
		}
	}
}
