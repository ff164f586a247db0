package awsprofile_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
)

// refusals are files that the AWS CLI and boto3 do not read, and where they say so.
var refusals = map[string]struct {
	content string
	line    int
	reason  string
}{
	"a key twice":         {"[profile y]\nregion = a\nREGION = b\n", 3, "region stands in line 2 of the same section already"},
	"a header twice":      {"[profile y]\n[default]\n[profile y]\n", 3, "[profile y] stands in line 1 already"},
	"garbage":             {"[profile y]\nregion = a\nnonsense\n", 3, "neither a [section] nor a setting"},
	"a setting no key":    {"[profile y]\n= a\n", 2, "neither a [section] nor a setting"},
	"a header without ]":  {"[default]\n[profile b\nregion = a\n", 2, "the header has no ] at its end"},
	"before any header":   {"# a\nregion = a\n[default]\n", 2, "before the first [section]"},
	"no header at all":    {"region = a\n", 1, "before the first [section]"},
	"a byte order mark":   {"\ufeff[default]\nregion = a\n", 1, "byte order mark"},
	"nested, but is not":  {"[default]\ns3 =\n  a = b\n  c\n", 2, "no nested settings"},
	"a secret in its own": {"[default]\naws_secret_access_key =\n  canary\n", 2, "no nested settings"},
}

// A file that the AWS CLI refuses is said to be one, and is written all the same.
func TestSetWarnsOfARefusedFile(t *testing.T) {
	var paths []string
	for name, test := range refusals {
		path := configFile(t, test.content)
		paths = append(paths, path)
		result, err := awsprofile.Set(path, "x", []awsprofile.KV{process}, func(o *awsprofile.Options) { o.DryRun = true })
		if err != nil || len(result.Warnings) != 1 {
			t.Errorf("%s: %v, %v", name, result.Warnings, err)
			continue
		}
		w := result.Warnings[0]
		if w.Kind != awsprofile.Refused || w.Path != path || w.Line != test.line || !strings.Contains(w.Reason, test.reason) || strings.Contains(w.String(), "canary") {
			t.Errorf("%s: %s", name, w)
		}
		if !strings.Contains(w.String(), "the AWS CLI and boto3 refuse the whole file") {
			t.Errorf("%s: %s", name, w)
		}
		// The other file counts as well.
		config := configFile(t, "")
		result, err = awsprofile.Set(config, "x", []awsprofile.KV{process}, func(o *awsprofile.Options) { o.CredentialsPath = path })
		if err != nil || len(result.Warnings) != 1 || result.Warnings[0].Path != path {
			t.Errorf("%s, credentials: %v, %v", name, result.Warnings, err)
		}
	}
	for i, view := range botocore(t, paths) {
		if view != nil {
			t.Errorf("botocore reads %q", content(t, paths[i]))
		}
	}
}

// What botocore refuses is warned of, and nothing else is.
func TestBotocoreRefuses(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4)) // #nosec G404 -- the same files every time
	odd := []string{"nonsense", "[profile b", "= a", "region = b", "[default]", "[DEFAULT]", "[ ]", "[]", "s3 =\n  a", "s3 =\n  a = b\n\n  # c\n", "  x", "a: b", "[x] = y"}
	var paths []string
	var warned []bool
	for range 300 {
		text := randomFile(random)
		lines := strings.Split(text, "\n")
		i := random.IntN(len(lines))
		lines[i] = odd[random.IntN(len(odd))] + "\n" + lines[i]
		path := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		result, err := awsprofile.Set(path, "new", []awsprofile.KV{process}, func(o *awsprofile.Options) { o.DryRun = true })
		if err != nil {
			t.Fatal(err)
		}
		is := false
		for _, w := range result.Warnings {
			is = is || w.Kind == awsprofile.Refused
		}
		paths, warned = append(paths, path), append(warned, is)
	}
	refused := 0
	for i, view := range botocore(t, paths) {
		if (view == nil) != warned[i] {
			t.Errorf("botocore refuses: %v, warned: %v\n%q", view == nil, warned[i], content(t, paths[i]))
		}
		if view == nil {
			refused++
		}
	}
	if refused < 50 || refused > 250 {
		t.Errorf("%d of 300 are refused: the test shows little", refused)
	}
}

// Python puts [DEFAULT] into every section.
func TestSetWarnsOfDefaults(t *testing.T) {
	for name, test := range map[string]struct {
		config, credentials string
		want                []string
	}{
		"keys":                    {"[DEFAULT]\naws_access_key_id = a\nregion = b\n", "", []string{"aws_access_key_id"}},
		"another section":         {"[default]\naws_access_key_id = a\n[profile DEFAULT]\nrole_arn = b\n", "", nil},
		"a command in the config": {"[DEFAULT]\ncredential_process = a\n", "", nil},
		"credentials":             {"", "[DEFAULT]\ncredential_process = a\n[x]\nregion = b\n", []string{"credential_process"}},
		"credentials of others":   {"", "[DEFAULT]\ncredential_process = a\n[y]\nregion = b\n", nil},
	} {
		credentials := configFile(t, test.credentials)
		result, err := awsprofile.Set(configFile(t, test.config), "x", []awsprofile.KV{process}, func(o *awsprofile.Options) { o.CredentialsPath = credentials })
		var got []string
		for _, w := range result.Warnings {
			if w.Kind == awsprofile.MaskedByDefaults && strings.Contains(w.String(), "[DEFAULT]") {
				got = append(got, w.Key)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil || len(result.Warnings) != len(test.want) {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// A command of the same program that is for something else is not replaced.
func TestSetRefusesWhatIsForAnother(t *testing.T) {
	path := configFile(t, "[profile x]\ncredential_process = tip-cli --context work auth get-iam-credentials\n")
	_, err := awsprofile.Set(path, "x", []awsprofile.KV{process}, ours)
	if err == nil || !strings.Contains(err.Error(), `the profile "x" is for the context work: credential_process in line 2`) {
		t.Error(err)
	}
	if _, err := awsprofile.Set(path, "x", []awsprofile.KV{process}, overwrite); err != nil {
		t.Error(err)
	}
}
