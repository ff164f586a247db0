package idp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// serve sends anything to an endpoint. Nothing may panic or be the lab's fault.
func serve(t *testing.T, l *lab, method, target, query, contentType, body string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.URL.RawQuery = query
	r.Header.Set("Content-Type", contentType)
	rec := httptest.NewRecorder()
	l.ServeHTTP(rec, r)
	if rec.Code >= 500 {
		t.Errorf("%s %s?%s %q: %d", method, target, query, body, rec.Code)
	}
	return rec.Result()
}

func FuzzAuthorize(f *testing.F) {
	for _, seed := range []url.Values{
		request(), headless(), headless("scope", "openid  openid"), request("prompt", "none"), request("max_age", "99999999999"),
		request("redirect_uri", callback+"#"), request("state", "\x00\r\n"), request("client_id", ""), request("login_hint", "\xff<"),
	} {
		f.Add(seed.Encode())
	}
	f.Add("client_id=tip-cli&client_id=tip-cli")
	f.Add("%zz;&&==")
	l := newLab(f)
	f.Fuzz(func(t *testing.T, parameters string) {
		l.events = nil
		for _, issuer := range []string{plainURL, oktaURL} {
			authorize, _, _ := endpoints(issuer)
			checkLocation(t, serve(t, l, "GET", authorize, parameters, "", ""))
			checkLocation(t, serve(t, l, "POST", authorize, "", "application/x-www-form-urlencoded", parameters))
			checkLocation(t, serve(t, l, "POST", authorize+"/sign-in", parameters, "application/x-www-form-urlencoded", parameters))
		}
	})
}

// checkLocation makes sure that a redirect goes where a client registered.
func checkLocation(t *testing.T, res *http.Response) {
	t.Helper()
	location := res.Header.Get("Location")
	if location == "" {
		return
	}
	for _, registered := range []string{callback + "?", "http://127.0.0.1:8090/callback?kept=1&", "com.example.app:/callback?"} {
		if strings.HasPrefix(location, registered) {
			return
		}
	}
	t.Errorf("redirect to %q", location)
}

func FuzzToken(f *testing.F) {
	l := newLab(f)
	for _, form := range []url.Values{
		codeForm("x"), codeForm("x", "grant_type", ""), refreshForm("x"), refreshForm("x", "scope", " "), codeForm("x", "client_secret", "y"),
		deviceForm("grant_type", deviceGrant, "device_code", "x"), revokeForm("x"),
	} {
		f.Add("application/x-www-form-urlencoded", form.Encode(), true)
	}
	f.Add("multipart/form-data; boundary=x", "--x", false)
	f.Add("application/x-www-form-urlencoded; charset=", "a=%", false)
	f.Fuzz(func(t *testing.T, contentType, body string, fresh bool) {
		l.events = nil
		if fresh { // let the form carry real ones, too
			body = strings.ReplaceAll(body, "code=x", "code="+l.code(t, oktaURL))
		}
		_, token, userInfo := endpoints(oktaURL)
		res := serve(t, l, "POST", token, "", contentType, body)
		if got := res.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control %q", got)
		}
		serve(t, l, "POST", userInfo, "", contentType, body)
		serve(t, l, "POST", deviceURL(oktaURL), "", contentType, body)
		serve(t, l, "POST", revokeURL(oktaURL), "", contentType, body)
	})
}
