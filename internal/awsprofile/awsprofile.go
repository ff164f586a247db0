// Package awsprofile edits the AWS config file (~/.aws/config) line by line: what
// it was not asked to change stays as it is, byte for byte, with comments, order,
// spacing, line ends, nested settings and repeated keys.
//
// It reads the file as botocore does (Python's configparser), which the AWS CLI
// and boto3 use, and refuses an edit that the other SDKs would read differently.
// It writes atomically, through a symbolic link to its target, and takes no lock:
// nobody else who edits the file does. Callers who may run at the same time take
// one of their own. A profile that gets its credentials elsewhere is left alone
// unless [Options].Overwrite is set. It evaluates no settings.
package awsprofile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/tip-cli/tip-cli/internal/store/atomicfile"
)

// DefaultProfile is the profile that is used if none is named.
const DefaultProfile = "default"

// KV is one setting of a profile.
type KV struct{ Key, Value string }

// Options are the settings of [Set].
type Options struct {
	// DryRun leaves the file alone; the Result says what would have happened.
	DryRun bool
	// CredentialsPath is the shared credentials file to look for settings that
	// mask the profile; "" looks nowhere.
	CredentialsPath string
	// Ours tells the caller's own commands from others, given a credential_process
	// in words; other says in a few words what one of the caller's program is for
	// instead, or is "". Nil takes every one for the caller's own.
	Ours func(words []string) (ours bool, other string)
	// Overwrite takes over a profile that gets its credentials elsewhere: another
	// credential_process is replaced, and settings that would mask it become
	// comments. Without it such a profile is an error.
	Overwrite bool
	// System is the GOOS whose rules the value of credential_process follows; "" is
	// this one's.
	System string
}

// Result is what [Set] did, or would do.
type Result struct {
	// Path is the file, links resolved.
	Path string
	// Created says that the file did not exist; Changed that its content differs.
	Created, Changed bool
	// Warnings are settings because of which the profile may not do what was asked.
	Warnings []Warning

	diff string
}

// Diff returns the changed lines, each behind "-" or "+".
func (r Result) Diff() string { return r.diff }

// Path returns the AWS config file: AWS_CONFIG_FILE (~ expanded, as the AWS CLI
// does), else ~/.aws/config.
func Path(getenv func(string) string, home func() (string, error)) (string, error) {
	return locate(getenv, "AWS_CONFIG_FILE", "config", home)
}

// CredentialsPath returns the shared credentials file: AWS_SHARED_CREDENTIALS_FILE,
// else ~/.aws/credentials.
func CredentialsPath(getenv func(string) string, home func() (string, error)) (string, error) {
	return locate(getenv, "AWS_SHARED_CREDENTIALS_FILE", "credentials", home)
}

func locate(getenv func(string) string, variable, name string, home func() (string, error)) (string, error) {
	path := getenv(variable)
	rest, tilde := strings.CutPrefix(path, "~/")
	if path != "" && !tilde {
		return path, nil
	}
	dir, err := home()
	if err != nil {
		return "", &Error{Path: "~/.aws/" + name, Err: err, Fix: "set " + variable + " to the path of your AWS " + name + " file"}
	}
	if tilde {
		return filepath.Join(dir, rest), nil
	}
	return filepath.Join(dir, ".aws", name), nil
}

// Ambient returns the name of the profile that the environment chooses:
// AWS_PROFILE, AWS_DEFAULT_PROFILE, else "default".
func Ambient(getenv func(string) string) string {
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		if profile := getenv(name); profile != "" {
			return profile
		}
	}
	return DefaultProfile
}

// Get returns the settings of a profile of the config file at path, keys in lower
// case, without nested ones. A missing file or profile gives an empty map.
func Get(path, profile string) (map[string]string, error) {
	content, _, err := readFile(path)
	if err != nil {
		return nil, err
	}
	settings := make(map[string]string)
	for _, section := range parse(content).profile(profile) {
		for _, key := range section.keys {
			settings[key.name] = key.value
		}
	}
	return settings, nil
}

