package oidclogin_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// confessions answer with everything that was sent, wherever an answer has room.
func confessions() map[string]func(told string) http.HandlerFunc {
	oauth := func(status int, code string) func(string) http.HandlerFunc {
		return func(told string) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				writeJSON(w, status, map[string]any{"error": code, "error_description": told, "error_uri": told, "message": told})
			}
		}
	}
	plain := func(status int, contentType string) func(string) http.HandlerFunc {
		return func(told string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", told)
				w.Header().Set("Location", "/"+url.PathEscape(told))
				plainAnswer(status, contentType, told)(w, r)
			}
		}
	}
	return map[string]func(told string) http.HandlerFunc{
		"invalid_grant": oauth(400, "invalid_grant"), "invalid_client": oauth(401, "invalid_client"), "denied": oauth(403, "access_denied"),
		"expired": oauth(400, "expired_token"), "error with 200": oauth(200, "invalid_request"), "unavailable": oauth(503, "temporarily_unavailable"),
		"HTML": plain(200, "text/html"), "500": plain(500, "text/plain"), "404": plain(404, "text/html"), "429": plain(429, ""),
		"302": plain(302, ""), "307": plain(307, ""), "407": plain(407, ""),
		"no JSON":         plain(200, "application/json"),
		"form":            plain(200, "application/x-www-form-urlencoded"),
		"as content type": func(told string) http.HandlerFunc { return plainAnswer(200, told, told) },
		"as error":        func(told string) http.HandlerFunc { return oauth(400, told)(told) },
		"garbage":         func(told string) http.HandlerFunc { return hijack(told + "\r\n\r\n") },
		"bad header":      func(told string) http.HandlerFunc { return hijack("HTTP/1.1 200 OK\r\n" + told + "\r\n\r\n") },
		"cut off": func(told string) http.HandlerFunc {
			return hijack("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + told)
		},
		"tokens": func(told string) http.HandlerFunc {
			return plainAnswer(200, "application/json", fmt.Sprintf(`{"id_token":%q,"access_token":%q,"user_code":"%s"}`, told, told, "X"))
		},
		"no JWT": func(string) http.HandlerFunc {
			return plainAnswer(200, "application/json", fmt.Sprintf(`{"id_token":"%s.%s.%s"}`, "canary-h", "canary-p", "canary-s"))
		},
	}
}

// told is what a request brought, as it came and in other spellings.
func told(r *http.Request) string {
	_ = r.ParseForm()
	var all []string
	for _, values := range r.PostForm {
		for _, v := range values {
			all = append(all, v, url.QueryEscape(v), url.PathEscape(v))
		}
	}
	basic := strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
	decoded, _ := base64.StdEncoding.DecodeString(basic)
	return strings.Join(append(all, basic, string(decoded)), " ")
}

// TestNoSecretInErrors: each operation, with each endpoint on its way answering
// in each of these ways, by a client with a secret in each place: whatever comes
// of it shows no secret.
func TestNoSecretInErrors(t *testing.T) {
	for name, confess := range confessions() {
		for _, path := range []string{discoveryPath, "/token", "/keys", "/device", "/revoke"} {
			for _, method := range []string{oidclogin.ClientSecretBasic, oidclogin.ClientSecretPost} {
				t.Run(name+path+" "+method, func(t *testing.T) {
					p := newConfessor(t, method, path, confess)
					failed := 0
					for operation, texts := range p.operations(t, method) {
						if p.assertNoSecret(t, texts...); t.Failed() {
							t.Fatal(operation)
						}
						if texts[0] != formats(error(nil)) {
							failed++
						}
					}
					if failed == 0 && path != "/revoke" {
						t.Error("nothing failed")
					}
				})
			}
		}
	}
}

// newConfessor is a provider one of whose endpoints repeats what it is told.
func newConfessor(t *testing.T, method, path string, confess func(string) http.HandlerFunc) *idp {
	p := newIDP(t)
	for _, s := range []string{"canary", url.QueryEscape(oddSecret), base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(clientID) + ":" + url.QueryEscape(oddSecret)))} {
		p.remember(s)
	}
	p.client = map[string]func(*http.Request) bool{oidclogin.ClientSecretBasic: basicClient, oidclogin.ClientSecretPost: postClient}[method]
	p.device, p.revoke = p.deviceAnswer(), plainAnswer(200, "", "")
	inner := p.Config.Handler
	p.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			confess(told(r))(w, r)
			return
		}
		inner.ServeHTTP(w, r)
	})
	return p
}

// operations returns all that each operation says.
func (p *idp) operations(t *testing.T, method string) map[string][]string {
	var asked int
	edit := confidential(method, &asked)
	settings := p.settings()
	edit(&settings)
	client := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)})
	said := func(r run) []string {
		return []string{formats(r.err), hintIn(r.err), strings.ReplaceAll(r.stderr, "WDJB-MJHT", ""), r.last.body, formats(r.tokens)}
	}
	device, _ := p.byDevice(t, edit)
	tokens, refreshErr := client.Refresh(t.Context(), secret.New(held))
	revokeErr := client.Revoke(t.Context(), secret.New(held))
	token, _ := p.idToken("").(string)
	claims, verifyErr := client.Verify(t.Context(), secret.New(token))
	return map[string][]string{
		"sign in": said(p.signIn(t, signInOptions{settings: edit})), "device": said(device),
		"refresh": {formats(refreshErr), hintIn(refreshErr), formats(tokens)},
		"revoke":  {formats(revokeErr), hintIn(revokeErr)},
		"verify":  {formats(verifyErr), hintIn(verifyErr), formats(claims)},
	}
}

func hintIn(err error) string {
	var e *oidclogin.Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

// TestNoSecretInRedirectErrors: a provider that repeats the code beside an error.
func TestNoSecretInRedirectErrors(t *testing.T) {
	p := newIDP(t)
	p.redirect = func(response url.Values) {
		response.Set("error", "access_denied")
		response.Set("error_description", "code="+response.Get("code")+" "+url.QueryEscape(response.Get("code")))
	}
	r := p.signIn(t, signInOptions{})
	wantError(t, r.err, oidclogin.KindDenied, "access_denied: code=REDACTED")
	p.assertNoSecret(t, hintOf(t, r.err))
	ty := newTypist(t, func(g, _ string) []string { return []string{g} })
	r = p.signIn(t, signInOptions{signIn: ty.options(oidclogin.MethodPaste), settings: func(s *oidclogin.Settings) { s.RedirectPort = takenPort(t) }})
	wantError(t, r.err, oidclogin.KindDenied, "code=REDACTED")
	p.assertNoSecret(t, hintOf(t, r.err), ty.out.String())
}
