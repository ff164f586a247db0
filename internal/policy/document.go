package policy

import (
	"strconv"
)

// Kind is the type of a policy. It decides which elements a document may have.
type Kind uint8

// The kinds of policy.
const (
	// Identity is an identity-based policy: attached to a role, user or group,
	// inline or managed. No Principal.
	Identity Kind = iota + 1
	// Session is a session policy: the Policy parameter of AssumeRole*, or a
	// managed policy of its PolicyArns. No Principal.
	Session
	// Resource is a resource-based policy, such as a bucket policy or that of an
	// S3 Access Grants instance. Principal and Resource are required.
	Resource
	// Trust is a role trust policy (AssumeRolePolicyDocument). Principal is
	// required, Resource is prohibited, actions are those of sts.
	Trust
	// Actor is the ActorPolicy of an IAM Identity Center application's
	// authentication method. Principal and Resource are required.
	Actor
)

// String returns the name that the IAM user guide gives to k.
func (k Kind) String() string {
	switch k {
	case Identity:
		return "identity-based policy"
	case Session:
		return "session policy"
	case Resource:
		return "resource-based policy"
	case Trust:
		return "role trust policy"
	case Actor:
		return "actor policy"
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// hasPrincipal reports whether statements of kind k name principals.
func (k Kind) hasPrincipal() bool { return k == Resource || k == Trust || k == Actor }

// Versions of the policy language.
const (
	// Version2012 is the current version, the only one with policy variables.
	Version2012 = "2012-10-17"
	// Version2008 is the former one, and what a document without Version has.
	Version2008 = "2008-10-17"
)

// Document is a parsed policy.
type Document struct {
	kind       Kind
	version    string
	id         string
	arn        string
	text       string
	statements []statement
}

// Kind returns the kind that the document was parsed as.
func (d *Document) Kind() Kind { return d.kind }

// Version returns the version of the policy language, Version2008 where the
// document names none. IAM CreatePolicy refuses all but Version2012: "Policy
// document must be version 2012-10-17 or greater."
func (d *Document) Version() string { return d.version }

// ARN returns the ARN of the managed policy that the document is a version of,
// empty for an inline one. Refusals name it, see [Outcome.Reason].
func (d *Document) ARN() string { return d.arn }

// WithARN returns the document as that of a managed policy.
func (d *Document) WithARN(arn string) *Document {
	named := *d
	named.arn = arn
	return &named
}

// Text returns the JSON that the document was parsed from.
func (d *Document) Text() string { return d.text }

// ID returns the document's Id, empty where it has none.
func (d *Document) ID() string { return d.id }

// Parse reads a policy document of the given kind. Every error is a
// [*SyntaxError].
//
// In a document of Version2008 or without a Version, ${...} is literal text and
// no variable, as in IAM.
func Parse(doc []byte, kind Kind) (*Document, error) {
	if kind < Identity || kind > Actor {
		return nil, refuse("", "unknown kind of policy %d", kind)
	}
	root, err := parseJSON(doc)
	if err != nil {
		return nil, err
	}
	if root.kind != nodeObject {
		return nil, refuse("", "Syntax errors in policy: the document must be an object")
	}
	d, err := parseDocument(&root, kind)
	if err != nil {
		return nil, err
	}
	d.locate(doc, &root)
	d.text = string(doc)
	return d, nil
}

func parseDocument(root *node, kind Kind) (*Document, error) {
	d := &Document{kind: kind, version: Version2008}
	var statements *node
	for i := range root.members {
		m := &root.members[i]
		switch m.name {
		case "Version":
			if m.value.kind != nodeString || (m.value.text != Version2012 && m.value.text != Version2008) {
				return nil, refuse("Version", "The policy must contain a valid version string")
			}
			d.version = m.value.text
		case "Id":
			if m.value.kind != nodeString {
				return nil, refuse("Id", "must be a string")
			}
			d.id = m.value.text
		case "Statement":
			statements = &m.value
		default:
			return nil, refuse(m.name, "unknown element %q", m.name)
		}
	}
	if err := d.parseStatements(statements); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Document) parseStatements(list *node) error {
	if list == nil {
		return refuse("", "Missing required field Statement")
	}
	items := list.items
	if list.kind == nodeObject {
		items = []node{*list}
	} else if list.kind != nodeArray {
		return refuse("Statement", "must be a statement or a list of statements")
	}
	if len(items) == 0 {
		return refuse("Statement", "Could not parse the policy: Statement is empty!")
	}
	sids := make(map[string]bool)
	for i := range items {
		path := "Statement"
		if list.kind == nodeArray {
			path += "[" + strconv.Itoa(i) + "]"
		}
		s, err := d.parseStatement(&items[i], path)
		if err != nil {
			return err
		}
		if s.sid != "" && sids[s.sid] {
			return refuse(join(path, "Sid"), "Statement IDs (SID) in a single policy must be unique.")
		}
		sids[s.sid] = true
		d.statements = append(d.statements, s)
	}
	return nil
}
