package awsprofile

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// WarningKind says what kind of thing a [Warning] is about.
type WarningKind string

// The kinds of warnings.
const (
	// MaskedByCredentials: a setting of the shared credentials file comes before
	// credential_process in the SDKs' search for credentials.
	MaskedByCredentials WarningKind = "masked-by-credentials"
	// QuotesStripped: a value in quotes from end to end loses them in the Go SDK.
	QuotesStripped WarningKind = "quotes-stripped"
	// QuotedOnWindows: on Windows the Go SDK cannot run a command with quotes.
	QuotedOnWindows WarningKind = "quoted-on-windows"
	// ExpandedOnWindows: cmd.exe takes what is between two % for a variable.
	ExpandedOnWindows WarningKind = "expanded-on-windows"
	// MaskedByDefaults: a setting in [DEFAULT], which configparser puts into every
	// section, comes before credential_process.
	MaskedByDefaults WarningKind = "masked-by-defaults"
	// Refused: the AWS CLI and boto3 refuse the whole file.
	Refused WarningKind = "refused"
)

// Warning is a reason why the profile may not do what was asked.
type Warning struct {
	Kind WarningKind
	// Path and Line, from 1, are where the reason stands.
	Path string
	Line int
	// Key is the setting that is in the way, or "".
	Key string
	// Reason is why a file is refused, else "".
	Reason string
}

// String says it in words for a person.
func (w Warning) String() string {
	switch w.Kind {
	case QuotesStripped:
		return fmt.Sprintf("%s begins and ends with a quote: the AWS SDK for Go takes both away", w.Key)
	case QuotedOnWindows:
		return w.Key + " has quotes, with which the AWS SDK for Go cannot run it on Windows; other SDKs can: paths without spaces and special characters need none"
	case ExpandedOnWindows:
		return w.Key + " has two % signs, between which cmd.exe looks for a variable (for SDKs that run it: those for Go, JavaScript, Java and .NET)"
	case MaskedByDefaults:
		return fmt.Sprintf("%s:%d: %s in [DEFAULT] counts for every profile in the AWS CLI and boto3, and is used instead of credential_process; remove it", w.Path, w.Line, w.Key)
	case Refused:
		return fmt.Sprintf("%s:%d: %s: the AWS CLI and boto3 refuse the whole file, with every profile in it", w.Path, w.Line, w.Reason)
	default:
		return fmt.Sprintf("%s:%d: %s of the same profile is used instead of credential_process (by some or all SDKs); remove it", w.Path, w.Line, w.Key)
	}
}

// masking are the settings that come before credential_process: in botocore
// assume-role, web identity, sso, the shared credentials file and login; in the
// Go SDK static keys of either file as well.
var masking = []string{
	"role_arn", "source_profile", "credential_source", "web_identity_token_file",
	"sso_session", "sso_start_url", "sso_account_id", "sso_role_name", "sso_region", "login_session",
	"aws_access_key_id", "aws_secret_access_key",
}

// warnings looks at the new value and the new content, and at the shared credentials
// file, whose settings for the same profile win.
func warnings(c change, profile string, kv []KV, o Options) []Warning {
	after := parse(c.after)
	found := after.refused(c.result.Path)
	value, ok := processOf(kv)
	if !ok {
		return found
	}
	found = append(found, after.defaults(c.result.Path, false)...)
	for _, kind := range quoting(value, cmp.Or(o.System, runtime.GOOS)) {
		found = append(found, Warning{Kind: kind, Path: c.result.Path, Key: processKey})
	}
	if o.CredentialsPath == "" {
		return found
	}
	content, _, err := readFile(o.CredentialsPath)
	if err != nil {
		return found // then it masks nothing either
	}
	shared := parse(content)
	found = append(found, shared.refused(o.CredentialsPath)...)
	there := false
	for _, s := range shared.sections {
		if s.header == profile {
			there = true
			found = append(found, masked(o.CredentialsPath, s)...)
		}
	}
	if there { // else it has no section to put them into
		found = append(found, shared.defaults(o.CredentialsPath, true)...)
	}
	return found
}

// defaults are the settings in [DEFAULT] that are used instead; in the credentials
// file another credential_process is one.
func (f *file) defaults(path string, process bool) []Warning {
	var found []Warning
	for _, s := range f.sections {
		for _, k := range s.keys {
			if s.header == defaultSection && (process && k.name == processKey || slices.Contains(masking, k.name)) {
				found = append(found, Warning{Kind: MaskedByDefaults, Path: path, Line: k.line + 1, Key: k.name})
			}
		}
	}
	return found
}

// quoting are the SDKs' troubles with the value of credential_process.
func quoting(value, goos string) []WarningKind {
	var kinds []WarningKind
	if first, last := value[0], value[len(value)-1]; len(value) > 1 && first == last && (first == '"' || first == '\'') {
		kinds = append(kinds, QuotesStripped)
	}
	if goos != windows {
		return kinds
	}
	if strings.Contains(value, `"`) {
		kinds = append(kinds, QuotedOnWindows)
	}
	if strings.Count(value, "%") > 1 {
		kinds = append(kinds, ExpandedOnWindows)
	}
	return kinds
}

// masked are the settings of a section of the shared credentials file that are used
// instead.
func masked(path string, s section) []Warning {
	var found []Warning
	for _, k := range s.keys {
		if k.name == processKey || slices.Contains(masking, k.name) {
			found = append(found, Warning{Kind: MaskedByCredentials, Path: path, Line: k.line + 1, Key: k.name})
		}
	}
	return found
}
