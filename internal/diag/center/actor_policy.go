package center

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// actorPolicy is an actor policy that policy.Parse has taken, as data that can be changed.
type actorPolicy struct {
	whole      map[string]any
	statements []map[string]any
}

func newActorPolicy(text []byte) *actorPolicy {
	p := &actorPolicy{whole: map[string]any{}}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&p.whole) != nil || p.whole == nil {
		p.whole = map[string]any{}
	}
	for _, one := range many(p.whole["Statement"]) {
		if s, ok := one.(map[string]any); ok {
			p.statements = append(p.statements, s)
		}
	}
	return p
}

// many is what stands in a policy alone or in a list.
func many(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// with is the policy with other statements.
func (p *actorPolicy) with(statements ...map[string]any) map[string]any {
	copied := maps.Clone(p.whole)
	copied["Statement"] = statements
	return copied
}

// parsed is the policy of some statements, nil if they are none.
func (p *actorPolicy) parsed(statements ...map[string]any) *policy.Document {
	d, err := policy.Parse([]byte(encoded(p.with(statements...))), policy.Actor)
	if err != nil {
		return nil
	}
	return d
}

// admitting is the policy with a statement more that admits a role.
func (p *actorPolicy) admitting(role string) map[string]any {
	return p.with(append(p.living(), map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": role}, "Action": createToken, "Resource": "*"})...)
}

// living are the statements without the ids of deleted principals, with which the
// policy would be refused.
func (p *actorPolicy) living() []map[string]any {
	var kept []map[string]any
	gone := p.deleted()
	for _, s := range p.statements {
		if s = without(s, gone); s != nil {
			kept = append(kept, s)
		}
	}
	return kept
}

// without is a statement without some AWS principals, nil if it has no other.
func without(s map[string]any, gone []string) map[string]any {
	of, ok := s["Principal"].(map[string]any)
	if !ok {
		return s
	}
	before := many(of["AWS"])
	after := slices.DeleteFunc(slices.Clone(before), func(v any) bool {
		name, _ := v.(string)
		return slices.Contains(gone, name)
	})
	if len(after) == len(before) {
		return s
	}
	principal, changed := maps.Clone(of), maps.Clone(s)
	principal["AWS"] = after
	if len(after) == 0 {
		delete(principal, "AWS")
	}
	if len(principal) == 0 {
		return nil
	}
	changed["Principal"] = principal
	return changed
}

// dropDenied takes a role out of the statements that deny it by name.
func (p *actorPolicy) dropDenied(role string) {
	var kept []map[string]any
	for _, s := range p.statements {
		if s["Effect"] == "Deny" {
			s = without(s, []string{role})
		}
		if s != nil {
			kept = append(kept, s)
		}
	}
	p.statements = kept
}

// deleted are the ids that stand in the place of principals that were deleted.
func (p *actorPolicy) deleted() []string {
	if d := p.parsed(p.statements...); d != nil {
		return d.PrincipalIDs()
	}
	return nil
}

// principals are the AWS principals that it names to allow something.
func (p *actorPolicy) principals() []string {
	var names []string
	for _, s := range p.statements {
		if s["Effect"] != "Allow" {
			continue
		}
		if everybody, ok := s["Principal"].(string); ok {
			names = append(names, everybody)
		}
		of, _ := s["Principal"].(map[string]any)
		for _, one := range many(of["AWS"]) {
			if name, ok := one.(string); ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// verdict is what a policy says of a request, as far as can be told.
type verdict struct {
	kind verdictKind
	// where is the statement that decided, condition its condition, keys those that
	// only AWS knows.
	where, condition string
	keys             []string
}

type verdictKind int

const (
	refused verdictKind = iota
	admitted
	denied
	refusedByCondition
	undecided
)

// decide decides a request. Conditions with keys that the request does not have are left
// undecided where they matter.
func (p *actorPolicy) decide(r *policy.Request) verdict {
	v := verdict{kind: refused}
	allowed := false
	for i, s := range p.statements {
		effect, _ := s["Effect"].(string)
		keys := p.unknownKeys(s, r)
		applies := p.applies(known(s, keys), r)
		switch {
		case applies && effect == "Deny" && len(keys) == 0:
			return verdict{kind: denied, where: place(i, s)}
		case applies && len(keys) > 0 && effect == "Deny": // whatever else allows
			return p.deniedElsewhere(i, r, verdict{kind: undecided, keys: keys})
		case applies && len(keys) > 0:
			v = verdict{kind: undecided, keys: append(v.keys, keys...)}
		case applies && effect == "Allow":
			allowed = true
		case v.kind == refused && effect == "Allow" && p.applies(bareStatement(s), r):
			v = verdict{kind: refusedByCondition, where: place(i, s), condition: encoded(s["Condition"])}
		}
	}
	if allowed {
		return verdict{kind: admitted}
	}
	return v
}

// deniedElsewhere looks for a denial that is certain behind statement i.
func (p *actorPolicy) deniedElsewhere(i int, r *policy.Request, otherwise verdict) verdict {
	for j, s := range p.statements[i+1:] {
		if s["Effect"] == "Deny" && len(p.unknownKeys(s, r)) == 0 && p.applies(s, r) {
			return verdict{kind: denied, where: place(i+1+j, s)}
		}
	}
	return otherwise
}

// applies reports whether a statement is about a request.
func (p *actorPolicy) applies(s map[string]any, r *policy.Request) bool {
	d := p.parsed(s)
	return d != nil && d.Evaluate(r).Decision != policy.ImplicitDeny
}

// unknownKeys are the condition keys of a statement that a request does not have.
func (p *actorPolicy) unknownKeys(s map[string]any, r *policy.Request) []string {
	var unknown []string
	d := p.parsed(s)
	if d == nil {
		return nil
	}
	for _, key := range d.ContextKeys() {
		if _, ok := r.Context.Get(key); !ok {
			unknown = append(unknown, key)
		}
	}
	return unknown
}

// known is a statement without its conditions on some keys.
func known(s map[string]any, unknown []string) map[string]any {
	conditions, ok := s["Condition"].(map[string]any)
	if !ok || len(unknown) == 0 {
		return s
	}
	kept := map[string]any{}
	for operator, of := range conditions {
		keys, _ := of.(map[string]any)
		for key, values := range keys {
			if hasFold(unknown, key) || strings.Contains(encoded(values), "${") {
				continue
			}
			if kept[operator] == nil {
				kept[operator] = map[string]any{}
			}
			kept[operator].(map[string]any)[key] = values
		}
	}
	s = bareStatement(s)
	if len(kept) > 0 {
		s["Condition"] = kept
	}
	return s
}

func hasFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return strings.EqualFold(one, s) })
}

// bareStatement is a statement without conditions.
func bareStatement(s map[string]any) map[string]any {
	copied := maps.Clone(s)
	delete(copied, "Condition")
	return copied
}

// place names a statement.
func place(i int, s map[string]any) string {
	if sid, ok := s["Sid"].(string); ok && sid != "" {
		return "statement " + sid
	}
	return fmt.Sprintf("statement %d", i+1)
}
