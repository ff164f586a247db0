package credserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tip-cli/tip-cli/internal/credserver"
	"github.com/tip-cli/tip-cli/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// good is what sources of these tests give.
func good() credserver.Credentials {
	return credserver.Credentials{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("the-secret"), SessionToken: secret.New("the-session-token"),
		Expiration: time.Now().Add(time.Hour), AccountID: "444455556666",
	}
}

func give(context.Context) (credserver.Credentials, error) { return good(), nil }

// serve starts a server with a source at /contexts/work.
func serve(t testing.TB, src credserver.Source, optFns ...func(*credserver.Options)) *credserver.Server {
	t.Helper()
	s, err := credserver.Listen(optFns...)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Handle("/contexts/work", src); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// reply is an answer as a client sees it.
type reply struct {
	status int
	header http.Header
	body   string
}

// code of an error answer, after a check of its form.
func (r reply) code(t *testing.T) string {
	t.Helper()
	var body map[string]string
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatalf("%v: %q", err, r.body)
	}
	if body["code"] == "" || body["code"] != body["Code"] || body["message"] == "" || body["message"] != body["Message"] || len(body) != 4 {
		t.Errorf("%q", r.body)
	}
	if strings.ContainsAny(body["message"], "\r\n\x1b") {
		t.Errorf("more than a line: %q", body["message"])
	}
	return body["code"]
}

var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask sends a request that would be answered but for what change does to it.
func ask(t testing.TB, s *credserver.Server, change func(*http.Request)) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL("/contexts/work"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", s.Token().Reveal())
	if change != nil {
		change(r)
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(body)}
}

func TestAnswer(t *testing.T) {
	s := serve(t, give)
	got := ask(t, s, nil)
	var document map[string]string
	if err := json.Unmarshal([]byte(got.body), &document); err != nil || got.status != http.StatusOK {
		t.Fatalf("%d %q: %v", got.status, got.body, err)
	}
	end, err := time.Parse("2006-01-02T15:04:05Z", document["Expiration"])
	if left := time.Until(end); err != nil || left < 59*time.Minute || left > time.Hour {
		t.Errorf("Expiration %q: %v", document["Expiration"], err)
	}
	delete(document, "Expiration")
	want := map[string]string{"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "the-secret", "Token": "the-session-token", "AccountId": "444455556666"}
	if diff := cmp.Diff(want, document); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "Access-Control-Allow-Origin": "", "Server": ""} {
		if got := got.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !strings.HasPrefix(s.URL("/x"), "http://127.0.0.1:") || len(s.Token().Reveal()) != 43 {
		t.Errorf("%s, a token of %d characters", s.URL("/x"), len(s.Token().Reveal()))
	}
}

func TestHostileClients(t *testing.T) {
	s := serve(t, give)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL(""), "http://"))
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	path := func(p string) func(*http.Request) {
		return func(r *http.Request) { r.URL.Opaque = p } // as it is
	}
	method := func(m string) func(*http.Request) { return func(r *http.Request) { r.Method = m } }
	token := s.Token().Reveal()
	for name, tt := range map[string]struct {
		change func(*http.Request)
		status int
		code   string
	}{
		"as it should be":         {nil, 200, ""},
		"localhost":               {host("localhost:" + port), 200, ""},
		"IPv6":                    {host("[::1]:" + port), 200, ""},
		"no token":                {header("Authorization"), 401, "Unauthorized"},
		"another token":           {header("Authorization", strings.Repeat("A", 43)), 401, "Unauthorized"},
		"a shorter token":         {header("Authorization", token[:42]), 401, "Unauthorized"},
		"a longer token":          {header("Authorization", token+"A"), 401, "Unauthorized"},
		"a scheme":                {header("Authorization", "Bearer "+token), 401, "Unauthorized"},
		"two tokens":              {header("Authorization", token, token), 401, "Unauthorized"},
		"rebound name":            {host("attacker.example:" + port), 403, "WrongHost"},
		"name that ends so":       {host("localhost.attacker.example:" + port), 403, "WrongHost"},
		"name that begins so":     {host("127.0.0.1.attacker.example:" + port), 403, "WrongHost"},
		"another port":            {host("127.0.0.1:1"), 403, "WrongHost"},
		"no port":                 {host("127.0.0.1"), 403, "WrongHost"},
		"any address":             {host("0.0.0.0:" + port), 403, "WrongHost"},
		"user in the host":        {host("x@127.0.0.1:" + port), 403, "WrongHost"},
		"Origin":                  {header("Origin", "https://attacker.example"), 403, "NoBrowsers"},
		"Origin null":             {header("Origin", "null"), 403, "NoBrowsers"},
		"own Origin":              {header("Origin", s.URL("")), 403, "NoBrowsers"},
		"Sec-Fetch-Site":          {header("Sec-Fetch-Site", "none"), 403, "NoBrowsers"},
		"Referer":                 {header("Referer", s.URL("/")), 403, "NoBrowsers"},
		"POST":                    {method("POST"), 405, "MethodNotAllowed"},
		"OPTIONS":                 {method("OPTIONS"), 405, "MethodNotAllowed"},
		"a method of one's own":   {method("FETCH"), 405, "MethodNotAllowed"},
		"a body":                  {func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), 1 }, 400, "UnexpectedBody"},
		"the root":                {path("/"), 404, "NotFound"},
		"another path":            {path("/contexts/works"), 404, "NotFound"},
		"a slash at the end":      {path("/contexts/work/"), 404, "NotFound"},
		"dots":                    {path("/x/../contexts/work"), 404, "NotFound"},
		"escaped":                 {path("/contexts/%77ork"), 404, "NotFound"},
		"upper case":              {path("/contexts/WORK"), 404, "NotFound"},
		"a query":                 {path("/contexts/work?x"), 404, "NotFound"},
		"no token, another path":  {func(r *http.Request) { r.Header.Del("Authorization"); r.URL.Path = "/" }, 401, "Unauthorized"},
		"no token, another verb":  {func(r *http.Request) { r.Header.Del("Authorization"); r.Method = "POST" }, 401, "Unauthorized"},
		"rebound with a token":    {func(r *http.Request) { r.Host = "attacker.example"; r.URL.Path = "/" }, 403, "WrongHost"},
		"Origin without a token":  {func(r *http.Request) { r.Header = http.Header{"Origin": {"x"}} }, 403, "NoBrowsers"},
		"preflight with a header": {func(r *http.Request) { r.Method = "OPTIONS"; r.Header = http.Header{"Origin": {"x"}} }, 403, "NoBrowsers"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(t, s, tt.change)
			if got.status != tt.status {
				t.Fatalf("status %d, want %d: %s", got.status, tt.status, got.body)
			}
			if tt.status == 200 {
				return
			}
			if code := got.code(t); code != tt.code {
				t.Errorf("code %q, want %q", code, tt.code)
			}
			if strings.Contains(got.body, "the-secret") || strings.Contains(got.body, token) {
				t.Errorf("secrets: %q", got.body)
			}
			for name := range got.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s: %s", name, got.header.Get(name))
				}
			}
			if tt.status == 401 && got.header.Get("WWW-Authenticate") == "" || tt.status == 405 && got.header.Get("Allow") != "GET" {
				t.Errorf("headers %v", got.header)
			}
		})
	}
}

