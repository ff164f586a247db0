package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache/redistest"
)

// program is the built function.
var program string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tip-lambda-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program = filepath.Join(dir, "bootstrap") // as Lambda calls it
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", program, ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the function:", err)
		return 1
	}
	return m.Run()
}

const (
	revenue  = "s3://tip-demo-data/reports/2026/revenue.csv"
	pipeline = "s3://tip-demo-data/pipelines/nightly.sql"
)

// environ is the function's configuration for a lab.
func environ(t *testing.T, l *lab.Lab, extra ...string) []string {
	t.Helper()
	base := []string{
		"HOME=" + t.TempDir(), "USERPROFILE=" + t.TempDir(), "SystemRoot=" + os.Getenv("SystemRoot"),
		"ACCESS_ROLE_ARN=arn:aws:iam::444455556666:role/tip-id-enhanced-role",
		"APPLICATION_ROLE_ARN=arn:aws:iam::444455556666:role/tip-oidc-role",
		"APPLICATION_ARN=arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		"OIDC_ISSUER=" + l.Endpoint() + "/idp", "OIDC_AUDIENCE=" + labtest.ClientID,
		// What Lambda gives every function: credentials of its role, which sign nothing here.
		"AWS_ACCESS_KEY_ID=" + labtest.AdminAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + labtest.AdminSecretAccessKey,
	}
	return append(lab.Apply(base, l.Environ(lab.ProxyDoor, labtest.CAFile(t, l))), extra...)
}

func signIn(t *testing.T, l *lab.Lab, login string, edits ...func(*lab.IDToken)) string {
	t.Helper()
	who, err := labtest.SignIn(l, "loopback", login, edits...)
	if err != nil {
		t.Fatal(err)
	}
	return who.Token
}

// follow gets what a link leads to, without any credentials.
func follow(t *testing.T, l *lab.Lab, response events.APIGatewayV2HTTPResponse) string {
	t.Helper()
	var link struct{ URL string }
	if err := json.Unmarshal([]byte(response.Body), &link); err != nil {
		t.Fatalf("%v in %s", err, response.Body)
	}
	answer, err := l.HTTPClient().Get(link.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the link: %d %s %v", answer.StatusCode, body, err)
	}
	return string(body)
}

func want(t *testing.T, response events.APIGatewayV2HTTPResponse, status int, text string) {
	t.Helper()
	if response.StatusCode != status || !strings.Contains(response.Body, text) {
		t.Errorf("got %d %s, want %d with %q", response.StatusCode, response.Body, status, text)
	}
}

func wantExchanges(t *testing.T, l *lab.Lab, granted, refused int) {
	t.Helper()
	if got := l.Counts().Exchanges; got != (lab.Tally{Granted: granted, Refused: refused}) {
		t.Errorf("exchanges: %+v, want %d granted and %d refused", got, granted, refused)
	}
}

const patience = 10 * time.Second

// Two users in one environment, again and again: one exchange each, and nobody gets
// what is the other's.
func TestTwoUsers(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t)
	r := start(t, environ(t, l))
	analyst, engineer := signIn(t, l, "analyst"), signIn(t, l, "engineer")
	for range 3 {
		response := r.get(t, analyst, revenue, patience)
		want(t, response, http.StatusOK, "X-Amz-Signature")
		if text := follow(t, l, response); !strings.HasPrefix(text, "quarter,revenue\n") {
			t.Errorf("the link leads to %q", text)
		}
		want(t, r.get(t, engineer, revenue, patience), http.StatusForbidden, "access_denied")
		want(t, r.get(t, engineer, pipeline, patience), http.StatusOK, "X-Amz-Signature")
		want(t, r.get(t, analyst, pipeline, patience), http.StatusForbidden, "access_denied")
	}
	wantExchanges(t, l, 2, 0)
	for _, e := range l.Events() {
		if e.EventName == "GetDataAccess" && e.UserIdentity.AccessKeyID == labtest.AdminAccessKeyID {
			t.Error("credentials of the function's role have signed")
		}
	}
}

