package awsprofile_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
)

// splitAll splits commands as botocore does on a platform; null where it refuses.
const splitAll = `
import json, sys
from botocore.compat import compat_shell_split
def words(text, platform):
    try:
        return compat_shell_split(text, platform)
    except ValueError:
        return None
print(json.dumps([[words(text, p) for p in ("linux", "win32")] for text in json.load(sys.stdin)]))
`

// Words and what [awsprofile.CommandOn] writes are as botocore has them, on either
// system. The alphabet has no $ and no backtick, before which sh, but not Python's
// shlex, takes a backslash away.
func TestBotocoreSplitsAlike(t *testing.T) {
	botocore(t, []string{})               // or skip
	random := rand.New(rand.NewPCG(3, 4)) // #nosec G404 -- the same commands every time
	letters := []rune(`ab \"'%&日`)
	word := func() string {
		text := make([]rune, random.IntN(8))
		for i := range text {
			text[i] = letters[random.IntN(len(letters))]
		}
		return string(text)
	}
	var texts []string
	var commands [][]string
	for range 1000 {
		words := []string{"tip-cli" + word(), word(), word()}
		texts = append(texts, word()+" "+word()+word(), awsprofile.CommandOn("linux", words[0], words[1:]...), awsprofile.CommandOn("windows", words[0], words[1:]...))
		commands = append(commands, words)
	}
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	python := exec.Command("python3", "-c", splitAll)
	python.Env = append(os.Environ(), "PYTHONUTF8=1")
	python.Stdin, python.Stderr = bytes.NewReader(input), os.Stderr
	out, err := python.Output()
	if err != nil {
		t.Fatal(err)
	}
	var split [][2][]string
	if err := json.Unmarshal(out, &split); err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		for n, goos := range []string{"linux", "windows"} {
			if want := split[i][n]; len(want) > 0 {
				if diff := cmp.Diff(want, awsprofile.Words(goos, text)); diff != "" {
					t.Errorf("%s: %s (-want +got):\n%s", goos, text, diff)
				}
			}
			if i%3 == n+1 {
				if diff := cmp.Diff(commands[i/3], split[i][n]); diff != "" {
					t.Errorf("%s: CommandOn wrote %s (-want +got):\n%s", goos, text, diff)
				}
			}
		}
	}
}
