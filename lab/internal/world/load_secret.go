package world

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/policy"
)

var (
	secretNameForm   = regexp.MustCompile(`^[A-Za-z0-9/_+=.@!-]{1,512}$`)
	secretSuffixForm = regexp.MustCompile(`^[A-Za-z0-9]{6}$`)
	sessionNameForm  = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	sessionKeyForm   = regexp.MustCompile(`^ASIA[A-Z0-9]{12,124}$`)
	sessionTokenForm = regexp.MustCompile(`^[\x21-\x7e]+$`)
)

// MaxSecretValue bounds the value of a secret, in bytes (Secrets Manager quotas).
const MaxSecretValue = 65536

// maxSecret bounds a secret's description in characters, its policy in bytes, and its tags (Secrets Manager quotas).
const (
	maxSecretDescription = 2048
	maxSecretPolicy      = 20480
	maxSecretTags        = 50
)

// ValidSecretName reports whether a secret can have that name.
func ValidSecretName(name string) bool { return secretNameForm.MatchString(name) }

// CheckTags refuses tags that AWS would refuse: too many, or a key or value too long.
func CheckTags(tags map[string]string) error {
	if len(tags) > maxSecretTags {
		return fmt.Errorf("%d tags: %d at most are allowed", len(tags), maxSecretTags)
	}
	for key, value := range tags {
		if n := utf8.RuneCountInString(key); n < 1 || n > 128 || utf8.RuneCountInString(value) > 256 {
			return fmt.Errorf("tag %q: a key has 1 to 128 characters, a value 256 at most", key)
		}
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return fmt.Errorf("tag %q: keys that begin with aws: are AWS's own", key)
		}
	}
	return nil
}

// loadSecrets follows the accounts, whose roles and users policies may name.
func (l *loader) loadSecrets() error {
	for _, a := range l.file.Accounts {
		for _, s := range a.Secrets {
			if err := l.loadSecret(a.ID, &s); err != nil {
				return at(err, "account %s: secret %q", a.ID, s.Name)
			}
		}
	}
	return nil
}

func (l *loader) loadSecret(account string, f *SecretFile) error {
	if !ValidSecretName(f.Name) {
		return errors.New("a secret name has 1 to 512 letters, digits or /_+=.@!-")
	}
	if utf8.RuneCountInString(f.Description) > maxSecretDescription {
		return fmt.Errorf("the description has more than %d characters", maxSecretDescription)
	}
	region, err := l.region(f.Region)
	if err != nil {
		return err
	}
	if err := CheckTags(f.Tags); err != nil {
		return err
	}
	key, err := CustomerKey(f.KMSKeyID)
	if err != nil {
		return at(err, "kmsKeyId %q", f.KMSKeyID)
	}
	s := &Secret{
		Name: f.Name, Account: account, Region: region, Description: f.Description, KMSKeyID: key, Tags: f.Tags,
		Created: l.time(f.Created), Changed: l.time(f.Changed), Accessed: timeOf(f.Accessed), Deleted: timeOf(f.Deleted), Purged: timeOf(f.Purged),
	}
	stem := "arn:" + l.Partition + ":secretsmanager:" + region + ":" + account + ":secret:" + f.Name
	if f.Suffix == "" {
		f.Suffix = stableID(stem)[:6]
	}
	if !secretSuffixForm.MatchString(f.Suffix) {
		return fmt.Errorf("suffix %q is not six letters or digits", f.Suffix)
	}
	s.ARN = stem + "-" + f.Suffix
	if err := l.setVersions(s, f); err != nil {
		return err
	}
	if err := l.setSecretPolicy(s, f.Policy); err != nil {
		return at(err, "policy")
	}
	if l.AddSecret(s) != nil {
		return errors.New("the name stands twice in this account and region")
	}
	return nil
}

