package policy

import (
	"strconv"
	"strings"
)

// statement is a compiled statement. resources is nil in a trust policy.
type statement struct {
	sid          string
	deny         bool
	principals   principalSet
	notPrincipal bool
	actions      []pattern
	notAction    bool
	resources    []pattern
	notResource  bool
	conditions   []condition
	span         Span
}

// elements of a statement, by name.
type elements map[string]*node

func (d *Document) parseStatement(n *node, path string) (statement, error) {
	var s statement
	if n.kind != nodeObject {
		return s, refuse(path, "Syntax errors in policy: a statement must be an object")
	}
	els := make(elements)
	for i := range n.members {
		name := n.members[i].name
		switch name {
		case "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition":
			els[name] = &n.members[i].value
		default:
			return s, refuse(join(path, name), "unknown element %q", name)
		}
	}
	for _, step := range []func(*statement, elements, string) error{
		d.parseSid, d.parseEffect, d.parsePrincipal, d.parseAction, d.parseResource, d.parseCondition,
	} {
		if err := step(&s, els, path); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (d *Document) parseSid(s *statement, els elements, path string) error {
	n := els["Sid"]
	if n == nil {
		return nil
	}
	path = join(path, "Sid")
	if n.kind != nodeString {
		return refuse(path, "must be a string")
	}
	if (d.kind == Identity || d.kind == Session) && !onlyOf(n.text, alphanumeric) {
		return refuse(path, "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
	}
	s.sid = n.text
	return nil
}

func (d *Document) parseEffect(s *statement, els elements, path string) error {
	n := els["Effect"]
	if n == nil {
		return refuse(path, "Missing required field Effect")
	}
	if n.kind != nodeString || (n.text != "Allow" && n.text != "Deny") {
		return refuse(join(path, "Effect"), "Invalid effect: %s", n.text)
	}
	s.deny = n.text == "Deny"
	return nil
}

// pick returns the one of two mutually exclusive elements that is there.
func (els elements) pick(path, name string) (n *node, elementPath string, not bool, err error) {
	n, elementPath = els[name], join(path, name)
	if other := els["Not"+name]; other != nil {
		if n != nil {
			return nil, "", false, refuse(path, "%s and Not%s cannot both be in a statement", name, name)
		}
		return other, join(path, "Not"+name), true, nil
	}
	return n, elementPath, false, nil
}

func (d *Document) parseAction(s *statement, els elements, path string) error {
	n, path, not, err := els.pick(path, "Action")
	if err != nil {
		return err
	}
	var values []string
	if n != nil {
		if values, err = n.list(path); err != nil {
			return err
		}
	}
	if len(values) == 0 {
		if d.kind.hasPrincipal() {
			return refuse(path, "Missing required field Action")
		}
		return refuse(path, "Policy statement must contain actions.")
	}
	s.notAction = not
	for i, value := range values {
		if err := d.checkAction(value, path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
		p, err := compile(value, compileOptions{wildcards: true, fold: true})
		if err != nil {
			return refuse(path, "%v", err)
		}
		s.actions = append(s.actions, p)
	}
	return nil
}

func (d *Document) checkAction(action, path string) error {
	vendor, name, ok := strings.Cut(action, ":")
	switch {
	case d.kind == Trust && (!ok || !strings.EqualFold(vendor, "sts")):
		return refuse(path, "AssumeRole policy may only specify STS AssumeRole actions.")
	case action == "*":
		return nil
	case !ok || vendor == "" || name == "":
		return refuse(path, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
	case strings.Contains(name, ":"):
		return refuse(path, "Actions/Condition can contain only one colon.")
	case vendor != "*" && !onlyOf(vendor, alphanumeric+"-."):
		return refuse(path, "Vendor %s is not valid", vendor)
	case strings.Contains(action, "${"):
		return refuse(path, "policy variables cannot be used in %s", action)
	}
	return nil
}

func (d *Document) parseResource(s *statement, els elements, path string) error {
	n, elementPath, not, err := els.pick(path, "Resource")
	if err != nil {
		return err
	}
	if d.kind == Trust {
		if n == nil {
			return nil
		}
		if not {
			return refuse(elementPath, "AssumeRole policy must not contain resources.")
		}
		return refuse(elementPath, "Has prohibited field Resource")
	}
	var values []string
	if n != nil {
		if values, err = n.list(elementPath); err != nil {
			return err
		}
	}
	if len(values) == 0 {
		if d.kind.hasPrincipal() {
			return refuse(elementPath, "Missing required field Resource")
		}
		return refuse(elementPath, "Policy statement must contain resources.")
	}
	s.notResource = not
	for i, value := range values {
		p, err := d.compileResource(value, elementPath+"["+strconv.Itoa(i)+"]")
		if err != nil {
			return err
		}
		s.resources = append(s.resources, p)
	}
	return nil
}

func (d *Document) parseCondition(s *statement, els elements, path string) error {
	n := els["Condition"]
	if n == nil {
		return nil
	}
	path = join(path, "Condition")
	if n.kind != nodeObject {
		return refuse(path, "must be an object")
	}
	for i := range n.members {
		name, keys := n.members[i].name, &n.members[i].value
		operator, err := parseOperator(name)
		if err != nil {
			return refuse(join(path, name), "%v", err)
		}
		conditions, err := d.parseOperands(operator, keys, join(path, name))
		if err != nil {
			return err
		}
		s.conditions = append(s.conditions, conditions...)
	}
	return nil
}

// matches reports whether s applies to r, and how it names r's principal.
func (s *statement) matches(r *Request, kind Kind) (MatchKind, bool) {
	match := MatchNone
	if kind.hasPrincipal() {
		if match = s.matchPrincipal(r, kind); match == MatchNone {
			return MatchNone, false
		}
	}
	if anyMatch(s.actions, r.Action, nil) == s.notAction {
		return MatchNone, false
	}
	if s.resources != nil && anyMatch(s.resources, r.Resource, r.Context) == s.notResource {
		return MatchNone, false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(r.Context) {
			return MatchNone, false
		}
	}
	return match, true
}

func anyMatch(patterns []pattern, s string, c Context) bool {
	for i := range patterns {
		if patterns[i].match(s, c) {
			return true
		}
	}
	return false
}
