package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const tenant = "22223333-cccc-4444-dddd-5555eeee6666"

// apis gives the first issuer of the file a face and APIs.
func apis(face, url string, list ...world.APIFile) func(*world.File) {
	return func(f *world.File) { f.Issuers[0].Face, f.Issuers[0].URL, f.Issuers[0].APIs = face, url, list }
}

func TestClientAndAPIRefusals(t *testing.T) {
	client := func(f *world.File) *world.ClientFile {
		f.Issuers[0].Clients = append([]world.ClientFile(nil), f.Issuers[0].Clients...)
		return &f.Issuers[0].Clients[0]
	}
	entra := "https://login.microsoftonline.com/" + tenant + "/v2.0"
	one, two := world.APIFile{Audience: "a"}, world.APIFile{Audience: "b"}
	for name, c := range map[string]struct {
		edit func(*world.File)
		want string
	}{
		"client twice":               {func(f *world.File) { f.Issuers[0].Clients = append(f.Issuers[0].Clients, f.Issuers[0].Clients[0]) }, "stands twice"},
		"authentication, no secret":  {func(f *world.File) { client(f).Authentication = "client_secret_basic" }, "for a client with a secret"},
		"unknown authentication":     {func(f *world.File) { c := client(f); c.Secret, c.Authentication = "s", "private_key_jwt" }, "none of client_secret_basic"},
		"audience, no api":           {func(f *world.File) { f.Issuers[0].Face = "plain"; client(f).Audience = "a" }, "not that of one of the apis"},
		"audience of another face":   {func(f *world.File) { f.Issuers[0].APIs = []world.APIFile{one}; client(f).Audience = "a" }, "not that of one of the apis"},
		"cognito api":                {apis("cognito", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC", one), "not for the face cognito"},
		"two okta apis":              {apis("okta", "https://dev-1.okta.com/oauth2/default", one, two), "one of apis"},
		"okta org api":               {apis("okta", "https://dev-1.okta.com", one), "only below the host"},
		"okta org api, slash":        {apis("okta", "https://dev-1.okta.com/", one), "only below the host"},
		"entra api":                  {apis("entra-id", entra, one), "a UUID"},
		"no audience":                {apis("plain", "https://idp.example", world.APIFile{}), "missing or stands twice"},
		"audience twice":             {apis("plain", "https://idp.example", one, one), "missing or stands twice"},
		"scope of two words":         {apis("plain", "https://idp.example", world.APIFile{Audience: "a", Scopes: []string{"a b"}}), "one word without a slash"},
		"scope with a slash":         {apis("plain", "https://idp.example", world.APIFile{Audience: "a", Scopes: []string{"a/b"}}), "one word without a slash"},
		"reserved claim of an api":   {apis("plain", "https://idp.example", world.APIFile{Audience: "a", Claims: []string{"aud"}}), "issuer's own"},
		"negative ID token lifetime": {func(f *world.File) { f.Issuers[0].IDTokenLifetime = -1 }, "0 to 315360000"},
		"negative refresh lifetime":  {func(f *world.File) { f.Issuers[0].RefreshTokenLifetime = -1 }, "0 to 315360000"},
		"negative grace":             {func(f *world.File) { f.Issuers[0].RotationGrace = -1 }, "0 to 315360000"},
		"entra scope .default":       {apis("entra-id", entra, world.APIFile{Audience: tenant, Scopes: []string{"read", ".default"}}), "stands for all scopes"},
		"scope .default":             {apis("plain", "https://idp.example", world.APIFile{Audience: "a", Scopes: []string{".default"}}), "stands for all scopes"},
		"scope openid":               {apis("plain", "https://idp.example", world.APIFile{Audience: "a", Scopes: []string{"openid"}}), "is OpenID Connect's"},
		"scope offline_access":       {apis("entra-id", entra, world.APIFile{Audience: tenant, Scopes: []string{"offline_access"}}), "is OpenID Connect's"},
		"scope phone":                {apis("plain", "https://idp.example", world.APIFile{Audience: "a", Scopes: []string{"phone"}}), "is OpenID Connect's"},
		"application lifetime, no refresh_token grant": {func(f *world.File) {
			f.IdentityCenter[0].Applications[0].RefreshTokenLifetime = 60
		}, "refreshTokenLifetime is for an application with refreshToken"},
		"negative application refresh lifetime": {func(f *world.File) {
			f.IdentityCenter[0].Applications[0].RefreshTokenLifetime = -1
		}, "0 to 315360000"},
	} {
		t.Run(name, func(t *testing.T) {
			f := defaultFile(t)
			c.edit(f)
			_, err := world.New(f, time.Now)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestClientAndAPIDefaults(t *testing.T) {
	f := defaultFile(t)
	f.Issuers[1].APIs = []world.APIFile{{Audience: "https://api.example", Scopes: []string{"read"}, Claims: []string{"email"}}}
	f.Issuers[1].Clients = []world.ClientFile{
		{ID: "a", Secret: "s", RedirectURIs: []string{"http://localhost/"}},
		{ID: "b", RedirectURIs: []string{"http://localhost/"}, Audience: "https://api.example"},
	}
	w, err := world.New(f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	got := w.Issuers()[1]
	want := []world.Client{
		{ID: "a", Secret: "s", Authentication: "client_secret_basic", RedirectURIs: []string{"http://localhost/"}},
		{ID: "b", RedirectURIs: []string{"http://localhost/"}, Audience: "https://api.example"},
	}
	if diff := cmp.Diff(want, got.Clients); diff != "" {
		t.Error(diff)
	}
	if api := got.API("https://api.example"); api == nil || got.API("other") != nil {
		t.Errorf("API %v", api)
	}
	for i, want := range map[int]string{0: "client_secret_basic", 2: "any", 3: "any"} { // okta, entra-id, cognito
		f := defaultFile(t)
		f.Issuers[i].Clients = []world.ClientFile{{ID: "a", Secret: "s", RedirectURIs: []string{"http://localhost/"}}}
		w, err := world.New(f, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if is := w.Issuers()[i]; is.Clients[0].Authentication != want {
			t.Errorf("%s: %s, want %s", is.Face, is.Clients[0].Authentication, want)
		}
	}
	app, _ := w.Application(f.IdentityCenter[0].Applications[0].ARN)
	if app.RefreshTokenLifetime != 8*time.Hour {
		t.Errorf("refresh tokens last %v", app.RefreshTokenLifetime)
	}
}
