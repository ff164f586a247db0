package template

import (
	"slices"
	"strings"
)

// rule is a rule about the values of parameters.
type rule struct {
	name       string
	condition  any // nil for always
	assertions []assertion
}

type assertion struct {
	assert      any
	description string
}

var ruleMembers = []string{"RuleCondition", "Assertions"}

// memberFunctions are those that only rules have, over lists.
var memberFunctions = []string{"Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn"}

func (t *Template) readRules(root *Map) error {
	m, err := section(root, "Rules", "Rule name", maxEntries)
	if err != nil {
		return err
	}
	for _, name := range m.Keys() {
		one, _ := m.values[name].(*Map)
		list, ok := one.valueOf("Assertions").([]any)
		if !ok || slices.ContainsFunc(one.Keys(), func(key string) bool { return !slices.Contains(ruleMembers, key) }) {
			return malformed("[/Rules/%s] Every Rules member must contain a list of Assertions and may contain a RuleCondition.", name)
		}
		r := &rule{name: name, condition: one.valueOf("RuleCondition")}
		if r.condition != nil {
			if err := t.checkRule(r.condition); err != nil {
				return err
			}
		}
		if err := t.readAssertions(r, list); err != nil {
			return err
		}
		t.rules = append(t.rules, r)
	}
	return nil
}

// valueOf is the value of a key, nil where it is absent.
func (m *Map) valueOf(key string) any {
	v, _ := m.Get(key)
	return v
}

func (t *Template) readAssertions(r *rule, list []any) error {
	for _, v := range list {
		m, _ := v.(*Map)
		assert, ok := m.Get("Assert")
		description, isText := m.Get("AssertDescription")
		text, _ := description.(string)
		if !ok || isText && text == "" || m.Len() > 2 || m.Len() == 2 && !isText {
			return malformed("[/Rules/%s] Every Assertions member must contain an Assert and may contain an AssertDescription.", r.name)
		}
		if err := t.checkRule(assert); err != nil {
			return err
		}
		r.assertions = append(r.assertions, assertion{assert, text})
	}
	return nil
}

// checkRule checks a boolean expression of a rule.
func (t *Template) checkRule(v any) error {
	m, _ := v.(*Map)
	if m.Len() == 1 {
		list, _ := m.values[m.keys[0]].([]any)
		switch name := m.keys[0]; {
		case slices.Contains(memberFunctions, name):
			if len(list) != 2 {
				return wrong("every %s object requires a list of 2 parameters.", name)
			}
			return t.checkPlain(list, "Rules")
		case name == "Fn::And" || name == "Fn::Or" || name == "Fn::Not":
			if least := map[string]int{"Fn::Not": 1}[name]; least == 0 && (len(list) < 2 || len(list) > 10) || least == 1 && len(list) != 1 {
				return t.checkBoolean(v, "Rules")
			}
			for _, one := range list {
				if err := t.checkRule(one); err != nil {
					return err
				}
			}
			return nil
		case name == "Fn::RefAll" || name == "Fn::ValueOf" || name == "Fn::ValueOfAll":
			return wrong("%s is about parameters of types that this lab does not have", name)
		case name == "Condition":
			return malformed("Unresolved condition dependency %s in the Rules block of the template", strings.Trim(JSON(m.values[name]), `"`))
		}
	}
	return t.checkBoolean(v, "Rules")
}

// CheckRules refuses parameters that break a rule. The error is an [*Error].
func (e *Env) CheckRules() error {
	for _, r := range e.template.rules {
		if r.condition != nil {
			if applies, err := e.rule(r.condition); err != nil || !applies {
				if err != nil {
					return err
				}
				continue
			}
		}
		for _, a := range r.assertions {
			holds, err := e.rule(a.assert)
			if err != nil {
				return err
			}
			if !holds {
				return refuse("Template Error: Rule '%s' failed: %s", r.name, a.description)
			}
		}
	}
	return nil
}

// rule evaluates a boolean expression of a rule.
func (e *Env) rule(v any) (bool, error) {
	m := v.(*Map)
	name, list := m.keys[0], m.values[m.keys[0]].([]any)
	switch {
	case slices.Contains(memberFunctions, name):
		got, err := e.Eval(list)
		if err != nil {
			return false, err
		}
		pair, _ := got.([]any)
		return len(pair) == 2 && members(name, pair[0], pair[1]), nil
	case name == "Fn::Equals":
		return e.condition(v)
	}
	return connected(name, list, e.rule)
}

// members compares lists: whether a contains b, each of a is b, or each of a is in b.
func members(name string, a, b any) bool {
	list, ok := a.([]any)
	if !ok {
		return false
	}
	other, _ := b.([]any)
	in := func(among []any, v any) bool {
		return slices.ContainsFunc(among, func(one any) bool { return Equal(one, v) })
	}
	switch name {
	case "Fn::Contains":
		return in(list, b)
	case "Fn::EachMemberEquals":
		return !slices.ContainsFunc(list, func(one any) bool { return !Equal(one, b) })
	}
	return !slices.ContainsFunc(list, func(one any) bool { return !in(other, one) })
}
