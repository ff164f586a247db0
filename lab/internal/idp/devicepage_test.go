package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
)

// enter opens the page for user codes and sends one.
func (l *lab) enter(t *testing.T, d device, code string) answer {
	t.Helper()
	p := l.page(t, d.VerificationURI, l.get(t, d.VerificationURI), http.StatusOK)
	return l.post(t, p.action, url.Values{"csrf": {p.csrf}, "user_code": {code}})
}

// decision signs alex in at a device's page and returns the page that asks.
func (l *lab) decision(t *testing.T, d device) page {
	t.Helper()
	p := l.page(t, d.VerificationURI, l.enter(t, d, d.UserCode), http.StatusOK)
	return l.page(t, d.VerificationURI, l.post(t, p.action, p.form()), http.StatusOK)
}

func (p page) decided(decision string) url.Values {
	return url.Values{"csrf": {p.csrf}, "decision": {decision}}
}

func TestDevicePage(t *testing.T) {
	for _, issuer := range []string{plainURL, oktaURL} {
		for decision, want := range map[string]string{"approve": "", "deny": "access_denied"} {
			l := newLab(t).withCookies(t)
			d := l.device(t, issuer)
			p := l.decision(t, d)
			checkPageHeaders(t, p.answer)
			for _, shown := range []string{"tip-cli", issuer, "Alex Writer", d.UserCode, "offline_access"} {
				if !strings.Contains(p.body, shown) {
					t.Errorf("the page lacks %q", shown)
				}
			}
			l.clock.advance(time.Minute)
			if got := l.post(t, p.action, p.decided(decision)); got.StatusCode != 200 || strings.Contains(got.body, "connected") != (want == "") {
				t.Errorf("%d: %s", got.StatusCode, got.body)
			}
			if e := l.last(); e.Kind != idp.KindDevice || e.Client != "tip-cli" || e.Person != "alex" || e.Error != want {
				t.Errorf("event %+v", e)
			}
			got := l.poll(t, issuer, d)
			if got.Error != want {
				t.Errorf("%+v, want error %q", got, want)
			}
			if want == "" && claims(t, got.IDToken)["auth_time"] != 1772366400.0 {
				t.Error("auth_time is not that of the sign-in")
			}
			if got := l.post(t, p.action, p.decided("approve")); got.StatusCode != 400 {
				t.Errorf("a second decision: %d", got.StatusCode)
			}
		}
	}
}

// The URL may bring the code, but only its reader can send it.
func TestDevicePageWithCode(t *testing.T) {
	l := newLab(t).withCookies(t)
	d := l.device(t, oktaURL)
	p := l.page(t, oktaURL, l.get(t, d.VerificationURIComplete), http.StatusOK)
	if !strings.Contains(p.body, `value="`+d.UserCode+`"`) {
		t.Error("the code is to be typed again")
	}
	for _, c := range p.Cookies() {
		if c.Path != "/activate" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %v", c)
		}
	}
	if got := l.poll(t, oktaURL, d); got.Error != "authorization_pending" {
		t.Errorf("%+v", got)
	}
}