type hinted struct{}

func (hinted) Error() string { return "not\nnow\x1b[2J\u202e" }
func (hinted) Hint() string  { return "run: something" }

func TestSourceFails(t *testing.T) {
	var fail atomic.Value
	src := func(context.Context) (credserver.Credentials, error) { return good(), fail.Load().(error) }
	status := 403
	s := serve(t, src, func(o *credserver.Options) { o.Status = func(error) (int, string) { return status, "Denied" } })
	fail.Store(error(hinted{}))
	got := ask(t, s, nil)
	if want := `{"code":"Denied","message":"not now[2J; run: something","Code":"Denied","Message":"not now[2J; run: something"}`; got.status != 403 || got.body != want {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := ask(t, serve(t, src), nil); got.status != 503 || got.code(t) != "CredentialsUnavailable" || got.header.Get("Retry-After") == "" {
		t.Errorf("%d %v %s", got.status, got.header, got.body)
	}
	for _, wrong := range []int{200, 204, 302, 0, 600} { // whatever Status says, it is no success
		s := serve(t, src, func(o *credserver.Options) { o.Status = func(error) (int, string) { return wrong, "X" } })
		if got := ask(t, s, nil); got.status != 500 || strings.Contains(got.body, "ASIA") {
			t.Errorf("%d: %d %s", wrong, got.status, got.body)
		}
	}
}

// An empty answer of a source is not served as a success.
func TestEmptyAnswer(t *testing.T) {
	s := serve(t, func(context.Context) (credserver.Credentials, error) { return credserver.Credentials{}, nil })
	if got := ask(t, s, nil); got.status != 503 || got.code(t) != "CredentialsUnavailable" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestLongMessage(t *testing.T) {
	s := serve(t, func(context.Context) (credserver.Credentials, error) {
		return good(), errors.New(strings.Repeat("é", 5000))
	})
	if got := ask(t, s, nil); len(got.body) > 2200 || !strings.Contains(got.body, " ...") {
		t.Errorf("%d bytes", len(got.body))
	}
}

func TestListenRefuses(t *testing.T) {
	for _, addr := range []string{
		"0.0.0.0:0", ":0", "[::]:0", "localhost:0", "192.0.2.1:0", "10.0.0.1:0", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:65536", "[::ffff:127.0.0.1]:0", "[::1%lo]:0", "",
	} {
		s, err := credserver.Listen(func(o *credserver.Options) { o.Addr = addr })
		var failed *credserver.ListenError
		if !errors.As(err, &failed) || !errors.Is(err, credserver.ErrNotLoopback) {
			t.Errorf("%q: %v", addr, err)
		}
		if s != nil {
			_ = s.Close()
		}
	}
	for _, token := range []string{"short", strings.Repeat("A", 31), strings.Repeat("A", 1025), strings.Repeat("A", 40) + "\n", strings.Repeat("A", 20) + " " + strings.Repeat("A", 20), strings.Repeat("é", 40)} {
		_, err := credserver.Listen(func(o *credserver.Options) { o.Token = secret.New(token) })
		if err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestPortInUse(t *testing.T) {
	s := serve(t, give)
	addr := strings.TrimPrefix(s.URL(""), "http://")
	_, err := credserver.Listen(func(o *credserver.Options) { o.Addr = addr })
	failed, ok := errors.AsType[*credserver.ListenError](err)
	if !ok || !failed.InUse() || err.Error() != "the address "+addr+" is in use by another program" {
		t.Errorf("%v", err)
	}
}

func TestGivenToken(t *testing.T) {
	token := secret.New(strings.Repeat("t", 32))
	s := serve(t, give, func(o *credserver.Options) { o.Token = token })
	if got := ask(t, s, func(r *http.Request) { r.Header.Set("Authorization", token.Reveal()) }); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if text := fmt.Sprintf("%v %+v %#v", s.Token(), s.Token(), s.Token()); strings.Contains(text, "ttt") {
		t.Error(text)
	}
}

func TestHandleRefuses(t *testing.T) {
	s, err := credserver.Listen()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "/", "work", "/a/", "//a", "/a b", "/../x", "/.", "/a?b", "/a%2fb", "/é", "/a\n"} {
		if err := s.Handle(path, give); err == nil {
			t.Errorf("%q is taken", path)
		}
	}
	if err := s.Handle("/a", nil); err == nil {
		t.Error("no source is taken")
	}
	if err := s.Handle("/a.b_c-d/E/1", give); err != nil {
		t.Error(err)
	}
	if err := s.Handle("/a.b_c-d/E/1", give); err == nil {
		t.Error("a path is taken twice")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := s.Serve(ctx); err != nil {
		t.Error(err)
	}
	if err := s.Handle("/late", give); err == nil {
		t.Error("a path is taken after the end")
	}
	if err := s.Serve(t.Context()); err == nil {
		t.Error("a server serves twice")
	}
}

// The provider of the AWS SDK for Go.
func TestSDK(t *testing.T) {
	s := serve(t, give)
	provider := endpointcreds.New(s.URL("/contexts/work"), func(o *endpointcreds.Options) { o.AuthorizationToken = s.Token().Reveal() })
	got, err := provider.Retrieve(t.Context())
	if err != nil || got.AccessKeyID != "ASIAEXAMPLE" || got.SessionToken != "the-session-token" || !got.CanExpire || got.AccountID != "444455556666" {
		t.Errorf("%+v, %v", got, err)
	}
	var calls atomic.Int32
	refuses := serve(t, func(context.Context) (credserver.Credentials, error) { calls.Add(1); return good(), hinted{} },
		func(o *credserver.Options) { o.Status = func(error) (int, string) { return 403, "SignInRequired" } })
	provider = endpointcreds.New(refuses.URL("/contexts/work"), func(o *endpointcreds.Options) { o.AuthorizationToken = refuses.Token().Reveal() })
	_, err = provider.Retrieve(t.Context())
	if err == nil || !strings.Contains(err.Error(), "SignInRequired: not now[2J; run: something") || calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

// The end: nobody new is let in, and who waits is told.
func TestEnd(t *testing.T) {
	s, err := credserver.Listen()
	if err != nil {
		t.Fatal(err)
	}
	begun := make(chan struct{})
	if err := s.Handle("/contexts/work", func(ctx context.Context) (credserver.Credentials, error) {
		close(begun)
		<-ctx.Done()
		return credserver.Credentials{}, ctx.Err()
	}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.Serve(ctx); err != nil {
			t.Error(err)
		}
	})
	all.Go(func() {
		if got := ask(t, s, nil); got.status != 503 || got.code(t) != "Ending" {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	<-begun
	before := time.Now()
	stop()
	all.Wait()
	if took := time.Since(before); took > 2*time.Second {
		t.Errorf("the end took %s", took)
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(""), "http://")); err == nil {
		_ = conn.Close()
		t.Error("somebody is let in after the end")
	}
}
