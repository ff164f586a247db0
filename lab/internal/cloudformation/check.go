package cloudformation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
)

// check says what is wrong with the properties of a resource, in the words of
// CloudFormation's check of a resource against the schema of its type; nothing
// for what is right.
func (k *kind) check(logicalID string, given *template.Map) string {
	var wrong []string
	checkObject("#", k.properties, given, &wrong)
	if wrong == nil {
		return ""
	}
	slices.Sort(wrong)
	return "Properties validation failed for resource " + logicalID + " with message:\n[" + strings.Join(wrong, ", ") + "]"
}

func checkObject(at string, known []property, given *template.Map, wrong *[]string) {
	for _, p := range known {
		v, ok := given.Get(p.name)
		switch {
		case ok:
			p.check(strings.TrimSuffix(at, "/")+"/"+p.name, v, wrong)
		case p.required:
			*wrong = append(*wrong, fmt.Sprintf("%s: required key [%s] not found", at, p.name))
		}
	}
	for _, name := range given.Keys() {
		if !slices.ContainsFunc(known, func(p property) bool { return p.name == name }) {
			*wrong = append(*wrong, fmt.Sprintf("%s: extraneous key [%s] is not permitted", at, name))
		}
	}
}

func (p *property) check(at string, v any, wrong *[]string) {
	_, scalar := template.Text(v)
	many, isList := v.([]any)
	m, isObject := v.(*template.Map)
	if _, unknown := v.(template.Unknown); unknown {
		return
	}
	switch p.form {
	case textForm:
		expect(at, "String", scalar, v, wrong)
	case numberForm:
		n, _ := template.Text(v)
		_, err := strconv.ParseInt(n, 10, 32)
		expect(at, "Integer", scalar && err == nil, v, wrong)
	case freeForm:
		expect(at, "JSONObject", isObject || scalar, v, wrong)
	case objectForm:
		if expect(at, "JSONObject", isObject, v, wrong) {
			checkObject(at, p.members, m, wrong)
		}
	case textsForm, listForm:
		if !expect(at, "JSONArray", isList, v, wrong) {
			return
		}
		if p.unique && repeats(many) {
			*wrong = append(*wrong, at+": array items are not unique")
		}
		element := property{form: textForm, members: p.members}
		if p.form == listForm {
			element.form = objectForm
		}
		for i, one := range many {
			element.check(at+"/"+strconv.Itoa(i), one, wrong)
		}
	}
}

func repeats(list []any) bool {
	for i, one := range list {
		if _, unknown := one.(template.Unknown); !unknown && slices.ContainsFunc(list[:i], func(other any) bool { return template.Equal(one, other) }) {
			return true
		}
	}
	return false
}

// expect notes that a value is not of the type that the schema wants.
func expect(at, want string, ok bool, v any, wrong *[]string) bool {
	if ok {
		return true
	}
	got := "String"
	switch v.(type) {
	case nil:
		got = "Null"
	case []any:
		got = "JSONArray"
	case *template.Map:
		got = "JSONObject"
	}
	*wrong = append(*wrong, fmt.Sprintf("%s: expected type: %s, found: %s", at, want, got))
	return false
}

// differences are the names of the properties that differ, in the order of the schema.
func (k *kind) differences(old, now *template.Map) []property {
	var found []property
	for _, p := range k.properties {
		a, inOld := old.Get(p.name)
		b, inNow := now.Get(p.name)
		if inOld != inNow || template.HasUnknown(b) || !template.Equal(a, b) {
			found = append(found, p)
		}
	}
	return found
}
