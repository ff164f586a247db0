package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tip-cli/tip-cli/tipcreds"
)

var signInLink = regexp.MustCompile(`id="sign-in" href="([^"]+)"`)

func contextThatEnds(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

// begin begins a sign-in and returns the address at the identity provider.
func (p *person) begin(t *testing.T, path string) *url.URL {
	t.Helper()
	p.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { p.CheckRedirect = nil }()
	page := p.get(t, path)
	u, err := url.Parse(page.header.Get("Location"))
	if err != nil || page.status != http.StatusSeeOther || u.Host == "" {
		t.Fatalf("status %d, to %q: %v", page.status, page.header.Get("Location"), err)
	}
	return u
}

// change changes parameters of an address.
func change(u *url.URL, pairs ...string) string {
	q := u.Query()
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	copied := *u
	copied.RawQuery = q.Encode()
	return copied.String()
}

// backTo is the address that the identity provider would send the browser back to.
func backTo(s *site, u *url.URL, pairs ...string) string {
	back, _ := url.Parse(s.url + "/callback")
	return change(back, append([]string{"state", u.Query().Get("state")}, pairs...)...)
}

func TestSignInRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	q := s.person().begin(t, "/sign-in").Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "0oaTipCliEXAMPLE", "redirect_uri": s.url + "/callback",
		"scope": "openid profile email offline_access", "code_challenge_method": "S256", "prompt": "",
	} {
		if got := q.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	again := s.person().begin(t, "/sign-in?again=1").Query()
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) < 43 || q.Get(name) == again.Get(name) {
			t.Errorf("%s: %q and %q", name, q.Get(name), again.Get(name))
		}
	}
	if again.Get("prompt") != "login" {
		t.Errorf("prompt: %q", again.Get("prompt"))
	}
}

// What comes back from the identity provider is not taken unless it belongs to a
// sign-in of this browser.
func TestCallbackRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	login := []string{"lab_login", "analyst", "lab_password", "analyst"}
	for name, tt := range map[string]struct {
		come   func(t *testing.T, p *person) answer
		status int
		text   string
	}{
		"without a cookie": {func(t *testing.T, p *person) answer {
			return p.get(t, backTo(s, s.person().begin(t, "/sign-in"), "code", "x"))
		}, http.StatusBadRequest, "cannot go on"},
		"without a state": {func(t *testing.T, p *person) answer {
			p.begin(t, "/sign-in")
			return p.get(t, "/callback?code=x")
		}, http.StatusBadRequest, "cannot go on"},
		"with half a state": {func(t *testing.T, p *person) answer {
			u := p.begin(t, "/sign-in")
			return p.get(t, backTo(s, u, "state", u.Query().Get("state")[:20], "code", "x"))
		}, http.StatusBadRequest, "cannot go on"},
		"in another browser": {func(t *testing.T, p *person) answer {
			return p.get(t, change(s.person().begin(t, "/sign-in"), login...))
		}, http.StatusBadRequest, "cannot go on"},
		"twice": {func(t *testing.T, p *person) answer {
			u := p.begin(t, "/sign-in")
			p.get(t, change(u, login...)).want(t, http.StatusOK, "Your files")
			return p.get(t, backTo(s, u, "code", "x"))
		}, http.StatusBadRequest, "cannot go on"},
		"of another issuer": {func(t *testing.T, p *person) answer {
			return p.get(t, backTo(s, p.begin(t, "/sign-in"), "code", "x", "iss", "https://idp.example.com"))
		}, http.StatusBadRequest, "cannot go on"},
		"with a code that is none": {func(t *testing.T, p *person) answer {
			return p.get(t, backTo(s, p.begin(t, "/sign-in"), "code", "x"))
		}, http.StatusBadGateway, "The sign-in failed"},
		"with the nonce of another": {func(t *testing.T, p *person) answer {
			return p.get(t, change(p.begin(t, "/sign-in"), append(login, "nonce", "of-another")...))
		}, http.StatusBadGateway, "The sign-in failed"},
		"with the challenge of another": {func(t *testing.T, p *person) answer {
			other := s.person().begin(t, "/sign-in").Query().Get("code_challenge")
			return p.get(t, change(p.begin(t, "/sign-in"), append(login, "code_challenge", other)...))
		}, http.StatusBadGateway, "The sign-in failed"},
		"cancelled": {func(t *testing.T, p *person) answer {
			return p.get(t, backTo(s, p.begin(t, "/sign-in"), "error", "access_denied"))
		}, http.StatusForbidden, "It says: access_denied."},
		"with an error that is none": {func(t *testing.T, p *person) answer {
			return p.get(t, backTo(s, p.begin(t, "/sign-in"), "error", "call +1 555 0100 now"))
		}, http.StatusForbidden, "did not sign you in.</p>"},
	} {
		t.Run(name, func(t *testing.T) {
			p := s.person()
			page := tt.come(t, p)
			page.want(t, tt.status, tt.text)
			if name != "twice" && len(p.cookies()) > 0 && p.cookies()[0].Name == sessionCookie {
				t.Error("signed in")
			}
		})
	}
}

