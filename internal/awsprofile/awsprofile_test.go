package awsprofile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
)

var process = awsprofile.KV{Key: "credential_process", Value: "tip-cli auth get-iam-credentials"}

func configFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSetChangesOnlyWhatItIsAskedTo(t *testing.T) {
	region := awsprofile.KV{Key: "region", Value: "eu-west-1"}
	tests := map[string]struct {
		before, profile string
		kv              []awsprofile.KV
		after           string
	}{
		"empty file": {"", "x", []awsprofile.KV{process}, "[profile x]\ncredential_process = tip-cli auth get-iam-credentials\n"},
		"default":    {"", "default", []awsprofile.KV{region}, "[default]\nregion = eu-west-1\n"},
		"appended after a blank line": {
			"# mine\n[default]\nregion=us-east-1\n", "x", []awsprofile.KV{region},
			"# mine\n[default]\nregion=us-east-1\n\n[profile x]\nregion = eu-west-1\n",
		},
		"no second blank line": {"[default]\n\n", "x", []awsprofile.KV{region}, "[default]\n\n[profile x]\nregion = eu-west-1\n"},
		"no newline at the end": {
			"[default]\nregion=us-east-1", "x", []awsprofile.KV{region},
			"[default]\nregion=us-east-1\n\n[profile x]\nregion = eu-west-1",
		},
		"CRLF": {"[default]\r\nregion=us-east-1\r\n", "default", []awsprofile.KV{region, process}, "[default]\r\nregion=eu-west-1\r\ncredential_process = tip-cli auth get-iam-credentials\r\n"},
		"BOM":  {"\ufeff[default]\n", "default", []awsprofile.KV{region}, "\ufeff[default]\nregion = eu-west-1\n"},
		"only a BOM": {
			"\ufeff", "x", []awsprofile.KV{region},
			"\ufeff[profile x]\nregion = eu-west-1",
		},
		"update keeps spacing, case and neighbours": {
			"[profile x]\n; c\n  \nRegion   :   us-east-1   \noutput=json\n\n# end\n[profile y]\nregion = z\n", "x", []awsprofile.KV{region},
			"[profile x]\n; c\n  \nRegion   :   eu-west-1\noutput=json\n\n# end\n[profile y]\nregion = z\n",
		},
		"added after the last setting, nested ones stay": {
			"[profile x]\nregion = eu-west-1\ns3 =\n  max_concurrent_requests = 20\n  # why\n  addressing_style = path\n\n# about y\n[profile y]\n", "x", []awsprofile.KV{process},
			"[profile x]\nregion = eu-west-1\ns3 =\n  max_concurrent_requests = 20\n  # why\n  addressing_style = path\ncredential_process = tip-cli auth get-iam-credentials\n\n# about y\n[profile y]\n",
		},
		"a nested key of the same name is another": {
			"[profile x]\nservices =\n  region = inner\n", "x", []awsprofile.KV{region},
			"[profile x]\nservices =\n  region = inner\nregion = eu-west-1\n",
		},
		"a value over several lines is replaced whole": {
			"[profile x]\ncredential_process = old\n   and more\n# stays\noutput = json\n", "x", []awsprofile.KV{process},
			"[profile x]\ncredential_process = tip-cli auth get-iam-credentials\n# stays\noutput = json\n",
		},
		"repeated keys are all updated": {
			"[profile x]\nregion = a\nregion = b\n", "x", []awsprofile.KV{region},
			"[profile x]\nregion = eu-west-1\nregion = eu-west-1\n",
		},
		"empty value":   {"[profile x]\nregion =\noutput=json\n", "x", []awsprofile.KV{region}, "[profile x]\nregion = eu-west-1\noutput=json\n"},
		"quoted header": {"[profile \"x\"]\n", "x", []awsprofile.KV{region}, "[profile \"x\"]\nregion = eu-west-1\n"},
		"tab in header": {"[profile\tx]\n", "x", []awsprofile.KV{region}, "[profile\tx]\nregion = eu-west-1\n"},
		"not a profile": {"[x]\nregion = a\n", "x", []awsprofile.KV{region}, "[x]\nregion = a\n\n[profile x]\nregion = eu-west-1\n"},
		"sso-session":   {"[sso-session x]\nsso_region = a\n", "x", []awsprofile.KV{region}, "[sso-session x]\nsso_region = a\n\n[profile x]\nregion = eu-west-1\n"},
		"both defaults": {"[default]\nregion=a\n[profile default]\n", "default", []awsprofile.KV{region}, "[default]\nregion=eu-west-1\n[profile default]\nregion = eu-west-1\n"},
		"indented keys": {"[profile x]\n  output = json\n  region = a\n", "x", []awsprofile.KV{region}, "[profile x]\n  output = json\n  region = eu-west-1\n"},
		"the README's": {
			"[profile my-tti-profile]\noutput=json\nregion=eu-west-1\ncredential_process=tip-cli auth get-iam-credentials\n", "my-tti-profile", []awsprofile.KV{process, region},
			"[profile my-tti-profile]\noutput=json\nregion=eu-west-1\ncredential_process=tip-cli auth get-iam-credentials\n",
		},
		"already there":  {"[profile x]\nregion=eu-west-1\n", "x", []awsprofile.KV{region}, "[profile x]\nregion=eu-west-1\n"},
		"indented title": {"[profile y]\noutput = json\n [profile x]\n", "x", []awsprofile.KV{region}, "[profile y]\noutput = json\n [profile x]\n\n[profile x]\nregion = eu-west-1\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := configFile(t, test.before)
			dry, err := awsprofile.Set(path, test.profile, test.kv, func(o *awsprofile.Options) { o.DryRun = true })
			if err != nil {
				t.Fatal(err)
			}
			if got := content(t, path); got != test.before {
				t.Errorf("DryRun changed the file to %q", got)
			}
			result, err := awsprofile.Set(path, test.profile, test.kv)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.after, content(t, path)); diff != "" {
				t.Errorf("Set (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(result.Diff(), dry.Diff()); diff != "" || dry.Changed != result.Changed {
				t.Errorf("DryRun (-want +got): changed %v\n%s", dry.Changed, diff)
			}
			if result.Changed != (test.before != test.after) || result.Created {
				t.Errorf("Changed, Created = %v, %v", result.Changed, result.Created)
			}
			settings, err := awsprofile.Get(path, test.profile)
			if err != nil {
				t.Fatal(err)
			}
			for _, kv := range test.kv {
				if settings[kv.Key] != kv.Value {
					t.Errorf("Get: %s = %q, want %q", kv.Key, settings[kv.Key], kv.Value)
				}
			}
		})
	}
}

