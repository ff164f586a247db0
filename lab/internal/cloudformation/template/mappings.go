package template

import (
	"regexp"
	"slices"
)

// elementName is the form of the keys of a mapping; those of what is under them
// are alphanumeric.
var elementName = regexp.MustCompile(`^[a-zA-Z0-9.-]+$`)

func (t *Template) readMappings(root *Map) (err error) {
	if t.mappings, err = section(root, "Mappings", "Mappings name", maxEntries); err != nil {
		return err
	}
	for _, name := range t.mappings.Keys() {
		m, ok := t.mappings.values[name].(*Map)
		if !ok || m.Len() == 0 {
			return malformed("Every Mappings member must be a map: %s", name)
		}
		for _, key := range m.keys {
			if !elementName.MatchString(key) {
				return malformed("Mappings element name '%s' must be non-empty and can contain only alphanumerics, '-' or '.'", key)
			}
			if err := checkElement(name, m.values[key]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkElement checks what a mapping has under one key.
func checkElement(mapping string, v any) error {
	attributes, ok := v.(*Map)
	if !ok || attributes.Len() == 0 {
		return malformed("Every Mappings member must be a map of maps: %s", mapping)
	}
	for _, key := range attributes.keys {
		if !alphanumeric.MatchString(key) {
			return malformed("Mappings attribute name '%s' must contain only alphanumeric characters.", key)
		}
		if !plainList(attributes.values[key]) {
			return malformed("Every Mappings attribute must be a String or a List.")
		}
	}
	return nil
}

// plainList reports whether v is a scalar, or a list of scalars.
func plainList(v any) bool {
	list, ok := v.([]any)
	if !ok {
		_, ok = Text(v)
		return ok
	}
	return !slices.ContainsFunc(list, func(one any) bool { _, ok := Text(one); return !ok })
}
