package policy

import (
	"net/netip"
	"slices"
	"strings"
)

// fixingKeys are condition keys, in lower case, whose value says who or whence the caller is.
var fixingKeys = []string{
	"aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:userid",
	"aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths",
	"aws:sourcevpc", "aws:sourcevpce", "aws:sourceip",
}

// Networks that are wider than these count as everywhere, in bits.
const (
	widestIPv4 = 8
	widestIPv6 = 32
)

// Public reports whether a statement allows anything to everybody: to the
// principal * without a condition that fixes the principal, the account, the
// organization or the source to values without wildcards and variables (S3 user
// guide, "The meaning of public"). Statements that deny do not count.
func (d *Document) Public() bool {
	return slices.ContainsFunc(d.statements, func(s statement) bool {
		return !s.deny && s.principals.all && !slices.ContainsFunc(s.conditions, func(c condition) bool { return c.fixes() })
	})
}

// fixes reports whether the condition holds only for callers that its values name.
func (c *condition) fixes() bool {
	if c.nullCheck || c.ifExists || c.base.negated || c.set == forAllValues || !slices.Contains(fixingKeys, strings.ToLower(c.key)) {
		return false
	}
	if strings.EqualFold(c.key, "aws:SourceIp") {
		return !slices.ContainsFunc(c.operands, func(o operand) bool { return !narrow(o) })
	}
	return !slices.ContainsFunc(c.values, func(v string) bool { return strings.ContainsAny(v, "*?") || strings.Contains(v, "${") })
}

// narrow reports whether an operand is a network that is not everywhere.
func narrow(o operand) bool {
	network, ok := o.(ipOperand)
	if !ok {
		return false
	}
	prefix := netip.Prefix(network)
	if prefix.Addr().Is4() {
		return prefix.Bits() >= widestIPv4
	}
	return prefix.Bits() >= widestIPv6
}
