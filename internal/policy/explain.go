package policy

// Explanation is what all policies that apply to a request say of it.
type Explanation struct {
	// Outcome is what [Authorize] answers.
	Outcome Outcome
	// Identity, Boundary, Session, Guardrail and Resource are what the policies of
	// that type say together, whatever the others say. A type without policies
	// denies implicitly.
	Identity, Boundary, Session, Guardrail, Resource Decision
	// Matches are all statements that apply, in the order of their types
	// (identity, boundary, session, guardrail, resource) and documents.
	Matches []Match
}

// Match is a statement that applies to a request.
type Match struct {
	// By is the type of its policy.
	By PolicyType
	// Document is the index of its document within Input's list of that type.
	Document int
	// Result is Allow or ExplicitDeny, with the statement's index.
	Result Result
}

// Deciding returns the matches that SimulatePrincipalPolicy lists as
// MatchedStatements: those that deny if any does, else those that allow.
func (e *Explanation) Deciding() []Match {
	want := Allow
	for _, m := range e.Matches {
		if m.Result.Decision == ExplicitDeny {
			want = ExplicitDeny
		}
	}
	var all []Match
	for _, m := range e.Matches {
		if m.Result.Decision == want {
			all = append(all, m)
		}
	}
	return all
}

// Explain decides a request as [Authorize] does and says what led to it.
func Explain(in Input) Explanation {
	in.bound()
	e := Explanation{Outcome: Authorize(in)}
	resource := ResourceBased
	if in.Resource != nil && in.Resource.kind == Trust {
		resource = TrustBased
	}
	for _, group := range []struct {
		by        PolicyType
		documents []*Document
		decision  *Decision
	}{
		{IdentityBased, in.Identity, &e.Identity},
		{BoundaryBased, []*Document{in.Boundary}, &e.Boundary},
		{SessionBased, in.Session, &e.Session},
		{GuardrailBased, in.Guardrails, &e.Guardrail},
		{resource, []*Document{in.Resource}, &e.Resource},
	} {
		for i, d := range group.documents {
			for _, result := range d.Matching(in.Request) {
				e.Matches = append(e.Matches, Match{By: group.by, Document: i, Result: result})
				*group.decision = max(*group.decision, result.Decision)
			}
		}
	}
	return e
}

// Matching returns every statement that applies to a request, in the order of
// the document. A nil Document has none.
func (d *Document) Matching(r *Request) []Result {
	if d == nil {
		return nil
	}
	var all []Result
	for i := range d.statements {
		s := &d.statements[i]
		match, ok := s.matches(r, d.kind)
		if !ok {
			continue
		}
		decision := Allow
		if s.deny {
			decision = ExplicitDeny
		}
		all = append(all, Result{Decision: decision, Statement: i, Sid: s.sid, Match: match})
	}
	return all
}

// ContextKeys returns the condition keys that a document asks for, in its
// conditions and in its variables, each once, as written where it stands first,
// in the order of the document (GetContextKeysForCustomPolicy).
func (d *Document) ContextKeys() []string {
	var keys keyList
	for i := range d.statements {
		s := &d.statements[i]
		for j := range s.resources {
			keys.addVariables(&s.resources[j])
		}
		for j := range s.conditions {
			keys.add(s.conditions[j].key)
			for _, o := range s.conditions[j].operands {
				keys.addOperand(o)
			}
		}
	}
	return keys
}
