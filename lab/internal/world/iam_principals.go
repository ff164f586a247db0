package world

import "github.com/tip-cli/tip-cli/internal/policy"

// UnknownPrincipal returns a principal of a policy that is nobody: the ARN of a role
// or user that an account of this world does not have, or a unique id, as policies
// show it of those that were deleted.
func (w *World) UnknownPrincipal(doc *policy.Document) (string, bool) {
	if ids := doc.PrincipalIDs(); len(ids) > 0 {
		return ids[0], true
	}
	for _, arn := range doc.PrincipalARNs() {
		if !w.HasPrincipal(arn) {
			return arn, true
		}
	}
	return "", false
}

// renamePrincipal puts another name, an ARN or a unique id, in the place of the ARN
// of an entity in all policies that name principals. AWS stores ids there, and shows
// the ARN of those who are. What was read from a map stays as it is: others may hold
// it. w.mu is held.
func (w *World) renamePrincipal(e *Entity, name string) {
	for _, r := range w.roles {
		if doc, changed := renamed(r.Trust, e, name); changed {
			edited := *r
			edited.Trust = doc
			w.storeRole(&edited)
		}
	}
	for key, b := range w.buckets {
		if doc, changed := renamed(b.Policy, e, name); changed {
			edited := *b
			edited.Policy, edited.PolicyText = doc, doc.Text()
			w.buckets[key] = &edited
		}
	}
	for key, s := range w.secrets {
		if doc, changed := renamed(s.Policy, e, name); changed {
			edited := *s
			edited.Policy, edited.PolicyText = doc, doc.Text()
			w.secrets[key] = &edited
		}
	}
	for key, g := range w.accessGrants {
		if doc, changed := renamed(g.ResourcePolicy, e, name); changed {
			edited := *g
			edited.ResourcePolicy, edited.PolicyText = doc, doc.Text()
			w.accessGrants[key] = &edited
		}
	}
	for key, a := range w.applications {
		if doc, changed := renamed(a.ActorPolicy, e, name); changed {
			edited := *a
			edited.ActorPolicy, edited.ActorPolicyText = doc, doc.Text()
			w.applications[key] = &edited
		}
	}
}

// renamed is a policy with another name of an entity. A name that policies cannot
// have, such as an ARN whose path has characters of its own, becomes the id: the old
// ARN must not stay, for somebody else may get it.
func renamed(doc *policy.Document, e *Entity, name string) (*policy.Document, bool) {
	if doc == nil {
		return nil, false
	}
	other, err := doc.ReplacePrincipal(e.arn, name)
	if err != nil {
		other, err = doc.ReplacePrincipal(e.arn, e.ID)
	}
	return other, err == nil && other != doc
}
