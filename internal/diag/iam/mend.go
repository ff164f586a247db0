package iam

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// mending changes a policy until it allows a request, and no more of it than that takes:
// what denies is taken back for the action, a condition that refuses a value takes it
// besides those it has, and what is missing is added as a statement of its own.
type mending struct {
	request *policy.Request
	// fresh is the statement to add.
	fresh iamrole.Statement
	// prefix is how the condition keys of the token begin, "" if there is no token.
	prefix string
}

// rounds bounds how often a policy is changed: each takes a statement away or changes one.
const rounds = 50

func (m *mending) mend(doc *policy.Document) *policy.Document {
	draft := iamrole.Edit(doc)
	for range rounds {
		result := doc.Evaluate(m.request)
		switch {
		case result.Decision == policy.Allow:
			return doc
		case result.Decision == policy.ExplicitDeny:
			undeny(draft, result.Statement, m.request)
		case !m.widen(draft, doc):
			draft.Statement = append(draft.Statement, m.fresh)
		}
		next, err := policy.Parse([]byte(draft.Text()), doc.Kind())
		if err != nil { // nothing is left of it
			draft.Statement = append(draft.Statement, m.fresh)
			if next, err = policy.Parse([]byte(draft.Text()), doc.Kind()); err != nil {
				return doc
			}
		}
		doc = next
	}
	return doc
}

// widen has the statement that is closest to the request take its values. It reports
// whether that was possible.
func (m *mending) widen(draft *iamrole.Draft, doc *policy.Document) bool {
	for _, f := range iamrole.Refusals(doc, m.request) {
		if f.Action || f.Principal || f.Resource {
			continue
		}
		st := draft.Statement[f.Statement]
		if m.take(&st, f.Conditions) {
			draft.Statement[f.Statement] = st
			return true
		}
	}
	return false
}

// take changes the conditions that refuse the request. It reports whether each could be.
func (m *mending) take(st *iamrole.Statement, refusing []iamrole.Condition) bool {
	conditions := map[string]map[string]json.RawMessage{}
	if json.Unmarshal(st.Condition, &conditions) != nil {
		return false
	}
	for i := range refusing {
		f := &refusing[i]
		key, values, ok := m.amended(f)
		if !ok {
			return false
		}
		delete(conditions[f.Operator], f.Key)
		if len(values) > 0 {
			conditions[f.Operator][key] = iamrole.Value(values)
		}
		if len(conditions[f.Operator]) == 0 {
			delete(conditions, f.Operator)
		}
	}
	if st.Condition = nil; len(conditions) > 0 {
		st.Condition = iamrole.Value(conditions)
	}
	return true
}

// amended is a condition that takes the request. ok is false if only leaving it out would do.
func (m *mending) amended(f *iamrole.Condition) (key string, values []string, ok bool) {
	key, has := f.Key, f.Has
	if f.Absent {
		renamed, values, found := m.meant(f.Key)
		if !found {
			return "", nil, false
		}
		key, has = renamed, values
	}
	operator := strings.TrimSuffix(f.Operator[strings.LastIndexByte(f.Operator, ':')+1:], "IfExists")
	if strings.HasPrefix(operator, "Arn") && slices.ContainsFunc(has, func(v string) bool { return strings.Count(v, ":") < 5 }) {
		return "", nil, false // IAM takes ARNs only
	}
	switch operator {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike":
		if strings.EqualFold(key, contextProviders) {
			return key, has, true // another one cannot have been meant
		}
		return key, union(f.Wanted, has), true
	case "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike":
		left := slices.DeleteFunc(slices.Clone(f.Wanted), func(v string) bool { return slices.Contains(has, v) })
		return key, left, len(left) < len(f.Wanted)
	}
	return "", nil, false
}

// meant finds the key of the token that a key of another issuer was meant to be: the
// same claim, and an issuer that lacks the path, or has a scheme before it.
func (m *mending) meant(key string) (string, []string, bool) {
	at := strings.LastIndexByte(key, ':')
	if m.prefix == "" || at < 0 {
		return "", nil, false
	}
	host, claim := strings.TrimPrefix(key[:at], "https://"), key[at+1:]
	ours := strings.TrimSuffix(m.prefix, ":")
	same := chain.SameIssuer(host, ours) || strings.HasPrefix(ours, strings.TrimRight(host, "/")+"/")
	values, has := m.request.Context.Get(m.prefix + claim)
	return m.prefix + claim, values, has && same
}

func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}
