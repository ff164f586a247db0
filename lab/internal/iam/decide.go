package iam

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// page is a page of a simulation's answers: one for each action.
func (s *simulation) page(marker *string, size *int32) (*page[types.EvaluationResult], error) {
	indexes := func(yield func(int) bool) {
		for i := range s.actions {
			if !yield(i) {
				return
			}
		}
	}
	p, err := pageOf(indexes, func(i int) string { return fmt.Sprintf("%08d", i) }, paging{marker, size, "simulation"})
	if err != nil {
		return nil, err
	}
	out := &page[types.EvaluationResult]{items: []types.EvaluationResult{}, truncated: p.truncated, marker: p.marker}
	for _, i := range p.items {
		out.items = append(out.items, s.answer(s.actions[i]))
	}
	return out, nil
}

// answer decides an action on all resources: it is allowed if it is on each.
func (s *simulation) answer(action string) types.EvaluationResult {
	out := types.EvaluationResult{EvalActionName: &action, EvalResourceName: aws.String("*"), MatchedStatements: []types.Statement{}, MissingContextValues: []string{}}
	everywhere := len(s.resources) == 1 && s.resources[0] == "*"
	if len(s.resources) == 1 {
		out.EvalResourceName = &s.resources[0]
	}
	decision := policy.Allow
	for _, arn := range s.resources {
		one := s.decide(action, arn)
		decision = stricter(decision, one.decision)
		out.MatchedStatements = append(out.MatchedStatements, one.result.MatchedStatements...)
		if d := one.result.PermissionsBoundaryDecisionDetail; d != nil {
			if out.PermissionsBoundaryDecisionDetail == nil || !d.AllowedByPermissionsBoundary {
				out.PermissionsBoundaryDecisionDetail = d
			}
		}
		if everywhere {
			out.MissingContextValues = one.result.MissingContextValues
			continue
		}
		out.ResourceSpecificResults = append(out.ResourceSpecificResults, one.result)
		out.EvalDecisionDetails = one.result.EvalDecisionDetails
	}
	if !everywhere {
		out.MissingContextValues = s.missing()
	}
	out.EvalDecision = types.PolicyEvaluationDecisionType(decision.String())
	return out
}

// stricter is the decision on both.
func stricter(a, b policy.Decision) policy.Decision {
	for _, d := range []policy.Decision{policy.ExplicitDeny, policy.ImplicitDeny} {
		if a == d || b == d {
			return d
		}
	}
	return policy.Allow
}

// decided is the answer for one resource.
type decided struct {
	decision policy.Decision
	result   types.ResourceSpecificResult
}

// decide asks the policy engine. A role's trust policy is left out for what
// assumes roles, as IAM's simulator does (aws/aws-cli issue 10314).
func (s *simulation) decide(action, arn string) decided {
	in := policy.Input{
		Request:  &policy.Request{Action: action, Resource: arn, Principal: s.principal, Context: s.given},
		Identity: s.documents(), SameAccount: s.ownerOf(arn) == s.principal.AccountID,
	}
	if s.boundary != nil {
		in.Boundary = s.boundary.doc
	}
	if s.resource != nil && !strings.HasPrefix(strings.ToLower(action), "sts:assume") {
		in.Resource = s.resource
	}
	if in.Resource == nil {
		in.SameAccount = true // without its policy a resource of another account is taken for open
	}
	e := policy.Explain(in)
	decision := policy.ImplicitDeny
	switch {
	case e.Outcome.Allowed:
		decision = policy.Allow
	case e.Outcome.Explicit:
		decision = policy.ExplicitDeny
	}
	out := types.ResourceSpecificResult{
		EvalResourceName: &arn, EvalResourceDecision: types.PolicyEvaluationDecisionType(decision.String()),
		MatchedStatements: s.statements(&e), MissingContextValues: s.missing(), EvalDecisionDetails: map[string]types.PolicyEvaluationDecisionType{},
	}
	if !in.SameAccount {
		out.EvalDecisionDetails["IAM Policy"] = types.PolicyEvaluationDecisionType(e.Identity.String())
		out.EvalDecisionDetails["Resource Policy"] = types.PolicyEvaluationDecisionType(e.Resource.String())
	}
	if in.Boundary != nil {
		out.PermissionsBoundaryDecisionDetail = &types.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: e.Boundary == policy.Allow}
	}
	return decided{decision, out}
}

// ownerOf is the account of a resource.
func (s *simulation) ownerOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && parts[4] != "" {
		return parts[4]
	}
	return s.owner
}

func (s *simulation) documents() []*policy.Document {
	all := make([]*policy.Document, len(s.identity))
	for i := range s.identity {
		all[i] = s.identity[i].doc
	}
	return all
}

// statements are those that decide, with their places in the documents. A boundary
// stands there only where it denies.
func (s *simulation) statements(e *policy.Explanation) []types.Statement {
	list := []types.Statement{}
	for _, m := range e.Deciding() {
		from, kind := source{}, types.PolicySourceType("IAM Policy")
		switch m.By {
		case policy.IdentityBased:
			from = s.identity[m.Document]
		case policy.BoundaryBased:
			if from, kind = *s.boundary, "Permissions Boundary Policy"; m.Result.Decision != policy.ExplicitDeny {
				continue
			}
		default:
			from, kind = source{"ResourcePolicy", s.resource}, "Resource Policy"
		}
		span := from.doc.Span(m.Result.Statement)
		list = append(list, types.Statement{
			SourcePolicyId: &from.id, SourcePolicyType: kind,
			StartPosition: &types.Position{Line: int32(span.Start.Line), Column: int32(span.Start.Column)},
			EndPosition:   &types.Position{Line: int32(span.End.Line), Column: int32(span.End.Column)},
		})
	}
	return list
}

// missing are the condition keys that the policies ask for and nobody gave.
func (s *simulation) missing() []string {
	docs := s.documents()
	if s.boundary != nil {
		docs = append(docs, s.boundary.doc)
	}
	if s.resource != nil {
		docs = append(docs, s.resource)
	}
	list := []string{}
	for _, key := range contextKeys(docs) {
		if _, ok := s.given.Get(key); !ok {
			list = append(list, key)
		}
	}
	return list
}

// contextKeys are the condition keys that policies ask for, each once.
func contextKeys(docs []*policy.Document) []string {
	list := []string{}
	for _, d := range docs {
		for _, key := range d.ContextKeys() {
			if !slices.ContainsFunc(list, func(other string) bool { return strings.EqualFold(other, key) }) {
				list = append(list, key)
			}
		}
	}
	return list
}

// checkEntry looks whether the values of a condition key are of its type.
func checkEntry(e *types.ContextEntry) error {
	kind, many := strings.CutSuffix(string(e.ContextKeyType), "List")
	if !many && len(e.ContextKeyValues) > 1 {
		return invalidInput("Context key %s is of type %s and has more than one value.", *e.ContextKeyName, kind)
	}
	for _, value := range e.ContextKeyValues {
		if !valueOf(kind, value) {
			return invalidInput("%s is not a valid value of the type %s for the context key %s.", value, kind, *e.ContextKeyName)
		}
	}
	return nil
}

func valueOf(kind, value string) bool {
	var err error
	switch kind {
	case "numeric":
		_, err = strconv.ParseFloat(value, 64)
	case "boolean":
		return strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	case "ip":
		if _, err = netip.ParseAddr(value); err != nil {
			_, err = netip.ParsePrefix(value)
		}
	case "date":
		if _, err = time.Parse(time.RFC3339, value); err != nil {
			_, err = strconv.ParseInt(value, 10, 64)
		}
	}
	return err == nil
}
