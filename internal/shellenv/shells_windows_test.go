package shellenv_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/shellenv"
)

// cmd.exe runs each line as the help says.
func TestRealCmd(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"TIP_TEST_A": "two words", "TIP_TEST_B": "a&b", "TIP_TEST_C": "a|b<c>d", "TIP_TEST_D": "a^b", "TIP_TEST_E": "it's", "TIP_TEST_F": "a/b+c==", "TIP_TEST_G": "(a)",
	}
	var vars []shellenv.Variable
	for name, value := range values {
		vars = append(vars, shellenv.Variable{Name: name, Value: secret.New(value)})
	}
	vars = append(vars, shellenv.Variable{Name: "TIP_TEST_GOES", Unset: true})
	set := filepath.Join(t.TempDir(), "set.txt")
	var text bytes.Buffer
	if err := shellenv.Write(&text, shellenv.Cmd, vars); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(filepath.Dir(set), "run.cmd") // where the percent sign of a variable is doubled
	lines := "@echo off\r\nfor /f \"usebackq delims=\" %%i in (`type \"" + set + "\"`) do %%i\r\n\"%SHOW%\"\r\n"
	for path, content := range map[string][]byte{set: text.Bytes(), script: []byte(lines)} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	values["TIP_TEST_STAYS"] = "x"
	if diff := cmp.Diff(values, evaluate(t, exec.Command("cmd.exe", "/d", "/c", script))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
