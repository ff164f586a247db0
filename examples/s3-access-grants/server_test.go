package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serverEnviron is an environment without a lab.
func serverEnviron(t *testing.T) []string {
	t.Helper()
	home := t.TempDir()
	return []string{
		"HOME=" + home, "USERPROFILE=" + home, "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
		"AWS_CONFIG_FILE=" + filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "none"),
	}
}

// The login server takes its settings from the environment, and no password goes where
// the user pool did not say it is.
func TestLoginServer(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the password went elsewhere") }))
	defer elsewhere.Close()
	bodies := make(chan string, 2)
	var redirect atomic.Bool
	pool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		if redirect.Load() {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
			return
		}
		_, _ = io.WriteString(w, `{"AuthenticationResult": {"IdToken": "the-token"}}`)
	}))
	defer pool.Close()
	s := startServer(t, append(serverEnviron(t), "COGNITO_ENDPOINT="+pool.URL+"/", "COGNITO_CLIENT_ID=a-client", "COGNITO_CLIENT_SECRET=s3cr3t"))
	client := &http.Client{Timeout: 10 * time.Second}
	login := func() (int, string) {
		response, err := client.Post("http://"+s.addr+"/users/login", "application/json", strings.NewReader(`{"email": "a@example.com", "password": "`+password+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(text)
	}
	if status, text := login(); status != 200 || text != `{"token":"the-token"}`+"\n" {
		t.Errorf("%d %s", status, text)
	}
	if sent := <-bodies; !strings.Contains(sent, `"ClientId":"a-client"`) || !strings.Contains(sent, `"SECRET_HASH":"`) || strings.Contains(sent, "s3cr3t") {
		t.Errorf("it sent %s", sent)
	}
	redirect.Store(true)
	if status, text := login(); status != 502 || !strings.Contains(text, "the user pool cannot be asked") {
		t.Errorf("a redirect: %d %s", status, text)
	}
	for _, secret := range []string{password, "the-token", "a@example.com", "s3cr3t"} {
		if strings.Contains(s.log(), secret) {
			t.Errorf("the log shows %q:\n%s", secret, s.log())
		}
	}
}

// An address that is taken ends the server with an error.
func TestLoginServerAddress(t *testing.T) {
	t.Parallel()
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	got := execute(t, serverEnviron(t), built("loginserver"), "-addr", taken.Listener.Addr().String())
	if got.code != 1 || !strings.Contains(fmt.Sprint(got), "level=ERROR msg=ended") {
		t.Errorf("%+v", got)
	}
}
