package idp

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func TestFormTarget(t *testing.T) {
	for uri, want := range map[string]string{
		"http://localhost:8090/callback": "'self' http://localhost:8090",
		"https://app.example/cb?x=1":     "'self' https://app.example",
		"http://[::1]:8090/callback":     "'self' http:",
		"com.example.app:/callback":      "'self' com.example.app:",
		":":                              "'self'",
	} {
		if got := formTarget(uri); got != want {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
}

func TestViewOf(t *testing.T) {
	for name, tt := range map[string]struct {
		person world.Person
		want   personView
	}{
		"name":         {world.Person{Login: "a", Claims: map[string]any{"name": "élan  de la x"}}, personView{"a", "élan  de la x", "ÉD"}},
		"one word":     {world.Person{Login: "a", Claims: map[string]any{"name": "Alex"}}, personView{"a", "Alex", "A"}},
		"no name":      {world.Person{Login: "sam"}, personView{"sam", "sam", "S"}},
		"name no text": {world.Person{Login: "sam", Claims: map[string]any{"name": 7}}, personView{"sam", "sam", "S"}},
	} {
		if diff := cmp.Diff(tt.want, viewOf(&tt.person)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestClip(t *testing.T) {
	if got := clip(strings.Repeat("é", 300), 200); got != strings.Repeat("é", 200) {
		t.Errorf("%d bytes", len(got))
	}
	if got := clip("a\xffb", 200); got != "ab" {
		t.Errorf("%q", got)
	}
}