// A warm environment does with the user's next token what it did with the first:
// nothing, as long as the credentials last.
func TestWarm(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t)
	r := start(t, environ(t, l))
	for range 5 {
		want(t, r.get(t, signIn(t, l, "analyst"), revenue, patience), http.StatusOK, "X-Amz-Signature")
	}
	wantExchanges(t, l, 1, 0)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t)
	r := start(t, environ(t, l))
	good := signIn(t, l, "analyst")
	for _, c := range []struct {
		name, token, object string
		status              int
		text                string
	}{
		{"no token", "", revenue, 401, "a bearer token is required"},
		{"two tokens", good + "," + good, revenue, 400, "invalid_request"},
		{"no JWT", "abc", revenue, 401, "invalid_token"},
		{"another audience", signIn(t, l, "analyst", func(o *lab.IDToken) { o.Audience = []string{"another"} }), revenue, 401, "not acceptable"},
		{"a foreign key", signIn(t, l, "analyst", func(o *lab.IDToken) { o.ForeignKey = true }), revenue, 401, "not acceptable"},
		{"no signature", signIn(t, l, "analyst", func(o *lab.IDToken) { o.Algorithm = "none" }), revenue, 401, "not acceptable"},
		{"an expired token", signIn(t, l, "analyst", func(o *lab.IDToken) {
			o.IssuedAt, o.Expires = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		}), revenue, 401, "the token has expired"},
		{"no object", good, "", 400, "invalid_parameter"},
		{"a bucket", good, "s3://tip-demo-data", 400, "invalid_parameter"},
		{"a prefix", good, "s3://tip-demo-data/reports/*", 400, "invalid_parameter"},
		{"no target", good, "https://example.com/x", 400, "invalid_parameter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			response := r.get(t, c.token, c.object, patience)
			want(t, response, c.status, c.text)
			if challenge := response.Headers["Www-Authenticate"]; (c.status == 401) != strings.HasPrefix(challenge, `Bearer realm="links"`) && c.status != 400 {
				t.Errorf("challenge %q", challenge)
			}
		})
	}
	wantExchanges(t, l, 0, 0)
}

// Whoever is not assigned to the application gets 403, and no advice to sign in anew.
func TestNotAssigned(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		required := true
		w.IdentityCenter[0].Applications[0].AssignmentRequired = &required
	}))
	r := start(t, environ(t, l))
	want(t, r.get(t, signIn(t, l, "analyst"), revenue, patience), http.StatusForbidden, "access_denied")
	r.log.await(t, "create token with IAM: AccessDeniedException")
	wantExchanges(t, l, 0, 1)
}

// What is no request of the gateway is a function error, and the environment goes on.
func TestOtherEvents(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t)
	r := start(t, environ(t, l))
	for _, payload := range []string{`{"version":"1.0","httpMethod":"GET"}`, `{}`, `[]`, `{"version":"2.0","rawPath":"\u007f"}`} {
		if a := r.invoke(t, payload, patience); !a.Failed || !strings.Contains(string(a.Body), "errorMessage") {
			t.Errorf("%s: %s", payload, a.Body)
		}
	}
	want(t, r.get(t, signIn(t, l, "analyst"), revenue, patience), http.StatusOK, "X-Amz-Signature")
}

// The answer comes before the deadline that Lambda names, while AWS hangs; the
// exchange goes on meanwhile, and the next invocation finds what it brought.
func TestDeadline(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	l := labtest.Start(t, func(o *lab.Options) {
		o.OnExchange = func(x *lab.Exchange) {
			if x.Caller.Operation == "CreateTokenWithIAM" {
				<-hold
			}
		}
	})
	release := func() { close(hold) }
	t.Cleanup(func() {
		if release != nil {
			release()
		}
	})
	r := start(t, environ(t, l))
	token := signIn(t, l, "analyst")
	const timeout = 2 * time.Second
	begin := time.Now()
	want(t, r.get(t, token, revenue, timeout), http.StatusGatewayTimeout, "did not answer in time")
	if took := time.Since(begin); took >= timeout {
		t.Errorf("answered after %v, when Lambda had killed it", took)
	}
	release()
	release = nil
	want(t, r.get(t, token, revenue, patience), http.StatusOK, "X-Amz-Signature")
	wantExchanges(t, l, 1, 0)
}

