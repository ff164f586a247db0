package idp_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// device is a device authorization response.
type device struct {
	DeviceCode              string `json:"device_code"`
	UserCode                string `json:"user_code"`
	VerificationURI         string `json:"verification_uri"`
	VerificationURIComplete string `json:"verification_uri_complete"`
	ExpiresIn               int    `json:"expires_in"`
	Interval                int    `json:"interval"`
	Message                 string `json:"message"`
}

// deviceURL is the device authorization endpoint of a face, by issuer.
func deviceURL(issuer string) string {
	if issuer == oktaURL {
		return oktaURL + "/v1/device/authorize"
	}
	return issuer + "/device_authorization"
}

func deviceForm(changes ...string) url.Values {
	return change(url.Values{"client_id": {"tip-cli"}, "scope": {"openid profile email offline_access"}}, changes...)
}

func (l *lab) device(t testing.TB, issuer string, changes ...string) device {
	t.Helper()
	got := l.post(t, deviceURL(issuer), deviceForm(changes...))
	if got.StatusCode != 200 || got.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("status %d: %s", got.StatusCode, got.body)
	}
	var d device
	if err := json.Unmarshal([]byte(got.body), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// decide has alex approve a device, or something else, without a browser.
func (l *lab) decide(t testing.TB, d device, changes ...string) answer {
	t.Helper()
	q := change(url.Values{"user_code": {d.UserCode}, "lab_login": {"alex"}, "lab_password": {"correct horse"}}, changes...)
	return l.get(t, d.VerificationURI+"?"+q.Encode())
}

func (l *lab) poll(t testing.TB, issuer string, d device, changes ...string) tokens {
	t.Helper()
	return l.redeem(t, issuer, change(url.Values{
		"grant_type": {deviceGrant}, "client_id": {"tip-cli"}, "device_code": {d.DeviceCode},
	}, changes...))
}

func TestDeviceAuthorization(t *testing.T) {
	for issuer, page := range map[string]string{plainURL: plainURL + "/device", oktaURL: "https://dev-123456789.okta.com/activate"} {
		l := newLab(t)
		got := l.device(t, issuer)
		if len(got.DeviceCode) != 43 || !regexp.MustCompile(`^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`).MatchString(got.UserCode) {
			t.Errorf("codes %q, %q", got.DeviceCode, got.UserCode)
		}
		want := device{
			DeviceCode: got.DeviceCode, UserCode: got.UserCode, VerificationURI: page,
			VerificationURIComplete: page + "?user_code=" + got.UserCode, ExpiresIn: 600, Interval: 5,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if e := l.last(); e.Kind != idp.KindDevice || e.Client != "tip-cli" || e.Error != "" {
			t.Errorf("event %+v", e)
		}
	}
}

func TestDeviceAuthorizationRefusals(t *testing.T) {
	tests := map[string]struct {
		changes, headers []string
		status           int
		want             string
	}{
		"no client":      {[]string{"client_id", ""}, nil, 401, "invalid_client"},
		"unknown client": {[]string{"client_id", "stranger"}, nil, 401, "invalid_client"},
		"client secret":  {[]string{"client_secret", "s"}, nil, 401, "invalid_client"},
		"no openid":      {[]string{"scope", "profile"}, nil, 400, "invalid_scope"},
		"no scope":       {[]string{"scope", ""}, nil, 400, "invalid_scope"},
		"unknown scope":  {[]string{"scope", "openid payroll"}, nil, 400, "invalid_scope"},
		"JSON body":      {nil, []string{"Content-Type", "application/json"}, 400, "invalid_request"},
	}
	l := newLab(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := l.post(t, deviceURL(oktaURL), deviceForm(tt.changes...), tt.headers...).tokens(t)
			if got.Status != tt.status || got.Error != tt.want || got.ErrorDescription == "" {
				t.Errorf("%+v, want %d %s", got, tt.status, tt.want)
			}
			if e := l.last(); e.Kind != idp.KindDevice || e.Error != tt.want {
				t.Errorf("event %+v", e)
			}
		})
	}
}

