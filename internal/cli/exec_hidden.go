package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/shellenv"
)

// ownCredentials are settings by which a profile has credentials. SDKs look at the
// default profile before they look for an endpoint.
var ownCredentials = []string{
	"aws_access_key_id", "credential_process", "credential_source", "login_session", "role_arn",
	"sso_account_id", "sso_role_name", "sso_session", "sso_start_url", "web_identity_token_file",
}

// hiddenFiles hide from a child the files whose credentials its SDK would take
// before it looks for an endpoint.
func (a *app) hiddenFiles() []shellenv.Variable {
	var vars []shellenv.Variable
	hide := func(variable, path, why string) {
		a.warn(fmt.Sprintf("the command does not see %s, %s", printable(path), why))
		vars = append(vars, shellenv.Variable{Name: variable, Value: secret.New(os.DevNull)})
	}
	for _, file := range []struct {
		variable string
		path     func(func(string) string, func() (string, error)) (string, error)
	}{{"AWS_CONFIG_FILE", awsprofile.Path}, {"AWS_SHARED_CREDENTIALS_FILE", awsprofile.CredentialsPath}} {
		path, err := file.path(a.Getenv, os.UserHomeDir)
		if err != nil {
			continue // where nobody has a home, no SDK finds it
		}
		for _, spelling := range a.spellings(path) {
			if why := whyHidden(spelling); why != "" {
				hide(file.variable, spelling, why)
				break
			}
		}
	}
	for _, path := range a.botoFiles() {
		if why := whyBotoHidden(path); why != "" {
			hide(botoVariable, path, why)
			break
		}
	}
	return vars
}

// spellings are the files that SDKs take a path for: botocore expands variables in
// it, others do not.
func (a *app) spellings(path string) []string {
	expanded := os.Expand(path, func(name string) string {
		if value := a.Getenv(name); value != "" {
			return value
		}
		return "$" + name
	})
	if expanded == path {
		return []string{path}
	}
	return []string{path, expanded}
}

// whyHidden is why the command must not see a file of AWS, "" if it may.
func whyHidden(path string) string {
	if path == os.DevNull {
		return "" // somebody has hidden it already
	}
	settings, err := awsprofile.Get(path, awsprofile.DefaultProfile)
	if err != nil {
		return "which cannot be read: it may have credentials"
	}
	for _, key := range ownCredentials {
		if settings[key] != "" {
			return "whose default profile has credentials of its own"
		}
	}
	return ""
}

// botoVariable names the file of boto, which botocore still reads.
const botoVariable = "BOTO_CONFIG"

// botoFiles are the files in which botocore looks for the keys of boto.
func (a *app) botoFiles() []string {
	home, err := os.UserHomeDir()
	if path := a.Getenv(botoVariable); path != "" {
		if rest, tilde := strings.CutPrefix(path, "~/"); tilde && err == nil {
			path = filepath.Join(home, rest)
		}
		return a.spellings(path)
	}
	if err != nil {
		return []string{"/etc/boto.cfg"}
	}
	return []string{"/etc/boto.cfg", filepath.Join(home, ".boto")}
}

// botoSize is more than any file of boto has, in bytes.
const botoSize = 1 << 20

// whyBotoHidden is why the command must not see a file of boto, "" if it may.
func whyBotoHidden(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > botoSize {
		return "" // botocore reads no others, and nobody has one as large
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "which cannot be read: it may have credentials"
	}
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if inner, header := strings.CutPrefix(line, "["); header {
			section, _, _ = strings.Cut(inner, "]")
			continue
		}
		key, _, _ := strings.Cut(strings.ReplaceAll(line, ":", "="), "=")
		if section == "Credentials" && strings.EqualFold(strings.TrimSpace(key), "aws_access_key_id") {
			return "which has credentials of boto"
		}
	}
	return ""
}