func TestDeviceSignInRefusals(t *testing.T) {
	l := newLab(t).withCookies(t)
	d := l.device(t, plainURL)
	typed := strings.ToLower(strings.ReplaceAll(d.UserCode, "-", " "))
	p := l.page(t, plainURL, l.enter(t, d, typed), http.StatusOK)
	for name, form := range map[string]url.Values{
		"password": p.form("password", "nope"), "login": p.form("login", "nobody"),
		"person": {"csrf": {p.csrf}, "person": {"nobody"}},
	} {
		got := l.post(t, p.action, form)
		if got.StatusCode != 401 || got.Header.Get("WWW-Authenticate") == "" || !strings.Contains(got.body, "The login or the password is wrong.") {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
	if got := l.post(t, p.action, p.form("cancel", "1")); got.StatusCode != 200 {
		t.Errorf("cancel: %d", got.StatusCode)
	}
	if got := l.poll(t, plainURL, d); got.Error != "access_denied" {
		t.Errorf("%+v", got)
	}
}

// Whoever is signed in is asked at once; the answer is that of the person asked.
func TestDeviceSession(t *testing.T) {
	l := newLab(t).withCookies(t)
	first := l.decision(t, l.device(t, plainURL))
	d := l.device(t, plainURL)
	p := l.page(t, plainURL, l.enter(t, d, d.UserCode), http.StatusOK)
	if !strings.Contains(p.body, `value="approve"`) {
		t.Fatal("signed in, but not asked")
	}
	in := l.open(t, plainURL, "prompt", "login")
	l.post(t, in.action, url.Values{"csrf": {in.csrf}, "person": {"sam"}}).response(t)
	if got := l.post(t, p.action, p.decided("approve")); got.StatusCode != 200 || !strings.Contains(got.body, "<strong>sam</strong>") {
		t.Errorf("another person signed in meanwhile and was not asked: %s", got.body)
	}
	if got := l.poll(t, plainURL, d); got.Error != "authorization_pending" {
		t.Errorf("%+v", got)
	}
	if got := l.post(t, first.action, first.decided("maybe")); got.StatusCode != 200 {
		t.Errorf("%d", got.StatusCode)
	}
	l.clock.advance(8 * time.Hour)
	if got := l.post(t, p.action, p.decided("approve")); got.StatusCode != 400 {
		t.Errorf("long after: %d", got.StatusCode)
	}
}

// Nobody but our own pages can send their forms.
func TestForgedDeviceForms(t *testing.T) {
	l := newLab(t).withCookies(t)
	d, other := l.device(t, oktaURL), l.device(t, oktaURL)
	entry := l.page(t, oktaURL, l.get(t, d.VerificationURI), http.StatusOK)
	code := url.Values{"csrf": {entry.csrf}, "user_code": {d.UserCode}}
	p := l.decision(t, d)
	elsewhere := strings.Replace(p.action, d.UserCode, other.UserCode, 1)
	tests := map[string]struct {
		action  string
		form    url.Values
		headers []string
		status  int
	}{
		"code without token":     {entry.action, url.Values{"user_code": {d.UserCode}}, nil, 403},
		"code from another site": {entry.action, code, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"decision without token": {p.action, url.Values{"decision": {"approve"}}, nil, 403},
		"another form's token":   {p.action, url.Values{"csrf": {entry.csrf}, "decision": {"approve"}}, nil, 403},
		"of another device":      {elsewhere, p.decided("approve"), nil, 403},
		"of another person":      {strings.Replace(p.action, "alex", "sam", 1), p.decided("approve"), nil, 403},
		"foreign origin":         {p.action, p.decided("approve"), []string{"Origin", "https://attacker.example"}, 403},
		"no decision":            {p.action, url.Values{"csrf": {p.csrf}}, nil, 400},
		"sign-in without token":  {strings.Replace(p.action, "decision", "sign-in", 1), url.Values{"person": {"alex"}}, nil, 403},
		"field twice":            {entry.action, url.Values{"csrf": {entry.csrf}, "user_code": {"a", "b"}}, nil, 400},
	}
	for name, tt := range tests {
		if got := l.post(t, tt.action, tt.form, tt.headers...); got.StatusCode != tt.status {
			t.Errorf("%s: status %d, want %d", name, got.StatusCode, tt.status)
		}
	}
	if got := l.get(t, d.VerificationURI+"?a=1&a=2"); got.StatusCode != 400 {
		t.Errorf("parameter twice: %d", got.StatusCode)
	}
	for _, d := range []device{d, other} {
		if got := l.poll(t, oktaURL, d); got.Error != "authorization_pending" {
			t.Errorf("%+v", got)
		}
	}
}

func TestUserCodeGuesses(t *testing.T) {
	l := newLab(t).withCookies(t)
	d := l.device(t, oktaURL)
	for i := range 10 {
		guess := device{UserCode: "BBBB-BBBB", VerificationURI: d.VerificationURI}
		var got answer
		switch i % 3 { // every way in counts
		case 0:
			got = l.enter(t, d, guess.UserCode)
		case 1:
			got = l.decide(t, guess)
		default:
			got = l.post(t, d.VerificationURI+"/sign-in?user_code="+guess.UserCode, nil)
		}
		if got.StatusCode != 400 {
			t.Errorf("guess %d: %d", i, got.StatusCode)
		}
	}
	if got := l.enter(t, d, d.UserCode); got.StatusCode != 429 || got.Header.Get("Retry-After") != "60" {
		t.Errorf("after too many: %d, Retry-After %q", got.StatusCode, got.Header.Get("Retry-After"))
	}
	if e := l.last(); e.Kind != idp.KindDevice || e.Error != "slow_down" {
		t.Errorf("event %+v", e)
	}
	if got := l.decide(t, d); got.StatusCode != 429 {
		t.Errorf("headless: %d", got.StatusCode)
	}
	l.clock.advance(time.Minute)
	if got := l.decide(t, d); got.StatusCode != 200 {
		t.Errorf("a minute later: %d", got.StatusCode)
	}
}

func TestDeviceHeadless(t *testing.T) {
	l := newLab(t)
	d := l.device(t, oktaURL)
	q := url.Values{"user_code": {d.UserCode}, "lab_login": {"alex"}, "lab_password": {"correct horse"}}
	for name, tt := range map[string]struct {
		changes, headers []string
		status           int
	}{
		"wrong password": {[]string{"lab_password", "nope"}, nil, 401},
		"wrong decision": {[]string{"lab_decision", "maybe"}, nil, 400},
		"no code":        {[]string{"user_code", ""}, nil, 400},
		"linked":         {nil, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"posted":         {nil, []string{"Origin", "https://attacker.example"}, 403},
	} {
		form := change(url.Values{"user_code": q["user_code"], "lab_login": q["lab_login"], "lab_password": q["lab_password"]}, tt.changes...)
		if got := l.get(t, d.VerificationURI+"?"+form.Encode(), tt.headers...); got.StatusCode != tt.status {
			t.Errorf("%s: %d, want %d", name, got.StatusCode, tt.status)
		}
	}
	if got := l.poll(t, oktaURL, d); got.Error != "authorization_pending" {
		t.Errorf("%+v", got)
	}
	off := newLab(t, idp.WithHeadless(false))
	d = off.device(t, oktaURL)
	off.decide(t, d)
	if got := off.poll(t, oktaURL, d); got.Error != "authorization_pending" {
		t.Errorf("switched off: %+v", got)
	}
}

// Several issuers on one host share its page.
func TestSharedDevicePage(t *testing.T) {
	document := strings.Replace(worldFile, "http://{{endpoint}}/idp", "https://dev-123456789.okta.com/oauth2/other", 1)
	document = strings.Replace(document, "    clients: &clients", "    face: okta\n    clients: &clients", 1)
	l := newLab(t).withCookies(t)
	s, err := idp.New(newWorld(t, document, "127.0.0.1:4566", l.now))
	if err != nil {
		t.Fatal(err)
	}
	l.Service = s
	for _, decide := range []func(device){
		func(d device) { l.decide(t, d) },
		func(d device) {
			p := l.decision(t, d)
			l.post(t, p.action, p.decided("approve"))
		},
	} {
		d := l.device(t, oktaURL)
		decide(d)
		if got := l.poll(t, oktaURL, d); got.Status != 200 || claims(t, got.IDToken)["iss"] != oktaURL {
			t.Errorf("%+v", got)
		}
	}
}
