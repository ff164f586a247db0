package cloudformation

import (
	"context"
	"slices"

	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// create makes the resources of a stack that is CREATE_IN_PROGRESS.
func (o *operation) create(ctx context.Context) {
	why := o.createAll(ctx)
	if ctx.Err() != nil {
		return
	}
	if why == "" {
		o.setStatus("CREATE_COMPLETE", "")
		return
	}
	s := o.stack()
	switch {
	case s.DisableRollback || s.OnFailure == "DO_NOTHING":
		o.setStatus("CREATE_FAILED", why)
	case s.OnFailure == "DELETE":
		o.setStatus("DELETE_IN_PROGRESS", why+"Delete requested by user.")
		o.removeAll(ctx, "DELETE_COMPLETE", "DELETE_FAILED", nil)
	default:
		o.setStatus("ROLLBACK_IN_PROGRESS", why+"Rollback requested by user.")
		o.removeAll(ctx, "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", nil)
	}
}

// createAll returns why it did not succeed, with a space at its end.
func (o *operation) createAll(ctx context.Context) string {
	order, err := o.resources()
	if err != nil {
		return sentence(err)
	}
	for _, r := range order {
		one, err := o.record(r)
		if err != nil {
			o.note(one, "CREATE_FAILED", message(err))
		} else {
			o.note(one, "CREATE_IN_PROGRESS", "")
		}
		if err != nil || !o.make(ctx, one, "CREATE") {
			return "The following resource(s) failed to create: " + list([]string{r.ID}) + ". "
		}
		if o.late() {
			return "Stack creation time exceeded the specified timeout. "
		}
	}
	if err := o.finish(); err != nil {
		return sentence(err)
	}
	return ""
}

// sentence is an error as the beginning of a reason.
func sentence(err error) string {
	text := message(err)
	if text != "" && text[len(text)-1] != '.' {
		text += "."
	}
	return text + " "
}

// resources are those that their conditions let be, each after those that it needs.
func (o *operation) resources() ([]*template.Resource, error) {
	order, err := o.template.Order()
	if err != nil {
		return nil, err
	}
	var out []*template.Resource
	for _, r := range order {
		if o.active[r.ID], err = o.env.Condition(r.Condition); err != nil {
			return nil, err
		}
		if o.active[r.ID] {
			out = append(out, r)
		}
	}
	return out, nil
}

// late reports whether the time for the operation is over.
func (o *operation) late() bool { return !o.deadline.IsZero() && o.now().After(o.deadline) }

// finish gives the stack its outputs and imports.
func (o *operation) finish() error {
	s := o.stack()
	var outputs []world.StackOutput
	for _, declared := range o.template.Outputs {
		out, made, err := o.output(o.env, declared)
		if err != nil {
			return err
		}
		if !made {
			continue
		}
		if other, _, taken := o.export(s.Account, s.Region, out.Export); taken && out.Export != "" && other.ID != s.ID {
			return invalid("Export with name %s is already exported by stack %s.", out.Export, other.Name)
		}
		if slices.ContainsFunc(outputs, func(before world.StackOutput) bool { return out.Export != "" && before.Export == out.Export }) {
			return invalid("Export with name %s is exported twice.", out.Export)
		}
		outputs = append(outputs, *out)
	}
	if err := o.exportsKept(s, s.Outputs, outputs); err != nil {
		return err
	}
	o.change(func(s *world.Stack) { s.Outputs, s.Imports = outputs, sortedNames(o.imports) })
	return nil
}

// removeAll deletes the resources of a stack, but those of retain, and gives it a
// status. What a resource needs that could not be deleted stays, too.
func (o *operation) removeAll(ctx context.Context, done, failed string, retain []string) {
	var left, wrong []string
	s := o.stack()
	for _, r := range backwards(s.Resources) {
		if !lives(&r) {
			continue
		}
		blocked := slices.ContainsFunc(left, func(id string) bool { n, _ := s.Resource(id); return slices.Contains(n.DependsOn, r.LogicalID) })
		keep := slices.Contains(retain, r.LogicalID) || o.keeps(s, &r, done)
		ok := !blocked && o.remove(ctx, &r, keep)
		if ctx.Err() != nil {
			return
		}
		if !ok && s.DeletionMode == "FORCE_DELETE_STACK" && done == "DELETE_COMPLETE" {
			ok, keep = true, true
		}
		if !ok {
			left = append(left, r.LogicalID)
		}
		if !ok && !blocked {
			wrong = append(wrong, r.LogicalID)
		}
		if !blocked {
			o.ended(&r, ok, keep)
		}
	}
	if left != nil {
		o.setStatus(failed, "The following resource(s) failed to delete: "+list(wrong)+". ")
		return
	}
	o.change(func(s *world.Stack) {
		s.Outputs, s.Imports = nil, nil
		if done == "DELETE_COMPLETE" {
			s.Deleted = o.now()
		}
	})
	o.setStatus(done, "")
}

// keeps reports whether the deletion policy of a resource leaves it where it is.
func (o *operation) keeps(s *world.Stack, r *world.StackResource, done string) bool {
	rollback := done != "DELETE_COMPLETE"
	switch r.DeletionPolicy {
	case "Retain":
		return !rollback || !s.RetainExceptOnCreate
	case "RetainExceptOnCreate":
		return !rollback
	}
	return false
}

// ended notes in the stack what became of a resource that was to be deleted.
func (o *operation) ended(r *world.StackResource, ok, kept bool) {
	o.change(func(s *world.Stack) {
		now, found := s.Resource(r.LogicalID)
		if !found {
			return
		}
		edited := *now
		switch edited.Updated = o.now(); {
		case !ok:
			edited.Status, edited.StatusReason = "DELETE_FAILED", lastReason(s, r.LogicalID)
		case kept:
			edited.Status, edited.StatusReason = "DELETE_SKIPPED", ""
		default:
			edited.Status, edited.StatusReason = "DELETE_COMPLETE", ""
		}
		s.SetResource(&edited)
	})
}

// lastReason is that of the newest event of a resource.
func lastReason(s *world.Stack, id string) string {
	for _, e := range slices.Backward(s.Events) {
		if e.LogicalID == id {
			return e.StatusReason
		}
	}
	return ""
}

// delete takes a stack that is DELETE_IN_PROGRESS away.
func (o *operation) delete(ctx context.Context, retain []string) {
	s := o.stack()
	for _, out := range s.Outputs {
		if users := o.importers(s.Account, s.Region, out.Export); out.Export != "" && len(users) > 0 {
			o.setStatus("DELETE_FAILED", "Delete canceled. Cannot delete export "+out.Export+" as it is in use by "+users[0]+".")
			return
		}
	}
	o.removeAll(ctx, "DELETE_COMPLETE", "DELETE_FAILED", retain)
}
