package loginapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/examples/s3-access-grants/loginapi"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const password = "Canary-Password-7431"

// application is a running endpoint.
type application struct {
	*httptest.Server
	log *bytes.Buffer
}

func start(t *testing.T, pool loginapi.Pool) *application {
	t.Helper()
	var log bytes.Buffer
	server := httptest.NewServer(loginapi.New(pool, slog.New(slog.NewTextHandler(&log, nil))))
	t.Cleanup(func() {
		server.Close()
		for _, secret := range []string{password, "eyJ", "analyst", "a-secret"} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("the log shows %q:\n%s", secret, log.String())
			}
		}
	})
	return &application{server, &log}
}

// got is an answer.
type got struct {
	Status int
	Body   map[string]string
}

func message(status int, text string) got { return got{status, map[string]string{"message": text}} }

func (a *application) send(t *testing.T, method, kind, body string) (got, http.Header) {
	t.Helper()
	request, err := http.NewRequest(method, a.URL+"/users/login", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	response, err := a.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	res := got{Status: response.StatusCode}
	if method != http.MethodHead {
		if err := json.Unmarshal(text, &res.Body); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	if response.Header.Get("Content-Type") != "application/json" || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", response.Header)
	}
	return res, response.Header
}

func user(email, password string) string {
	return fmt.Sprintf(`{"email": %q, "password": %q}`, email, password)
}

// TestUserPool is against the lab's, by a public client and one with a secret.
func TestUserPool(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		pool := &w.Issuers[len(w.Issuers)-1]
		pool.People[0].Password = password
		pool.Clients = append(pool.Clients, pool.Clients[0], pool.Clients[0], pool.Clients[0])
		pool.Clients[1].ID, pool.Clients[1].Secret = "confidential1234", "a-secret"
		pool.Clients[2].ID, pool.Clients[2].HideUnknownUsers = "hiding1234567890", true
		pool.Clients[3].ID, pool.Clients[3].PasswordAuth, pool.Clients[3].RedirectURIs = "without123456789", false, []string{"http://localhost:8090/callback"}
	}))
	wrong := message(401, "Incorrect username or password.")
	for _, c := range []struct{ client, secret string }{{client: "2example34567890"}, {"confidential1234", "a-secret"}, {client: "hiding1234567890"}} {
		a := start(t, loginapi.Pool{Endpoint: "https://cognito-idp.eu-west-1.amazonaws.com", ClientID: c.client, ClientSecret: c.secret, HTTPClient: l.HTTPClient()})
		res, _ := a.send(t, "POST", "application/json; charset=utf-8", user("analyst@example.com", password))
		if res.Status != 200 || len(res.Body) != 1 || strings.Count(res.Body["token"], ".") != 2 {
			t.Errorf("%s: %+v", c.client, res)
		}
		for _, body := range []string{user("analyst@example.com", "wrong"), user("nobody@example.com", password)} {
			if res, _ := a.send(t, "POST", "application/json", body); cmp.Diff(wrong, res) != "" {
				t.Errorf("%s: %s: %+v", c.client, body, res)
			}
		}
	}
	for _, pool := range []loginapi.Pool{{ClientID: "unknown123456789"}, {ClientID: "without123456789"}} {
		pool.Endpoint, pool.HTTPClient = "https://cognito-idp.eu-west-1.amazonaws.com", l.HTTPClient()
		res, _ := start(t, pool).send(t, "POST", "application/json", user("analyst@example.com", password))
		if diff := cmp.Diff(message(502, "the user pool cannot be asked"), res); diff != "" {
			t.Errorf("%s: %s", pool.ClientID, diff)
		}
	}
}

