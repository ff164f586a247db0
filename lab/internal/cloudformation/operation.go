package cloudformation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// stackType is the type of a stack itself in its events.
const stackType = "AWS::CloudFormation::Stack"

// operation is one that runs on a stack, which nobody else changes meanwhile but
// by setting [world.Stack.Cancelled].
type operation struct {
	*handlers
	*clients
	id string // of the stack
	// template and env are of what the stack becomes; nil where nothing is made.
	template *template.Template
	env      *template.Env
	imports  map[string]bool
	active   map[string]bool
	deadline time.Time // zero for none
}

// operation prepares one. role is the service role, empty for the caller's rights.
func (h *handlers) operation(c *call, id, role string) (*operation, error) {
	session := c.session
	if role != "" {
		r, err := h.assume(role, c.account(), id)
		if err != nil {
			return nil, err
		}
		session = h.serviceSession(r)
	}
	caller := *c.Caller
	return &operation{handlers: h, clients: h.clients(&caller, session), id: id, imports: map[string]bool{}, active: map[string]bool{}}, nil
}

// use has the operation make what a draft says.
func (o *operation) use(d *draft) {
	o.template, o.env = d.template, o.handlers.env(d)
	importing := o.env.Import
	o.env.Import = func(name string) (any, error) {
		o.imports[name] = true
		return importing(name)
	}
	o.env.Ref, o.env.Att = o.ref, o.attribute
}

func (o *operation) ref(id string) (any, error) {
	r, ok := o.stack().Resource(id)
	if !ok || !o.active[id] {
		return nil, template.Unresolved(id, "Resources")
	}
	return o.types.ref(r), nil
}

func (o *operation) attribute(id, name string) (any, error) {
	r, ok := o.stack().Resource(id)
	if !ok || !o.active[id] {
		return nil, template.Unresolved(id, "Resources")
	}
	value, ok := r.Attributes[name]
	if !ok {
		return nil, invalid("Attribute '%s' does not exist", name)
	}
	return value, nil
}

// errUnavailable answers a request to a lab that is about to end.
var errUnavailable = &awswire.Error{Code: "ServiceUnavailable", Message: "Service is unable to handle request."}

// start runs an operation, and waits a moment for its end.
func (h *handlers) start(ctx context.Context, o *operation, run func(context.Context)) error {
	done := make(chan struct{})
	started := h.background(func(ctx context.Context) {
		defer close(done)
		defer o.fail()
		run(ctx)
	})
	if !started {
		return errUnavailable
	}
	patience := time.NewTimer(h.patience)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
	case <-ctx.Done():
	}
	return nil
}

// fail ends an operation that panicked, so that the stack does not stay in it.
func (o *operation) fail() {
	if recover() != nil {
		s := o.stack()
		status := strings.TrimSuffix(strings.TrimSuffix(s.Status, "_IN_PROGRESS"), "_COMPLETE_CLEANUP")
		o.setStatus(status+"_FAILED", "Internal Failure")
	}
}

// stack is the stack as it is.
func (o *operation) stack() *world.Stack {
	s, _ := o.world.StackByID(o.id) // stacks are not forgotten
	return s
}

// change edits the stack.
func (o *operation) change(edit func(*world.Stack)) *world.Stack {
	s, _ := o.world.ChangeStack(o.id, func(s *world.Stack) error {
		edit(s)
		return nil
	}) // stacks are not forgotten
	return s
}

// setStatus changes the status of the stack, with an event.
func (o *operation) setStatus(status, reason string) {
	o.change(func(s *world.Stack) {
		s.Status, s.StatusReason = status, reason
		s.Events = append(s.Events, o.event(s, s.Name, s.ID, stackType, status, reason, ""))
	})
}

// event is one of now.
func (h *handlers) event(s *world.Stack, logicalID, physicalID, kind, status, reason, properties string) world.StackEvent {
	id := uuid.NewString()
	if kind != stackType {
		id = logicalID + "-" + status + "-" + h.now().Format("2006-01-02T15:04:05.000Z") + "-" + id[:8]
	}
	return world.StackEvent{
		ID: id, LogicalID: logicalID, PhysicalID: physicalID, Type: kind, Status: status, StatusReason: reason,
		Properties: properties, Time: h.now(), Token: s.Token,
	}
}

// note stores a resource with a new status, with an event.
func (o *operation) note(r *world.StackResource, status, reason string) {
	r.Status, r.StatusReason, r.Updated = status, reason, o.now()
	o.noteOnly(r, status, reason)
	o.change(func(s *world.Stack) { s.SetResource(r) })
}

// noteOnly adds an event of a resource.
func (o *operation) noteOnly(r *world.StackResource, status, reason string) {
	o.change(func(s *world.Stack) {
		hidden := secrets(&s.Input)
		if s.Before != nil {
			hidden = append(hidden, secrets(&s.Before.Input)...)
		}
		properties := template.JSON(masked(stored(r.Properties), hidden))
		s.Events = append(s.Events, o.event(s, r.LogicalID, r.PhysicalID, r.Type, status, reason, properties))
	})
}

