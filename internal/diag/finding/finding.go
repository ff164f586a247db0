// Package finding is the vocabulary of a diagnosis: what is checked, what was
// found, why it matters, and the exact command that mends it, as data.
//
// A section of the diagnosis declares its [Check]s, and writes to a [Log] what
// each of them came to. The package looks at nothing itself and prints nothing.
package finding

import "slices"

// Status is what a check came to.
type Status string

// The statuses.
const (
	// OK: looked at, and as it should be.
	OK Status = "ok"
	// Skipped: there is nothing to look at, or it was not asked for. Nothing is wrong.
	Skipped Status = "skipped"
	// Unknown: it could not be looked at. It may be right or wrong.
	Unknown Status = "unknown"
	// Warn: it works, and will not always, or not for everybody.
	Warn Status = "warn"
	// Fail: it keeps the chain from working.
	Fail Status = "fail"
)

// Worse reports whether s is worse than other.
func (s Status) Worse(other Status) bool { return s.rank() > other.rank() }

func (s Status) rank() int {
	return slices.Index([]Status{Skipped, OK, Unknown, Warn, Fail}, s)
}

// Section is a link of the chain, from a person's machine to the data.
type Section string

// The sections, in the order of the chain.
const (
	Local        Section = "local"
	IdP          Section = "idp"
	Token        Section = "token"
	IAM          Section = "iam"
	Center       Section = "center"
	Live         Section = "live"
	AccessGrants Section = "grants"
	Athena       Section = "athena"
	Regions      Section = "regions"
)

// Sections returns all of them in order.
func Sections() []Section {
	return []Section{Local, IdP, Token, IAM, Center, Live, AccessGrants, Athena, Regions}
}

// Title is the section's name for people.
func (s Section) Title() string {
	return map[Section]string{
		Local: "This machine", IdP: "Identity provider", Token: "Token", IAM: "IAM", Center: "IAM Identity Center",
		Live: "Live exchange", AccessGrants: "S3 Access Grants", Athena: "Athena", Regions: "Regions",
	}[s]
}

// Check is one thing that is looked at.
type Check struct {
	// ID is section.name, such as idp.discovery: the id of the result if all is well.
	ID string
	// Title says what is looked at, as a person would: "discovery document".
	Title string
	// Why says in a sentence what it is needed for.
	Why string
	// Kinds are what can be wrong.
	Kinds []Kind
}

// Kind is one thing that can be wrong.
type Kind struct {
	// ID is section.problem, such as idp.issuer-mismatch. It is stable: scripts rely on it.
	ID string
	// Status is Fail or Warn.
	Status Status
	// Title says what is wrong, in a few words and without values.
	Title string
	// Why says in a sentence what follows from it, above all which error of AWS or
	// of the identity provider people see.
	Why string
}

// Who is whose hands a fix is in.
type Who string

// Those who can mend things.
const (
	// You: the person at this machine.
	You Who = "you"
	// IdPAdmin administers the application at the identity provider.
	IdPAdmin Who = "identity provider administrator"
	// CenterAdmin administers IAM Identity Center (management or delegated administrator account).
	CenterAdmin Who = "Identity Center administrator"
	// AppAdmin administers the account of the roles.
	AppAdmin Who = "application account administrator"
	// DataAdmin administers the account of S3 Access Grants or of the work group.
	DataAdmin Who = "data account administrator"
)

// Fix is one way to mend a finding.
type Fix struct {
	// Who does it.
	Who Who `json:"who"`
	// Does says what it does, in a few words: "assign the user to the application".
	Does string `json:"does"`
	// Command is exactly what to run, for a POSIX shell; empty where there is no command for it.
	Command string `json:"command,omitempty"`
	// Console says where in a web console it is done, such as
	// "IAM Identity Center > Applications > tip > Edit details".
	Console string `json:"console,omitempty"`
	// Repair names what diag --fix does about it on this machine; empty if it cannot.
	Repair string `json:"repair,omitempty"`
}

// Result is what one check came to.
type Result struct {
	// ID is that of the check for ok and skipped, that of the [Kind] for fail and warn,
	// and that of the check with .unread behind it for unknown.
	ID      string  `json:"id"`
	Check   string  `json:"check"`
	Section Section `json:"section"`
	Status  Status  `json:"status"`
	// Title is the check's, or the kind's.
	Title string `json:"title"`
	// Seen is what was seen, in one line. It holds no secret.
	Seen string `json:"seen"`
	// Why it matters.
	Why string `json:"why"`
	// Culprit is what is to be mended: the ARN, URL, path or setting. Empty for ok.
	Culprit string `json:"culprit,omitempty"`
	// Missing are the permissions, such as sso:DescribeApplication, without which the check
	// stays unknown.
	Missing []string `json:"missing_permissions,omitempty"`
	Fixes   []Fix    `json:"fixes,omitempty"`
}
