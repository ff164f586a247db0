package main_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// Whom AWS names, by the user id in the role session name.
const (
	analystID  = "tip-1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
	engineerID = "tip-1234567890-bbbbbbbb-2222-4bbb-8bbb-bbbbbbbbbbbb"
)

const (
	reports   = "/objects?prefix=s3://tip-demo-data/reports/"
	pipelines = "/objects?prefix=s3://tip-demo-data/pipelines/"
)

// balance sends requests to both replicas in turn, all at once, and wants status and
// text of each.
func (f *fleet) balance(t *testing.T, n int, request func(i int) (path, token string, status int, text string)) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			path, token, status, text := request(i)
			got, err := []*replica{f.first, f.second}[i%2].get(t.Context(), path, token)
			if err != nil || got.status != status || !strings.Contains(got.body, text) {
				t.Errorf("request %d, %s: %d %s %v, want %d with %q", i, path, got.status, got.body, err, status, text)
			}
		})
	}
	all.Wait()
}

// Two replicas, one JWT, forty requests at once: one exchange.
func TestOneExchange(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	token := f.signIn(t, "analyst")
	f.balance(t, 40, func(int) (string, string, int, string) { return "/whoami", token, http.StatusOK, analystID })
	f.exchanges(t, 1)
}

// Two users at once: an exchange each, and nobody gets what is the other's.
func TestTwoUsers(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	analyst, engineer := f.signIn(t, "analyst"), f.signIn(t, "engineer")
	f.balance(t, 48, func(i int) (string, string, int, string) {
		switch i / 2 % 6 {
		case 0:
			return "/whoami", analyst, http.StatusOK, analystID
		case 1:
			return "/whoami", engineer, http.StatusOK, engineerID
		case 2:
			return reports, analyst, http.StatusOK, `"reports/2026/revenue.csv"`
		case 3:
			return reports, engineer, http.StatusForbidden, "access_denied"
		case 4:
			return pipelines, engineer, http.StatusOK, `"pipelines/nightly.sql"`
		default:
			return pipelines, analyst, http.StatusForbidden, "access_denied"
		}
	})
	f.exchanges(t, 2)
}

// A replica dies when its JWT is at Identity Center. The other waits for the lock's
// end, does not send the JWT again, and says so; with a fresh one it goes on.
func TestKilledReplica(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	token := f.signIn(t, "analyst")
	f.gate.shut()
	lost := make(chan error, 1)
	go func() {
		_, err := f.first.get(t.Context(), "/whoami", token)
		lost <- err
	}()
	f.gate.await(t)
	begin := time.Now()
	f.first.kill()
	if err := <-lost; err == nil {
		t.Error("a killed replica answered")
	}
	f.gate.open()

	got := f.second.want(t, "/whoami", token, http.StatusUnauthorized, "send one that was issued since")
	if took := time.Since(begin); took > lockTTL+2*time.Second {
		t.Errorf("the other replica waited %v for a lock of %v", took, lockTTL)
	}
	if challenge := got.header.Get("WWW-Authenticate"); !strings.Contains(challenge, `error="invalid_token"`) {
		t.Errorf("challenge %q", challenge)
	}
	f.second.log.await(t, "the JWT that was exchanged before")
	f.second.want(t, "/whoami", f.signIn(t, "analyst"), http.StatusOK, analystID)
	f.exchanges(t, 2) // the one that was lost, and the fresh one

	f.first = f.start(t, oldKey)
	f.first.want(t, "/whoami", token, http.StatusOK, analystID)
	f.exchanges(t, 2)
}

