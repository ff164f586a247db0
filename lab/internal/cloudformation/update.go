package cloudformation

import (
	"context"
	"maps"
	"slices"

	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// update makes a stack that is UPDATE_IN_PROGRESS what its input says.
func (o *operation) update(ctx context.Context, policy *stackPolicy) {
	why := o.updateAll(ctx, policy)
	if ctx.Err() != nil {
		return
	}
	if why == "" {
		o.clean(ctx, "UPDATE_COMPLETE")
		return
	}
	if o.stack().DisableRollback {
		o.setStatus("UPDATE_FAILED", why)
		return
	}
	o.setStatus("UPDATE_ROLLBACK_IN_PROGRESS", why)
	o.rollback(ctx, nil)
}

// updateAll returns why it did not succeed.
func (o *operation) updateAll(ctx context.Context, policy *stackPolicy) string {
	order, err := o.resources()
	if err != nil {
		return sentence(err)
	}
	for _, r := range order {
		ok := o.updateOne(ctx, r, policy)
		switch {
		case ctx.Err() != nil:
			return "Cancelled. "
		case !ok:
			return o.failed(r.ID)
		case o.stack().Cancelled:
			return "User Initiated"
		}
	}
	for _, r := range o.stack().Resources {
		if !o.active[r.LogicalID] && lives(&r) {
			if why := policy.denies("Update:Delete", &r); why != "" {
				o.note(&r, "UPDATE_FAILED", why)
				return "The following resource(s) failed to update: " + list([]string{r.LogicalID}) + ". "
			}
		}
	}
	if err := o.finish(); err != nil {
		return sentence(err)
	}
	return ""
}

// failed says which resource failed, and at what.
func (o *operation) failed(id string) string {
	verb := "update"
	if r, ok := o.stack().Resource(id); ok && r.Status == "CREATE_FAILED" {
		verb = "create"
	}
	return "The following resource(s) failed to " + verb + ": " + list([]string{id}) + ". "
}

func (o *operation) updateOne(ctx context.Context, r *template.Resource, policy *stackPolicy) bool {
	s := o.stack()
	now, err := o.record(r)
	old, ok := s.Resource(r.ID)
	if !ok || !made(old) {
		return o.makeAnew(ctx, old, now, err)
	}
	now.PhysicalID, now.Attributes, now.Status, now.StatusReason, now.Updated = old.PhysicalID, old.Attributes, old.Status, old.StatusReason, old.Updated
	if err != nil {
		now.Properties = old.Properties
		o.note(now, "UPDATE_FAILED", message(err))
		return false
	}
	k := o.types[r.Type]
	from := halfway(s, old)
	var changed []property
	for _, was := range from {
		changed = append(changed, k.differences(stored(was), stored(now.Properties))...)
	}
	retagged := k.taggable && !maps.Equal(s.Before.Input.Tags, s.Input.Tags)
	if len(changed) == 0 && !retagged && old.Metadata == now.Metadata {
		return o.leave(now)
	}
	action, replace := "Update:Modify", slices.ContainsFunc(changed, func(p property) bool { return p.replaces })
	if replace {
		action = "Update:Replace"
	}
	if why := policy.denies(action, old); why != "" {
		now.Properties = old.Properties
		o.note(now, "UPDATE_FAILED", why)
		return false
	}
	if replace {
		return o.replace(ctx, k, old, now)
	}
	o.note(now, "UPDATE_IN_PROGRESS", "")
	return o.modify(ctx, from, s.Before.Input.Tags, now, s.Input.Tags)
}

// leave stores a resource that does not change.
func (o *operation) leave(r *world.StackResource) bool {
	if r.Status == "UPDATE_FAILED" {
		r.Status, r.StatusReason = "UPDATE_COMPLETE", ""
	}
	o.change(func(s *world.Stack) { s.SetResource(r) })
	return true
}

// makeAnew makes a resource that is not there, or is there in part. wrong is what
// is wrong with it.
func (o *operation) makeAnew(ctx context.Context, old, now *world.StackResource, wrong error) bool {
	if wrong != nil {
		if old != nil && lives(old) {
			now.PhysicalID, now.Attributes = old.PhysicalID, old.Attributes
		}
		o.note(now, "CREATE_FAILED", message(wrong))
		return false
	}
	if old != nil && lives(old) && old.PhysicalID != "" && !o.remove(ctx, old, false) {
		if ctx.Err() == nil {
			failed := *old
			o.note(&failed, "CREATE_FAILED", lastReason(o.stack(), old.LogicalID))
		}
		return false
	}
	o.note(now, "CREATE_IN_PROGRESS", "")
	return o.make(ctx, now, "CREATE")
}

// replace makes a resource anew; the old one goes when all is done.
func (o *operation) replace(ctx context.Context, k *kind, old, now *world.StackResource) bool {
	if k.naming != "" {
		was, name := (properties{stored(old.Properties)}).value(k.naming), (properties{stored(now.Properties)}).value(k.naming)
		if name != "" && was == name {
			now.Properties = old.Properties
			o.note(now, "UPDATE_FAILED", "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename "+name+" and update the stack again.")
			return false
		}
	}
	o.note(now, "UPDATE_IN_PROGRESS", "Requested update requires the creation of a new physical resource; hence creating one.")
	now.PhysicalID, now.Attributes = "", nil
	if o.make(ctx, now, "UPDATE") {
		return true
	}
	if now.PhysicalID == "" && ctx.Err() == nil { // nothing came into being: the old one is still what it was
		failed := *old
		failed.Status, failed.StatusReason, failed.Updated = "UPDATE_FAILED", now.StatusReason, now.Updated
		o.change(func(s *world.Stack) { s.SetResource(&failed) })
	}
	return false
}

// halfway are the properties that a resource may have: beside those that the stack
// says, where the last update failed, those from before.
func halfway(s *world.Stack, r *world.StackResource) []string {
	from := []string{r.Properties}
	for _, was := range s.Before.Resources {
		if r.Status == "UPDATE_FAILED" && was.LogicalID == r.LogicalID && was.PhysicalID == r.PhysicalID && was.Properties != r.Properties {
			from = append([]string{was.Properties}, from...)
		}
	}
	return from
}

// modify changes a resource from each of its old properties to those that it has now.
func (o *operation) modify(ctx context.Context, from []string, oldTags map[string]string, r *world.StackResource, tags map[string]string) bool {
	k := o.types[r.Type]
	w := o.work(o.stack(), r)
	w.attributes = maps.Clone(r.Attributes)
	w.now = k.withTags(stored(r.Properties), tags)
	err := (properties{stored(r.Properties)}).tagsOnce()
	for _, old := range from {
		if w.old = k.withTags(stored(old), oldTags); err == nil {
			err = k.change(ctx, w)
		}
	}
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		o.note(r, "UPDATE_FAILED", reason(err))
		return false
	}
	r.Attributes = w.attributes
	o.note(r, "UPDATE_COMPLETE", "")
	return true
}

