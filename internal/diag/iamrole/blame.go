package iamrole

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Refusal is why one statement does not apply to a request.
type Refusal struct {
	// Statement is its index, Sid its identifier if it has one.
	Statement int
	Sid       string
	// Action, Principal and Resource say that it does not speak of those of the request. It
	// speaks of nothing that is not among them.
	Action, Principal, Resource bool
	// Conditions are those that do not hold.
	Conditions []Condition
}

// Condition is a key of a condition that does not hold.
type Condition struct {
	Operator, Key string
	// Wanted is what the policy has, Has what the request has; Absent says that it has none.
	Wanted, Has []string
	Absent      bool
}

// String is the condition in a few words.
func (c *Condition) String() string {
	has := "the request has no such key"
	if !c.Absent {
		has = "the request has " + strings.Join(c.Has, ", ")
	}
	return fmt.Sprintf("%s %s wants %s, %s", c.Operator, c.Key, strings.Join(c.Wanted, " or "), has)
}

// Refusals says of each statement that would allow a request why it does not, those
// that are closest first. A statement that allows it is not among them.
func Refusals(doc *policy.Document, r *policy.Request) []Refusal {
	if doc == nil {
		return nil
	}
	var all []Refusal
	draft := Edit(doc)
	for i := range draft.Statement {
		if draft.Statement[i].Effect != "Allow" || holds(doc, draft.Statement[i], r) {
			continue
		}
		f := refusalOf(doc, draft.Statement[i], r)
		f.Statement = i
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b Refusal) int { return a.distance() - b.distance() })
	return all
}

// distance is how much of a statement does not fit.
func (f *Refusal) distance() int {
	d := len(f.Conditions)
	for _, wrong := range []bool{f.Resource, f.Action, f.Principal} {
		if d *= 2; wrong {
			d += 100
		}
	}
	return d
}

// holds reports whether a statement alone allows a request.
func holds(of *policy.Document, s Statement, r *policy.Request) bool {
	d := &Draft{Version: of.Version(), Statement: []Statement{s}}
	doc, err := policy.Parse([]byte(d.Text()), of.Kind())
	return err == nil && doc.Evaluate(r).Decision != policy.ImplicitDeny
}

// refusalOf puts each element of a statement into one that fits otherwise.
func refusalOf(of *policy.Document, s Statement, r *policy.Request) Refusal {
	f := Refusal{Sid: s.Sid}
	probe := fitting(of, r)
	probe.Action, probe.NotAction = s.Action, s.NotAction
	f.Action = !holds(of, probe, r)
	if of.Kind() != policy.Trust {
		probe = fitting(of, r)
		probe.Resource, probe.NotResource = s.Resource, s.NotResource
		f.Resource = !holds(of, probe, r)
	}
	if named(of) {
		probe = fitting(of, r)
		probe.Principal, probe.NotPrincipal = s.Principal, s.NotPrincipal
		f.Principal = !holds(of, probe, r)
	}
	f.Conditions = failing(of, s, r)
	return f
}

// failing are the conditions of a statement that do not hold.
func failing(of *policy.Document, s Statement, r *policy.Request) []Condition {
	var all []Condition
	conditions := map[string]map[string]json.RawMessage{}
	_ = json.Unmarshal(s.Condition, &conditions)
	for _, operator := range slices.Sorted(maps.Keys(conditions)) {
		for _, key := range slices.Sorted(maps.Keys(conditions[operator])) {
			if one := conditions[operator][key]; !conditionHolds(of, operator, key, one, r) {
				has, present := r.Context.Get(key)
				all = append(all, Condition{Operator: operator, Key: key, Wanted: scalars(one), Has: has, Absent: !present})
			}
		}
	}
	return all
}

// fitting is a statement that allows a request, of a kind of document.
func fitting(of *policy.Document, r *policy.Request) Statement {
	s := Statement{Effect: "Allow", Action: Value(r.Action)}
	if of.Kind() != policy.Trust {
		s.Resource = Value("*")
	}
	switch p := r.Principal; {
	case !named(of):
	case p.Federated != "": // whom a star in a trust policy does not mean
		s.Principal = Value(map[string]string{"Federated": p.Federated})
	case p.Service != "":
		s.Principal = Value(map[string]string{"Service": p.Service})
	default:
		s.Principal = Value("*")
	}
	return s
}

// named reports whether documents of this kind name principals.
func named(of *policy.Document) bool {
	return of.Kind() == policy.Trust || of.Kind() == policy.Actor || of.Kind() == policy.Resource
}

func conditionHolds(of *policy.Document, operator, key string, values json.RawMessage, r *policy.Request) bool {
	probe := fitting(of, r)
	probe.Condition = Value(map[string]map[string]json.RawMessage{operator: {key: values}})
	return holds(of, probe, r)
}

// scalars reads the values of a condition, which may be numbers and Booleans.
func scalars(values json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(values, &list) != nil {
		list = []json.RawMessage{values}
	}
	all := make([]string, len(list))
	for i, value := range list {
		if json.Unmarshal(value, &all[i]) != nil {
			all[i] = string(value)
		}
	}
	return all
}
