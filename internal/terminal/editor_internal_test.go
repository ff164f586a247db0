//go:build unix

package terminal

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEditor(t *testing.T) {
	type result struct {
		Line, Rest, Echo string
		Done, EOF        bool
	}
	tests := []struct {
		name string
		keys []string
		want result
	}{
		{"a line", []string{"abc\r"}, result{Line: "abc", Echo: "abc", Done: true}},
		{"no end yet", []string{"ab", "c"}, result{Line: "abc", Echo: "abc"}},
		{"backspace", []string{"abd\x7fc\n"}, result{Line: "abc", Echo: "abd\b \bc", Done: true}},
		{"backspace at the start", []string{"\x7f\b\n"}, result{Done: true}},
		{"backspace takes a whole letter", []string{"aé\x7f\n"}, result{Line: "a", Echo: "aé\b \b", Done: true}},
		{"Ctrl-U", []string{"ab\x15c\n"}, result{Line: "c", Echo: "ab\b \b\b \bc", Done: true}},
		{"Ctrl-D at the start", []string{"\x04"}, result{EOF: true}},
		{"Ctrl-D later", []string{"a\x04"}, result{Line: "a", Echo: "a", Done: true}},
		{"what comes after", []string{"a\nbc\n"}, result{Line: "a", Rest: "bc\n", Echo: "a", Done: true}},
		{"arrow keys", []string{"a\x1b[Db\x1b", "[1;5Cc\n"}, result{Line: "abc", Echo: "abc", Done: true}},
		{"a paste in brackets", []string{"\x1b[200~abc\x1b[201~\n"}, result{Line: "abc", Echo: "abc", Done: true}},
		{"Escape alone", []string{"a\x1bb\n"}, result{Line: "ab", Echo: "ab", Done: true}},
		{"a letter in parts", []string{"a\xc3", "\xa9\n"}, result{Line: "aé", Echo: "aé", Done: true}},
		{"controls beyond ASCII", []string{"a\u009b2J\u202eb\n"}, result{Line: "a\u009b2J\u202eb", Echo: "a?2J?b", Done: true}},
		{"no UTF-8", []string{"a\xc3\x28\xffb\n"}, result{Line: "a\xc3\x28\xffb", Echo: "a?(?b", Done: true}},
		{"control characters", []string{"a\x00\x1a\x07b\tc\n"}, result{Line: "ab\tc", Echo: "ab\tc", Done: true}},
	}
	for _, tt := range tests {
		e := editor{visible: true}
		for _, keys := range tt.keys {
			e.feed([]byte(keys))
		}
		got := result{string(e.line), string(e.rest), string(e.shown()), e.done, e.eof}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		hidden := editor{}
		hidden.feed([]byte(tt.keys[0]))
		if shown := hidden.shown(); shown != nil {
			t.Errorf("%s: a secret shows as %q", tt.name, shown)
		}
	}
}
