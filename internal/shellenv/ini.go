package shellenv

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// ProfileError says that a name cannot be that of a profile.
type ProfileError struct{ Name string }

// Error implements error.
func (e *ProfileError) Error() string {
	return fmt.Sprintf("%q cannot be the name of a profile", e.Name)
}

// Hint is what can.
func (e *ProfileError) Hint() string {
	if e.Name == everyProfile {
		return "choose another name: what stands there holds for every profile of the file"
	}
	return "use letters, digits and any of _ . @ + -"
}

// everyProfile is the section whose settings Python's configparser, and so the AWS
// CLI, reads into all others.
const everyProfile = "DEFAULT"

// CheckProfile refuses, with a [*ProfileError], what not all SDKs read as the name
// of a profile.
func CheckProfile(name string) error {
	if name == everyProfile || !profileName(name) {
		return &ProfileError{name}
	}
	return nil
}

// WriteINI writes credentials as the section of a profile in the AWS credentials
// file, after an empty line and with a comment that says when they end. The error is a [*ProfileError] or a
// [*ValueError] if nothing has been written.
func WriteINI(w io.Writer, profile string, c Credentials) error {
	if err := CheckProfile(profile); err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\n[%s]\n# until %s\n", profile, c.Expiration.UTC().Format(time.RFC3339))
	for _, setting := range []struct{ name, key, value string }{
		{AccessKeyID, "aws_access_key_id", c.AccessKeyID},
		{SecretAccessKey, "aws_secret_access_key", c.SecretAccessKey.Reveal()},
		{SessionToken, "aws_session_token", c.SessionToken.Reveal()},
		{AccountID, "aws_account_id", c.AccountID},
	} {
		if setting.value == "" {
			continue
		}
		if !plain(setting.value) {
			return &ValueError{setting.name, INI}
		}
		fmt.Fprintf(&text, "%s = %s\n", setting.key, setting.value)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// profileName reports whether all SDKs read s as the name of a profile.
func profileName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("_.@+-", r)
	}) < 0
}
