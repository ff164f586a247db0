package world

import "slices"

// Resource returns the resource with a logical id.
func (s *Stack) Resource(logicalID string) (*StackResource, bool) {
	i := slices.IndexFunc(s.Resources, func(r StackResource) bool { return r.LogicalID == logicalID })
	if i < 0 {
		return nil, false
	}
	return &s.Resources[i], true
}

// SetResource puts a resource in the place of the one with its logical id, or at the end.
func (s *Stack) SetResource(r *StackResource) {
	s.Resources = slices.Clone(s.Resources)
	if i := slices.IndexFunc(s.Resources, func(o StackResource) bool { return o.LogicalID == r.LogicalID }); i >= 0 {
		s.Resources[i] = *r
		return
	}
	s.Resources = append(s.Resources, *r)
}

// RemoveResource takes a resource away.
func (s *Stack) RemoveResource(logicalID string) {
	s.Resources = slices.DeleteFunc(slices.Clone(s.Resources), func(r StackResource) bool { return r.LogicalID == logicalID })
}

// ChangeSet returns a change set by its name or id.
func (s *Stack) ChangeSet(nameOrID string) (*ChangeSet, bool) {
	i := slices.IndexFunc(s.ChangeSets, func(c ChangeSet) bool { return c.Name == nameOrID || c.ID == nameOrID })
	if i < 0 {
		return nil, false
	}
	return &s.ChangeSets[i], true
}

// SetChangeSet puts a change set in the place of the one with its id, or at the end.
func (s *Stack) SetChangeSet(c *ChangeSet) {
	s.ChangeSets = slices.Clone(s.ChangeSets)
	if i := slices.IndexFunc(s.ChangeSets, func(o ChangeSet) bool { return o.ID == c.ID }); i >= 0 {
		s.ChangeSets[i] = *c
		return
	}
	s.ChangeSets = append(s.ChangeSets, *c)
}

// RemoveChangeSet takes a change set away.
func (s *Stack) RemoveChangeSet(id string) {
	s.ChangeSets = slices.DeleteFunc(slices.Clone(s.ChangeSets), func(c ChangeSet) bool { return c.ID == id })
}

// State is what a stack is, to be rolled back to.
func (s *Stack) State() *StackState {
	return &StackState{Input: s.Input, Resources: s.Resources, Outputs: s.Outputs, Imports: s.Imports}
}

// Restore gives a stack what it was.
func (s *Stack) Restore(was *StackState) {
	s.Input, s.Outputs, s.Imports = was.Input, was.Outputs, was.Imports
}

// Values are the values of the parameters by their keys.
func (in *StackInput) Values() map[string]string {
	values := map[string]string{}
	for _, p := range in.Parameters {
		values[p.Key] = p.Value
	}
	return values
}
