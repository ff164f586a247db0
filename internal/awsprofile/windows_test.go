package awsprofile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
)

// goSDK is what a program gets from the AWS SDK for Go on Windows: package os/exec
// quotes the whole value as one argument of cmd.exe /C, cmd.exe takes the outer quotes
// away (cmd /?), and the C runtime splits what is left.
func goSDK(value string) []string {
	line := value
	if strings.ContainsAny(value, " \t\"") {
		line = strings.ReplaceAll(value, `"`, `\"`)
	}
	return awsprofile.Words("windows", line)
}

// What is written on Windows comes apart again as it was in botocore (the rules of the
// C runtime) and, where nothing is warned of, in the SDK for Go as well.
func TestWindowsPaths(t *testing.T) {
	const exe = `C:\tools\tip-cli.exe`
	for name, test := range map[string]struct {
		words []string
		value string
		want  []awsprofile.WarningKind
	}{
		"plain": {[]string{exe, "--context", "default", "auth", "get-iam-credentials"}, exe + " --context default auth get-iam-credentials", nil},
		"a program with spaces": {
			[]string{`C:\Program Files\tip-cli\tip-cli.exe`, "auth", "get-iam-credentials"},
			`"C:\Program Files\tip-cli\tip-cli.exe" auth get-iam-credentials`, []awsprofile.WarningKind{awsprofile.QuotedOnWindows},
		},
		"a share":         {[]string{`\\server\share\tip-cli.exe`, "auth"}, `\\server\share\tip-cli.exe auth`, nil},
		"an S3 path":      {[]string{exe, "s3ag", "s3://example-bucket/a/*"}, exe + " s3ag s3://example-bucket/a/*", nil},
		"one with spaces": {[]string{exe, "s3://example-bucket/a b/*"}, exe + ` "s3://example-bucket/a b/*"`, []awsprofile.WarningKind{awsprofile.QuotedOnWindows}},
		"one with quotes": {[]string{exe, `s3://example-bucket/a"b`, "--x"}, exe + ` "s3://example-bucket/a\"b" --x`, []awsprofile.WarningKind{awsprofile.QuotedOnWindows}},
		"one with an ampersand": {
			[]string{exe, "s3://example-bucket/a&b|c", "x"}, exe + ` "s3://example-bucket/a&b|c" x`, []awsprofile.WarningKind{awsprofile.QuotedOnWindows},
		},
		"one with a backslash":  {[]string{exe, `s3://example-bucket/a b\`, "x"}, exe + ` "s3://example-bucket/a b\\" x`, []awsprofile.WarningKind{awsprofile.QuotedOnWindows}},
		"one in another script": {[]string{exe, "s3://example-bucket/Grüße/日本"}, exe + " s3://example-bucket/Grüße/日本", nil},
		"one percent sign":      {[]string{exe, "s3://example-bucket/100%/x"}, exe + " s3://example-bucket/100%/x", nil},
		"a variable":            {[]string{exe, "s3://example-bucket/%PATH%/x"}, exe + " s3://example-bucket/%PATH%/x", []awsprofile.WarningKind{awsprofile.ExpandedOnWindows}},
		"a name that ends for cmd.exe": {
			[]string{`C:\a=b\tip-cli.exe`, "a=b"}, `"C:\a=b\tip-cli.exe" a=b`, []awsprofile.WarningKind{awsprofile.QuotedOnWindows},
		},
		"quotes from end to end": {
			[]string{`C:\a b\tip-cli.exe`, "c d"}, `"C:\a b\tip-cli.exe" "c d"`, []awsprofile.WarningKind{awsprofile.QuotesStripped, awsprofile.QuotedOnWindows},
		},
	} {
		t.Run(name, func(t *testing.T) {
			value := awsprofile.CommandOn("windows", test.words[0], test.words[1:]...)
			if value != test.value {
				t.Errorf("CommandOn gave %s, want %s", value, test.value)
			}
			if diff := cmp.Diff(test.words, awsprofile.Words("windows", value)); diff != "" {
				t.Errorf("botocore (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.words, goSDK(value)); diff != "" && test.want == nil {
				t.Errorf("SDK for Go, without a warning (-want +got):\n%s", diff)
			}
			path := configFile(t, "")
			result, err := awsprofile.Set(path, "x", []awsprofile.KV{{Key: "credential_process", Value: value}}, func(o *awsprofile.Options) {
				o.System = "windows"
			})
			if err != nil {
				t.Fatal(err)
			}
			var got []awsprofile.WarningKind
			for _, w := range result.Warnings {
				got = append(got, w.Kind)
				if !strings.Contains(w.String(), "credential_process") || strings.ContainsAny(w.String(), "\n") {
					t.Errorf("a warning reads %q", w)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// On other systems quotes are no trouble.
func TestNoWarningsElsewhere(t *testing.T) {
	kv := awsprofile.KV{Key: "credential_process", Value: `tip-cli s3ag get-data-access "a b" %x%y`}
	result, err := awsprofile.Set(configFile(t, ""), "x", []awsprofile.KV{kv}, func(o *awsprofile.Options) { o.System = "linux" })
	if err != nil || len(result.Warnings) > 0 {
		t.Errorf("%v, %v", result.Warnings, err)
	}
}

func TestWords(t *testing.T) {
	for _, test := range []struct {
		goos, command string
		want          []string
	}{
		{"linux", "", nil},
		{"linux", "  a\tb ", []string{"a", "b"}},
		{"linux", `a\ b 'c d' "e f"g ''`, []string{"a b", "c d", "e fg", ""}},
		{"linux", `"a\"b\c" '\' \'`, []string{`a"b\c`, `\`, `'`}},
		{"linux", `a "b`, []string{"a", "b"}},
		{"linux", `a\`, []string{`a\`}},
		{"windows", `a 'b c' "d e" ""`, []string{"a", "'b", "c'", "d e", ""}},
		{"windows", `C:\x\ "a\\" \\"b c\\\"d" \`, []string{`C:\x\`, `a\`, `\b c\"d`, `\`}},
	} {
		if diff := cmp.Diff(test.want, awsprofile.Words(test.goos, test.command)); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", test.goos, test.command, diff)
		}
	}
}

func TestBase(t *testing.T) {
	for word, want := range map[string]string{
		"tip-cli": "tip-cli", "/opt/my tools/tip-cli": "tip-cli", `C:\Program Files\Tip-CLI.EXE`: "Tip-CLI", `x\tip-cli.exe`: "tip-cli", ".exe": ".exe", "a/": "", "": "",
	} {
		if got := awsprofile.Base(word); got != want {
			t.Errorf("Base(%q) = %q, want %q", word, got, want)
		}
	}
}
