package policy

import (
	"slices"
	"strings"
)

// MatchKind is how a statement of a resource-based policy names the principal
// of a request. What an Allow is worth depends on it; see [Authorize].
type MatchKind uint8

// The ways to name a principal, from the weakest grant to the strongest.
const (
	// MatchNone: not at all, or the policy has no principals.
	MatchNone MatchKind = iota
	// ByAccount: by account ID or by the account's root ARN, which delegates to
	// the account's identity-based policies.
	ByAccount
	// ByARN: by the ARN of the user, or of the role behind a role session.
	ByARN
	// ByService: by service principal.
	ByService
	// ByFederated: by identity provider.
	ByFederated
	// ByWildcard: by *, as everybody.
	ByWildcard
	// BySession: by the ARN of the role session or federated user session itself.
	BySession
)

// String returns the name of the constant.
func (m MatchKind) String() string {
	names := [...]string{"MatchNone", "ByAccount", "ByARN", "ByService", "ByFederated", "ByWildcard", "BySession"}
	if int(m) < len(names) {
		return names[m]
	}
	return "MatchKind(?)"
}

// principalSet is a compiled Principal or NotPrincipal.
type principalSet struct {
	all       bool
	accounts  []string
	arns      []string
	ids       []string // of IAM identities that were deleted: they match nobody
	services  []string
	federated []string
	canonical []string
}

// PrincipalARNs returns the ARNs of IAM users, roles and sessions that the
// document names, whoever they are: whether they exist is for the caller to know.
func (d *Document) PrincipalARNs() []string {
	var all []string
	for i := range d.statements {
		all = append(all, d.statements[i].principals.arns...)
	}
	return all
}

// PrincipalIDs returns the unique ids, AROA or AIDA and further characters, that
// stand in the document in the place of ARNs. IAM shows them of roles and users
// that were deleted; they match nobody.
func (d *Document) PrincipalIDs() []string {
	var all []string
	for i := range d.statements {
		all = append(all, d.statements[i].principals.ids...)
	}
	return all
}

func (d *Document) parsePrincipal(s *statement, els elements, path string) error {
	n, path, not, err := els.pick(path, "Principal")
	if err != nil {
		return err
	}
	switch {
	case !d.kind.hasPrincipal() && n != nil:
		return refuse(path, "Policy document should not specify a principal.")
	case !d.kind.hasPrincipal():
		return nil
	case n == nil:
		return refuse(path, "Missing required field Principal")
	case not && !s.deny:
		return refuse(path, "Allow with NotPrincipal is not allowed.")
	case not && d.kind == Trust:
		return refuse(path, "AssumeRole policy must not contain NotPrincipal field.")
	}
	s.notPrincipal = not
	return d.parsePrincipals(&s.principals, n, path)
}

func (d *Document) parsePrincipals(set *principalSet, n *node, path string) error {
	if n.kind == nodeString && n.text == "*" {
		set.all = true
		return nil
	}
	if n.kind != nodeObject {
		return refuse(path, `Invalid principal in policy: must be "*" or an object`)
	}
	if len(n.members) == 0 {
		return refuse(path, "Missing required field Principal cannot be empty!")
	}
	for i := range n.members {
		kind := n.members[i].name
		values, err := n.members[i].value.list(join(path, kind))
		if err != nil {
			return err
		}
		if len(values) == 0 {
			return refuse(join(path, kind), "Missing required field Principal cannot be empty!")
		}
		for _, value := range values {
			if !d.addPrincipal(set, kind, value) {
				return refuse(join(path, kind), "Invalid principal in policy: %q:%q", kind, value)
			}
		}
	}
	return nil
}

// addPrincipal adds a principal to set unless it is malformed. A wildcard
// stands only for everybody, never for a part of a name.
func (d *Document) addPrincipal(set *principalSet, kind, value string) bool {
	switch kind {
	case "AWS":
		return set.addAWS(value)
	case "Service":
		set.services = append(set.services, value)
		return validService(value)
	case "Federated":
		set.federated = append(set.federated, value)
		return validFederated(value)
	case "CanonicalUser":
		set.canonical = append(set.canonical, value)
		return d.kind == Resource && len(value) == 64 && onlyOf(value, "0123456789abcdef")
	}
	return false
}

