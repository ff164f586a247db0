package faults

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Catalogue is what there is to strike: the operations of every service, by its name.
// Nil is for anything.
type Catalogue map[string][]string

// check refuses a fault whose service and operation are nothing that there is.
func (c Catalogue) check(f *Fault) error {
	if c == nil {
		return nil
	}
	all := slices.Sorted(maps.Keys(c))
	services := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !covers(f.Service, name) })
	if len(services) == 0 {
		return fmt.Errorf("service: there is no %q; the nearest are %s", f.Service, nearest(f.Service, all))
	}
	services = slices.DeleteFunc(services, func(name string) bool { return name == ProviderService && !f.meetsProviders() })
	if len(services) == 0 {
		return fmt.Errorf("service: of %q there is only idp, which such a fault is not for", f.Service)
	}
	var operations []string
	for _, name := range services {
		operations = append(operations, c[name]...)
	}
	if !slices.ContainsFunc(operations, func(name string) bool { return covers(f.Operation, name) }) {
		return fmt.Errorf("operation: there is no %q in %s; the nearest are %s", f.Operation, place(f, services), nearest(f.Operation, operations))
	}
	return nil
}

// place says where an operation was looked for.
func place(f *Fault, services []string) string {
	if f.Service == "" {
		return "any service"
	}
	return strings.Join(services, ", ")
}

// meetsProviders reports whether requests to OIDC providers can be struck.
func (f *Fault) meetsProviders() bool {
	return f.Do != WrongRegion && f.Do != AllowReplay &&
		f.Account == "" && f.Region == "" && f.AccessKey == "" && f.Role == "" && f.Person == ""
}

// nearest are the three names that a word is most like.
func nearest(word string, names []string) string {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	far := map[string]int{}
	for _, name := range names {
		far[name] = distance(strings.ToLower(word), strings.ToLower(name))
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(far[a], far[b]) })
	return strings.Join(names[:min(3, len(names))], ", ")
}

// distance is how many bytes are to be put in, left out or replaced (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
