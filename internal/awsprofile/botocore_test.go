package awsprofile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
)

// readBack prints what botocore makes of files: the profiles, and the commands
// split as its credential_process provider does; null for a file that it refuses.
const readBack = `
import json, sys
from botocore.configloader import load_config
from botocore.compat import compat_shell_split
def view(path):
    try:
        profiles = load_config(path)["profiles"]
    except Exception:
        return None
    words = {}
    for name, profile in profiles.items():
        try:
            words[name] = compat_shell_split(profile["credential_process"])
        except Exception:
            pass
    return {"profiles": profiles, "words": words}
print(json.dumps([view(path) for path in json.load(sys.stdin)]))
`

type botocoreView struct {
	Profiles map[string]map[string]any `json:"profiles"`
	Words    map[string][]string       `json:"words"`
}

// botocore loads files with the botocore of python3, which CI must have.
func botocore(t *testing.T, paths []string) []*botocoreView {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import botocore").Run()
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must have python3 with botocore:", err)
		}
		t.Skip("no python3 with botocore:", err)
	}
	input, err := json.Marshal(paths)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(python, "-c", readBack)
	command.Env = append(os.Environ(), "PYTHONUTF8=1")
	command.Stdin, command.Stderr = bytes.NewReader(input), os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal("botocore:", err)
	}
	var views []*botocoreView
	if err := json.Unmarshal(out, &views); err != nil {
		t.Fatal(err)
	}
	return views
}

var (
	command  = []string{"/opt/my tools/tip cli's", "s3ag", "get-data-access", `s3://example-bucket/a "b"/$c/#d;e/*`, "", "--permission", "READWRITE"}
	settings = []awsprofile.KV{
		{Key: "credential_process", Value: awsprofile.Command(command[0], command[1:]...)},
		{Key: "region", Value: "eu-west-1"}, {Key: "output", Value: "json"},
	}
)

// botocore must read back what was set, and everything else as before, in files
// by hand and in files by chance.
func TestBotocoreReadsBack(t *testing.T) {
	contents := []string{
		"", "# a\n; b\n", "[profile x]\r\nregion = a\r\n", "[profile y]\noutput = text",
		"[profile x]\nregion=a\ns3 =\n  addressing_style = path\n  # c\n  max_queue_size = 1\n\n[default]\noutput=text\n",
		"[sso-session s]\nsso_region = a\n[profile \"x\"]\nOutput: yaml\ncredential_process = old\n  more\n\n\n[services z]\ns3 =\n  endpoint_url = https://example.com\n",
		"[profile x]\n  output = text\n  region = a\n",
	}
	random := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- the same files every time
	for range 400 {
		contents = append(contents, randomFile(random))
	}
	var paths []string
	var cases []string
	for i, before := range contents {
		for _, profile := range []string{"x", "default", "team/dev@a+b.c:d%e"} {
			path := configFile(t, before)
			edited := filepath.Join(filepath.Dir(path), "edited")
			if err := os.WriteFile(edited, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := awsprofile.Set(edited, profile, settings); err != nil {
				if i < 7 {
					t.Errorf("file %d, profile %s: %v", i, profile, err)
				}
				continue
			}
			paths, cases = append(paths, path, edited), append(cases, profile)
		}
	}
	views := botocore(t, paths)
	readable := 0
	for i, profile := range cases {
		before, after := views[2*i], views[2*i+1]
		if before == nil {
			continue // botocore refused the file as it was
		}
		readable++
		if problem := compare(before, after, profile); problem != "" {
			t.Errorf("profile %s: %s\nbefore:\n%q\nafter:\n%q", profile, problem, content(t, paths[2*i]), content(t, paths[2*i+1]))
		}
	}
	if readable < 300 {
		t.Errorf("only %d of %d files were good enough to compare", readable, len(cases))
	}
}

func compare(before, after *botocoreView, profile string) string {
	if after == nil {
		return "botocore refuses the edited file"
	}
	if diff := cmp.Diff(command, after.Words[profile]); diff != "" {
		return "words (-want +got):\n" + diff
	}
	want := before.Profiles
	if want[profile] == nil {
		want[profile] = map[string]any{}
	}
	for _, setting := range settings {
		want[profile][setting.Key] = setting.Value
	}
	if diff := cmp.Diff(want, after.Profiles); diff != "" {
		return "profiles (-want +got):\n" + diff
	}
	return ""
}

// randomFile strings lines of a config file together.
func randomFile(random *rand.Rand) string {
	headers := []string{"[profile x]", "[default]", `[profile "x"]`, "[profile y]  # c", "[profile default]", "[sso-session x]", "[x]", "[profile  x]"}
	lines := []string{
		"region = a", "region=a", "  region: a", "Output = text", "credential_process = old command", "", "", "# comment", "  # inner", "; c",
		"s3 =\n  addressing_style = path", "s3 =\n\tregion = inner\n", "  more = of it", "key = v # c", "region =", "cli_pager=", "  ",
	}
	var out strings.Builder
	eol := []string{"\n", "\n", "\r\n"}[random.IntN(3)]
	for range random.IntN(3) {
		fmt.Fprint(&out, "# head", eol)
	}
	for _, header := range random.Perm(len(headers))[:random.IntN(4)] {
		fmt.Fprint(&out, headers[header], eol)
		for _, l := range random.Perm(len(lines))[:random.IntN(6)] {
			fmt.Fprint(&out, strings.ReplaceAll(lines[l], "\n", eol), eol)
		}
	}
	if random.IntN(4) == 0 {
		return strings.TrimSuffix(out.String(), eol)
	}
	return out.String()
}
