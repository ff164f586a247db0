package iam

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// undeny has a statement deny a request no more, or be nearer to that, and everything else
// as before where that can be written: our value goes out of a list of principals,
// resources or of a condition, the action out of the list of actions or into NotAction, our
// role is excepted by a condition. Else the whole statement goes away.
func undeny(draft *iamrole.Draft, statement int, r *policy.Request) {
	st := &draft.Statement[statement]
	if spare(st, r) {
		return
	}
	if st.NotAction != nil {
		st.NotAction = iamrole.Value(append(iamrole.List(st.NotAction), r.Action))
		return
	}
	same := func(a string) bool { return strings.EqualFold(a, r.Action) }
	actions := iamrole.List(st.Action)
	if left := slices.DeleteFunc(slices.Clone(actions), same); len(left) < len(actions) && len(left) > 0 {
		st.Action = iamrole.Value(left)
		return
	}
	if !except(st, r) {
		draft.Statement = slices.Delete(draft.Statement, statement, statement+1)
	}
}

// spare takes what is ours out of a list of a statement. It reports whether there was one
// with something else in it.
func spare(st *iamrole.Statement, r *policy.Request) bool {
	if left := others(iamrole.List(st.Resource), r.Resource); left != nil {
		st.Resource = iamrole.Value(left)
		return true
	}
	for kind, ours := range map[string]string{"AWS": r.Principal.ARN, "Federated": r.Principal.Federated} {
		if left := others(principals(*st, kind), ours); left != nil {
			var all map[string]any
			_ = json.Unmarshal(st.Principal, &all) // an object, as it has this member
			all[kind] = left
			st.Principal = iamrole.Value(all)
			return true
		}
	}
	return spareByCondition(st, r)
}

// others are the entries of a list that are not ours; nil if all are, or none is.
func others(list []string, ours ...string) []string {
	left := slices.DeleteFunc(slices.Clone(list), func(v string) bool { return slices.Contains(ours, v) })
	if len(left) == 0 || len(left) == len(list) {
		return nil
	}
	return left
}

func spareByCondition(st *iamrole.Statement, r *policy.Request) bool {
	conditions := map[string]map[string]json.RawMessage{}
	if json.Unmarshal(st.Condition, &conditions) != nil {
		return false
	}
	for _, operator := range slices.Sorted(maps.Keys(conditions)) {
		if strings.Contains(operator, "Not") {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(conditions[operator])) {
			has, _ := r.Context.Get(key)
			if left := others(iamrole.List(conditions[operator][key]), has...); left != nil {
				conditions[operator][key] = iamrole.Value(left)
				st.Condition = iamrole.Value(conditions)
				return true
			}
		}
	}
	return false
}

const principalARN, arnNotEquals = "aws:PrincipalArn", "ArnNotEquals"

// except leaves our role out of a statement that denies more than one principal. It reports
// whether that could be written.
func except(st *iamrole.Statement, r *policy.Request) bool {
	conditions := map[string]map[string]json.RawMessage{}
	_ = json.Unmarshal(st.Condition, &conditions)
	named := principals(*st, "AWS")
	switch {
	case r.Principal.ARN == "" || st.Principal == nil && st.NotPrincipal == nil:
		return false // a policy of the role itself, or a token's issuer
	case len(named) == 1 && named[0] == r.Principal.ARN || conditions[arnNotEquals] != nil:
		return false
	}
	conditions[arnNotEquals] = map[string]json.RawMessage{principalARN: iamrole.Value(r.Principal.ARN)}
	st.Condition = iamrole.Value(conditions)
	return true
}
