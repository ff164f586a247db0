package shellenv_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/shellenv"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	vars := []shellenv.Variable{{Name: "A", Value: secret.New(`it's $x`)}, {Name: "B", Unset: true}, {Name: "C", Value: secret.New("a/b+c==")}}
	plain := append([]shellenv.Variable{{Name: "A", Value: secret.New("a:b-c,d.e@f%")}}, vars[1:]...)
	inCmd := append([]shellenv.Variable{{Name: "A", Value: secret.New("it's a&b^c|d")}}, vars[1:]...)
	for format, tt := range map[shellenv.Format]struct {
		vars []shellenv.Variable
		want string
	}{
		shellenv.Sh:         {vars, "export A='it'\\''s $x'\nunset B\nexport C='a/b+c=='\n"},
		shellenv.Fish:       {vars, "set --global --export A 'it\\'s $x'\nset --erase --global B; or true\nset --global --export C 'a/b+c=='\n"},
		shellenv.PowerShell: {vars, "$Env:A = 'it''s $x'\nRemove-Item -ErrorAction SilentlyContinue -LiteralPath Env:B\n$Env:C = 'a/b+c=='\n"},
		shellenv.Cmd:        {inCmd, "set \"A=it's a&b^c|d\"\nset \"B=\"\nset \"C=a/b+c==\"\n"},
		shellenv.DotEnv:     {plain, "A=a:b-c,d.e@f%\nC=a/b+c==\n"},
		shellenv.JSON:       {vars, "{\n  \"A\": \"it's $x\",\n  \"C\": \"a/b+c==\"\n}\n"},
	} {
		var out strings.Builder
		if err := shellenv.Write(&out, format, tt.vars); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if diff := cmp.Diff(tt.want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
	var out strings.Builder
	if err := shellenv.Write(&out, shellenv.PowerShell, []shellenv.Variable{{Name: "A", Value: secret.New("‘’‚‛")}}); err != nil || out.String() != "$Env:A = '‘‘’’‚‚‛‛'\n" {
		t.Errorf("typographic quotes: %q, %v", out.String(), err)
	}
}

// What a format cannot hold is refused, without the value and without output.
func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	everywhere := []string{"a\nb", "a\rb", "a\x00b", "a\x1bb", "a\x7fb", "a\xffb", "a\u0085b", "a\u2028b"}
	for format, values := range map[shellenv.Format][]string{
		shellenv.Sh: everywhere, shellenv.Fish: everywhere, shellenv.PowerShell: everywhere,
		shellenv.Cmd:    append([]string{`a"b`, "a%b", "a!b"}, everywhere...),
		shellenv.DotEnv: append([]string{"", "a b", "a'b", `a"b`, "a$b", "a#b", `a\b`, "a`b", "é"}, everywhere...),
		shellenv.JSON:   {"a\xffb"},
	} {
		for _, value := range values {
			var out strings.Builder
			vars := []shellenv.Variable{{Name: "GOOD", Value: secret.New("x")}, {Name: "NAME", Value: secret.New(value)}}
			err := shellenv.Write(&out, format, vars)
			var wrong *shellenv.ValueError
			if !errors.As(err, &wrong) || wrong.Name != "NAME" || wrong.Format != format || wrong.Hint() == "" || out.Len() > 0 {
				t.Errorf("%s, %q: %v, wrote %q", format, value, err, out.String())
			}
			if value != "" && err != nil && strings.Contains(err.Error(), value) {
				t.Errorf("%s: the value is in %q", format, err)
			}
		}
	}
	for _, format := range []shellenv.Format{shellenv.INI, "tcsh", ""} {
		if err := shellenv.Write(&strings.Builder{}, format, nil); err == nil {
			t.Errorf("variables were written as %q", format)
		}
	}
}

// Names come from the environment, where anybody can have put them.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, format := range []shellenv.Format{shellenv.Sh, shellenv.Fish, shellenv.PowerShell, shellenv.Cmd, shellenv.DotEnv, shellenv.JSON} {
		for _, name := range hostileNames {
			var out strings.Builder
			gone := []shellenv.Variable{{Name: name, Unset: true}}
			if err := shellenv.Write(&out, format, gone); err != nil || strings.Trim(out.String(), "{}\n") != "" {
				t.Errorf("%s: the removal of %q is %q, %v", format, name, out.String(), err)
			}
			out.Reset()
			var wrong *shellenv.NameError
			err := shellenv.Write(&out, format, []shellenv.Variable{{Name: "GOOD", Value: secret.New("x")}, {Name: name, Value: secret.New("x")}})
			if !errors.As(err, &wrong) || wrong.Name != name || out.Len() > 0 {
				t.Errorf("%s: %q is set by %q, %v", format, name, out.String(), err)
			}
		}
	}
}

