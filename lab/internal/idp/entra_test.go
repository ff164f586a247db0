package idp_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"
)

func TestEntraClaims(t *testing.T) {
	l := newVendorLab(t)
	rp := vendorClient(t, l, entraURL, "openid", "profile", "email", "offline_access")
	got := idClaims(t, rp, rp.signIn(t, l))
	for name, length := range map[string]int{"uti": 43, "sub": 43, "oid": 36} {
		if text, _ := got[name].(string); len(text) != length || text == "sub-alex" {
			t.Errorf("%s %q", name, text)
		}
	}
	if other := issued(t, l, "alex", "other-cli"); other["sub"] == got["sub"] || other["oid"] != got["oid"] {
		t.Errorf("another client: sub %v, oid %v", other["sub"], other["oid"])
	}
	again := idClaims(t, rp, rp.signIn(t, l))
	if again["sub"] != got["sub"] || again["uti"] == got["uti"] {
		t.Errorf("another sign-in: sub %v, uti %v", again["sub"], again["uti"])
	}
	want := map[string]any{
		"iss": entraURL, "aud": "tip-cli", "ver": "2.0", "tid": tenant, "nonce": "a nonce", "department": "research",
		"name": "Alex Writer", "preferred_username": "alex@example.com", "email": "alex@example.com",
		"iat": 1772366400.0, "nbf": 1772366400.0, "exp": 1772370000.0,
		"sub": got["sub"], "oid": got["oid"], "uti": got["uti"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if e := l.last(); e.TokenID != again["uti"] {
		t.Errorf("event %+v", e)
	}
}

func TestEntraScopes(t *testing.T) {
	l := newVendorLab(t)
	for scope, want := range map[string][]string{
		"openid":         {"aud", "department", "exp", "iat", "iss", "nbf", "sub", "tid", "uti", "ver"},
		"openid email":   {"aud", "department", "email", "exp", "iat", "iss", "nbf", "sub", "tid", "uti", "ver"},
		"openid profile": {"aud", "department", "exp", "iat", "iss", "name", "nbf", "oid", "preferred_username", "sub", "tid", "uti", "ver"},
	} {
		got := slices.Sorted(maps.Keys(issued(t, l, "alex", "tip-cli", strings.Fields(scope)...)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", scope, diff)
		}
	}
	if got := issued(t, l, "sam", "tip-cli"); got["preferred_username"] != "sam" {
		t.Errorf("the login of who has no preferred_username: %v", got)
	}
}

// Every refresh gives a new token and leaves the old one as it was.
func TestEntraRefresh(t *testing.T) {
	l := newVendorLab(t)
	rp := vendorClient(t, l, entraURL, "openid", "offline_access")
	first := rp.signIn(t, l)
	seen := map[string]bool{first.RefreshToken: true}
	for range 3 {
		l.clock.advance(24 * time.Hour)
		next, err := rp.config.TokenSource(rp.ctx, &oauth2.Token{RefreshToken: first.RefreshToken}).Token()
		if err != nil {
			t.Fatal(err)
		}
		if seen[next.RefreshToken] || next.RefreshToken == "" {
			t.Error("no new refresh token")
		}
		seen[next.RefreshToken] = true
	}
	if rp := vendorClient(t, l, entraURL, "openid"); rp.signIn(t, l).RefreshToken != "" {
		t.Error("a refresh token without offline_access")
	}
	if got := l.post(t, entraPlace+"/revoke", revokeForm(first.RefreshToken)); got.StatusCode != http.StatusNotFound {
		t.Errorf("revocation: %d", got.StatusCode)
	}
	l.clock.advance(88 * 24 * time.Hour)
	if got := l.post(t, entraPlace+"/token", refreshForm(first.RefreshToken)).tokens(t); got.Status != 400 || got.Error != "invalid_grant" {
		t.Errorf("after 90 days: %+v", got)
	}
}

func TestEntraRedirectURIs(t *testing.T) {
	l := newVendorLab(t)
	for uri, want := range map[string]bool{
		"http://localhost:8090/callback":               true,
		"http://localhost:50123/callback":              true,
		"http://localhost/callback":                    true,
		"http://localhost:50123/other":                 false,
		"http://localhost:50123/Callback":              false,
		"http://localhost:50123/callback?x=1":          false,
		"http://localhost:50123/callback#x":            false,
		"https://localhost:50123/callback":             false,
		"http://user@localhost:50123/callback":         false,
		"http://localhost.attacker.example/callback":   false,
		"http://localhost:1@attacker.example/callback": false,
		"http://127.0.0.1:8090/callback?kept=1":        true,
		"http://127.0.0.1:50123/callback?kept=1":       false,
		"http://[::1]:8090/callback":                   false,
	} {
		got := l.get(t, entraPlace+"/authorize?"+headless("redirect_uri", uri).Encode())
		location := got.Header.Get("Location")
		if want && !strings.HasPrefix(location, uri) || !want && (got.StatusCode != 400 || location != "") {
			t.Errorf("%s: %d, Location %q", uri, got.StatusCode, location)
		}
	}
	other := newLab(t)
	if got := other.get(t, oktaURL+"/v1/authorize?"+headless("redirect_uri", "http://localhost:50123/callback").Encode()); got.StatusCode != 400 {
		t.Errorf("Okta ignores the port: %d", got.StatusCode)
	}
}

// A redirect URI without a path comes back with one; one with a path as it is.
func TestEntraSlashAfterHost(t *testing.T) {
	bare := "http://localhost:8090"
	document := strings.Replace(worldFile, "http://{{endpoint}}/idp", entraURL+"\n    face: entra-id", 1)
	document = strings.ReplaceAll(document, "[\"http://localhost:8090/callback\"]", "[\"http://localhost\"]")
	l := newLabOf(t, document, time.Now)
	got := l.get(t, entraPlace+"/authorize?"+headless("client_id", "other-cli", "redirect_uri", bare).Encode())
	if location := got.Header.Get("Location"); !strings.HasPrefix(location, bare+"/?") {
		t.Errorf("Location %q", location)
	}
	form := codeForm(got.response(t).Get("code"), "client_id", "other-cli", "redirect_uri", bare)
	if got := l.post(t, entraPlace+"/token", form).tokens(t); got.Status != 200 {
		t.Errorf("%+v", got)
	}
	if got := l.get(t, oktaURL+"/v1/authorize?"+headless("client_id", "other-cli", "redirect_uri", "http://localhost").Encode()); !strings.HasPrefix(got.Header.Get("Location"), "http://localhost?") {
		t.Errorf("Okta: Location %q", got.Header.Get("Location"))
	}
}

// The code is bound to the port that was used.
func TestEntraRedeemsWithTheSamePort(t *testing.T) {
	l := newVendorLab(t)
	used := "http://localhost:50123/callback"
	for uri, want := range map[string]int{used: 200, callback: 400} {
		code := l.get(t, entraPlace+"/authorize?"+headless("redirect_uri", used).Encode()).response(t).Get("code")
		if got := l.post(t, entraPlace+"/token", codeForm(code, "redirect_uri", uri)).tokens(t); got.Status != want {
			t.Errorf("%s: %+v", uri, got)
		}
	}
}

func TestEntraDevice(t *testing.T) {
	l := newVendorLab(t)
	begin := func() device {
		var d device
		if err := json.Unmarshal([]byte(l.post(t, entraPlace+"/devicecode", deviceForm()).body), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	poll := func(d device, changes ...string) tokens {
		form := url.Values{"grant_type": {deviceGrant}, "client_id": {"tip-cli"}, "device_code": {d.DeviceCode}}
		return l.post(t, entraPlace+"/token", change(form, changes...)).tokens(t)
	}
	d := begin()
	page := entraHost + "/common/oauth2/deviceauth"
	want := device{
		DeviceCode: d.DeviceCode, UserCode: d.UserCode, VerificationURI: page, ExpiresIn: 900, Interval: 5,
		Message: "To sign in, open " + page + " in a web browser and enter the code " + d.UserCode + ".",
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	if got := poll(d); got.Status != 400 || got.Error != "authorization_pending" {
		t.Errorf("%+v", got)
	}
	if got := poll(d, "device_code", "wrong"); got.Status != 400 || got.Error != "bad_verification_code" {
		t.Errorf("%+v", got)
	}
	if got := poll(d, "client_id", "other-cli"); got.Status != 400 || got.Error != "bad_verification_code" {
		t.Errorf("%+v", got)
	}
	l.decide(t, d, "lab_decision", "deny")
	if got := poll(d); got.Status != 400 || got.Error != "authorization_declined" {
		t.Errorf("%+v", got)
	}
	d = begin()
	l.clock.advance(15 * time.Minute)
	if got := poll(d); got.Status != 400 || got.Error != "expired_token" {
		t.Errorf("%+v", got)
	}
}

func TestEntraDeviceRealClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newVendorLabAt(t, time.Now)
		rp := vendorClient(t, l, entraURL, "openid", "profile", "offline_access")
		da, err := rp.config.DeviceAuth(rp.ctx)
		if err != nil {
			t.Fatal(err)
		}
		l.decide(t, device{UserCode: da.UserCode, VerificationURI: da.VerificationURI})
		token, err := rp.config.DeviceAccessToken(rp.ctx, da)
		if err != nil {
			t.Fatal(err)
		}
		if got := idClaims(t, rp, token); got["preferred_username"] != "alex@example.com" || token.RefreshToken == "" {
			t.Errorf("%v, %+v", got, token)
		}
	})
}
