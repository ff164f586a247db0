package awsprofile

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What somebody else wrote meanwhile is not overwritten.
func TestReplaceLooksAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	c, err := edit(path, "x", []KV{{"region", "eu-west-1"}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const theirs = "[profile theirs]\n"
	if err := os.WriteFile(path, []byte(theirs), 0o600); err != nil {
		t.Fatal(err)
	}
	if done, err := c.replace(); done || err != nil {
		t.Errorf("replace = %v, %v", done, err)
	}
	if got, err := os.ReadFile(path); string(got) != theirs || err != nil {
		t.Errorf("the file has %q, %v", got, err)
	}
}

func TestPosixCommand(t *testing.T) {
	tests := []struct {
		exe  string
		args []string
		want string
	}{
		{"tip-cli", []string{"auth", "get-iam-credentials"}, "tip-cli auth get-iam-credentials"},
		{"/opt/my tools/tip-cli", []string{"auth"}, `/opt/my\ tools/tip-cli auth`},
		{"tip-cli", []string{"s3ag", "get-data-access", "s3://example-bucket/a b/*", "--permission", "READWRITE"}, `tip-cli s3ag get-data-access s3://example-bucket/a\ b/\* --permission READWRITE`},
		{"A=B", nil, `A\=B`},
		{"tip-cli", []string{""}, `tip-cli ''`},
		{"/ü/tip-cli", nil, "/ü/tip-cli"},
		{"~/tip-cli", nil, `\~/tip-cli`},
	}
	for _, test := range tests {
		if got := posixCommand(test.exe, test.args); got != test.want {
			t.Errorf("posixCommand(%q, %q) = %s, want %s", test.exe, test.args, got, test.want)
		}
	}
}

// Whatever the words, sh must see them again, and the value must be one that
// every SDK reads whole.
func FuzzPosixCommand(f *testing.F) {
	sh, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "windows" {
		f.Skip("no sh")
	}
	for _, word := range []string{"plain", "a b", "it's", `"q"`, "$HOME `id` $(id)", "a #b", " ;", "*?[x]", "", `back\slash`, "!&|<>(){}~", "ünï", "-n"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		value := posixCommand("printf", []string{"%s", word})
		if checkSetting(KV{"credential_process", value}) != nil {
			t.Skip("no value for a config file")
		}
		if value[0] == '"' || value[0] == '\'' {
			t.Fatalf("%s begins with a quote", value)
		}
		out, err := exec.Command(sh, "-c", value).Output()
		if err != nil || string(out) != word {
			t.Errorf("sh -c %s printed %q, %v; want %q", value, out, err, word)
		}
	})
}

func TestWindowsCommand(t *testing.T) {
	tests := []struct {
		exe  string
		args []string
		want string
	}{
		{`C:\tools\tip-cli.exe`, []string{"auth"}, `C:\tools\tip-cli.exe auth`},
		{`C:\Program Files\tip-cli.exe`, []string{"auth"}, `"C:\Program Files\tip-cli.exe" auth`},
		{"tip-cli", []string{""}, `tip-cli ""`},
		{"tip-cli", []string{`a\`, `b c\`, `say "hi"`, `x\"y`, "a&b"}, `tip-cli a\ "b c\\" "say \"hi\"" "x\\\"y" "a&b"`},
	}
	for _, test := range tests {
		if got := windowsCommand(test.exe, test.args); got != test.want {
			t.Errorf("windowsCommand(%q, %q) = %s, want %s", test.exe, test.args, got, test.want)
		}
	}
}

// FuzzEdit checks that parsing and printing loses nothing, and that an edit
// touches only the lines of the keys that were asked for.
func FuzzEdit(f *testing.F) {
	for _, seed := range []string{
		"", "\ufeff[default]\r\nregion = a\r\n", "[profile x]\nregion=a\n s3=\n  b=c", "[profile x]\r[default]\rjunk", "[profile x]\n a = b\n  c\n#d\n e", "x", "[default]\n[profile default]", "[profile x]\nRegion:q\nregion=w\n\n\n",
	} {
		f.Add(seed)
	}
	kv := []KV{{"region", "eu-west-1"}, {"credential_process", "tip-cli auth"}}
	f.Fuzz(func(t *testing.T, content string) {
		parsed := parse([]byte(content))
		if got := string(parsed.bytes()); got != content {
			t.Fatalf("parse changed %q to %q", content, got)
		}
		if parsed.checkDuplicates("", "x") != nil {
			t.Skip("refused")
		}
		touched := map[int]bool{}
		for _, s := range parsed.profile("x") {
			for _, k := range s.keys {
				if k.name == "region" || k.name == "credential_process" {
					touched[k.line] = true
					for _, i := range k.more {
						touched[i] = true
					}
				}
			}
		}
		parsed.set("x", kv)
		var kept, want []string
		for _, l := range parsed.lines {
			if l.from >= 0 && !l.edit {
				kept = append(kept, l.text)
			}
		}
		for i, l := range parsed.original {
			if !touched[i] {
				want = append(want, l.text)
			}
		}
		// A BOM alone gains the header on its line.
		if content == byteOrderMark {
			want = nil
		}
		// A key that had the value already is touched without an edit.
		if diff := cmp.Diff(want, without(kept, want)); diff != "" {
			t.Errorf("other lines changed (-want +got):\n%s", diff)
		}
		if err := verify("", parsed.bytes(), "x", kv); err != nil {
			t.Errorf("%q became %q: %v", content, parsed.bytes(), err)
		}
		again := parse(parsed.bytes())
		again.set("x", kv)
		if got := string(again.bytes()); got != string(parsed.bytes()) {
			t.Errorf("a second edit changed %q to %q", parsed.bytes(), got)
		}
	})
}

// without drops from kept the lines with a value that was there before.
func without(kept, want []string) []string {
	var out []string
	for _, l := range kept {
		if len(out) < len(want) && l == want[len(out)] {
			out = append(out, l)
			continue
		}
		if !strings.Contains(l, "eu-west-1") && !strings.Contains(l, "tip-cli auth") {
			out = append(out, l)
		}
	}
	return out
}
