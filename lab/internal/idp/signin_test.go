package idp_test

import (
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
)

// page is a sign-in page that a browser has open.
type page struct {
	answer
	action string
	csrf   string
}

var (
	actionForm = regexp.MustCompile(`<form class="typed" method="post" action="([^"]*)">`)
	csrfForm   = regexp.MustCompile(`name="csrf" value="([^"]*)"`)
)

// withCookies makes the lab's client keep cookies, as a browser does.
func (l *lab) withCookies(t *testing.T) *lab {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	l.http.Jar = jar
	return l
}

func (l *lab) open(t *testing.T, issuer string, changes ...string) page {
	t.Helper()
	authorize, _, _ := endpoints(issuer)
	return l.page(t, issuer, l.get(t, authorize+"?"+request(changes...).Encode()), http.StatusOK)
}

func (l *lab) page(t *testing.T, issuer string, got answer, status int) page {
	t.Helper()
	action, csrf := actionForm.FindStringSubmatch(got.body), csrfForm.FindStringSubmatch(got.body)
	if got.StatusCode != status || action == nil || csrf == nil {
		t.Fatalf("status %d, want %d and a form:\n%s", got.StatusCode, status, got.body)
	}
	base, err := url.Parse(issuer)
	if err != nil {
		t.Fatal(err)
	}
	target, err := base.Parse(html.UnescapeString(action[1]))
	if err != nil {
		t.Fatal(err)
	}
	return page{got, target.String(), csrf[1]}
}

// form is what the page sends when alex types login and password.
func (p page) form(changes ...string) url.Values {
	return change(url.Values{"csrf": {p.csrf}, "login": {"alex"}, "password": {"correct horse"}}, changes...)
}