// Environments share exchanges if there is a Redis. Without one, the second is told
// that the token is spent.
func TestEnvironments(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t)
	first, second := start(t, environ(t, l)), start(t, environ(t, l))
	token := signIn(t, l, "analyst")
	want(t, first.get(t, token, revenue, patience), http.StatusOK, "X-Amz-Signature")
	want(t, second.get(t, token, revenue, patience), http.StatusUnauthorized, "send one that was issued since")
	second.log.await(t, "InvalidGrantException")
	want(t, second.get(t, signIn(t, l, "analyst"), revenue, patience), http.StatusOK, "X-Amz-Signature")

	server := redistest.Start(t)
	shared := []string{"REDIS_URL=redis://" + server.Addr, "SEALING_KEYS=2026-01:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
	third, fourth := start(t, environ(t, l, shared...)), start(t, environ(t, l, shared...))
	before := l.Counts().Exchanges.Granted
	token = signIn(t, l, "analyst")
	for range 2 {
		want(t, third.get(t, token, revenue, patience), http.StatusOK, "X-Amz-Signature")
		want(t, fourth.get(t, token, revenue, patience), http.StatusOK, "X-Amz-Signature")
	}
	if got := l.Counts().Exchanges.Granted - before; got != 1 {
		t.Errorf("%d exchanges in two environments with a Redis, want 1", got)
	}
}

// A cold start asks nobody for anything, and a warm invocation S3 Access Grants alone.
func TestColdStart(t *testing.T) {
	t.Parallel()
	requests := newLogBuffer()
	l := labtest.Start(t, func(o *lab.Options) { o.Log = slog.New(slog.NewTextHandler(requests, nil)) })
	r := start(t, environ(t, l))
	r.awaitStart(t)
	for i, operations := range []int{0, 4, 5, 6} { // three are the exchange
		if i > 0 {
			want(t, r.get(t, signIn(t, l, "analyst"), revenue, patience), http.StatusOK, "X-Amz-Signature")
		}
		if text, _ := requests.read(); strings.Count(text, "\n") != operations {
			t.Errorf("after %d invocations, want %d requests:\n%s", i, operations, text)
		}
	}
}

// The issuer is not asked before there is a token, and one that is away says nothing
// about the token. Once it is back, the same token does.
func TestIssuerAway(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t)
	var asked atomic.Int32
	var issuer *httptest.Server
	issuer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, issuer.URL, l.Endpoint()+"/idp/keys")
	}))
	t.Cleanup(issuer.Close)
	r := start(t, environ(t, l, "OIDC_ISSUER="+issuer.URL))
	r.awaitStart(t)
	if n := asked.Load(); n != 0 {
		t.Errorf("the issuer was asked %d times before the first invocation", n)
	}
	token := signIn(t, l, "analyst", func(o *lab.IDToken) { o.Claims = map[string]any{"iss": issuer.URL} })
	want(t, r.get(t, token, revenue, patience), http.StatusServiceUnavailable, "temporarily_unavailable")
	want(t, r.get(t, token, "", patience), http.StatusBadRequest, "invalid_parameter") // beyond the verification
	want(t, r.get(t, token, "", patience), http.StatusBadRequest, "invalid_parameter")
	if n := asked.Load(); n != 2 {
		t.Errorf("the issuer's discovery document was asked for %d times, want 2", n)
	}
}

// A function that is not configured does not start, and its log says what is missing.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t)
	for _, c := range []struct{ name, set, text string }{
		{"no access role", "ACCESS_ROLE_ARN=", "access role"},
		{"no application role", "APPLICATION_ROLE_ARN=", "without an application role"},
		{"no issuer", "OIDC_ISSUER=", "OIDC_ISSUER and OIDC_AUDIENCE are required"},
		{"no audience", "OIDC_AUDIENCE=", "OIDC_ISSUER and OIDC_AUDIENCE are required"},
		{"a Redis without keys", "REDIS_URL=redis://127.0.0.1:1", "SEALING_KEYS: "},
		{"a malformed REDIS_URL", "REDIS_URL=redis://:secret%zz@127.0.0.1", "REDIS_URL is not of the form"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name, _, _ := strings.Cut(c.set, "=")
			cmd := exec.CommandContext(t.Context(), program)
			cmd.Env = slices.DeleteFunc(environ(t, l), func(e string) bool { return strings.HasPrefix(e, name+"=") })
			cmd.Env = append(cmd.Env, c.set, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1")
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(strings.ToLower(string(out)), strings.ToLower(c.text)) || strings.Contains(string(out), "secret") {
				t.Errorf("%v, want %q in\n%s", err, c.text, out)
			}
		})
	}
}