func (set *principalSet) addAWS(value string) bool {
	if value == "*" {
		set.all = true
		return true
	}
	if validAccount(value) {
		set.accounts = append(set.accounts, value)
		return true
	}
	if validUniqueID(value) {
		set.ids = append(set.ids, value)
		return true
	}
	parts := splitARN(value, false)
	if len(parts) != 6 || parts[0] != "arn" || !validPartition(parts[1]) || parts[3] != "" || !validAccount(parts[4]) {
		return false
	}
	if parts[2] == "iam" && parts[5] == "root" {
		set.accounts = append(set.accounts, parts[4])
		return true
	}
	set.arns = append(set.arns, value)
	return parts[1] != "*" && validIdentity(parts[2], parts[5])
}

// validUniqueID reports whether s is the unique id of a role or user (IAM user
// guide, "IAM identifiers").
func validUniqueID(s string) bool {
	return len(s) >= 16 && (strings.HasPrefix(s, "AROA") || strings.HasPrefix(s, "AIDA")) && onlyOf(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
}

// validIdentity reports whether resource is the resource part of the ARN of an
// IAM identity or of a session.
func validIdentity(vendor, resource string) bool {
	kind, name, _ := strings.Cut(resource, "/")
	if name == "" || strings.HasSuffix(name, "/") || !onlyOf(name, alphanumeric+"+=,.@_-/") {
		return false
	}
	switch vendor + ":" + kind {
	case "iam:user", "iam:role":
		return true
	case "sts:assumed-role":
		return strings.Count(name, "/") == 1
	case "sts:federated-user":
		return !strings.Contains(name, "/")
	}
	return false
}

func validService(s string) bool {
	for _, suffix := range []string{".amazonaws.com", ".amazonaws.com.cn", ".aws.internal"} {
		if name, ok := strings.CutSuffix(s, suffix); ok {
			return name != "" && onlyOf(name, alphanumeric+"-.")
		}
	}
	return false
}

func validFederated(s string) bool {
	switch s {
	case "cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com", "accounts.google.com":
		return true
	}
	parts := splitARN(s, false)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] == "*" || !validPartition(parts[1]) ||
		parts[2] != "iam" || parts[3] != "" || !validAccount(parts[4]) {
		return false
	}
	if issuer, ok := strings.CutPrefix(parts[5], "oidc-provider/"); ok {
		return validIssuer(issuer)
	}
	name, ok := strings.CutPrefix(parts[5], "saml-provider/")
	return ok && name != "" && onlyOf(name, alphanumeric+"._-")
}

// matchPrincipal reports how s applies to p: by which name, or for NotPrincipal
// as everybody who is not named. A NotPrincipal spares nobody who has a
// permissions boundary (IAM user guide, "Permissions boundaries for IAM entities").
func (s *statement) matchPrincipal(r *Request, kind Kind) MatchKind {
	p := &r.Principal
	if s.notPrincipal {
		if s.principals.exempts(p) && !r.bounded {
			return MatchNone
		}
		return ByWildcard
	}
	m := s.principals.match(p)
	if m == ByWildcard && kind == Trust && !s.deny && p.Federated != "" && !p.iam() {
		return MatchNone // an identity provider is trusted by name only
	}
	return m
}

// match returns the strongest way in which set names p.
func (set *principalSet) match(p *Principal) MatchKind {
	switch {
	case p.SessionARN != "" && slices.Contains(set.arns, p.SessionARN):
		return BySession
	case set.all:
		return ByWildcard
	case p.Federated != "" && slices.Contains(set.federated, p.Federated):
		return ByFederated
	case p.Service != "" && slices.Contains(set.services, p.Service):
		return ByService
	case p.ARN != "" && slices.Contains(set.arns, p.ARN):
		return ByARN
	case p.AccountID != "" && slices.Contains(set.accounts, p.AccountID):
		return ByAccount
	case p.CanonicalUser != "" && slices.Contains(set.canonical, p.CanonicalUser):
		return ByARN
	}
	return MatchNone
}

// exempts reports whether a Deny with NotPrincipal spares p. It spares a user
// only if both the user and the account are named, and a role session only if
// the session, the role and the account are: AWS may check each in turn (IAM
// user guide, "NotPrincipal with Deny").
func (set *principalSet) exempts(p *Principal) bool {
	if set.all {
		return true
	}
	if !p.iam() {
		return set.match(p) != MatchNone
	}
	if !slices.Contains(set.accounts, p.AccountID) {
		return false
	}
	if p.root() {
		return true
	}
	return slices.Contains(set.arns, p.ARN) &&
		(p.SessionARN == "" || slices.Contains(set.arns, p.SessionARN))
}
