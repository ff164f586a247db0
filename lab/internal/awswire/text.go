package awswire

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// first returns the first of list that is not empty.
func first(list ...string) string { return cmp.Or(list...) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sortedMapKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