// clean deletes what an update, or its roll-back, has left over, and ends it.
func (o *operation) clean(ctx context.Context, done string) {
	o.setStatus(done+"_CLEANUP_IN_PROGRESS", "")
	s := o.stack()
	left, rollback := o.outdated(s), done != "UPDATE_COMPLETE"
	if rollback {
		left = s.Leftover
	}
	for _, r := range backwards(left) {
		now, same := s.Resource(r.LogicalID)
		replaced := same && now.PhysicalID != r.PhysicalID
		policy := r.DeletionPolicy
		if replaced {
			policy = r.UpdateReplacePolicy
		}
		keep := policy == "Retain" && !(rollback && s.RetainExceptOnCreate) || policy == "RetainExceptOnCreate" && !rollback
		o.remove(ctx, &r, keep)
		if ctx.Err() != nil {
			return
		}
		if !replaced && !rollback {
			o.change(func(s *world.Stack) { s.RemoveResource(r.LogicalID) })
		}
	}
	o.change(func(s *world.Stack) {
		if rollback {
			s.Restore(s.Before)
		}
		s.Before, s.Leftover, s.Cancelled = nil, nil, false
	})
	o.setStatus(done, "")
}

// outdated are the resources that an update does away with.
func (o *operation) outdated(s *world.Stack) []world.StackResource {
	var out []world.StackResource
	for _, r := range s.Before.Resources {
		now, ok := s.Resource(r.LogicalID)
		if lives(&r) && (!ok || !o.active[r.LogicalID] || now.PhysicalID != r.PhysicalID) {
			out = append(out, r)
		}
	}
	for _, r := range s.Resources { // of an update before, which failed and was kept
		known := slices.ContainsFunc(s.Before.Resources, func(was world.StackResource) bool { return was.LogicalID == r.LogicalID })
		if lives(&r) && !known && !o.active[r.LogicalID] {
			out = append(out, r)
		}
	}
	return out
}

// setAside puts what an update has made where it is deleted from in the end, and
// what it has made anew back to what it was.
func setAside(s *world.Stack) {
	for _, now := range slices.Clone(s.Resources) {
		i := slices.IndexFunc(s.Before.Resources, func(r world.StackResource) bool { return r.LogicalID == now.LogicalID && lives(&r) })
		switch {
		case i < 0:
			s.Leftover = append(s.Leftover, now)
			s.RemoveResource(now.LogicalID)
		case s.Before.Resources[i].PhysicalID != now.PhysicalID:
			s.Leftover = append(s.Leftover, now)
			s.SetResource(&s.Before.Resources[i])
		}
	}
}

// rollback makes a stack that is UPDATE_ROLLBACK_IN_PROGRESS what it was. Those of
// skip are taken as they are.
func (o *operation) rollback(ctx context.Context, skip []string) {
	s := o.change(setAside)
	for _, was := range s.Before.Resources {
		now, ok := s.Resource(was.LogicalID)
		retagged := o.types[was.Type].taggable && !maps.Equal(s.Before.Input.Tags, s.Input.Tags)
		if !ok || now.Properties == was.Properties && now.Metadata == was.Metadata && now.Status == was.Status && !retagged {
			continue
		}
		back := was
		if slices.Contains(skip, was.LogicalID) || now.Properties == was.Properties && !retagged {
			o.note(&back, "UPDATE_COMPLETE", "")
			continue
		}
		o.note(&back, "UPDATE_IN_PROGRESS", "")
		if o.modify(ctx, []string{now.Properties}, s.Input.Tags, &back, s.Before.Input.Tags) {
			continue
		}
		if ctx.Err() == nil {
			back.Properties = now.Properties // the next attempt has it before it again
			o.change(func(s *world.Stack) { s.SetResource(&back) })
			o.setStatus("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: "+list([]string{was.LogicalID})+". ")
		}
		return
	}
	o.clean(ctx, "UPDATE_ROLLBACK_COMPLETE")
}
