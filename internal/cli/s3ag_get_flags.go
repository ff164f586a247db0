package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/config"
)

// wholeSeconds is the value of --duration-seconds; zero if it was not given.
type wholeSeconds int

// String implements pflag.Value.
func (n *wholeSeconds) String() string { return strconv.Itoa(int(*n)) }

// Type implements pflag.Value.
func (n *wholeSeconds) Type() string { return "int" }

// Set implements pflag.Value.
func (n *wholeSeconds) Set(text string) error {
	number, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return errors.New("give a whole number of seconds, 900 to 43200")
	}
	*n = wholeSeconds(number)
	return nil
}

// regionName is the value of --region; empty if it was not given.
type regionName string

// String implements pflag.Value.
func (r *regionName) String() string { return string(*r) }

// Type implements pflag.Value.
func (r *regionName) Type() string { return "string" }

// Set implements pflag.Value.
func (r *regionName) Set(text string) error {
	if !config.IsRegion(text) {
		return errors.New("give the name of a region, such as eu-west-1")
	}
	*r = regionName(text)
	return nil
}

// maxAuditContext is the limit of S3 Access Grants, in characters.
const maxAuditContext = 2048

// auditText is the value of --audit-context. It is checked with the request: the error
// of a flag repeats the whole value.
type auditText struct {
	text  string
	given bool
}

// String implements pflag.Value.
func (t *auditText) String() string { return t.text }

// Type implements pflag.Value.
func (t *auditText) Type() string { return "string" }

// Set implements pflag.Value.
func (t *auditText) Set(text string) error {
	t.text, t.given = text, true
	return nil
}

// check refuses what S3 Access Grants or a reader of CloudTrail would not take.
func (t *auditText) check() error {
	length := utf8.RuneCountInString(t.text)
	switch {
	case !t.given:
		return nil
	case length == 0 || length > maxAuditContext:
		return fmt.Errorf("--audit-context has %d characters, not 1 to %d", length, maxAuditContext)
	case !utf8.ValidString(t.text):
		return errors.New("--audit-context is not UTF-8")
	case strings.ContainsFunc(t.text, unicode.IsControl):
		return errors.New("--audit-context has a control character, such as a newline")
	}
	return nil
}
