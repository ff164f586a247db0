package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
)

// bashCompletionPackage is where Debian and others have bash-completion.
const bashCompletionPackage = "/usr/share/bash-completion/bash_completion"

// shell is an interactive shell that has loaded our completion.
type shell struct {
	name string
	argv []string
	// needs is a file that must be there.
	needs string
	// load are the commands that load the completion.
	load string
}

const prompt = "READY> "

func shellsUnderTest() []shell {
	bash := []string{"bash", "--noprofile", "--norc", "-i"}
	return []shell{
		{name: "bash alone", argv: bash, load: "PS1='" + prompt + "'; source <(tip-cli completion bash)"},
		{name: "bash without descriptions", argv: bash, load: "PS1='" + prompt + "'; source <(tip-cli completion bash --no-descriptions)"},
		{
			name: "bash with bash-completion, without descriptions", argv: bash, needs: bashCompletionPackage,
			load: "PS1='" + prompt + "'; source " + bashCompletionPackage + "; source <(tip-cli completion bash --no-descriptions)",
		},
		{
			name: "bash with bash-completion", argv: bash, needs: bashCompletionPackage,
			load: "PS1='" + prompt + "'; source " + bashCompletionPackage + "; source <(tip-cli completion bash)",
		},
		{
			name: "zsh", argv: []string{"zsh", "-f", "-i"},
			load: "PROMPT='" + prompt + "'; unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u -D; source <(tip-cli completion zsh)",
		},
		{
			name: "fish", argv: []string{"fish", "--no-config", "-i"},
			load: "function fish_prompt; echo -n '" + prompt + "'; end; tip-cli completion fish | source",
		},
	}
}

