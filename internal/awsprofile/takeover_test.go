package awsprofile_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
)

// runsTipCLI tells our commands from others.
func runsTipCLI(words []string) (ours bool, other string) {
	if len(words) > 2 && words[1] == "--context" {
		return false, "the context " + words[2]
	}
	return len(words) > 0 && awsprofile.Base(words[0]) == "tip-cli", ""
}

func ours(o *awsprofile.Options)      { o.Ours = runsTipCLI }
func overwrite(o *awsprofile.Options) { o.Ours, o.Overwrite = runsTipCLI, true }

// A profile that gets its credentials elsewhere is left alone.
func TestSetRefusesATakenProfile(t *testing.T) {
	for _, key := range []string{
		"role_arn", "source_profile", "credential_source", "web_identity_token_file", "sso_session", "sso_start_url", "sso_account_id",
		"sso_role_name", "sso_region", "login_session", "aws_access_key_id", "aws_secret_access_key", "credential_process",
	} {
		before := "[profile x]\noutput = json\n" + strings.ToUpper(key[:1]) + key[1:] + " = v\n[profile y]\nrole_arn = z\n"
		path := configFile(t, before)
		_, err := awsprofile.Set(path, "x", []awsprofile.KV{process}, ours)
		want := &awsprofile.TakenError{Profile: "x", Line: 3, Key: key}
		taken, _ := errors.AsType[*awsprofile.TakenError](err)
		if diff := cmp.Diff(want, taken); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
		if e, ok := errors.AsType[*awsprofile.Error](err); !ok || !strings.Contains(e.Hint(), "--overwrite") || !strings.Contains(e.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
		if got := content(t, path); got != before {
			t.Errorf("%s: the file is now %q", key, got)
		}
		// Other settings of it can be set.
		if _, err := awsprofile.Set(path, "x", []awsprofile.KV{{Key: "region", Value: "eu-west-1"}}, ours); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestSetTakesOver(t *testing.T) {
	const ourLine = "credential_process = tip-cli auth get-iam-credentials\n"
	for name, test := range map[string]struct{ before, after, diff string }{
		"our own":           {"[profile x]\ncredential_process = /opt/tip-cli auth\n", "[profile x]\n" + ourLine, "-credential_process = /opt/tip-cli auth\n+" + ourLine},
		"an empty one":      {"[profile x]\ncredential_process =\n", "[profile x]\n" + ourLine, "-credential_process =\n+" + ourLine},
		"another's command": {"[profile x]\ncredential_process = other\n", "[profile x]\n" + ourLine, "-credential_process = other\n+" + ourLine},
		"keys": {
			"[profile x]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\nAWS_Secret_Access_Key=canary\n",
			"[profile x]\n" + ourLine + "# aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n# AWS_Secret_Access_Key=canary\n",
			"+" + ourLine + "-aws_access_key_id = REDACTED\n+# aws_access_key_id = REDACTED\n-AWS_Secret_Access_Key=REDACTED\n+# AWS_Secret_Access_Key=REDACTED\n",
		},
		"single sign-on": {
			"[profile x]\nsso_session = s\nregion = a\nsso_role_name = r\n  of two lines\ns3 =\n  addressing_style = path\n[sso-session s]\nsso_region = b\n",
			"[profile x]\n# sso_session = s\nregion = a\n# sso_role_name = r\n#   of two lines\ns3 =\n  addressing_style = path\n" + ourLine + "[sso-session s]\nsso_region = b\n",
			"-sso_session = s\n+# sso_session = s\n-sso_role_name = r\n+# sso_role_name = r\n-  of two lines\n+#   of two lines\n+" + ourLine,
		},
		"a key of two lines": {
			"[profile x]\naws_access_key_id = a\naws_secret_access_key =\n    canary\n    # canary\n\tcanary\noutput = json\n",
			"[profile x]\n# aws_access_key_id = a\n# aws_secret_access_key =\n#     canary\n    # canary\n# \tcanary\noutput = json\n" + ourLine,
			"-aws_access_key_id = REDACTED\n+# aws_access_key_id = REDACTED\n-aws_secret_access_key =\n+# aws_secret_access_key =\n" +
				"-    REDACTED\n+#     REDACTED\n-\tREDACTED\n+# \tREDACTED\n+" + ourLine,
		},
		"itself": {
			"[profile x]\nrole_arn = r\nsource_profile = x", "[profile x]\n" + ourLine + "# role_arn = r\n# source_profile = x",
			"+" + ourLine + "-role_arn = r\n+# role_arn = r\n-source_profile = x\n+# source_profile = x\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := configFile(t, test.before)
			result, err := awsprofile.Set(path, "x", []awsprofile.KV{process}, overwrite)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.after, content(t, path)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(sortedLines(test.diff), sortedLines(result.Diff())); diff != "" {
				t.Errorf("the diff (-want +got):\n%s", diff)
			}
			again, err := awsprofile.Set(path, "x", []awsprofile.KV{process}, ours)
			if err != nil || again.Changed || again.Diff() != "" {
				t.Errorf("a second time: changed %v, %v\n%s", again.Changed, err, again.Diff())
			}
		})
	}
}

// Whoever marks a file as read-only means it, even root's.
func TestSetRefusesAReadOnlyFile(t *testing.T) {
	path := configFile(t, "[default]\n")
	if err := os.Chmod(path, 0o440); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(path, 0o600) })
	refused(t, path, "x", []awsprofile.KV{process}, "is read-only")
	if got := content(t, path); got != "[default]\n" {
		t.Errorf("the file is now %q", got)
	}
	result, err := awsprofile.Set(path, "x", []awsprofile.KV{process}, func(o *awsprofile.Options) { o.DryRun = true })
	if err != nil || !result.Changed {
		t.Errorf("DryRun: %v", err)
	}
}