// Without Redis each replica exchanges for itself: nobody notices who comes with a
// token for each, and who comes with one for both hears why it does not do. When
// Redis is back, they share again.
func TestKilledRedis(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	analyst := f.signIn(t, "analyst")
	f.first.want(t, "/whoami", analyst, http.StatusOK, analystID)
	f.second.want(t, "/whoami", analyst, http.StatusOK, analystID)

	f.redis.Kill()
	f.first.want(t, "/whoami", analyst, http.StatusOK, analystID) // at hand
	engineer := f.signIn(t, "engineer")
	f.first.want(t, "/whoami", engineer, http.StatusOK, engineerID)
	f.second.want(t, "/whoami", engineer, http.StatusUnauthorized, "send one that was issued since")
	f.second.log.await(t, "the cache could not be asked, so another process may have exchanged the JWT")
	f.second.want(t, "/whoami", f.signIn(t, "engineer"), http.StatusOK, engineerID)

	f.redis.Restart()
	deadline := time.Now().Add(patience)
	for i := 1; ; i++ { // a replica asks again some seconds after it could not
		user := labtest.CrowdMember(i)
		token, before := f.signIn(t, user.Login), f.lab.Counts().Exchanges.Granted
		f.first.want(t, "/whoami", token, http.StatusOK, user.UserID)
		got, err := f.second.get(t.Context(), "/whoami", token)
		if err == nil && got.status == http.StatusOK && f.lab.Counts().Exchanges.Granted == before+1 {
			return
		}
		if i == 50 || time.Now().After(deadline) {
			t.Fatalf("they do not share again: %d %s %v", got.status, got.body, err)
		}
		<-time.After(200 * time.Millisecond)
	}
}

// A new sealing key, replica by replica as the package rediscache says: no user needs
// a second exchange.
func TestRotatedKey(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	analyst := f.signIn(t, "analyst")
	f.first.want(t, "/whoami", analyst, http.StatusOK, analystID)
	exchanges := 1
	for _, keys := range []string{oldKey + "," + newKey, newKey + "," + oldKey} {
		for _, r := range []**replica{&f.first, &f.second} {
			(*r).stop(t)
			*r = f.start(t, keys)
			exchanges++
			user := labtest.CrowdMember(exchanges)
			token := f.signIn(t, user.Login)
			(*r).want(t, "/whoami", token, http.StatusOK, user.UserID) // sealed by this one, opened by the other
			f.first.want(t, "/whoami", token, http.StatusOK, user.UserID)
			f.second.want(t, "/whoami", token, http.StatusOK, user.UserID)
			f.first.want(t, "/whoami", analyst, http.StatusOK, analystID)
			f.second.want(t, "/whoami", analyst, http.StatusOK, analystID)
			f.exchanges(t, exchanges)
		}
	}

	// The old key dropped too early: what it has sealed is none, the claim of the JWT
	// stands, and the user needs a fresh one.
	f.first.stop(t)
	f.first = f.start(t, newKey)
	f.first.want(t, "/whoami", analyst, http.StatusUnauthorized, "invalid_token")
	f.first.log.await(t, "a value cannot be opened and counts as none")
	f.first.want(t, "/whoami", f.signIn(t, "analyst"), http.StatusOK, analystID)
	f.exchanges(t, exchanges+1)
}

