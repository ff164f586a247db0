package shellenv_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/shellenv"
)

// hostile are values that a shell would like to do something with.
var hostile = []string{
	"plain", "two words", "  around  ", "'", "''", `"`, `it's "so"`, "$HOME", "$(false)", "`false`", "${HOME}", `\`, `\\`, `\'`, `a\`, `\n`, "!!", "!x",
	"*", "?", "[a]", "{a,b}", "~", "~root", "#", "# x", ";", "a;b", "a&b", "a|b", "a<b>c", "(a)", "%PATH%", "%s", "^", "a=b", "-n", "--", "@", "äöü ‘’‚‛ “x”", "a/b+c==", "",
}

// hostileNames are names that a shell would do something with, were it to read them.
var hostileNames = []string{
	"", "1A", "A B", "A-B", "A.B", "É", "AWS_BEARER_TOKEN_$(echo ran >&2)", "AWS_BEARER_TOKEN_`echo ran >&2`", "AWS_BEARER_TOKEN_\necho ran >&2\n",
	"AWS_BEARER_TOKEN_;echo ran >&2", "AWS_BEARER_TOKEN_|echo ran >&2", "AWS_BEARER_TOKEN_&echo ran", `AWS_BEARER_TOKEN_"&echo ran`, "AWS_BEARER_TOKEN_(echo ran >&2)",
}

