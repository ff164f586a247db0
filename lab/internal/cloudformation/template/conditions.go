package template

import (
	"slices"
	"strings"
)

// checkConditions checks the Conditions block.
func (t *Template) checkConditions() error {
	for _, name := range t.conditions.Keys() {
		if err := t.checkBoolean(t.conditions.values[name], "Conditions"); err != nil {
			return err
		}
	}
	for _, name := range t.conditions.Keys() {
		if other, ok := t.conditionLoop(name); ok {
			return malformed("Found circular condition dependency between %s and %s", name, other)
		}
	}
	return nil
}

// conditionLoop reports whether a condition needs itself, and through which other.
func (t *Template) conditionLoop(name string) (string, bool) {
	seen, next := map[string]bool{}, []string{name}
	for len(next) > 0 {
		one := next[0]
		next = next[1:]
		if seen[one] {
			continue
		}
		seen[one] = true
		var others []string
		named(t.conditions.values[one], &others)
		if slices.Contains(others, name) {
			return one, true
		}
		next = append(next, others...)
	}
	return "", false
}

// named collects the names of the conditions in a boolean expression.
func named(v any, into *[]string) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			named(one, into)
		}
	case *Map:
		for _, key := range v.Keys() {
			if text, ok := v.values[key].(string); ok && key == "Condition" {
				*into = append(*into, text)
			}
			named(v.values[key], into)
		}
	}
}

// checkBoolean checks an expression that makes a condition.
func (t *Template) checkBoolean(v any, block string) error {
	m, _ := v.(*Map)
	if m.Len() != 1 || !slices.Contains(booleanFunctions, m.keys[0]) {
		if name, _, ok := function(m); ok && m != nil && !slices.Contains(valueFunctions, name) {
			return checkFunction(name, nil, block)
		}
		return malformed("Conditions can only be boolean operations on parameters and other conditions")
	}
	name, argument := m.keys[0], m.values[m.keys[0]]
	list, _ := argument.([]any)
	switch name {
	case "Condition":
		text, ok := argument.(string)
		if _, known := t.conditions.Get(text); !ok || !known {
			return malformed("Unresolved condition dependency %s in the %s block of the template", strings.Trim(JSON(argument), `"`), block)
		}
		return nil
	case "Fn::Equals":
		if len(list) != 2 {
			return wrong("every Fn::Equals object requires a list of 2 string parameters.")
		}
		return t.checkPlain(list, block)
	case "Fn::Not":
		if len(list) != 1 {
			return wrong("Fn::Not requires a list argument with one element")
		}
	default:
		if len(list) < 2 || len(list) > 10 {
			return wrong("every %s object requires a list of at least 2 and at most 10 boolean parameters.", name)
		}
	}
	for _, one := range list {
		if err := t.checkBoolean(one, block); err != nil {
			return err
		}
	}
	return nil
}

// checkPlain checks values that must not depend on resources.
func (t *Template) checkPlain(v any, block string) error {
	if err := check(v, block); err != nil {
		return err
	}
	u := uses{}
	u.collect(v)
	missing := map[string]bool{}
	for name := range u.refs {
		if t.parameters[name] == nil && !slices.Contains(pseudo, name) {
			missing[name] = true
		}
	}
	for use := range u.attributes {
		missing[use.id] = true
	}
	if len(missing) > 0 {
		return malformed("Unresolved dependencies [%s]. Cannot reference resources in the %s block of the template", strings.Join(sorted(missing), ", "), block)
	}
	if name, ok := otherFunction(v, plainFunctions); ok {
		return wrong("%s cannot be used in the %s block of the template", name, block)
	}
	return nil
}

// otherFunction returns a function in v that is not among those.
func otherFunction(v any, among []string) (string, bool) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			if name, ok := otherFunction(one, among); ok {
				return name, true
			}
		}
	case *Map:
		if name, _, ok := function(v); ok && !slices.Contains(among, name) {
			return name, true
		}
		for _, key := range v.Keys() {
			if name, ok := otherFunction(v.values[key], among); ok {
				return name, true
			}
		}
	}
	return "", false
}

// condition evaluates a boolean expression that was checked.
func (e *Env) condition(v any) (bool, error) {
	m := v.(*Map)
	name, argument := m.keys[0], m.values[m.keys[0]]
	if name == "Condition" {
		return e.Condition(argument.(string))
	}
	list := argument.([]any)
	if name == "Fn::Equals" {
		got, err := e.Eval(list)
		if err != nil {
			return false, err
		}
		pair, _ := got.([]any)
		return len(pair) == 2 && Equal(pair[0], pair[1]), nil
	}
	return connected(name, list, e.condition)
}

// connected is Fn::Not, Fn::Or or Fn::And of what holds says of each.
func connected(name string, list []any, holds func(any) (bool, error)) (bool, error) {
	for _, each := range list {
		one, err := holds(each)
		switch {
		case err != nil:
			return false, err
		case name == "Fn::Not":
			return !one, nil
		case one == (name == "Fn::Or"):
			return one, nil
		}
	}
	return name == "Fn::And", nil
}

// Condition evaluates a condition of the template by its name; the empty one holds.
func (e *Env) Condition(name string) (bool, error) {
	if name == "" {
		return true, nil
	}
	if holds, known := e.conditions[name]; known {
		return holds, nil
	}
	holds, err := e.condition(e.template.conditions.values[name])
	if err == nil {
		e.conditions[name] = holds
	}
	return holds, err
}
