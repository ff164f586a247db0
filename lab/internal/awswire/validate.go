package awswire

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// violations collects what is wrong with an input, and says it as AWS does:
//
//	1 validation error detected: Value 'x' at 'roleArn' failed to satisfy
//	constraint: Member must have length greater than or equal to 20
//
// Values of sensitive members are left out ("Value at 'webIdentityToken' ...").
type violations struct {
	path []string
	list []string
}

func (v *violations) push(name string) { v.path = append(v.path, name) }

func (v *violations) pop() { v.path = v.path[:len(v.path)-1] }

// add notes a violation at the current path. value begins with "Value".
func (v *violations) add(value, constraint string) {
	v.list = append(v.list, fmt.Sprintf("%s at '%s' failed to satisfy constraint: %s", value, strings.Join(v.path, "."), constraint))
}

// missing notes that the required member m of the current structure is absent.
func (v *violations) missing(m *member) {
	v.push(m.path)
	v.add("Value null", "Member must not be null")
	v.pop()
}

// message is the whole message, empty if nothing is wrong.
func (v *violations) message() string {
	switch len(v.list) {
	case 0:
		return ""
	case 1:
		return "1 validation error detected: " + v.list[0]
	}
	return fmt.Sprintf("%d validation errors detected: %s", len(v.list), strings.Join(v.list, "; "))
}

// check notes the constraints that a decoded value breaks. The elements of a
// list or map of scalars are checked here too: AWS reports them at the list.
func (v *violations) check(m *member, value reflect.Value) {
	c := m.codec
	if c.rules != nil {
		for _, words := range c.rules.broken(c, value) {
			v.add(shown(m, value), words)
		}
	}
	switch {
	case c.kind == kindList && inline(c.element):
		if brokenElement(c.element, slices.Collect(elements(value))) {
			v.add(shown(m, value), "Member must satisfy constraint: "+c.element.codec.rules.forElements)
		}
	case c.kind == kindMap:
		if inline(c.key) && brokenElement(c.key, value.MapKeys()) {
			v.add(shown(m, value), "Map keys must satisfy constraint: "+c.key.codec.rules.forElements)
		}
		if inline(c.element) && brokenElement(c.element, slices.Collect(mapValues(value))) {
			v.add(shown(m, value), "Map value must satisfy constraint: "+c.element.codec.rules.forElements)
		}
	}
}

// inline reports whether violations of an element are reported at its list or
// map, and there are constraints to break.
func inline(element *member) bool {
	c := element.codec
	return c.rules != nil && (c.kind == kindString || c.kind == kindInt || c.kind == kindFloat || c.kind == kindBlob)
}

func brokenElement(element *member, values []reflect.Value) bool {
	return slices.ContainsFunc(values, func(v reflect.Value) bool {
		v, ok := indirect(v)
		return ok && len(element.codec.rules.broken(element.codec, v)) > 0
	})
}

func elements(list reflect.Value) func(func(reflect.Value) bool) {
	return func(yield func(reflect.Value) bool) {
		for i := range list.Len() {
			if !yield(list.Index(i)) {
				return
			}
		}
	}
}

func mapValues(m reflect.Value) func(func(reflect.Value) bool) {
	return func(yield func(reflect.Value) bool) {
		for _, k := range m.MapKeys() {
			if !yield(m.MapIndex(k)) {
				return
			}
		}
	}
}

// shown is the value as a message shows it: "Value 'x'", or "Value" alone if it
// is secret or not made of scalars.
func shown(m *member, v reflect.Value) string {
	text, ok := plainText(m, v)
	if !ok {
		return "Value"
	}
	return "Value '" + text + "'"
}

func plainText(m *member, v reflect.Value) (string, bool) {
	v, ok := indirect(v)
	if m.secret || !ok {
		return "", false
	}
	switch m.codec.kind {
	case kindString:
		return v.String(), true
	case kindInt:
		return strconv.FormatInt(v.Int(), 10), true
	case kindFloat:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64), true
	case kindBool:
		return strconv.FormatBool(v.Bool()), true
	case kindList:
		return listText(m.codec, v)
	case kindMap:
		return mapText(m.codec, v)
	}
	return "", false
}

func listText(c *codec, v reflect.Value) (string, bool) {
	var parts []string
	for e := range elements(v) {
		text, ok := plainText(c.element, e)
		if !ok {
			return "", false
		}
		parts = append(parts, text)
	}
	return "[" + strings.Join(parts, ", ") + "]", true
}

func mapText(c *codec, v reflect.Value) (string, bool) {
	var parts []string
	for _, k := range sortedMapKeys(v) {
		key, okKey := plainText(c.key, k)
		value, okValue := plainText(c.element, v.MapIndex(k))
		if !okKey || !okValue {
			return "", false
		}
		parts = append(parts, key+"="+value)
	}
	return "{" + strings.Join(parts, ", ") + "}", true
}
