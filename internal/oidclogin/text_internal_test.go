package oidclogin

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/secret"
)

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"", "plain", "a\x1b[2Jb\r\nc", "\u202egnp.exe", "\xff\xfe", strings.Repeat("é", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := printable(s, maxShown)
		if utf8.RuneCountInString(got) > maxShown+1 || !utf8.ValidString(got) {
			t.Errorf("%q is too long or invalid", got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Errorf("%q has %U", got, r)
			}
		}
	})
}

func TestRedact(t *testing.T) {
	secrets := []secret.Value{secret.New("s3cret"), {}}
	got := redact("the s3cret and eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln, not eyJ", secrets)
	if want := "the REDACTED and REDACTED, not eyJ"; got != want {
		t.Errorf("got %q", got)
	}
}

// FuzzDecode: no token, however odd, does more than fail.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"", "..", "a.b.c", "e30.e30.", "e30.eyJhdWQiOm51bGx9.x", "e30.eyJleHAiOjFlMzA5fQ.x", "e30.eyJleHAiOi0xfQ.x",
		"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4IiwiYXVkIjpbImEiLCJiIl0sImV4cCI6MS41fQ.c2ln", "e30.e30.x.y",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		claims, err := Decode(secret.New(s))
		if err != nil && (KindOf(err) != KindVerification || claims.Subject != "") {
			t.Errorf("%+v, %v", claims, err)
		}
		if err := idToken.checkHeader(secret.New(s)); err != nil && KindOf(err) != KindVerification {
			t.Error(err)
		}
	})
}

func TestDecode(t *testing.T) {
	entra := "e30.eyJ1dGkiOiJ1IiwibmJmIjoxLCJpYXQiOm51bGwsImV4cCI6MS45LCJhdWQiOlsiYSIsImIiXX0.x"
	c, err := Decode(secret.New(entra))
	if err != nil || c.ID != "u" || c.NotBefore.Unix() != 1 || !c.IssuedAt.IsZero() || c.Expiry.Unix() != 1 || len(c.Audience) != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	for name, token := range map[string]string{
		"two parts": "e30.e30", "four parts": "e30.e30.x.y", "no base64": "e30.!.x", "no JSON": "e30.e3.x", "negative date": "e30.eyJleHAiOi0xfQ.x", "date of text": "e30.eyJleHAiOiJ4In0.x",
		"huge date": "e30.eyJleHAiOjFlMzB9.x",
	} {
		if _, err := Decode(secret.New(token)); KindOf(err) != KindVerification {
			t.Errorf("%s: %v", name, err)
		}
	}
}
