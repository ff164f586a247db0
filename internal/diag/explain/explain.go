// Package explain says what a text means that somebody has pasted: a JWT, an identity
// context, an error message of AWS or of an identity provider, a CloudTrail event, or an
// id of a diagnosis.
//
// It works on the text alone: it asks no network, opens no file and verifies no
// signature. What it knows of errors is data, in the tables of this package. Secrets in
// the text are never repeated, and what is repeated of it is short and printable. All
// functions are safe for concurrent use.
package explain

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// Kind is what a text turned out to be.
type Kind string

// The kinds.
const (
	JWT             Kind = "jwt"
	IdentityContext Kind = "identity-context"
	Credentials     Kind = "credentials"
	Error           Kind = "error"
	CloudTrail      Kind = "cloudtrail"
	Finding         Kind = "finding"
)

// Explanation is what a text means.
type Explanation struct {
	Kind Kind `json:"kind"`
	// ID names the piece of knowledge, such as sts.trust-refuses. It is stable.
	ID string `json:"id"`
	// Title says in a few words what it is, Means in a few sentences what follows.
	Title string `json:"title"`
	Means string `json:"means"`
	// Facts are what stands in the text, decoded.
	Facts []Fact `json:"facts,omitempty"`
	// Verdicts are what those who are to take it will say of it.
	Verdicts []Verdict `json:"verdicts,omitempty"`
	// Causes are the usual ones, the likeliest first.
	Causes []Cause `json:"causes,omitempty"`
	// Source says where the knowledge is from.
	Source string `json:"source,omitempty"`
}

// Fact is a value that stands in the text.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Means says it in words; it may be empty.
	Means string `json:"means,omitempty"`
}

// Verdict is what somebody will make of it.
type Verdict struct {
	By   string `json:"by"`
	Says string `json:"says"`
	// Problem is true for what will fail.
	Problem bool `json:"problem"`
}

// Cause is one usual cause.
type Cause struct {
	Why string `json:"why"`
	// Check is the check of a diagnosis that finds it; it may be empty.
	Check string `json:"check,omitempty"`
	// Command shows it; it may be empty. Words in capitals are to be replaced.
	Command string `json:"command,omitempty"`
}

// Longest is the size of a text beyond which it is not looked at, in bytes.
const Longest = 1 << 20

// Errors of [Text].
var (
	ErrEmpty    = errors.New("there is nothing to explain")
	ErrTooLarge = fmt.Errorf("the text has more than %d bytes", Longest)
	ErrBinary   = errors.New("the text is not UTF-8: it is a binary file, or another encoding")
	ErrUnknown  = errors.New("the text is none that is known here")
)

// Knowledge is what an explanation may draw on besides this package.
type Knowledge struct {
	// Checks are those of a diagnosis, for its ids.
	Checks []finding.Check
	// Now is the time that a token's claims are compared with.
	Now time.Time
}

// Text explains a text. Of a list of CloudTrail events each is explained, at most 50.
// The errors are those of this package, ErrUnknown above all.
func Text(text string, k Knowledge) ([]Explanation, error) {
	if len(text) > Longest {
		return nil, ErrTooLarge
	}
	text, err := readable(text)
	if err != nil {
		return nil, err
	}
	for _, recognize := range []func(string, Knowledge) []Explanation{
		explainID, explainToken, explainOpaque, explainJSON, explainKeys, explainError, explainWithin,
	} {
		if all := recognize(text, k); len(all) > 0 {
			k.complete(all)
			return all, nil
		}
	}
	return nil, ErrUnknown
}

// readable takes away what does not belong to the text: a byte order mark, and quotes
// or backticks around all of it.
func readable(text string) (string, error) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", ErrBinary
	}
	for _, quote := range []string{"```", "`", `"`, "'"} {
		inner, ok := strings.CutPrefix(text, quote)
		if !ok {
			continue
		}
		if inner, ok = strings.CutSuffix(inner, quote); ok && !strings.Contains(inner, quote) {
			text = strings.TrimSpace(inner)
		}
	}
	if text == "" {
		return "", ErrEmpty
	}
	return text, nil
}

// complete gives each cause the command that looks for it.
func (k Knowledge) complete(all []Explanation) {
	for i := range all {
		causes := append([]Cause(nil), all[i].Causes...) // of a table
		for j := range causes {
			if c := &causes[j]; c.Command == "" && c.Check != "" {
				c.Command = looking(c.Check)
			}
		}
		all[i].Causes = causes
	}
}

// looking is the diagnosis that a check is part of.
func looking(check string) string {
	section, _, _ := strings.Cut(check, ".")
	switch finding.Section(section) {
	case finding.IAM:
		return "tip-cli diag --app-profile PROFILE"
	case finding.Center, finding.Regions:
		return "tip-cli diag --profile PROFILE"
	case finding.Live:
		return "tip-cli diag --live"
	case finding.AccessGrants:
		return "tip-cli diag --profile PROFILE --app-profile PROFILE --target s3://BUCKET/PREFIX"
	case finding.Athena:
		return "tip-cli diag --app-profile PROFILE --workgroup NAME"
	}
	return "tip-cli diag"
}