// Several tabs may sign in at once, and each leads where it was begun.
func TestTabs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person()
	one := p.begin(t, "/sign-in?next="+url.QueryEscape(link("/browse", analystReports)))
	two := p.begin(t, "/sign-in")
	p.get(t, change(one, "lab_login", "analyst", "lab_password", "analyst")).want(t, http.StatusOK, "summary.txt")
	p.get(t, change(two, "lab_login", "analyst", "lab_password", "analyst")).want(t, http.StatusOK, "Your files")
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/browse?path=s3%3A%2F%2Fb%2F": "/browse?path=s3%3A%2F%2Fb%2F", "/": "/", "": "/", "browse": "/",
		"https://evil.example.com/": "/", "//evil.example.com": "/", `/\evil.example.com`: "/", `\\evil.example.com`: "/",
		"javascript:alert(1)": "/", "/\x00": "/", "///evil.example.com": "/", "/a\r\nX: y": "/",
	} {
		if got := localPath(next); got != want {
			t.Errorf("%q: %q, want %q", next, got, want)
		}
		if got := readAttempt(newAttempt(next).cookieValue()).next; got != want {
			t.Errorf("%q by cookie: %q, want %q", next, got, want)
		}
	}
}

// A handler that forgot to ask who is there gets nothing from AWS.
func TestNobodyIsNotServed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	if _, err := s.app.callerGrants(t.Context()); err == nil {
		t.Error("grants of nobody")
	}
	for name, page := range map[string]page{"browse": s.app.browse, "download": s.app.download} {
		r := httptest.NewRequest(http.MethodGet, "/?path=s3://tip-demo-data/reports/summary.txt", nil)
		if err := page(httptest.NewRecorder(), r, &session{}); !errors.Is(err, errNobody) {
			t.Errorf("%s for nobody: %v", name, err)
		}
	}
	// Nor does one that mixes up two people: the context says whose request it is.
	engineer := s.signedIn(t, "engineer")
	other := engineer.sessionOf(t)
	ctx := tipcreds.WithUser(t.Context(), s.app.pool.For(other.subject, s.app.webToken(other)))
	mine := s.app.pool.For(analyst.sessionOf(t).subject, s.app.webToken(analyst.sessionOf(t)))
	if _, err := s.app.plugin.Grant(ctx, mine, "s3://tip-demo-data/reports/*", "READ"); !errors.As(err, new(*tipcreds.WrongUserError)) {
		t.Errorf("%v", err)
	}
	// Nor one that lets a grant of the analyst's go with the engineer's request.
	held, err := s.app.plugin.Grant(tipcreds.WithUser(t.Context(), mine), mine, "s3://tip-demo-data/reports/*", "READ")
	if err != nil {
		t.Fatal(err)
	}
	in := &s3.ListObjectsV2Input{Bucket: aws.String("tip-demo-data"), Prefix: aws.String("reports/")}
	_, err = s.app.objects.ListObjectsV2(ctx, in, func(o *s3.Options) { o.Credentials = credentials.StaticCredentialsProvider{Value: held.Credentials} })
	if !errors.As(err, new(*tipcreds.WrongUserError)) {
		t.Errorf("%v", err)
	}
}