func TestDiff(t *testing.T) {
	path := configFile(t, "[profile x]\nregion = a\n  b\n# c\n[profile y]\n")
	result, err := awsprofile.Set(path, "x", []awsprofile.KV{{Key: "region", Value: "eu-west-1"}, {Key: "output", Value: "json"}})
	if err != nil {
		t.Fatal(err)
	}
	want := "-region = a\n-  b\n+region = eu-west-1\n+output = json\n"
	got := result.Diff()
	if diff := cmp.Diff(sortedLines(want), sortedLines(got)); diff != "" {
		t.Errorf("Diff (-want +got):\n%s", diff)
	}
}

func sortedLines(s string) map[string]int {
	count := make(map[string]int)
	for l := range strings.Lines(s) {
		count[l]++
	}
	return count
}

func TestSetCreatesAndKeepsModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	home := t.TempDir()
	path := filepath.Join(home, ".aws", "config")
	result, err := awsprofile.Set(path, "x", []awsprofile.KV{process})
	if err != nil {
		t.Fatal(err)
	}
	if !result.Created || !result.Changed {
		t.Errorf("Created, Changed = %v, %v", result.Created, result.Changed)
	}
	checkMode(t, filepath.Dir(path), 0o700)
	checkMode(t, path, 0o600)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := awsprofile.Set(path, "y", []awsprofile.KV{process}); err != nil {
		t.Fatal(err)
	}
	checkMode(t, path, 0o644)
}

func checkMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", path, got, want)
	}
}

func TestSetFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "dotfiles"), filepath.Join(dir, "config")
	if err := os.WriteFile(target, []byte("[default]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if _, err := awsprofile.Set(link, "x", []awsprofile.KV{process}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if !strings.Contains(content(t, target), "[profile x]") {
		t.Error("the target has no profile")
	}
	if err := os.Remove(target); err != nil {
		t.Fatal(err)
	}
	refused(t, link, "x", []awsprofile.KV{process}, "leads nowhere")
}

