package config_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
)

func TestSplitWords(t *testing.T) {
	tests := map[string][]string{
		"":                            nil,
		" \t\n ":                      nil,
		"program":                     {"program"},
		"  program  a\tb ":            {"program", "a", "b"},
		`program "two words" 'and "'`: {"program", "two words", `and "`},
		`program --x="a b"c`:          {"program", "--x=a bc"},
		`program "" ''`:               {"program", "", ""},
		`"a"'b'`:                      {"ab"},
		`C:\bin\x.exe \\server\a`:     {`C:\bin\x.exe`, `\\server\a`},
		`"C:\Program Files\x.exe" \"`: nil, // the last quote opens
		`"C:\Program Files\x.exe\" y`: {`C:\Program Files\x.exe\`, "y"},
		`a $HOME ~ * | b; c`:          {"a", "$HOME", "~", "*", "|", "b;", "c"},
		"a\u00a0b":                    {"a", "b"},
		`"a'b"`:                       {"a'b"},
		"ü":                           {"ü"},
	}
	for text, want := range tests {
		got, err := config.SplitWords(text)
		if diff := cmp.Diff(want, got); diff != "" || (err != nil) != strings.HasSuffix(text, `\"`) {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
	}
	for text, want := range map[string]string{`a "b`: `has a " without its match`, `it's`: "has a ' without its match", `"`: `has a "`} {
		if got, err := config.SplitWords(text); err == nil || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestJoinWords(t *testing.T) {
	for want, words := range map[string][]string{
		"":                           nil,
		"program a":                  {"program", "a"},
		`"" " "`:                     {"", " "},
		`"it's"`:                     {"it's"},
		`C:\x "C:\Program Files"`:    {`C:\x`, `C:\Program Files`},
		`"say "'"'"hi"'"'""`:         {`say "hi"`},
		`"a'b"'"'"c d"`:              {`a'b"c d`},
		"\"a\u00a0b\" \"two\nline\"": {"a\u00a0b", "two\nline"},
	} {
		if got := config.JoinWords(words); got != want {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
	}
}

// FuzzSplitWords: what is joined is split into the same words, and no word gains
// or loses a character other than quotes and white space.
func FuzzSplitWords(f *testing.F) {
	for _, text := range []string{"", "a b", `"a b" c`, `'"' "'"`, `a"b c"d`, `\ \" "`, "a\n\x00 \u2028b", `""`} {
		f.Add(text)
	}
	bare := strings.NewReplacer(`"`, "", "'", "")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		words, err := config.SplitWords(text)
		if err != nil {
			words = []string{text, "", text + " " + text}
		} else if got, want := squeeze(bare.Replace(strings.Join(words, ""))), squeeze(bare.Replace(text)); got != want {
			t.Errorf("%q was split into %q", text, words)
		}
		joined := config.JoinWords(words)
		again, err := config.SplitWords(joined)
		if diff := cmp.Diff(words, again); diff != "" || err != nil {
			t.Errorf("%q joined is %q: %v (-want +got):\n%s", words, joined, err, diff)
		}
	})
}

func squeeze(text string) string { return strings.Join(strings.Fields(text), "") }