// record is a resource of the template, with the functions evaluated.
func (o *operation) record(r *template.Resource) (*world.StackResource, error) {
	out := &world.StackResource{
		LogicalID: r.ID, Type: r.Type, Description: r.Description, DependsOn: o.template.Depends(r),
		DeletionPolicy: r.DeletionPolicy, UpdateReplacePolicy: r.UpdateReplacePolicy, Properties: "{}",
	}
	now, err := o.env.Properties(r.Properties)
	if err != nil {
		return out, err
	}
	if now != nil {
		out.Properties = template.JSON(now)
	}
	meta, err := o.env.Eval(r.Metadata)
	if err != nil {
		return out, err
	}
	out.Metadata = metadata(meta)
	if wrong := o.types[r.Type].check(r.ID, now); wrong != "" {
		return out, invalid("%s", wrong)
	}
	return out, nil
}

// work is what is to be done with a resource.
func (o *operation) work(s *world.Stack, r *world.StackResource) *work {
	return &work{
		clients: o.clients, account: s.Account, region: s.Region, partition: o.world.Partition, stack: s.Name,
		logicalID: r.LogicalID, id: r.PhysicalID, attributes: r.Attributes,
	}
}

// make makes a resource. It reports whether that went well; the events tell.
func (o *operation) make(ctx context.Context, r *world.StackResource, status string) bool {
	s, k := o.stack(), o.types[r.Type]
	w := o.work(s, r)
	w.id, w.attributes = "", nil
	w.now = k.withTags(stored(r.Properties), s.Input.Tags)
	if other, ok := o.owner(s, k, w); ok {
		o.note(r, status+"_FAILED", fmt.Sprintf("%s already exists in stack %s", w.now.value(k.naming), other))
		return false
	}
	if err := (properties{stored(r.Properties)}).tagsOnce(); err != nil {
		o.note(r, status+"_FAILED", reason(err))
		return false
	}
	id, err := k.make(ctx, w)
	if r.PhysicalID, r.Attributes = id, w.attributes; ctx.Err() != nil {
		if id != "" { // whoever goes on with the stack knows of it
			o.change(func(s *world.Stack) { s.SetResource(r) })
		}
		return false
	}
	if id != "" {
		o.note(r, status+"_IN_PROGRESS", "Resource creation Initiated")
	}
	if err != nil {
		o.note(r, status+"_FAILED", reason(err))
		return false
	}
	o.note(r, status+"_COMPLETE", "")
	return true
}

// owner returns another stack that has a resource of the name that one is given.
func (o *operation) owner(s *world.Stack, k *kind, w *work) (string, bool) {
	name := w.now.value(k.naming)
	if name == "" {
		return "", false
	}
	for _, other := range o.living(s.Account, s.Region) {
		taken := slices.ContainsFunc(other.Resources, func(r world.StackResource) bool {
			return r.Type == k.name && lives(&r) && (r.PhysicalID == name || strings.HasSuffix(r.PhysicalID, "/"+name))
		})
		if taken && other.ID != s.ID {
			return other.ID, true
		}
	}
	return "", false
}

// remove deletes a resource, or leaves it where its policy says so.
func (o *operation) remove(ctx context.Context, r *world.StackResource, keep bool) bool {
	if keep {
		o.noteOnly(r, "DELETE_SKIPPED", "")
		return true
	}
	o.noteOnly(r, "DELETE_IN_PROGRESS", "")
	if r.PhysicalID != "" {
		k, s := o.types[r.Type], o.stack()
		w := o.work(s, r)
		w.old = k.withTags(stored(r.Properties), s.Input.Tags)
		err := k.remove(ctx, w)
		if ctx.Err() != nil {
			return false
		}
		if err != nil {
			o.noteOnly(r, "DELETE_FAILED", reason(err))
			return false
		}
	}
	o.noteOnly(r, "DELETE_COMPLETE", "")
	return true
}

// backwards are resources so that each comes before those that it needs.
func backwards(all []world.StackResource) []world.StackResource {
	left := slices.Clone(all)
	var order []world.StackResource
	for len(left) > 0 {
		at := len(left) - 1
		for i, one := range slices.Backward(left) {
			needed := slices.ContainsFunc(left, func(r world.StackResource) bool { return slices.Contains(r.DependsOn, one.LogicalID) })
			if !needed {
				at = i
				break
			}
		}
		order = append(order, left[at])
		left = slices.Delete(left, at, at+1)
	}
	return order
}

// list is logical ids as reasons have them.
func list(ids []string) string { return "[" + strings.Join(ids, ", ") + "]" }