func refused(t *testing.T, path, profile string, kv []awsprofile.KV, want string) {
	t.Helper()
	_, err := awsprofile.Set(path, profile, kv)
	var refusal *awsprofile.Error
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), want) || refusal.Hint() == "" {
		t.Errorf("Set(%q, %v) = %v, want an Error with %q and a hint", profile, kv, err, want)
	}
}

func TestSetRefuses(t *testing.T) {
	for _, name := range []string{"", "a]", "a\nb", "a b", "a\t", `a"`, "a'", `a\b`, "a#b", "a;b", "[a", "a\x00", "a\u00a0b", "a\xff"} {
		refused(t, configFile(t, ""), name, []awsprofile.KV{process}, "cannot be the name")
	}
	values := map[string]string{
		"": "empty", " a": "white space", "a ": "white space", "a\nb": "line break", "a\rb": "line break",
		"a\x00b": "control", "a #b": "comment begin", "a ;b": "comment begin", "a\t#b": "comment begin", "a\u2028b": "no place", "a\xffb": "no place",
	}
	for value, want := range values {
		refused(t, configFile(t, ""), "x", []awsprofile.KV{{Key: "region", Value: value}}, want)
	}
	for _, key := range []string{"", "Region", "a b", "a=b", "#a", "[a]"} {
		refused(t, configFile(t, ""), "x", []awsprofile.KV{{Key: key, Value: "v"}}, "not the name")
	}
	refused(t, configFile(t, "[profile x]\nregion = a\n[profile x]\n"), "x", []awsprofile.KV{process}, "lines 1 and 3")
	refused(t, configFile(t, "[\x00d\x00"), "x", []awsprofile.KV{process}, "NUL")
	refused(t, configFile(t, strings.Repeat("#\n", 3<<20)), "x", []awsprofile.KV{process}, "too large")
	refused(t, t.TempDir(), "x", []awsprofile.KV{process}, "not a regular file")
	refused(t, configFile(t, ""), "x", []awsprofile.KV{process, {Key: "credential_process", Value: "other"}}, "would not read back")
}

func TestSetRefusesWhereItMayNotWrite(t *testing.T) {
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("nothing is refused to root")
	}
	path := configFile(t, "[default]\n")
	if err := os.Chmod(filepath.Dir(path), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Dir(path), 0o700) })
	refused(t, path, "x", []awsprofile.KV{process}, "permission denied")
	if got := content(t, path); got != "[default]\n" {
		t.Errorf("the file is now %q", got)
	}
}

