package policy

import (
	"fmt"
	"strings"
)

// setQualifier is the prefix of an operator for multivalued keys.
type setQualifier uint8

const (
	single setQualifier = iota
	forAllValues
	forAnyValue
)

// operator is an operator as written, prefix and suffix included.
type operator struct {
	base      baseOperator
	set       setQualifier
	ifExists  bool
	nullCheck bool
}

// condition is one key of one operator. It holds if any operand matches, or for
// a negated operator if none does.
type condition struct {
	operator
	key      string
	values   []string // as written
	operands []operand
}

func parseOperator(name string) (operator, error) {
	var op operator
	base := name
	if rest, ok := strings.CutPrefix(base, "ForAllValues:"); ok {
		op.set, base = forAllValues, rest
	} else if rest, ok := strings.CutPrefix(base, "ForAnyValue:"); ok {
		op.set, base = forAnyValue, rest
	}
	if base == "Null" {
		op.nullCheck = true
		op.base = baseOperator{compile: compileBool}
		if op.set != single {
			return op, fmt.Errorf("%s: Null takes no set operator", name)
		}
		return op, nil
	}
	base, op.ifExists = strings.CutSuffix(base, "IfExists")
	if base == "Null" {
		return op, fmt.Errorf("%s: Null takes no IfExists", name)
	}
	var ok bool
	if op.base, ok = lookupOperator(base); !ok {
		return op, fmt.Errorf("unknown condition operator %s", name)
	}
	return op, nil
}

func (d *Document) parseOperands(op operator, keys *node, path string) ([]condition, error) {
	if keys.kind != nodeObject {
		return nil, refuse(path, "must be an object of condition keys")
	}
	var out []condition
	for i := range keys.members {
		m := &keys.members[i]
		keyPath := join(path, m.name)
		if m.name == "" {
			return nil, refuse(path, "a condition key cannot be empty")
		}
		values, err := m.value.scalars(keyPath)
		if err != nil {
			return nil, err
		}
		c := condition{operator: op, key: m.name, values: values}
		for _, value := range values {
			o, err := op.base.compile(value, d.version == Version2012)
			if err != nil {
				return nil, refuse(keyPath, "%v", err)
			}
			c.operands = append(c.operands, o)
		}
		out = append(out, c)
	}
	return out, nil
}

// holds reports whether the condition is true of a request.
func (c *condition) holds(ctx Context) bool {
	values, present := ctx.Get(c.key)
	if c.nullCheck {
		return c.test(boolText(len(values) == 0), ctx)
	}
	switch c.set {
	case forAllValues:
		return c.holdsForAll(values, ctx)
	case forAnyValue:
		return c.holdsForAny(values, ctx)
	}
	if !present && c.ifExists {
		return true
	}
	// Without a set operator a multivalued key matches nothing, and a null one
	// neither: what is negated is true then, the rest false.
	if len(values) != 1 {
		return c.base.negated
	}
	return c.test(values[0], ctx)
}

// holdsForAll: every value of the request passes; true for no values.
func (c *condition) holdsForAll(values []string, ctx Context) bool {
	if nullSet(values) {
		return true
	}
	for _, value := range values {
		if !c.test(value, ctx) {
			return false
		}
	}
	return true
}

// holdsForAny: some value of the request passes; false for no values, with
// IfExists or without: the user guide leaves the pair open, those who tried it
// report that ForAnyValue goes first.
func (c *condition) holdsForAny(values []string, ctx Context) bool {
	if nullSet(values) {
		return false
	}
	for _, value := range values {
		if c.test(value, ctx) {
			return true
		}
	}
	return false
}

// nullSet reports whether values are what the user guide calls a null data set.
func nullSet(values []string) bool {
	return len(values) == 0 || (len(values) == 1 && values[0] == "")
}

// test applies the operator to one value of the request.
func (c *condition) test(value string, ctx Context) bool {
	for _, o := range c.operands {
		if o.match(value, ctx) {
			return !c.base.negated
		}
	}
	return c.base.negated
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