// SIGTERM: unhealthy first, then no new connections, and what is under way ends.
func TestGracefulShutdown(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM")
	}
	t.Parallel()
	f := newFleet(t, "-drain", "1s")
	f.first.want(t, "/healthz", "", http.StatusOK, "")
	token := f.signIn(t, "analyst")
	f.gate.shut()
	under := make(chan reply, 1)
	go func() {
		got, _ := f.first.get(t.Context(), "/whoami", token)
		under <- got
	}()
	f.gate.await(t)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.first.stop(t)
	}()
	f.first.log.await(t, `"msg":"draining"`)
	f.first.want(t, "/healthz", "", http.StatusServiceUnavailable, "")
	f.first.log.await(t, `"msg":"stopping"`)
	f.gate.open()
	if got := <-under; got.status != http.StatusOK {
		t.Errorf("the request under way: %d %s", got.status, got.body)
	}
	<-ended
	f.second.want(t, "/healthz", "", http.StatusOK, "")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	good := f.signIn(t, "analyst")
	for _, c := range []struct {
		name, path, token string
		status            int
		text              string
	}{
		{"no token", "/whoami", "", 401, "a bearer token is required"},
		{"no JWT", "/whoami", "abc", 401, "invalid_token"},
		{"another audience", reports, f.signIn(t, "analyst", func(o *lab.IDToken) { o.Audience = []string{"another"} }), 401, "not acceptable"},
		{"a foreign key", reports, f.signIn(t, "analyst", func(o *lab.IDToken) { o.ForeignKey = true }), 401, "not acceptable"},
		{"no prefix", "/objects", good, 400, "invalid_parameter"},
		{"no scheme", "/objects?prefix=tip-demo-data/reports/", good, 400, "invalid_parameter"},
		{"no bucket", "/objects?prefix=s3:///reports/", good, 400, "invalid_parameter"},
		{"no such path", "/nothing", good, 404, "not found"},
	} {
		t.Run(c.name, func(t *testing.T) { f.first.want(t, c.path, c.token, c.status, c.text) })
	}
	f.exchanges(t, 0)
	f.first.want(t, "/objects?prefix=s3://tip-team-data/", good, http.StatusOK, `"readme.txt"`)
}

// A replica that is not configured does not start, and says what is missing.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte("2026-01:secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, set string
		args      []string
		text      string
	}{
		{"no access role", "ACCESS_ROLE_ARN=", nil, "access role"},
		{"no application role", "APPLICATION_ROLE_ARN=", nil, "without an application role"},
		{"no issuer", "OIDC_ISSUER=", nil, "OIDC_ISSUER and OIDC_AUDIENCE are required"},
		{"no audience", "OIDC_AUDIENCE=", nil, "OIDC_ISSUER and OIDC_AUDIENCE are required"},
		{"another issuer", "OIDC_ISSUER=" + f.lab.Endpoint() + "/nobody", nil, "discover"},
		{"no keys", "SEALING_KEYS=", nil, "SEALING_KEYS: "},
		{"a malformed file of keys", "", []string{"-sealing-keys-file", keys}, "keys: "},
		{"no file of keys", "", []string{"-sealing-keys-file", keys + "-not"}, "sealing keys: open"},
		{"a malformed REDIS_URL", "REDIS_URL=redis://:secret%zz@127.0.0.1", nil, "REDIS_URL is not of the form"},
		{"a short lock", "", []string{"-lock-ttl", "1ms"}, "LockTTL"},
		{"an unknown flag", "", []string{"-nothing"}, "-sealing-keys-file"},
		{"an address that is taken", "", []string{"-addr", strings.TrimPrefix(f.first.url, "http://")}, "bind: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			name, _, _ := strings.Cut(c.set, "=")
			cmd := exec.CommandContext(t.Context(), program, append([]string{"-addr", "127.0.0.1:0"}, c.args...)...)
			cmd.Env = slices.DeleteFunc(f.environ(t, oldKey), func(e string) bool { return name != "" && strings.HasPrefix(e, name+"=") })
			cmd.Env = append(cmd.Env, c.set)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(strings.ToLower(string(out)), strings.ToLower(c.text)) || strings.Contains(string(out), "secret") {
				t.Errorf("%v, want %q in\n%s", err, c.text, out)
			}
		})
	}
}

// The keys may come from a file, as a platform mounts secrets.
func TestKeysFile(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, fmt.Appendln(nil, oldKey), 0o600); err != nil {
		t.Fatal(err)
	}
	third := f.start(t, newKey, "-sealing-keys-file", file)
	token := f.signIn(t, "analyst")
	f.first.want(t, "/whoami", token, http.StatusOK, analystID)
	third.want(t, "/whoami", token, http.StatusOK, analystID)
	f.exchanges(t, 1)
}