func TestSignInPage(t *testing.T) {
	for _, issuer := range []string{plainURL, oktaURL} {
		l := newLab(t).withCookies(t)
		p := l.open(t, issuer, "login_hint", `<b>"alex"</b>`)
		checkPageHeaders(t, p.answer)
		if csp := p.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' http://localhost:8090;") {
			t.Errorf("Content-Security-Policy %q", csp)
		}
		for _, want := range []string{"tip-cli", issuer, "tip-lab", "Alex Writer", "sam", `value="&lt;b&gt;&#34;alex&#34;&lt;/b&gt;"`} {
			if !strings.Contains(p.body, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		for _, forbidden := range []string{"<script", "correct horse", "http-equiv", "<link", "<img"} {
			if strings.Contains(p.body, forbidden) {
				t.Errorf("the page has %q", forbidden)
			}
		}
		response := l.post(t, p.action, p.form()).response(t)
		if response.Get("state") != "a state" || response.Get("iss") != named(l.metadata(t, issuer)) {
			t.Errorf("response %v", response)
		}
		if got := l.redeem(t, issuer, codeForm(response.Get("code"))); got.Status != 200 || claims(t, got.IDToken)["sub"] != "sub-alex" {
			t.Errorf("%+v", got)
		}
	}
}

func TestCookies(t *testing.T) {
	for issuer, path := range map[string]string{plainURL: "/idp/", oktaURL: "/oauth2/default/"} {
		l := newLab(t).withCookies(t)
		p := l.open(t, issuer)
		cookies := append(p.Cookies(), l.post(t, p.action, p.form()).Cookies()...)
		if len(cookies) != 2 {
			t.Fatalf("cookies %v", cookies)
		}
		for _, c := range cookies {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != path || c.Secure != (issuer == oktaURL) || c.Domain != "" {
				t.Errorf("%s: cookie %v", issuer, c)
			}
		}
	}
}

func TestWrongPassword(t *testing.T) {
	l := newLab(t).withCookies(t)
	p := l.open(t, plainURL)
	messages := map[string]bool{}
	for _, wrong := range [][]string{{"password", "nope"}, {"login", "nobody"}, {"password", ""}, {"login", ""}, {"login", "sam"}, {"login", "nobody", "password", ""}} {
		again := l.page(t, plainURL, l.post(t, p.action, p.form(wrong...)), http.StatusUnauthorized)
		checkPageHeaders(t, again.answer)
		if again.Header.Get("WWW-Authenticate") == "" {
			t.Error("a 401 without WWW-Authenticate (RFC 9110, 11.6.1)")
		}
		if !strings.Contains(again.body, `name="login" value="`+p.form(wrong...).Get("login")+`"`) {
			t.Error("the login is to be typed again")
		}
		messages[regexp.MustCompile(`role="alert">([^<]*)<`).FindString(again.body)] = true
		if e := l.last(); e.Error != "access_denied" || e.Person != "" {
			t.Errorf("event %+v", e)
		}
		p = again
	}
	if len(messages) != 1 || messages[""] {
		t.Errorf("messages %v: want one that does not tell what was wrong", messages)
	}
	if response := l.post(t, p.action, p.form()).response(t); response.Get("code") == "" {
		t.Errorf("after mistakes: %v", response)
	}
}

func TestCancel(t *testing.T) {
	l := newLab(t).withCookies(t)
	p := l.open(t, plainURL)
	checkError(t, l.post(t, p.action, p.form("cancel", "1", "login", "", "password", "")), "access_denied")
}

func TestOneClick(t *testing.T) {
	l := newLab(t).withCookies(t)
	p := l.open(t, plainURL)
	response := l.post(t, p.action, url.Values{"csrf": {p.csrf}, "person": {"sam"}}).response(t)
	if got := l.redeem(t, plainURL, codeForm(response.Get("code"))); got.Status != 200 || claims(t, got.IDToken)["sub"] != "sub-sam" {
		t.Errorf("%+v", got)
	}
	p = l.open(t, plainURL, "prompt", "login")
	if got := l.post(t, p.action, url.Values{"csrf": {p.csrf}, "person": {"nobody"}}); got.StatusCode != 401 {
		t.Errorf("unknown person: %d", got.StatusCode)
	}
}

// Nobody but our own page can send the form.
func TestForgedForms(t *testing.T) {
	l := newLab(t).withCookies(t)
	p := l.open(t, plainURL)
	elsewhere := l.open(t, plainURL, "state", "of the attacker")
	mine := l.http.Jar
	l.withCookies(t)
	p2 := l.open(t, plainURL) // in another browser
	l.http.Jar = mine
	stranger := newLab(t)
	foreign := stranger.open(t, plainURL)
	tests := map[string]struct {
		l       *lab
		action  string
		form    url.Values
		headers []string
		status  int
	}{
		"no token":              {l, p.action, p.form("csrf", ""), nil, 403},
		"wrong token":           {l, p.action, p.form("csrf", "wrong"), nil, 403},
		"another form's token":  {l, p.action, p.form("csrf", elsewhere.csrf), nil, 403},
		"another browser's":     {l, p.action, p.form("csrf", p2.csrf), nil, 403},
		"another lab's token":   {l, p.action, p.form("csrf", foreign.csrf), nil, 403},
		"no cookie":             {stranger, foreign.action, foreign.form(), nil, 403},
		"broken cookie":         {stranger, foreign.action, foreign.form(), []string{"Cookie", "tiplab_csrf=x"}, 403},
		"other request":         {l, strings.Replace(p.action, "tip-cli", "other-cli", 1), p.form(), nil, 403},
		"cross-site":            {l, p.action, p.form(), []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"same site":             {l, p.action, p.form(), []string{"Sec-Fetch-Site", "same-site"}, 403},
		"foreign origin":        {l, p.action, p.form(), []string{"Origin", "https://attacker.example"}, 403},
		"cancel from elsewhere": {l, p.action, url.Values{"cancel": {"1"}}, nil, 403},
		"plain text":            {l, p.action, p.form(), []string{"Content-Type", "text/plain"}, 403},
		"field twice":           {l, p.action, url.Values{"csrf": {p.csrf}, "login": {"alex", "sam"}}, nil, 400},
		"too long":              {l, p.action, p.form("password", strings.Repeat("x", 17<<10)), nil, 400},
		"bad request":           {l, strings.Replace(p.action, "redirect_uri=", "redirect_uri=x", 1), p.form(), nil, 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := tt.l.post(t, tt.action, tt.form, tt.headers...)
			if got.StatusCode != tt.status || got.Header.Get("Location") != "" {
				t.Errorf("status %d, Location %q, want %d", got.StatusCode, got.Header.Get("Location"), tt.status)
			}
		})
	}
	if got := l.post(t, p.action, p.form(), "Sec-Fetch-Site", "same-origin", "Origin", "null"); got.StatusCode != http.StatusSeeOther {
		t.Errorf("the page itself: %d", got.StatusCode)
	}
}

func TestSession(t *testing.T) {
	l := newLab(t).withCookies(t)
	p := l.open(t, plainURL)
	l.post(t, p.action, p.form()).response(t)
	l.clock.advance(10 * time.Minute)
	tests := map[string]struct {
		changes []string
		silent  bool
	}{
		"silent":              {nil, true},
		"prompt none":         {[]string{"prompt", "none"}, true},
		"hint of the same":    {[]string{"login_hint", "ALEX"}, true},
		"hint of another":     {[]string{"login_hint", "sam"}, false},
		"prompt login":        {[]string{"prompt", "login"}, false},
		"prompt consent":      {[]string{"prompt", "consent"}, false},
		"prompt account":      {[]string{"prompt", "select_account"}, false},
		"max_age long enough": {[]string{"max_age", "600"}, true},
		"max_age too short":   {[]string{"max_age", "599"}, false},
		"max_age zero":        {[]string{"max_age", "0"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := l.get(t, plainURL+"/authorize?"+request(tt.changes...).Encode())
			if !tt.silent {
				l.page(t, plainURL, got, http.StatusOK)
				return
			}
			token := l.redeem(t, plainURL, codeForm(got.response(t).Get("code")))
			if c := claims(t, token.IDToken); c["auth_time"] != 1772366400.0 || c["iat"] != 1772367000.0 {
				t.Errorf("auth_time %v, iat %v: want the time of the sign-in and now", c["auth_time"], c["iat"])
			}
		})
	}
	checkError(t, l.get(t, plainURL+"/authorize?"+request("prompt", "none", "login_hint", "sam").Encode()), "login_required")
	l.clock.advance(8 * time.Hour)
	l.open(t, plainURL) // the session has ended
}

func TestSessionIsPerIssuer(t *testing.T) {
	l := newLab(t).withCookies(t)
	p := l.open(t, plainURL)
	l.post(t, p.action, p.form()).response(t)
	l.open(t, oktaURL)
	bare := newLab(t)
	if got := bare.get(t, plainURL+"/authorize?"+request().Encode(), "Cookie", "tiplab_session=made-up"); got.StatusCode != http.StatusOK {
		t.Errorf("a made-up session: %d", got.StatusCode)
	}
}

// Events name people and clients and never hold a secret.
func TestEvents(t *testing.T) {
	l := newLab(t)
	got := l.signIn(t, oktaURL)
	l.redeem(t, oktaURL, refreshForm(got.RefreshToken))
	jti, _ := claims(t, got.IDToken)["jti"].(string)
	at := l.clock.now()
	want := []idp.Event{
		{Time: at, Issuer: "okta", Kind: idp.KindAuthorize, Client: "tip-cli", Person: "alex"},
		{Time: at, Issuer: "okta", Kind: idp.KindToken, Client: "tip-cli", Person: "alex", GrantType: "authorization_code", TokenID: jti},
		{Time: at, Issuer: "okta", Kind: idp.KindToken, Client: "tip-cli", Person: "alex", GrantType: "refresh_token", TokenID: l.last().TokenID},
	}
	if len(l.events) != 3 || l.events[0] != want[0] || l.events[1] != want[1] || l.events[2] != want[2] {
		t.Errorf("got %+v, want %+v", l.events, want)
	}
	if l.last().TokenID == jti || l.last().TokenID == "" {
		t.Error("the refresh has no jti of its own")
	}
}
