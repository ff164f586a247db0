package idp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// worldFile has the same people and clients at a plain and at an Okta-like issuer.
const worldFile = `
version: 1
region: eu-west-1
accounts: [{id: "444455556666", name: app}]
issuers:
  - name: plain
    url: http://{{endpoint}}/idp
    clients: &clients
      - id: tip-cli
        redirectUris: ["http://localhost:8090/callback", "http://127.0.0.1:8090/callback?kept=1"]
        refreshToken: true
      - id: other-cli
        redirectUris: ["http://localhost:8090/callback"]
        refreshToken: true
      - id: no-refresh
        redirectUris: ["com.example.app:/callback"]
    people: &people
      - login: alex
        password: correct horse
        subject: sub-alex
        claims: {name: Alex Writer, given_name: Alex, preferred_username: alex@example.com, email: alex@example.com, email_verified: true, department: research}
      - login: sam
        password: battery staple
        subject: sub-sam
  - name: okta
    url: https://dev-123456789.okta.com/oauth2/default
    face: okta
    clients: *clients
    people: *people
    rotationGrace: 30
    refreshTokenLifetime: 3600
    idTokenLifetime: 300
`

const (
	callback = "http://localhost:8090/callback"
	oktaURL  = "https://dev-123456789.okta.com/oauth2/default"
	plainURL = "http://127.0.0.1:4566/idp"
	verifier = "a-code-verifier-of-at-least-forty-three-characters"
)

// clock is a lab clock that tests set forward.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// lab is a service with a client whose every request it answers in process.
type lab struct {
	*idp.Service
	clock  *clock
	now    func() time.Time
	events []idp.Event
	http   *http.Client
}

// last is the newest event.
func (l *lab) last() idp.Event { return l.events[len(l.events)-1] }

// RoundTrip makes a lab an http.RoundTripper.
func (l *lab) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.Host, in.RequestURI = r.URL.Host, r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	l.ServeHTTP(rec, in)
	res := rec.Result()
	res.Request = r
	return res, nil
}

func newWorld(t testing.TB, document, endpoint string, now func() time.Time) *world.World {
	t.Helper()
	file, err := world.Parse([]byte(document), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.New(file, now)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func newLab(t testing.TB, opts ...func(*idp.Options)) *lab {
	t.Helper()
	c := &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	l := newLabAt(t, c.now, opts...)
	l.clock = c
	return l
}

// newLabAt is a lab with a clock that tests do not set.
func newLabAt(t testing.TB, now func() time.Time, opts ...func(*idp.Options)) *lab {
	t.Helper()
	return newLabOf(t, worldFile, now, opts...)
}

// newLabOf is a lab with another world file.
func newLabOf(t testing.TB, document string, now func() time.Time, opts ...func(*idp.Options)) *lab {
	t.Helper()
	l := &lab{now: now}
	opts = append(opts, idp.WithObserver(func(e idp.Event) { l.events = append(l.events, e) }))
	s, err := idp.New(newWorld(t, document, "127.0.0.1:4566", now), opts...)
	if err != nil {
		t.Fatal(err)
	}
	l.Service = s
	l.http = &http.Client{
		Transport:     l,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return l
}

// endpoints are those of a face, by issuer.
func endpoints(issuer string) (authorize, token, userInfo string) {
	if issuer == oktaURL {
		return oktaURL + "/v1/authorize", oktaURL + "/v1/token", oktaURL + "/v1/userinfo"
	}
	return issuer + "/authorize", issuer + "/token", issuer + "/userinfo"
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// request is a valid authentication request with some parameters changed; an
// empty value takes a parameter away.
func request(changes ...string) url.Values {
	v := url.Values{
		"client_id": {"tip-cli"}, "redirect_uri": {callback}, "response_type": {"code"},
		"scope": {"openid profile email offline_access"}, "state": {"a state"}, "nonce": {"a nonce"},
		"code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"},
	}
	return change(v, changes...)
}

func change(v url.Values, changes ...string) url.Values {
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			v.Del(changes[i])
		} else {
			v.Set(changes[i], changes[i+1])
		}
	}
	return v
}

// headless is a request that signs alex in by itself.
func headless(changes ...string) url.Values {
	return request(append([]string{"lab_login", "alex", "lab_password", "correct horse"}, changes...)...)
}

// answer is a response that has been read.
type answer struct {
	*http.Response
	body string
}

func (l *lab) do(t testing.TB, r *http.Request) answer {
	t.Helper()
	res, err := l.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var b strings.Builder
	if err := res.Write(&b); err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(b.String(), "\r\n\r\n")
	return answer{res, body}
}

func (l *lab) get(t testing.TB, target string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return l.do(t, r)
}

func (l *lab) post(t testing.TB, target string, form url.Values, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return l.do(t, r)
}

// response is what the redirect URI is called with.
func (a answer) response(t testing.TB) url.Values {
	t.Helper()
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d, want a redirect:\n%s", a.StatusCode, a.body)
	}
	u, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// tokens is a token endpoint's answer, good or bad.
type tokens struct {
	Status           int    `json:"-"`
	AccessToken      string `json:"access_token"`
	TokenType        string `json:"token_type"`
	ExpiresIn        int    `json:"expires_in"`
	Scope            string `json:"scope"`
	IDToken          string `json:"id_token"`
	RefreshToken     string `json:"refresh_token"`
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
}

func (a answer) tokens(t testing.TB) tokens {
	t.Helper()
	got := tokens{Status: a.StatusCode}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v: want JSON that is not stored", a.Header)
	}
	return got
}

// code signs alex in and returns the authorization code.
func (l *lab) code(t testing.TB, issuer string, changes ...string) string {
	t.Helper()
	authorize, _, _ := endpoints(issuer)
	code := l.get(t, authorize+"?"+headless(changes...).Encode()).response(t).Get("code")
	if code == "" {
		t.Fatal("no code")
	}
	return code
}

// codeForm redeems a code.
func codeForm(code string, changes ...string) url.Values {
	return change(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"tip-cli"}, "redirect_uri": {callback},
		"code_verifier": {verifier}, "code": {code},
	}, changes...)
}

func refreshForm(refresh string, changes ...string) url.Values {
	return change(url.Values{"grant_type": {"refresh_token"}, "client_id": {"tip-cli"}, "refresh_token": {refresh}}, changes...)
}

func (l *lab) redeem(t testing.TB, issuer string, form url.Values, headers ...string) tokens {
	t.Helper()
	_, token, _ := endpoints(issuer)
	return l.post(t, token, form, headers...).tokens(t)
}

// signIn signs alex in and returns the tokens.
func (l *lab) signIn(t testing.TB, issuer string, changes ...string) tokens {
	t.Helper()
	got := l.redeem(t, issuer, codeForm(l.code(t, issuer, changes...)))
	if got.Error != "" {
		t.Fatalf("%s: %s", got.Error, got.ErrorDescription)
	}
	return got
}

// claims reads a JWT's payload without looking at the signature.
func claims(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	if err := json.Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	return got
}