// TestShells types the beginnings of commands into real shells, and presses Tab.
func TestShells(t *testing.T) {
	long(t)
	for _, s := range shellsUnderTest() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.wanted(t)
			dir := t.TempDir()
			fillForCompletion(t, dir)
			at := s.open(t, dir)
			for _, c := range []struct{ typed, want string }{
				{"auth get-i", "auth get-iam-credentials"},
				{"s3ag get-data-access s", "s3ag get-data-access s3://example-bucket/"},
				{"s3ag get-data-access s3:", "s3ag get-data-access s3://example-bucket/"},
				{"s3ag get-data-access s3://example-bucket/r", "s3ag get-data-access s3://example-bucket/reports/"},
				{"s3ag get-data-access --permission=WRI", "s3ag get-data-access --permission=WRITE"},
				{"s3ag get-data-access --permission READW", "s3ag get-data-access --permission READWRITE"},
				{"s3ag clear-credentials s3://example-bucket/r", "s3ag clear-credentials s3://example-bucket/reports/*"},
				{"s3ag explain s3://example-bucket/g", "s3ag explain s3://example-bucket/granted/"},
				{"s3ag get-data-access s3://example-bucket/g", "s3ag get-data-access s3://example-bucket/granted/"},
				{"s3ag list-grants --prefix s3://example-bucket/g", "s3ag list-grants --prefix s3://example-bucket/granted/"},
				{"exec --s3 s3://example-bucket/g", "exec --s3 s3://example-bucket/granted/"},
				{"--context w", "--context work"},
				{"--context=w", "--context=work"},
				{"auth set-aws-profile --profile my", "auth set-aws-profile --profile my-tti-profile"},
				{"auth --token-file tok", "auth --token-file token.jwt"},
				{"help exit", "help exit-codes"},
				// names that a shell would take apart, or run: one of them, and several
				{"s3ag get-data-access s3://example-bucket/my", "s3ag get-data-access s3://example-bucket/my docs/$(touch PWNED)/`touch PWNED`/"},
				{"s3ag clear-credentials s3://example-bucket/my", "s3ag clear-credentials s3://example-bucket/my docs/$(touch PWNED)/`touch PWNED`/"},
				{"s3ag clear-credentials s3://example-bucket/one", "s3ag clear-credentials s3://example-bucket/one;touch PWNED;/*"},
				{"s3ag get-data-access s3://example-bucket/my\\ docs/\\$\\(touch\\ PWNED\\)/\\`touch\\ PWNED\\`/a", "s3ag get-data-access s3://example-bucket/my docs/$(touch PWNED)/`touch PWNED`/a/"},
				{"auth set-aws-profile --profile a", "auth set-aws-profile --profile a b"},
				{"auth set-aws-profile --profile q", "auth set-aws-profile --profile q;touch PWNED;"},
				{"auth logout ", "auth logout"}, // and not the names of files
			} {
				if s.name == "fish" && strings.Contains(c.typed, `\`) {
					continue // cobra's script for fish completes no word that is begun with quotes
				}
				if got := at.complete(t, c.typed); got != c.want {
					t.Errorf("%q is completed to %q, want %q", c.typed, got, c.want)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "PWNED")); err == nil {
				t.Error("the shell has run a part of a name")
			}
		})
	}
}

// wanted skips the test where the shell is not on the machine; in CI it is.
func (s shell) wanted(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath(s.argv[0])
	if err == nil && s.needs != "" {
		_, err = os.Stat(s.needs)
	}
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
}

// fillForCompletion makes a state with something to complete.
func fillForCompletion(t *testing.T, dir string) {
	t.Helper()
	entry := `[{"id": "x", "permission": "READ", "target_type": "Prefix", "privilege": "Default", "expiration": 1.0,
		"creds": {"AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c"}}]`
	for name, text := range map[string]string{
		"state/config.json": "{}", "state/contexts/work/config.json": "{}", "token.jwt": "",
		"state/grants.json": `{"identity": "analyst", "instances": {"444455556666/eu-west-1": ["s3://example-bucket/granted/*", "s3://example-bucket/reports/*"]}}`,
		"aws-config":        "[profile my-tti-profile]\n[profile other]\n[profile a b]\n[profile a b c]\n[profile q;touch PWNED;x]\n[profile q;touch PWNED;y]\n",
		"state/s3_creds.json": fmt.Sprintf(`{"s3://example-bucket/reports/*": %s, "s3://example-bucket/other/*": %[1]s,
			"s3://example-bucket/my docs/$(touch PWNED)/`+"`touch PWNED`"+`/a/*": %[1]s, "s3://example-bucket/my docs/$(touch PWNED)/`+"`touch PWNED`"+`/b/*": %[1]s,
			"s3://example-bucket/one;touch PWNED;/*": %[1]s}`, entry),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// open starts the shell on a terminal of its own.
func (s shell) open(t *testing.T, dir string) *atShell {
	t.Helper()
	screen, line := ptytest.Open(t, 0)
	cmd := exec.Command(s.argv[0], s.argv[1:]...)
	cmd.Dir = dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = line, line, line
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Env = append(os.Environ(), "AWS_TIP_CLI="+dir+"/state", "AWS_CONFIG_FILE="+dir+"/aws-config", "HOME="+t.TempDir(),
		"TERM=xterm", "LC_ALL=C.UTF-8", "COLUMNS=200", "TIP_CLI_CONTEXT=")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	at := &atShell{screen: screen}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	at.keys(t, s.load+"\r")
	at.until(t, regexp.MustCompile(`(?m)READY> $`))
	return at
}

type atShell struct {
	screen *os.File
	shown  strings.Builder
	last   string // what was shown until the last time
}

func (s *atShell) keys(t *testing.T, text string) {
	t.Helper()
	if _, err := s.screen.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// until reads what the shell shows, until it is what is waited for.
func (s *atShell) until(t *testing.T, form *regexp.Regexp) string {
	t.Helper()
	buffer := make([]byte, 4096)
	if err := s.screen.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		if found := form.FindStringSubmatch(plainText(s.shown.String())); found != nil {
			s.last = s.shown.String()
			s.shown.Reset()
			return found[len(found)-1]
		}
		n, err := s.screen.Read(buffer)
		s.shown.Write(buffer[:n])
		if err != nil {
			t.Fatalf("%v; it shows %q", err, s.shown.String())
		}
	}
}

// complete types the beginning of a command line and Tab, and returns what the
// line has become: an echo is put before it, whose output the line itself does not have.
func (s *atShell) complete(t *testing.T, typed string) string {
	t.Helper()
	const home, enter = "\x01", "\r"
	s.keys(t, "tip-cli "+typed+"\t"+home+"echo BE''GIN "+enter)
	got := s.until(t, regexp.MustCompile(`[\r\n]BEGIN tip-cli ([^\r\n]*)\r*\n(?s:.*)READY> $`))
	return strings.TrimRight(got, " ")
}

var escapes = regexp.MustCompile(`\x1b(\[[0-9;?>=]*[a-zA-Z]|\][^\x07]*\x07|[()][A-Z0-9]|[=>])`)

// plainText is what a terminal shows, without what steers it.
func plainText(s string) string { return strings.TrimRight(escapes.ReplaceAllString(s, ""), "\x0f\r") }

// TestHelpOnATerminal: headings stand out where they can.
func TestHelpOnATerminal(t *testing.T) {
	for _, c := range []struct{ env, want string }{{"NO_COLOR=", "\n\x1b[1mUsage:\x1b[0m\r\n"}, {"NO_COLOR=1", "\nUsage:\r\n"}} {
		screen, line := ptytest.Open(t, 0)
		cmd := exec.Command("tip-cli", "version", "--help")
		cmd.Env = append(os.Environ(), "TERM=xterm", c.env)
		cmd.Stdout = line
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		at := &atShell{screen: screen}
		at.until(t, regexp.MustCompile(`(?s)Usage:.*Global flags:`))
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(at.last, c.want) {
			t.Errorf("%s: it shows %q", c.env, at.last)
		}
	}
}