func TestEvaluates(t *testing.T) {
	t.Parallel()
	for program, want := range map[string]shellenv.Format{
		"/usr/bin/fish": shellenv.Fish, "/opt/microsoft/powershell/7/pwsh": shellenv.PowerShell, "/usr/bin/zsh": shellenv.Sh,
		"/bin/bash": shellenv.Sh, "/usr/bin/dash": shellenv.Sh, "/usr/bin/make": "", "": "", "/usr/bin/tcsh": "",
	} {
		if got, ok := shellenv.Evaluates(program); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", program, got, ok)
		}
	}
}

func TestWriteINI(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := shellenv.WriteINI(&out, "my-tti_profile.1@x+y", credentials); err != nil {
		t.Fatal(err)
	}
	want := "\n[my-tti_profile.1@x+y]\n# until 2026-01-02T02:04:05Z\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = se/cr+et=\n" +
		"aws_session_token = to/k+en==\naws_account_id = 444455556666\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{"", "a b", "a]b", "[", "a\nb", "a#b", "a;b", "é", "a=b", "a/b", "DEFAULT"} {
		var wrong *shellenv.ProfileError
		out.Reset()
		if err := shellenv.WriteINI(&out, name, credentials); !errors.As(err, &wrong) || wrong.Hint() == "" || out.Len() > 0 {
			t.Errorf("profile %q: %v, wrote %q", name, err, out.String())
		}
	}
	odd := credentials
	odd.SessionToken = secret.New("a b")
	var wrong *shellenv.ValueError
	out.Reset()
	if err := shellenv.WriteINI(&out, "p", odd); !errors.As(err, &wrong) || wrong.Name != shellenv.SessionToken || out.Len() > 0 {
		t.Errorf("%v, wrote %q", err, out.String())
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	const system = `C:\Program Files\WindowsPowerShell\Modules;C:\WINDOWS\system32\WindowsPowerShell\v1.0\Modules`
	for _, tt := range []struct {
		goos, shell, modules string
		want                 shellenv.Format
	}{
		{"linux", "", "", shellenv.Sh},
		{"linux", "/bin/bash", "", shellenv.Sh},
		{"darwin", "/bin/zsh", "", shellenv.Sh},
		{"linux", "/usr/bin/fish", "", shellenv.Fish},
		{"linux", "/usr/bin/pwsh", "", shellenv.PowerShell},
		{"linux", "/bin/bash", "/home/x/.local/share/powershell/Modules", shellenv.PowerShell},
		{"linux", "/bin/tcsh", "", shellenv.Sh},
		{"windows", "", "", shellenv.Cmd},
		{"windows", "", system, shellenv.Cmd},
		{"windows", "", `C:\Users\X\Documents\WindowsPowerShell\Modules;` + system, shellenv.PowerShell},
		{"windows", "", `c:\users\x\Documents\PowerShell\Modules;` + system, shellenv.PowerShell},
		{"windows", "/usr/bin/bash", system, shellenv.Sh},
		{"windows", `C:\Program Files\Git\usr\bin\bash.exe`, `C:\Users\X\Documents\WindowsPowerShell\Modules;` + system, shellenv.Sh},
		{"windows", "/usr/bin/fish", system, shellenv.Fish},
	} {
		env := map[string]string{"SHELL": tt.shell, "PSModulePath": tt.modules}
		if tt.goos == "windows" {
			env["USERPROFILE"] = `C:\Users\X`
		}
		if got := shellenv.Detect(func(name string) string { return env[name] }, tt.goos); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

func TestComment(t *testing.T) {
	t.Parallel()
	want := map[shellenv.Format]string{
		shellenv.Sh: "# x", shellenv.Fish: "# x", shellenv.PowerShell: "# x", shellenv.Cmd: "rem x",
		shellenv.DotEnv: "", shellenv.JSON: "", shellenv.INI: "",
	}
	for _, f := range shellenv.Formats() {
		if got := f.Comment("x"); got != want[f] {
			t.Errorf("%s: %q", f, got)
		}
		if got := f.Shell(); got != (want[f] != "") {
			t.Errorf("%s: Shell %v", f, got)
		}
	}
}

// JSON comes back as it was, whatever the text.
func FuzzJSON(f *testing.F) {
	f.Add("it's \"x\" <&>")
	f.Fuzz(func(t *testing.T, value string) {
		var out bytes.Buffer
		if err := shellenv.Write(&out, shellenv.JSON, []shellenv.Variable{{Name: "A", Value: secret.New(value)}}); err != nil {
			return
		}
		var got map[string]string
		if err := json.Unmarshal(out.Bytes(), &got); err != nil || got["A"] != value {
			t.Errorf("%q came back as %q, %v", value, got["A"], err)
		}
	})
}