// No request but a good one reaches the user pool.
func TestRequests(t *testing.T) {
	a := start(t, loginapi.Pool{Endpoint: "http://127.0.0.1:1", HTTPClient: &http.Client{Timeout: time.Second}})
	bad := message(400, `send {"email": ..., "password": ...}`)
	good := user("analyst@example.com", password)
	for _, c := range []struct {
		name, method, kind, body string
		want                     got
	}{
		{"good, with the pool away", "POST", "application/json", good, message(502, "the user pool cannot be asked")},
		{"GET", "GET", "application/json", good, message(405, "send POST")},
		{"PUT", "PUT", "application/json", good, message(405, "send POST")},
		{"HEAD", "HEAD", "application/json", "", got{Status: 405}},
		{"a form", "POST", "application/x-www-form-urlencoded", "email=a&password=b", message(415, "send application/json")},
		{"text", "POST", "text/plain", good, message(415, "send application/json")},
		{"no content type", "POST", "", good, message(415, "send application/json")},
		{"no body", "POST", "application/json", "", bad},
		{"no JSON", "POST", "application/json", password, bad},
		{"a list", "POST", "application/json", "[" + good + "]", bad},
		{"no email", "POST", "application/json", `{"password": "x"}`, bad},
		{"no password", "POST", "application/json", `{"email": "x"}`, bad},
		{"a number", "POST", "application/json", `{"email": 1, "password": "x"}`, bad},
		{"two", "POST", "application/json", good + good, bad},
		{"something behind it", "POST", "application/json", good + "]", bad},
		{"too long", "POST", "application/json", user("a", strings.Repeat("x", loginapi.MaxBody)), message(413, "the body is too long")},
		{"too long behind it", "POST", "application/json", good + strings.Repeat(" ", loginapi.MaxBody), message(413, "the body is too long")},
	} {
		res, header := a.send(t, c.method, c.kind, c.body)
		if diff := cmp.Diff(c.want, res); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if allow := header.Get("Allow"); (allow == "POST") != (res.Status == 405) {
			t.Errorf("%s: Allow %q", c.name, allow)
		}
	}
	response, err := a.Client().Post(a.URL+"/users", "application/json", strings.NewReader(good))
	if err != nil || response.StatusCode != 404 {
		t.Errorf("another path: %v %v", response, err)
	}
}

// Answers that the lab's user pool does not give.
func TestOtherAnswers(t *testing.T) {
	gone := message(502, "the user pool cannot be asked")
	for _, c := range []struct {
		name, body string
		status     int
		want       got
	}{
		{"a challenge", `{"ChallengeName": "SMS_MFA", "Session": "eyJ"}`, 200, message(401, "This user cannot sign in with a password alone.")},
		{"no ID token", `{"AuthenticationResult": {"AccessToken": "eyJ"}}`, 200, gone},
		{"throttling", `{"__type": "TooManyRequestsException", "message": "Rate exceeded"}`, 400, message(429, "Try again later.")},
		{"a limit", `{"__type": "com.amazonaws.cognito#LimitExceededException"}`, 400, message(429, "Try again later.")},
		{"a password to be reset", `{"__type": "PasswordResetRequiredException"}`, 400, message(401, "Incorrect username or password.")},
		{"not confirmed", `{"__type": "UserNotConfirmedException"}`, 400, message(401, "Incorrect username or password.")},
		{"a server error", `{"__type": "InternalErrorException"}`, 500, gone},
		{"no JSON", `<html>` + password, 503, gone},
		{"too long", `{"AuthenticationResult": {"IdToken": "` + strings.Repeat("x", 1<<20) + `"}}`, 200, gone},
		{"a redirect", `{}`, 307, gone},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Amz-Target") != "AWSCognitoIdentityProviderService.InitiateAuth" || r.Header.Get("Authorization") != "" {
					t.Errorf("headers %v", r.Header)
				}
				w.Header().Set("Location", "http://127.0.0.1:1/")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer pool.Close()
			stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			a := start(t, loginapi.Pool{Endpoint: pool.URL, ClientID: "c", HTTPClient: stay})
			res, _ := a.send(t, "POST", "application/json", user("analyst@example.com", password))
			if diff := cmp.Diff(c.want, res); diff != "" {
				t.Error(diff)
			}
			if status := fmt.Sprintf(`msg="not signed in" status=%d reason=`, c.want.Status); !strings.Contains(a.log.String(), status) {
				t.Errorf("the log does not say %s\n%s", status, a.log.String())
			}
		})
	}
}
