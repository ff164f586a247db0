package policy

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// operand is a compiled condition value. match reports whether a value of the
// request satisfies the operator's positive form. A request value of the wrong
// type satisfies nothing.
type operand interface {
	match(value string, c Context) bool
}

// baseOperator is an operator without prefix and suffix.
type baseOperator struct {
	negated bool
	compile func(value string, variables bool) (operand, error)
}

// lookupOperator returns the operator of that exact name (IAM user guide,
// "Condition operators").
func lookupOperator(name string) (baseOperator, bool) {
	var negated bool
	switch name {
	case "NotIpAddress":
		name, negated = "IpAddress", true
	default:
		for _, family := range []string{"String", "Numeric", "Date", "Arn"} {
			if rest, ok := strings.CutPrefix(name, family+"Not"); ok {
				name, negated = family+rest, true
			}
		}
	}
	compile := positiveOperator(name)
	if compile == nil || (negated && !negatable(name)) {
		return baseOperator{}, false
	}
	return baseOperator{negated: negated, compile: compile}, true
}

func negatable(name string) bool {
	switch name {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "NumericEquals", "DateEquals",
		"IpAddress", "ArnEquals", "ArnLike":
		return true
	}
	return false
}

func positiveOperator(name string) func(string, bool) (operand, error) {
	switch name {
	case "StringEquals":
		return compileStringEquals
	case "StringEqualsIgnoreCase":
		return compileStringEqualsIgnoreCase
	case "StringLike":
		return compileStringLike
	case "ArnEquals", "ArnLike":
		return compileARN
	case "Bool":
		return compileBool
	case "BinaryEquals":
		return compileBinary
	case "IpAddress":
		return compileIP
	}
	if relation, ok := strings.CutPrefix(name, "Numeric"); ok {
		return compileNumeric(relation)
	}
	if relation, ok := strings.CutPrefix(name, "Date"); ok {
		return compileDate(relation)
	}
	return nil
}

// stringOperand is StringEquals or StringLike.
type stringOperand struct{ pattern pattern }

func (o *stringOperand) match(value string, c Context) bool { return o.pattern.match(value, c) }

func compileStringEquals(value string, variables bool) (operand, error) {
	p, err := compile(value, compileOptions{variables: variables})
	return &stringOperand{p}, err
}

func compileStringLike(value string, variables bool) (operand, error) {
	p, err := compile(value, compileOptions{variables: variables, wildcards: true})
	return &stringOperand{p}, err
}

type foldOperand struct{ pattern pattern }

func (o *foldOperand) match(value string, c Context) bool {
	want, ok := o.pattern.literal(c)
	return ok && strings.EqualFold(want, value)
}

func compileStringEqualsIgnoreCase(value string, variables bool) (operand, error) {
	p, err := compile(value, compileOptions{variables: variables})
	return &foldOperand{p}, err
}

// arnOperand is ArnEquals and ArnLike, which are the same: each of the six parts
// is matched by itself.
type arnOperand struct {
	whole *pattern // * or one variable, for an ARN as a whole
	parts [6]pattern
}

func (o *arnOperand) match(value string, c Context) bool {
	if o.whole != nil {
		return o.whole.match(value, c)
	}
	for i := range o.parts[:5] {
		part, rest, ok := nextPart(value)
		if !ok || !o.parts[i].match(part, c) {
			return false
		}
		value = rest
	}
	return o.parts[5].match(value, c)
}

func compileARN(value string, variables bool) (operand, error) {
	opts := compileOptions{variables: variables, wildcards: true}
	whole, err := compile(value, opts)
	if err != nil {
		return nil, err
	}
	if whole.kind == patternAll || (whole.kind == patternDynamic && len(whole.parts) == 1) {
		return &arnOperand{whole: &whole}, nil
	}
	parts := splitARN(value, variables)
	if len(parts) != 6 || (parts[0] != "arn" && !strings.ContainsAny(parts[0], "*?")) {
		return nil, fmt.Errorf("%q is not an ARN of six parts", value)
	}
	o := &arnOperand{}
	for i, part := range parts {
		if o.parts[i], err = compile(part, opts); err != nil {
			return nil, err
		}
	}
	return o, nil
}

type boolOperand bool

func (o boolOperand) match(value string, _ Context) bool {
	b, ok := parseBool(value)
	return ok && b == bool(o)
}

func compileBool(value string, _ bool) (operand, error) {
	b, ok := parseBool(value)
	if !ok {
		return nil, fmt.Errorf("%q is not true or false", value)
	}
	return boolOperand(b), nil
}

func parseBool(s string) (value, ok bool) {
	isTrue := strings.EqualFold(s, "true")
	return isTrue, isTrue || strings.EqualFold(s, "false")
}

// binaryOperand compares bytes: base64 in the policy, raw bytes in the Context.
type binaryOperand string

func (o binaryOperand) match(value string, _ Context) bool { return string(o) == value }

func compileBinary(value string, _ bool) (operand, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("%q is not base64", value)
	}
	return binaryOperand(raw), nil
}

type ipOperand netip.Prefix

func (o ipOperand) match(value string, _ Context) bool {
	addr, err := netip.ParseAddr(value)
	return err == nil && netip.Prefix(o).Contains(addr.Unmap())
}

func compileIP(value string, _ bool) (operand, error) {
	if addr, err := netip.ParseAddr(value); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return ipOperand(netip.PrefixFrom(addr, addr.BitLen())), nil
	}
	prefix, err := netip.ParsePrefix(value)
	if err != nil {
		return nil, fmt.Errorf("%q is not an IP address or CIDR range", value)
	}
	return ipOperand(prefix.Masked()), nil
}

// relation reports whether an ordering satisfies Equals, LessThan and so on.
type relation func(order int) bool

func relationOf(name string) relation {
	switch name {
	case "Equals":
		return func(order int) bool { return order == 0 }
	case "LessThan":
		return func(order int) bool { return order < 0 }
	case "LessThanEquals":
		return func(order int) bool { return order <= 0 }
	case "GreaterThan":
		return func(order int) bool { return order > 0 }
	case "GreaterThanEquals":
		return func(order int) bool { return order >= 0 }
	}
	return nil
}

type numericOperand struct {
	number number
	holds  relation
}

func (o *numericOperand) match(value string, _ Context) bool {
	n, ok := parseNumber(value)
	return ok && o.holds(n.compare(o.number))
}

func compileNumeric(relation string) func(string, bool) (operand, error) {
	holds := relationOf(relation)
	if holds == nil {
		return nil
	}
	return func(value string, _ bool) (operand, error) {
		n, ok := parseNumber(value)
		if !ok {
			return nil, fmt.Errorf("%q is not a number", value)
		}
		return &numericOperand{number: n, holds: holds}, nil
	}
}

type dateOperand struct {
	date  time.Time
	holds relation
}

func (o *dateOperand) match(value string, _ Context) bool {
	date, ok := parseDate(value)
	return ok && o.holds(date.Compare(o.date))
}

func compileDate(relation string) func(string, bool) (operand, error) {
	holds := relationOf(relation)
	if holds == nil {
		return nil
	}
	return func(value string, _ bool) (operand, error) {
		date, ok := parseDate(value)
		if !ok {
			return nil, fmt.Errorf("%q is not an ISO 8601 date or a time in epoch seconds", value)
		}
		return &dateOperand{date: date, holds: holds}, nil
	}
}