// setVersions makes the versions that the file lists, or the one of its value.
func (l *loader) setVersions(s *Secret, f *SecretFile) error {
	if len(f.Versions) == 0 {
		return at(s.setValue(f.Value), "value")
	}
	if f.Value != nil {
		return errors.New("value is that of the only version, without versions")
	}
	for i, v := range f.Versions {
		binary, err := base64.StdEncoding.DecodeString(v.Binary)
		if err != nil {
			return at(err, "versions[%d]: binary", i)
		}
		one := SecretVersion{ID: v.ID, Text: v.Text, Created: l.time(v.Created), Accessed: timeOf(v.Accessed), Stages: v.Stages}
		if v.Text == nil {
			one.Binary = binary
		}
		if _, twice := s.Version(v.ID); twice || v.ID == "" {
			return fmt.Errorf("versions[%d]: the id is missing or stands twice", i)
		}
		for _, stage := range v.Stages {
			if _, twice := s.Staged(stage); twice {
				return fmt.Errorf("versions[%d]: the stage %s stands twice", i, stage)
			}
		}
		if n := len(binary) + len(value(v.Text)); n == 0 || n > MaxSecretValue || (v.Text != nil) == (v.Binary != "") {
			return fmt.Errorf("versions[%d]: a version has a text or a binary of 1 to %d bytes", i, MaxSecretValue)
		}
		s.Versions = append(s.Versions, one)
	}
	return nil
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// setValue makes the first version: a text as it is, anything else as JSON.
func (s *Secret) setValue(value any) error {
	if value == nil {
		return nil
	}
	text, ok := value.(string)
	if !ok {
		encoded, err := json.Marshal(value)
		if err != nil {
			return errors.New("neither a text nor what JSON can say")
		}
		text = string(encoded)
	}
	if text == "" || len(text) > MaxSecretValue {
		return fmt.Errorf("%d bytes: 1 to %d are allowed", len(text), MaxSecretValue)
	}
	s.Versions = []SecretVersion{{ID: stableUUID(s.ARN), Text: &text, Created: s.Created, Stages: []string{StageCurrent}}}
	return nil
}

func (l *loader) setSecretPolicy(s *Secret, doc any) error {
	var err error
	if s.PolicyText, err = policyText(doc); err != nil {
		return err
	}
	if len(s.PolicyText) > maxSecretPolicy {
		return fmt.Errorf("longer than %d bytes", maxSecretPolicy)
	}
	if s.Policy, err = l.policy(doc, policy.Resource); err != nil || s.Policy == nil {
		return err
	}
	for _, arn := range s.Policy.PrincipalARNs() {
		if !l.file.Exported && !l.HasPrincipal(arn) {
			return fmt.Errorf("there is no %s", arn)
		}
	}
	return nil
}

// loadRoleSession puts credentials of a role into the world that it starts with.
func (l *loader) loadRoleSession(role *Role, f *RoleSessionFile) error {
	switch {
	case !sessionNameForm.MatchString(f.Name):
		return errors.New("a session name has 2 to 64 letters, digits or +=,.@_-")
	case !sessionKeyForm.MatchString(f.ID):
		return fmt.Errorf("id %q is not ASIA and 12 or more capitals or digits", f.ID)
	case f.Secret == "":
		return errors.New("the secret is missing")
	case !sessionTokenForm.MatchString(f.Token) || len(f.Token) > 4096:
		return errors.New("a token has 1 to 4096 characters and no space")
	}
	if err := checkSeconds(f.Lifetime); err != nil {
		return at(err, "lifetime")
	}
	if _, twice := l.sessions[f.ID]; twice {
		return fmt.Errorf("id %q stands twice", f.ID)
	}
	now := l.now().UTC().Truncate(time.Second)
	s := &Session{
		AccessKeyID: f.ID, SecretAccessKey: f.Secret, SessionToken: f.Token, Issued: now, Kind: KindAssumedRole, Account: role.Account,
		ARN: l.AssumedRoleARN(role, f.Name), UserID: role.ID + ":" + f.Name, RoleARN: role.ARN(), SessionName: f.Name,
		FromFile: true,
	}
	if f.Lifetime > 0 {
		s.Expires = now.Add(time.Duration(f.Lifetime) * time.Second)
	}
	l.sessions[f.ID] = s
	return nil
}