func TestLoop(t *testing.T) {
	path := configFile(t, `[default]
source_profile = x
[profile y]
role_arn = r
source_profile = x
[profile z]
credential_process = aws configure export-credentials --profile y
[profile around]
source_profile = about
[profile about]
credential_process = sh -c "AWS_PROFILE=around aws configure export-credentials"
[profile free]
credential_process = tip-cli auth get-iam-credentials
[profile self]
source_profile = self
`)
	for name, test := range map[string]struct {
		command []string
		want    []string
	}{
		"no command":              {nil, nil},
		"another program":         {[]string{"print-jwt", "--for", "x"}, nil},
		"the profile":             {[]string{"aws", "--profile", "x", "sts"}, []string{"x"}},
		"in one word":             {[]string{"aws", "--profile=x"}, []string{"x"}},
		"the last word":           {[]string{"aws", "--profile"}, []string{"default", "x"}},
		"by the environment":      {[]string{"env", "AWS_PROFILE=x", "print-jwt"}, []string{"x"}},
		"by the older variable":   {[]string{"env", "AWS_DEFAULT_PROFILE=y", "print-jwt"}, []string{"y", "x"}},
		"in a shell":              {[]string{"sh", "-c", "a=$(aws --profile 'x' sts); echo $a"}, []string{"x"}},
		"a source":                {[]string{"aws", "--profile", "y"}, []string{"y", "x"}},
		"a command and a source":  {[]string{"aws", "--profile", "z"}, []string{"z", "y", "x"}},
		"the default profile":     {[]string{"/usr/bin/aws", "sts"}, []string{"default", "x"}},
		"one of two":              {[]string{"sh", "-c", "aws --profile free; aws --profile y"}, []string{"y", "x"}},
		"elsewhere":               {[]string{"aws", "--profile", "free"}, nil},
		"a profile that is not":   {[]string{"aws", "--profile", "none"}, nil},
		"a loop without it":       {[]string{"aws", "--profile", "around"}, nil},
		"one that points to self": {[]string{"aws", "--profile", "self"}, nil},
	} {
		got, err := awsprofile.Loop(path, test.command, "x")
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s (-want +got):\n%s%v", name, diff, err)
		}
	}
	if _, err := awsprofile.Loop(t.TempDir(), []string{"aws"}, "x"); err == nil {
		t.Error("a directory was read")
	}
}