func TestWarningsOfCredentialsFile(t *testing.T) {
	credentials := configFile(t, "[y]\naws_access_key_id = v\n[x]\naws_access_key_id = v\ncredential_process = other\nregion = z\n")
	path := configFile(t, "")
	want := []awsprofile.Warning{
		{Kind: awsprofile.MaskedByCredentials, Path: credentials, Line: 4, Key: "aws_access_key_id"},
		{Kind: awsprofile.MaskedByCredentials, Path: credentials, Line: 5, Key: "credential_process"},
	}
	if diff := cmp.Diff(want, warningsOf(t, path, credentials, process)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := warningsOf(t, path, filepath.Join(t.TempDir(), "none"), process); got != nil {
		t.Errorf("warnings of a missing file: %v", got)
	}
	quoted := awsprofile.KV{Key: "credential_process", Value: `"C:\a b\tip-cli.exe" auth "x y"`}
	want = []awsprofile.Warning{{Kind: awsprofile.QuotesStripped, Path: path, Key: "credential_process"}}
	if diff := cmp.Diff(want, warningsOf(t, path, "", quoted)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func warningsOf(t *testing.T, path, credentials string, kv ...awsprofile.KV) []awsprofile.Warning {
	t.Helper()
	result, err := awsprofile.Set(path, "x", kv, func(o *awsprofile.Options) {
		o.CredentialsPath, o.DryRun = credentials, true
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range result.Warnings {
		if !strings.Contains(warning.String(), warning.Key) {
			t.Errorf("%q does not name %s", warning, warning.Key)
		}
	}
	return result.Warnings
}

func TestGet(t *testing.T) {
	path := configFile(t, "[default]\nregion = a\n[profile x]\nREGION: b\n s3 = no\ns3 =\n  region = c\n")
	got, err := awsprofile.Get(path, "x")
	if diff := cmp.Diff(map[string]string{"region": "b\ns3 = no", "s3": "\nregion = c"}, got); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s, %v", diff, err)
	}
	got, err = awsprofile.Get(filepath.Join(t.TempDir(), "none"), "x")
	if len(got) != 0 || err != nil {
		t.Errorf("missing file: %v, %v", got, err)
	}
	if _, err := awsprofile.Get(t.TempDir(), "x"); err == nil {
		t.Error("a directory was read")
	}
}

func TestPaths(t *testing.T) {
	env := map[string]string{}
	getenv := func(name string) string { return env[name] }
	home := func() (string, error) { return "/home/alice", nil }
	path := func() string {
		t.Helper()
		p, err := awsprofile.Path(getenv, home)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.ToSlash(p)
	}
	if got := path(); got != "/home/alice/.aws/config" {
		t.Errorf("Path = %q", got)
	}
	env["AWS_CONFIG_FILE"] = "~/x/config"
	if got := path(); got != "/home/alice/x/config" {
		t.Errorf("Path = %q", got)
	}
	env["AWS_CONFIG_FILE"] = "/etc/aws"
	if got := path(); got != "/etc/aws" {
		t.Errorf("Path = %q", got)
	}
	env["AWS_SHARED_CREDENTIALS_FILE"] = "/etc/creds"
	if got, err := awsprofile.CredentialsPath(getenv, home); got != "/etc/creds" || err != nil {
		t.Errorf("CredentialsPath = %q, %v", got, err)
	}
	clear(env)
	if _, err := awsprofile.Path(getenv, func() (string, error) { return "", errors.New("no home") }); err == nil {
		t.Error("no home directory, but a path")
	}
	_, err := awsprofile.CredentialsPath(getenv, func() (string, error) { return "", errors.New("no home") })
	if e, ok := errors.AsType[*awsprofile.Error](err); !ok || !strings.Contains(e.Hint(), "AWS_SHARED_CREDENTIALS_FILE") {
		t.Errorf("no home directory: %v", err)
	}
	if got := awsprofile.Ambient(getenv); got != "default" {
		t.Errorf("Ambient = %q", got)
	}
	env["AWS_DEFAULT_PROFILE"] = "b"
	if got := awsprofile.Ambient(getenv); got != "b" {
		t.Errorf("Ambient = %q", got)
	}
	env["AWS_PROFILE"] = "a"
	if got := awsprofile.Ambient(getenv); got != "a" {
		t.Errorf("Ambient = %q", got)
	}
}

// The effort grows with the file, not with its square: this takes a second, and not
// minutes.
func TestLongValue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	content := "[profile x]\nregion = a\n" + strings.Repeat(" b\n", 1_300_000) + "output = json"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := awsprofile.Set(path, "x", []awsprofile.KV{{Key: "region", Value: "eu-west-1"}}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := "[profile x]\nregion = eu-west-1\noutput = json"; string(got) != want || err != nil {
		t.Errorf("the file has %d bytes, %v", len(got), err)
	}
}

// A Result may be printed: of the file it has the changed lines, and no others.
func TestResultHoldsNoKeys(t *testing.T) {
	path := configFile(t, "[profile x]\naws_secret_access_key = canary\nregion = us-east-1\n")
	for _, dryRun := range []bool{true, false} {
		result, err := awsprofile.Set(path, "x", []awsprofile.KV{{Key: "region", Value: "eu-west-1"}}, func(o *awsprofile.Options) { o.DryRun = dryRun })
		if err != nil || !result.Changed {
			t.Fatal(result.Changed, err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			got := fmt.Sprintf(verb, result)
			for _, canary := range []string{"canary", "99 97 110 97 114 121", "0x63, 0x61, 0x6e"} { // as text and as bytes
				if strings.Contains(got, canary) {
					t.Errorf("%s shows the key: %s", verb, got)
				}
			}
		}
	}
}
