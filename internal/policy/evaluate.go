package policy

import "strconv"

// Decision is what a policy says of a request.
type Decision uint8

// The decisions of one policy.
const (
	// ImplicitDeny: no statement applies.
	ImplicitDeny Decision = iota
	// Allow: a statement allows, and none denies.
	Allow
	// ExplicitDeny: a statement denies.
	ExplicitDeny
)

// String returns the name that SimulatePrincipalPolicy gives to d.
func (d Decision) String() string {
	switch d {
	case ImplicitDeny:
		return "implicitDeny"
	case Allow:
		return "allowed"
	case ExplicitDeny:
		return "explicitDeny"
	}
	return "Decision(" + strconv.Itoa(int(d)) + ")"
}

// Result is the answer of one document.
type Result struct {
	// Decision is what the document says.
	Decision Decision
	// Statement is the index of the statement that decided, -1 if none applies.
	Statement int
	// Sid is the identifier of that statement, if it has one.
	Sid string
	// Match is how that statement names the principal, in a document that names
	// principals. Of several statements that allow, the one with the strongest
	// Match decides.
	Match MatchKind
}

// Evaluate decides r by this document alone. A nil Document denies implicitly.
func (d *Document) Evaluate(r *Request) Result {
	result := Result{Statement: -1}
	if d == nil {
		return result
	}
	for i := range d.statements {
		s := &d.statements[i]
		match, ok := s.matches(r, d.kind)
		if !ok {
			continue
		}
		if s.deny {
			return Result{Decision: ExplicitDeny, Statement: i, Sid: s.sid, Match: match}
		}
		if result.Decision == ImplicitDeny || match > result.Match {
			result = Result{Decision: Allow, Statement: i, Sid: s.sid, Match: match}
		}
	}
	return result
}