// A real client polls until a person has approved.
func TestDeviceRealClient(t *testing.T) {
	for _, issuer := range []string{plainURL, oktaURL} {
		synctest.Test(t, func(t *testing.T) {
			l := newLabAt(t, time.Now)
			rp := newRelyingParty(t, l, issuer)
			rp.config.Endpoint.DeviceAuthURL = rp.provider.Endpoint().DeviceAuthURL
			da, err := rp.config.DeviceAuth(rp.ctx)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				time.Sleep(12 * time.Second)
				l.decide(t, device{UserCode: da.UserCode, VerificationURI: da.VerificationURI})
			}()
			began := time.Now()
			token, err := rp.config.DeviceAccessToken(rp.ctx, da)
			if err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); waited != 15*time.Second {
				t.Errorf("waited %s: the third poll comes after the approval", waited)
			}
			id := rp.verify(t, token)
			if id.Subject != "sub-alex" || id.Nonce != "" || token.RefreshToken == "" {
				t.Errorf("%+v, %+v", id, token)
			}
			if _, err := rp.config.TokenSource(rp.ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDevicePolls(t *testing.T) {
	l := newLab(t)
	d := l.device(t, oktaURL)
	steps := []struct {
		after time.Duration
		want  string
	}{
		{0, "authorization_pending"}, // the first poll may come at once
		{4499 * time.Millisecond, "slow_down"},
		{9499 * time.Millisecond, "slow_down"}, // now ten seconds
		{14500 * time.Millisecond, "authorization_pending"},
		{15 * time.Second, "authorization_pending"},
	}
	for i, step := range steps {
		l.clock.advance(step.after)
		got := l.poll(t, oktaURL, d)
		if diff := cmp.Diff(tokens{Status: 400, Error: step.want, ErrorDescription: got.ErrorDescription}, got); diff != "" {
			t.Errorf("poll %d: %s", i, diff)
		}
	}
	l.decide(t, d)
	got := l.poll(t, oktaURL, d) // at once: nothing is pending
	if got.Status != 200 || got.IDToken == "" || got.RefreshToken == "" || got.Scope != "openid profile email offline_access" {
		t.Fatalf("%+v", got)
	}
	if e := l.last(); e.GrantType != deviceGrant || e.Person != "alex" || e.TokenID == "" {
		t.Errorf("event %+v", e)
	}
	if got := l.poll(t, oktaURL, d); got.Status != 400 || got.Error != "invalid_grant" {
		t.Errorf("second use: %+v", got)
	}
}

func TestDeviceRefusals(t *testing.T) {
	tests := map[string]struct {
		decide  []string // alex decides first, unless nil
		wait    time.Duration
		changes []string
		want    string
	}{
		"denied":              {decide: []string{"lab_decision", "deny"}, want: "access_denied"},
		"expired":             {wait: 10 * time.Minute, want: "expired_token"},
		"approved, expired":   {decide: []string{}, wait: 10 * time.Minute, want: "expired_token"},
		"forgotten":           {wait: 20 * time.Minute, want: "invalid_grant"},
		"no code":             {decide: []string{}, changes: []string{"device_code", ""}, want: "invalid_request"},
		"wrong code":          {decide: []string{}, changes: []string{"device_code", "wrong"}, want: "invalid_grant"},
		"another client":      {decide: []string{}, changes: []string{"client_id", "other-cli"}, want: "invalid_grant"},
		"the login was wrong": {decide: []string{"lab_password", "nope"}, want: "authorization_pending"},
		"still open":          {wait: 10*time.Minute - 1, want: "authorization_pending"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			d := l.device(t, oktaURL)
			if tt.decide != nil {
				l.decide(t, d, tt.decide...)
			}
			l.clock.advance(tt.wait)
			if got := l.poll(t, oktaURL, d, tt.changes...); got.Status != 400 || got.Error != tt.want || got.IDToken != "" {
				t.Errorf("%+v, want %s", got, tt.want)
			}
		})
	}
}

// A wrong client does not use the code of the right one up.
func TestDeviceCodeStaysWithItsClient(t *testing.T) {
	l := newLab(t)
	d := l.device(t, plainURL)
	l.decide(t, d)
	l.poll(t, plainURL, d, "client_id", "other-cli")
	if got := l.poll(t, plainURL, d); got.Status != 200 {
		t.Errorf("%+v", got)
	}
	if got := l.poll(t, plainURL, l.device(t, plainURL, "client_id", "no-refresh"), "client_id", "no-refresh"); got.Error != "authorization_pending" {
		t.Errorf("%+v", got)
	}
}

// A device gets a refresh token only if it asked for one.
func TestDeviceWithoutRefreshToken(t *testing.T) {
	l := newLab(t)
	d := l.device(t, plainURL, "scope", "openid email")
	l.decide(t, d)
	if got := l.poll(t, plainURL, d); got.RefreshToken != "" || claims(t, got.IDToken)["email"] != "alex@example.com" {
		t.Errorf("%+v", got)
	}
}
