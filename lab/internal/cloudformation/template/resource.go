package template

import (
	"slices"
	"strings"
)

var (
	resourceMembers = strings.Fields("Type Properties Metadata DependsOn Condition DeletionPolicy UpdateReplacePolicy UpdatePolicy CreationPolicy Description")
	policies        = map[string][]string{
		"DeletionPolicy":      {"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"},
		"UpdateReplacePolicy": {"Delete", "Retain", "Snapshot"},
	}
)

func (t *Template) readResources(root *Map) error {
	m, err := section(root, "Resources", "Resource name", maxResource)
	if err != nil {
		return err
	}
	if m.Len() == 0 {
		return malformed("At least one Resources member must be defined.")
	}
	for _, id := range m.keys {
		one, ok := m.values[id].(*Map)
		if !ok {
			return malformed("[/Resources/%s] resource definition is malformed", id)
		}
		r := &Resource{ID: id}
		if err := r.read(one); err != nil {
			return err
		}
		if t.parameters[id] != nil {
			return malformed("Resource name '%s' is also the name of a parameter.", id)
		}
		t.Resources, t.resources[id] = append(t.Resources, r), r
	}
	return nil
}

func (r *Resource) read(m *Map) error {
	v, ok := m.Get("Type")
	if !ok {
		return malformed("[/Resources/%s] Every Resources object must contain a Type member.", r.ID)
	}
	if r.Type, ok = v.(string); !ok || r.Type == "" {
		return malformed("[/Resources/%s/Type] Every Type member must be a string.", r.ID)
	}
	for _, key := range m.keys {
		if !slices.Contains(resourceMembers, key) {
			return refuse("Invalid template resource property '%s'", key)
		}
	}
	if v, ok := m.Get("Properties"); ok {
		if r.Properties, ok = v.(*Map); !ok {
			return malformed("[/Resources/%s/Properties] Any Properties member must be an object.", r.ID)
		}
	}
	return r.readAttributes(m)
}

func (r *Resource) readAttributes(m *Map) error {
	if v, ok := m.Get("Metadata"); ok {
		if r.Metadata, ok = v.(*Map); !ok {
			return malformed("[/Resources/%s/Metadata] Any Metadata member must be an object.", r.ID)
		}
	}
	for key, into := range map[string]*string{"Condition": &r.Condition, "Description": &r.Description} {
		if v, ok := m.Get(key); ok {
			if *into, ok = v.(string); !ok {
				return malformed("[/Resources/%s/%s] Every %s member must be a string.", r.ID, key, key)
			}
		}
	}
	for key, into := range map[string]*string{"DeletionPolicy": &r.DeletionPolicy, "UpdateReplacePolicy": &r.UpdateReplacePolicy} {
		if v, ok := m.Get(key); ok {
			if *into, ok = v.(string); !ok || !slices.Contains(policies[key], *into) {
				return malformed("Unrecognized %s %s for resource %s", key, strings.Trim(JSON(v), `"`), r.ID)
			}
		}
	}
	return r.readDependsOn(m)
}

func (r *Resource) readDependsOn(m *Map) error {
	v, ok := m.Get("DependsOn")
	if !ok {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, one := range list {
		id, ok := one.(string)
		if !ok {
			return malformed("DependsOn must be a string or list of strings.")
		}
		r.DependsOn = append(r.DependsOn, id)
	}
	return nil
}

// Depends are the logical ids of the resources that a resource needs: by
// DependsOn, Ref, Fn::GetAtt and Fn::Sub. They are sorted.
func (t *Template) Depends(r *Resource) []string {
	ids := slices.Clone(r.DependsOn)
	u := uses{}
	u.collect(r.Properties)
	for name := range u.refs {
		if t.resources[name] != nil {
			ids = append(ids, name)
		}
	}
	for use := range u.attributes {
		ids = append(ids, use.id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Order are the resources so that each comes after those that it needs. The
// error names those that need each other.
func (t *Template) Order() ([]*Resource, error) {
	var order []*Resource
	needs, done := map[string][]string{}, map[string]bool{}
	for _, r := range t.Resources {
		needs[r.ID] = t.Depends(r)
	}
	for len(order) < len(t.Resources) {
		before := len(order)
		for _, r := range t.Resources {
			waits := slices.ContainsFunc(needs[r.ID], func(id string) bool { return t.resources[id] != nil && !done[id] })
			if !done[r.ID] && !waits {
				order, done[r.ID] = append(order, r), true
			}
		}
		if len(order) == before {
			return nil, refuse("Circular dependency between resources: [%s]", strings.Join(t.circle(needs, done), ", "))
		}
	}
	return order, nil
}

// circle are the resources from which a way through what they need leads back.
func (t *Template) circle(needs map[string][]string, done map[string]bool) []string {
	var found []string
	for _, r := range t.Resources {
		if done[r.ID] {
			continue
		}
		seen, next := map[string]bool{}, slices.Clone(needs[r.ID])
		for len(next) > 0 {
			id := next[0]
			if next = next[1:]; !seen[id] && !done[id] {
				seen[id], next = true, append(next, needs[id]...)
			}
		}
		if seen[r.ID] {
			found = append(found, r.ID)
		}
	}
	return found
}
