package bearer_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

func TestFromAuthorization(t *testing.T) {
	const none, malformed = "none", "malformed"
	tests := []struct {
		name   string
		values []string
		query  string
		want   string
	}{
		{"token", []string{"Bearer eyJ.eyJ.c2ln"}, "", "eyJ.eyJ.c2ln"},
		{"lower-case scheme", []string{"bearer abc"}, "", "abc"},
		{"upper-case scheme", []string{"BEARER abc"}, "", "abc"},
		{"several spaces", []string{"Bearer   abc"}, "", "abc"},
		{"all of token68", []string{"Bearer aZ09-._~+/=="}, "", "aZ09-._~+/=="},
		{"no header", nil, "", none},
		{"empty header", []string{""}, "", none},
		{"other scheme", []string{"Basic YTpi"}, "", none},
		{"scheme that begins alike", []string{"BearerX abc"}, "", none},
		{"token alone", []string{"eyJ.eyJ.c2ln"}, "", none},
		{"query alone", nil, "access_token=abc", none},
		{"scheme alone", []string{"Bearer"}, "", malformed},
		{"empty token", []string{"Bearer "}, "", malformed},
		{"padding alone", []string{"Bearer =="}, "", malformed},
		{"padding inside", []string{"Bearer a=b"}, "", malformed},
		{"two tokens", []string{"Bearer abc def"}, "", malformed},
		{"list", []string{"Bearer abc, Bearer def"}, "", malformed},
		{"trailing space", []string{"Bearer abc "}, "", malformed},
		{"tab", []string{"Bearer\tabc"}, "", none},
		{"tab and space", []string{"Bearer \tabc"}, "", malformed},
		{"quoted", []string{`Bearer "abc"`}, "", malformed},
		{"parameter", []string{`Bearer token=abc`}, "", malformed},
		{"JSON serialization", []string{`Bearer {"payload":""}`}, "", malformed},
		{"not ASCII", []string{"Bearer abç"}, "", malformed},
		{"control character", []string{"Bearer a\x00b"}, "", malformed},
		{"two headers", []string{"Bearer abc", "Bearer abc"}, "", malformed},
		{"two headers, one of another scheme", []string{"Basic YTpi", "Bearer abc"}, "", malformed},
		{"header and query", []string{"Bearer abc"}, "a=b&access_token=abc", malformed},
		{"header and escaped query", []string{"Bearer abc"}, "access%5Ftoken=", malformed},
		{"another parameter", []string{"Bearer abc"}, "my_access_token=1", "abc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/?"+tt.query, nil)
			r.Header["Authorization"] = tt.values
			token, err := bearer.FromAuthorization(r)
			if got := outcome(token, err); got != tt.want {
				t.Errorf("got %q, want %q (%v)", got, tt.want, err)
			}
		})
	}
}

// outcome is the token, or how it was refused.
func outcome(token string, err error) string {
	switch {
	case errors.Is(err, bearer.ErrNoToken):
		return "none" + token
	case err != nil:
		return "malformed" + token
	}
	return token
}

func TestFromHeader(t *testing.T) {
	const name = "X-Amzn-Oidc-Accesstoken"
	for want, values := range map[string][]string{
		"abc": {"abc"}, "none": nil, "malformed": {"Bearer abc"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header[name] = values
		if got := outcome(bearer.FromHeader(strings.ToLower(name))(r)); got != want {
			t.Errorf("%q: %s, want %s", values, got, want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header[name] = []string{"abc", "abc"}
	if got := outcome(bearer.FromHeader(name)(r)); got != "malformed" {
		t.Errorf("twice: %s", got)
	}
}

func TestFromCookie(t *testing.T) {
	tests := []struct{ cookies, want string }{
		{"", "none"}, {"other=abc", "none"}, {"id=", "none"}, {"id=abc", "abc"}, {"other=x; id=abc", "abc"},
		{"id=abc; id=def", "malformed"}, {"id=a,b", "malformed"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", tt.cookies)
		if got := outcome(bearer.FromCookie("id")(r)); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.cookies, got, tt.want)
		}
	}
}

// FuzzAuthorization compares the parser with the grammar of RFC 6750 section 2.1.
func FuzzAuthorization(f *testing.F) {
	for _, s := range []string{"Bearer abc", "bearer  a.b-c_d~e+f/g==", "Bearer", "Bearer =", "Basic YTpi", "Bearer a b", "Bearer é", " Bearer abc"} {
		f.Add(s)
	}
	scheme := regexp.MustCompile(`^(?i:bearer)( |$)`)
	grammar := regexp.MustCompile(`\A(?i:bearer) +([A-Za-z0-9._~+/-]+=*)\z`)
	f.Fuzz(func(t *testing.T, value string) {
		r := &http.Request{Header: http.Header{"Authorization": {value}}, URL: httptest.NewRequest(http.MethodGet, "/", nil).URL}
		want := "none"
		if m := grammar.FindStringSubmatch(value); m != nil {
			want = m[1]
		} else if scheme.MatchString(value) {
			want = "malformed"
		}
		if got := outcome(bearer.FromAuthorization(r)); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	})
}