// TestMain is the program that a shell runs to show what reached the environment.
func TestMain(m *testing.M) {
	if os.Getenv("SHELLENV_SHOW") != "" {
		for _, entry := range os.Environ() {
			if strings.HasPrefix(entry, "TIP_TEST_") {
				_, _ = os.Stdout.WriteString(entry + "\x00")
			}
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// realShell is a shell, and how it takes the output.
type realShell struct {
	name   string
	format shellenv.Format
	args   []string // before the script
	script string   // SET is the file with the output, SHOW the program
}

// isAbsentAndRare reports whether a shell is not here, and is one that CI cannot
// install: it is tried where somebody has it.
func (s realShell) isAbsentAndRare() bool {
	_, err := exec.LookPath(s.name)
	return err != nil && (s.name == "ksh" || s.name == "pwsh")
}

// Real shells evaluate what Write writes as the help says, and the programs that
// they start then have every value as it was.
func TestRealShells(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.DeleteFunc([]realShell{
		{"sh", shellenv.Sh, []string{"-euc"}, `eval "$(cat "$SET")"; exec "$SHOW"`},
		{"dash", shellenv.Sh, []string{"-euc"}, `eval "$(cat "$SET")"; exec "$SHOW"`},
		{"bash", shellenv.Sh, []string{"--norc", "-euc"}, `eval "$(cat "$SET")"; exec "$SHOW"`},
		{"zsh", shellenv.Sh, []string{"-feuc"}, `eval "$(cat "$SET")"; exec "$SHOW"`},
		{"ksh", shellenv.Sh, []string{"-euc"}, `eval "$(cat "$SET")"; exec "$SHOW"`},
		{"fish", shellenv.Fish, []string{"-c"}, `cat $SET | source; and $SHOW`},
		{"pwsh", shellenv.PowerShell, []string{"-NoProfile", "-Command"}, `Get-Content $Env:SET | Out-String | Invoke-Expression; & $Env:SHOW`},
	}, realShell.isAbsentAndRare) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shell := find(t, tt.name)
			vars, want := hostileVariables()
			set := filepath.Join(t.TempDir(), "set")
			var text bytes.Buffer
			if err := shellenv.Write(&text, tt.format, vars); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(set, text.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			got := evaluate(t, exec.Command(shell, append(tt.args, tt.script)...), "SET="+set)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The shell that SHELL names need not be the one that evaluates the output. What
// env prints without being told for another shell leaves no secret on the screen.
func TestOtherShellsShowNoSecrets(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.DeleteFunc([]realShell{
		{"sh", shellenv.Fish, []string{"-c"}, `eval "$(cat "$SET")"; true`},
		{"bash", shellenv.Fish, []string{"--norc", "-c"}, `eval "$(cat "$SET")"; true`},
		{"zsh", shellenv.Fish, []string{"-fc"}, `eval "$(cat "$SET")"; true`},
		{"ksh", shellenv.Fish, []string{"-c"}, `eval "$(cat "$SET")"; true`},
		{"sh", shellenv.PowerShell, []string{"-c"}, `eval "$(cat "$SET")"; true`},
		{"bash", shellenv.PowerShell, []string{"--norc", "-c"}, `eval "$(cat "$SET")"; true`},
		{"zsh", shellenv.PowerShell, []string{"-fc"}, `eval "$(cat "$SET")"; true`},
		{"sh", shellenv.Cmd, []string{"-c"}, `eval "$(cat "$SET")"; true`},
		{"bash", shellenv.Cmd, []string{"--norc", "-c"}, `eval "$(cat "$SET")"; true`},
		{"zsh", shellenv.Cmd, []string{"-fc"}, `eval "$(cat "$SET")"; true`},
		{"fish", shellenv.Sh, []string{"-c"}, `cat $SET | source; true`},
		{"pwsh", shellenv.Sh, []string{"-NoProfile", "-Command"}, `Get-Content $Env:SET | Out-String | Invoke-Expression`},
	}, realShell.isAbsentAndRare) {
		t.Run(string(tt.format)+" in "+tt.name, func(t *testing.T) {
			t.Parallel()
			shell := find(t, tt.name)
			var text bytes.Buffer
			if err := shellenv.Write(&text, tt.format, shellenv.Keys(credentials, "eu-west-1")); err != nil {
				t.Fatal(err)
			}
			set := filepath.Join(t.TempDir(), "set")
			if err := os.WriteFile(set, text.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, shell, append(tt.args, tt.script)...)
			home := t.TempDir()
			cmd.Env = append(os.Environ(), "SET="+set, "HOME="+home, "XDG_CONFIG_HOME="+home)
			out, _ := cmd.CombinedOutput() // what it makes of it is its own affair
			for _, value := range []string{credentials.SecretAccessKey.Reveal(), credentials.SessionToken.Reveal()} {
				if bytes.Contains(out, []byte(value)) {
					t.Errorf("it shows a secret: %s", out)
				}
			}
		})
	}
}

// In fish a universal variable shows again once ours, which comes before it, is removed.
func TestFishAndUniversalVariables(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	vars := []shellenv.Variable{{Name: "TIP_TEST_KEY", Value: secret.New("x")}, {Name: "TIP_TEST_KEY", Unset: true}, {Name: "TIP_TEST_OTHER", Unset: true}}
	if err := shellenv.Write(&text, shellenv.Fish, vars); err != nil {
		t.Fatal(err)
	}
	set := filepath.Join(t.TempDir(), "set")
	if err := os.WriteFile(set, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	script := `set -Ux TIP_TEST_KEY old; set -U TIP_TEST_OTHER stays; source $SET; set -x TIP_TEST_SEEN $TIP_TEST_OTHER; $SHOW`
	want := map[string]string{"TIP_TEST_KEY": "old", "TIP_TEST_SEEN": "stays", "TIP_TEST_STAYS": "x", "TIP_TEST_GOES": "x"}
	if diff := cmp.Diff(want, evaluate(t, exec.Command(find(t, "fish"), "-c", script), "SET="+set)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// find looks for a shell, which must be there in CI.
func find(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("CI") != "":
		t.Fatal(err)
	}
	t.Skip("there is no such shell here: ", err)
	return ""
}

// hostileVariables sets one variable for each hostile value, and removes two: one
// that is there and one that is not.
func hostileVariables() (vars []shellenv.Variable, want map[string]string) {
	want = map[string]string{"TIP_TEST_STAYS": "x"}
	for i, value := range hostile {
		name := "TIP_TEST_" + string(rune('A'+i/26)) + string(rune('A'+i%26))
		vars = append(vars, shellenv.Variable{Name: name, Value: secret.New(value)})
		want[name] = value
	}
	for _, name := range append([]string{"TIP_TEST_GOES", "TIP_TEST_NEVER_WAS"}, hostileNames...) {
		vars = append(vars, shellenv.Variable{Name: name, Unset: true})
	}
	return vars, want
}

// evaluate runs a shell, which runs this program, and returns what that was given.
func evaluate(t *testing.T, cmd *exec.Cmd, environ ...string) map[string]string {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	bounded := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	home := t.TempDir() // where fish keeps its universal variables
	bounded.Env = append(os.Environ(), append(environ, "SHOW="+own, "SHELLENV_SHOW=1", "HOME="+home, "XDG_CONFIG_HOME="+home, "TIP_TEST_GOES=x", "TIP_TEST_STAYS=x")...)
	var complaints bytes.Buffer
	bounded.Stderr = &complaints
	out, err := bounded.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%v\n%s%s", err, out, complaints.String())
	}
	got := map[string]string{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		got[name] = value
	}
	return got
}
