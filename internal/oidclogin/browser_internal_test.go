package oidclogin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBrowserWords(t *testing.T) {
	const url = "https://idp.example/authorize?a=b&c=%20d"
	tests := []struct {
		command string
		want    []string
	}{
		{"firefox", []string{"firefox", url}},
		{"  firefox\t--new-window  ", []string{"firefox", "--new-window", url}},
		{"firefox %s", []string{"firefox", url}},
		{`netscape -remote "openURL(%s,new-window)"`, []string{"netscape", "-remote", "openURL(" + url + ",new-window)"}},
		{`'/opt/my browser/run' --at="a b"`, []string{"/opt/my browser/run", "--at=a b", url}},
		{"x 100%% %%s", []string{"x", "100%", "%s", url}},
		{"x %%%s", []string{"x", "%" + url}},
		{"x %s %s", []string{"x", url, url}},
		{"firefox %s &", []string{"firefox", url}},
		{`C:\browser\b.exe ""`, []string{`C:\browser\b.exe`, "", url}},
		{"x $(id) `id` ;id", []string{"x", "$(id)", "`id`", ";id", url}},
	}
	for _, tt := range tests {
		got, err := browserWords(tt.command, url)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", tt.command, err, diff)
		}
	}
	for _, command := range []string{"", " ", "&", `x "`, `x 'a`} {
		if words, err := browserWords(command, url); err == nil {
			t.Errorf("%q gives %q", command, words)
		}
	}
}

// FuzzSplitWords: words never hold more than the text, and quoting each word
// gives the same words again.
func FuzzSplitWords(f *testing.F) {
	for _, s := range []string{"", "a b", `a "b c" 'd'`, `"`, "a''b", "\t \n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		words, err := splitWords(s)
		if err != nil {
			return
		}
		var quoted []string
		for _, w := range words {
			if strings.ContainsRune(w, '"') {
				return
			}
			quoted = append(quoted, `"`+w+`"`)
		}
		again, err := splitWords(strings.Join(quoted, " "))
		if diff := cmp.Diff(words, again); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}