// Set adds the profile to the config file at path, or updates the settings kv of
// it, and leaves everything else alone. It creates the file (mode 0600) and its
// directory (0700) if need be; an existing file keeps its mode. The error is an
// [*Error] if it is about the file or the arguments.
func Set(path, profile string, kv []KV, optFns ...func(*Options)) (Result, error) {
	var options Options
	for _, fn := range optFns {
		fn(&options)
	}
	if err := errors.Join(checkName(profile), checkSettings(kv)); err != nil {
		return Result{}, err
	}
	// Somebody else may edit the file in between: look again before replacing it.
	for range 3 {
		e, err := edit(path, profile, kv, options)
		if err != nil {
			return Result{}, err
		}
		e.result.Warnings = warnings(e, profile, kv, options)
		if options.DryRun || !e.result.Changed {
			return e.result, nil
		}
		if done, err := e.replace(); done || err != nil {
			return e.result, err
		}
	}
	return Result{}, &Error{Path: path, Err: errors.New("changes all the time"), Fix: "try again when nothing else edits it"}
}

// change is an edit worked out. The whole content, which may have keys in it,
// stays out of the Result, which callers may print.
type change struct {
	result        Result
	before, after []byte
}

// edit works out the new content.
func edit(path, profile string, kv []KV, o Options) (change, error) {
	target, err := resolve(path)
	if err != nil {
		return change{}, err
	}
	before, exists, err := readFile(target)
	if err != nil {
		return change{}, err
	}
	file := parse(before)
	if err := file.checkDuplicates(target, profile); err != nil {
		return change{}, err
	}
	if err := file.takeOver(target, profile, kv, o); err != nil {
		return change{}, err
	}
	file.set(profile, kv)
	after := file.bytes()
	if err := verify(target, after, profile, kv); err != nil {
		return change{}, err
	}
	result := Result{Path: target, Created: !exists, Changed: !bytes.Equal(before, after), diff: file.diff()}
	return change{result: result, before: before, after: after}, nil
}

// verify reads the new content back, so that a file too strange to edit is
// refused rather than damaged.
func verify(path string, after []byte, profile string, kv []KV) error {
	sections := parse(after).profile(profile)
	unsafe := &Error{Path: path, Err: fmt.Errorf("the profile %q cannot be edited safely: it would not read back", profile), Fix: "edit it by hand"}
	if len(sections) == 0 {
		return unsafe
	}
	for _, section := range sections {
		got := make(map[string]string)
		for _, key := range section.keys {
			got[key.name] = key.value
		}
		for _, want := range kv {
			if got[want.Key] != want.Value {
				return unsafe
			}
		}
	}
	return nil
}

// replace writes the new content, unless the file is not what it was when it was
// read; then it reports false.
func (c change) replace() (bool, error) {
	path := c.result.Path
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, fileError(path, err)
	}
	if err := writable(path); err != nil {
		return false, err
	}
	if now, _, err := readFile(path); err != nil || !bytes.Equal(now, c.before) {
		return false, err
	}
	if err := atomicfile.Replace(path, c.after, 0o600); err != nil {
		return false, fileError(path, err)
	}
	return true, nil
}

// checkName refuses names that the SDKs do not read alike: botocore splits the
// header as a shell would, the Go SDK ends it at # and ;.
func checkName(profile string) error {
	bad := strings.ContainsAny(profile, `[]"'\#;`) || strings.ContainsRune(profile, unicode.ReplacementChar) ||
		strings.ContainsFunc(profile, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff' })
	if profile != "" && !bad {
		return nil
	}
	return &Error{
		Err: fmt.Errorf("%q cannot be the name of a profile: white space, quotes and any of [ ] \\ # ; are not possible", profile),
		Fix: "choose a name of letters, digits, - and _",
	}
}

func checkSettings(kv []KV) error {
	for _, setting := range kv {
		if err := checkSetting(setting); err != nil {
			return &Error{Err: fmt.Errorf("%s: %w", setting.Key, err), Fix: "give another value"}
		}
	}
	return nil
}

func checkSetting(setting KV) error {
	value := setting.Value
	switch {
	case !keyForm().MatchString(setting.Key):
		return errors.New("is not the name of a setting")
	case value == "" || value != strings.TrimSpace(value):
		return errors.New("the value is empty or has white space around it")
	case strings.ContainsFunc(value, func(r rune) bool { return r != '\t' && unicode.IsControl(r) }):
		return errors.New("the value has a line break or control character")
	case strings.ContainsAny(value, "\u2028\u2029\ufeff") || strings.ContainsRune(value, unicode.ReplacementChar):
		return errors.New("the value has a character that has no place in a config file")
	}
	for _, comment := range []string{" #", " ;", "\t#", "\t;"} {
		if strings.Contains(value, comment) {
			return fmt.Errorf("the value has %q, where some SDKs see a comment begin", comment)
		}
	}
	return nil
}
