package awsprofile

import (
	"fmt"
	"slices"
)

// WarningKind says what kind of thing a [Warning] is about.
type WarningKind string

// The kinds of warnings.
const (
	// MaskedByProfile: a setting of the same profile comes before
	// credential_process in the SDKs' search for credentials.
	MaskedByProfile WarningKind = "masked-by-profile"
	// MaskedByCredentials: so does one of the shared credentials file.
	MaskedByCredentials WarningKind = "masked-by-credentials"
	// QuotesStripped: a value in quotes from end to end loses them in the Go SDK.
	QuotesStripped WarningKind = "quotes-stripped"
)

// Warning is a reason why the profile may not do what was asked.
type Warning struct {
	Kind WarningKind
	// Path and Line, from 1, are where the reason stands.
	Path string
	Line int
	// Key is the setting that is in the way.
	Key string
}

// String says it in words for a person.
func (w Warning) String() string {
	switch w.Kind {
	case QuotesStripped:
		return fmt.Sprintf("%s begins and ends with a quote: the AWS SDK for Go takes both away", w.Key)
	default:
		return fmt.Sprintf("%s:%d: %s of the same profile is used instead of credential_process (by some or all SDKs); remove it", w.Path, w.Line, w.Key)
	}
}

// masking are the settings that come before credential_process: in botocore
// assume-role, web identity, sso, the shared credentials file and login; in the
// Go SDK static keys of either file as well.
var masking = []string{
	"role_arn", "source_profile", "credential_source", "web_identity_token_file",
	"sso_session", "sso_start_url", "sso_account_id", "sso_role_name", "login_session",
	"aws_access_key_id", "aws_secret_access_key",
}

// warnings looks at the new content, and at the shared credentials file, whose
// settings for the same profile win.
func warnings(c change, profile string, kv []KV, credentialsPath string) []Warning {
	i := slices.IndexFunc(kv, func(setting KV) bool { return setting.Key == "credential_process" })
	if i < 0 {
		return nil
	}
	var found []Warning
	if value := kv[i].Value; len(value) > 1 && value[0] == value[len(value)-1] && (value[0] == '"' || value[0] == '\'') {
		found = append(found, Warning{Kind: QuotesStripped, Path: c.result.Path, Key: "credential_process"})
	}
	for _, s := range parse(c.after).profile(profile) {
		found = append(found, masked(MaskedByProfile, c.result.Path, *s, masking)...)
	}
	if credentialsPath == "" {
		return found
	}
	content, _, err := readFile(credentialsPath)
	if err != nil {
		return found // then it masks nothing either
	}
	for _, s := range parse(content).sections {
		if s.header == profile {
			found = append(found, masked(MaskedByCredentials, credentialsPath, s, append(masking, "credential_process"))...)
		}
	}
	return found
}

func masked(kind WarningKind, path string, s section, names []string) []Warning {
	var found []Warning
	for _, k := range s.keys {
		if slices.Contains(names, k.name) {
			found = append(found, Warning{Kind: kind, Path: path, Line: k.line + 1, Key: k.name})
		}
	}
	return found
}
