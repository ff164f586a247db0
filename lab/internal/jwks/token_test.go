package jwks_test

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/jwks"
)

// compact makes a JWS whose signature nobody checks here.
func compact(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(payload)) + "." + encode([]byte("signature"))
}

func parse(t *testing.T, payload string) *jwks.Token {
	t.Helper()
	token, err := jwks.Parse(compact(`{"alg":"RS256","kid":"key"}`, payload))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"good":              {compact(`{"alg":"RS256"}`, `{"iss":"x"}`), nil},
		"empty":             {"", jwks.ErrMalformed},
		"two parts":         {"a.b", jwks.ErrMalformed},
		"five parts":        {"a.b.c.d.e", jwks.ErrMalformed},
		"header no base64":  {"%.e30.c2ln", jwks.ErrMalformed},
		"header no JSON":    {compact(`x`, `{}`), jwks.ErrMalformed},
		"no algorithm":      {compact(`{}`, `{}`), jwks.ErrMalformed},
		"none":              {compact(`{"alg":"none"}`, `{}`), jwks.ErrAlgorithm},
		"None":              {compact(`{"alg":"None"}`, `{}`), jwks.ErrAlgorithm},
		"HS256":             {compact(`{"alg":"HS256"}`, `{}`), jwks.ErrAlgorithm},
		"HS512":             {compact(`{"alg":"HS512"}`, `{}`), jwks.ErrAlgorithm},
		"critical header":   {compact(`{"alg":"RS256","crit":["x"],"x":1}`, `{}`), nil},
		"payload null":      {compact(`{"alg":"RS256"}`, `null`), jwks.ErrMalformed},
		"payload list":      {compact(`{"alg":"RS256"}`, `[]`), jwks.ErrMalformed},
		"payload twice":     {compact(`{"alg":"RS256"}`, `{}{}`), jwks.ErrMalformed},
		"payload cut short": {compact(`{"alg":"RS256"}`, `{"iss":`), jwks.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := jwks.Parse(c.text); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func TestClaims(t *testing.T) {
	token := parse(t, `{"s":"text","e":"","n":1,"list":["a","b"],"mixed":["a",1],"deep":{"er":{"est":"value","n":1}},"a.b":"dotted","a":{"b":"nested"}}`)
	for path, want := range map[string]string{"s": "text", "deep.er.est": "value", "a.b": "dotted", "e": "", "n": "", "deep": "", "deep.er": "", "deep.er.n": "", "deep.no.est": "", "s.x": "", "": ""} {
		if got, ok := token.Path(path); got != want && ok || ok != (want != "") {
			t.Errorf("Path(%q) = %q, %t", path, got, ok)
		}
	}
	for payload, want := range map[string][]string{`{"aud":"a"}`: {"a"}, `{"aud":["a","b"]}`: {"a", "b"}, `{"aud":["a",1]}`: nil, `{"aud":1}`: nil, `{}`: nil, `{"aud":[]}`: {}} {
		if diff := cmp.Diff(want, parse(t, payload).Audience()); diff != "" {
			t.Errorf("audience of %s (-want +got):\n%s", payload, diff)
		}
	}
}

func TestTime(t *testing.T) {
	type result struct {
		At          int64
		Present, OK bool
	}
	for payload, want := range map[string]result{
		`{"exp":1700000000}`:           {1700000000, true, true},
		`{"exp":0}`:                    {0, true, true},
		`{"exp":1700000000.5}`:         {0, true, false},
		`{"exp":1.7e9}`:                {0, true, false},
		`{"exp":-1}`:                   {0, true, false},
		`{"exp":"1700000000"}`:         {0, true, false},
		`{"exp":null}`:                 {0, true, false},
		`{"exp":99999999999999999999}`: {0, true, false},
		`{"exp":9223372036854775807}`:  {0, true, false},
		`{}`:                           {0, false, false},
	} {
		at, present, ok := parse(t, payload).Time("exp")
		got := result{Present: present, OK: ok}
		if ok {
			got.At = at.Unix()
		} else if !at.IsZero() {
			t.Errorf("%s: time %v of what is none", payload, at)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", payload, diff)
		}
	}
}

// FuzzParse looks for tokens that crash, or that name an algorithm which no key may verify.
func FuzzParse(f *testing.F) {
	f.Add(compact(`{"alg":"RS256","kid":"key"}`, `{"iss":"x","aud":["a"],"exp":1}`))
	f.Add(compact(`{"alg":"none"}`, `{}`))
	f.Add(compact(`{"alg":"HS256"}`, `{}`))
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := jwks.Parse(text)
		if err != nil {
			if !errors.Is(err, jwks.ErrMalformed) && !errors.Is(err, jwks.ErrAlgorithm) {
				t.Errorf("error %v", err)
			}
			return
		}
		if token.Algorithm == "" || token.Algorithm == "none" || token.Algorithm[:2] == "HS" {
			t.Errorf("algorithm %q", token.Algorithm)
		}
		token.Audience()
		token.Path("a.b")
		if at, _, ok := token.Time("exp"); ok && at.After(time.Now().AddDate(8000, 0, 0)) {
			t.Errorf("time %v", at)
		}
	})
}
