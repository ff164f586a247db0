package main

import (
	"bytes"
	"context"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// asProgram makes this test binary the application itself.
const asProgram = "WEBAPP_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	analystID  = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
	engineerID = "1234567890-bbbbbbbb-2222-4bbb-8bbb-bbbbbbbbbbbb"
)

// site is the application on a real socket, with a lab for AWS and identity provider.
type site struct {
	*lab.Lab
	app *app
	url string
	aws aws.Config
	log *bytes.Buffer // to be read after close
	// close ends the application, and the requests under way.
	close func()
}

// newSite starts the application. A transport, if there is one, stands between it and AWS.
func newSite(t *testing.T, between ...func(http.RoundTripper) http.RoundTripper) *site {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	s := &site{url: "http://localhost:" + port, log: new(bytes.Buffer)}
	s.Lab = labtest.Start(t, redirectTo(s.url+"/callback"))
	cfg := labtest.Config(s.Lab, nil)
	if len(between) > 0 {
		cfg.HTTPClient = &http.Client{Transport: between[0](s.HTTPClient().Transport)}
		cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	}
	s.aws = cfg
	settings, err := parse([]string{"-url", s.url})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	if s.app, err = newApp(t.Context(), settings, cfg, s.HTTPClient(), log); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.app.handler(), ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError)}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(listener) }()
	s.close = func() { _ = server.Shutdown(context.WithoutCancel(t.Context())); <-ended }
	t.Cleanup(s.close)
	return s
}

// redirectTo registers an address at the identity provider.
func redirectTo(address string) func(*lab.Options) {
	return labtest.Edit(func(w *lab.World) {
		client := &w.Issuers[0].Clients[0]
		client.RedirectURIs = append([]string{address}, client.RedirectURIs...)
	})
}

// person is somebody with a browser: a client with a cookie jar.
type person struct {
	http.Client
	site *site
}

func (s *site) person() *person {
	jar, _ := cookiejar.New(nil)
	return &person{http.Client{Jar: jar, Transport: s.HTTPClient().Transport}, s}
}

// answer is what came back in the end.
type answer struct {
	status int
	header http.Header
	url    *url.URL
	body   string
}

func (p *person) do(t *testing.T, r *http.Request) answer {
	t.Helper()
	resp, err := p.Do(r)
	if err != nil {
		t.Error(err)
		return answer{header: http.Header{}, url: &url.URL{}}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return answer{resp.StatusCode, resp.Header, resp.Request.URL, string(body)}
}

// get opens a page of the application, or an absolute address.
func (p *person) get(t *testing.T, address string) answer {
	t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.site.url + address
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p.do(t, r)
}

// browse and download open places.
func (p *person) browse(t *testing.T, place string) answer {
	t.Helper()
	return p.get(t, link("/browse", place))
}

func (p *person) download(t *testing.T, place string) answer {
	t.Helper()
	return p.get(t, link("/download", place))
}

// post sends a form with a body, and headers in pairs.
func (p *person) post(t *testing.T, path, contentType string, body io.Reader, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.site.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return p.do(t, r)
}

// signIn signs somebody in by the identity provider's page, starting at address.
func (p *person) signIn(t *testing.T, login, address string) answer {
	t.Helper()
	return p.fillIn(t, p.get(t, address), login)
}

var (
	formAction = regexp.MustCompile(`<form class="typed" method="post" action="([^"]+)"`)
	formToken  = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
)

// fillIn sends the form of the identity provider's page.
func (p *person) fillIn(t *testing.T, page answer, login string) answer {
	t.Helper()
	action, token := formAction.FindStringSubmatch(page.body), formToken.FindStringSubmatch(page.body)
	if action == nil || token == nil {
		t.Fatalf("%s is no sign-in page: %s", page.url, page.body)
	}
	to, err := page.url.Parse(html.UnescapeString(action[1]))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"csrf": {html.UnescapeString(token[1])}, "login": {login}, "password": {login}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.do(t, r)
}

// signedIn is somebody who has signed in.
func (s *site) signedIn(t *testing.T, login string) *person {
	t.Helper()
	p := s.person()
	home := p.signIn(t, login, "/sign-in")
	home.want(t, http.StatusOK, "Your files")
	return p
}

// want checks the status of a page and what is on it.
func (a answer) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: status %d, want %d: %s", a.url, a.status, status, a.body)
	}
	text := html.UnescapeString(a.body)
	for _, want := range texts {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not say %q: %s", a.url, want, a.body)
		}
	}
}

// wantNot checks what is not on a page.
func (a answer) wantNot(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(html.UnescapeString(a.body), text) {
			t.Errorf("%s says %q: %s", a.url, text, a.body)
		}
	}
}
