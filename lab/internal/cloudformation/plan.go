package cloudformation

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// planner works out what a draft changes, before anything is made.
type planner struct {
	h     *handlers
	draft *draft
	// old is the stack as it is; without resources for a new one.
	old *world.Stack
	// before is the template of old, nil without one that can be read.
	before *template.Template
	env    *template.Env
	// active are the resources that their conditions let be; unknown are those
	// of which the values are known only once they have been made.
	active, unknown map[string]bool
	changed         map[string]bool // parameters
	changes         []world.StackChange
}

// plan returns the changes to the resources, in the order in which they are made,
// and whether there are others.
func (h *handlers) plan(d *draft, old *world.Stack) ([]world.StackChange, bool, error) {
	if old == nil {
		old = &world.Stack{}
	}
	p := &planner{h: h, draft: d, old: old, env: h.env(d), active: map[string]bool{}, unknown: map[string]bool{}, changed: map[string]bool{}}
	p.before, _ = template.Load(old.Input.Template, h.types)
	was := old.Input.Values()
	for key, value := range d.input.Values() {
		if before, ok := was[key]; ok && before != value {
			p.changed[key] = true
		}
	}
	importing := p.env.Import
	p.env.Import = func(name string) (any, error) {
		if value, err := importing(name); err == nil {
			return value, nil
		}
		return template.Unknown{}, nil // the operation will tell
	}
	p.env.Ref, p.env.Att = p.ref, p.attribute
	others, err := p.run()
	return p.changes, others, worded(err)
}

// errLater says that a value cannot be known yet.
var errLater = errors.New("not yet")

func (p *planner) run() (others bool, err error) {
	order, err := p.draft.template.Order()
	if err != nil {
		return false, err
	}
	for _, r := range order {
		if p.active[r.ID], err = p.env.Condition(r.Condition); err != nil {
			return false, err
		}
	}
	if !slices.ContainsFunc(order, func(r *template.Resource) bool { return p.active[r.ID] }) {
		return false, invalid("Template format error: At least one Resources member must be defined.")
	}
	if err := p.checkTypesKept(order); err != nil {
		return false, err
	}
	for _, r := range order {
		if !p.active[r.ID] {
			continue
		}
		if err := p.resource(r); err != nil {
			return false, err
		}
	}
	p.removals()
	return p.outputs()
}

// checkTypesKept refuses another type under an old logical id.
func (p *planner) checkTypesKept(order []*template.Resource) error {
	var bad []string
	for _, r := range order {
		if old, ok := p.living(r.ID); ok && p.active[r.ID] && old.Type != r.Type {
			bad = append(bad, r.ID)
		}
	}
	if bad != nil {
		return invalid("Update of resource type is not permitted. The new template modifies resource type of the following resources: [%s]", strings.Join(bad, ", "))
	}
	return nil
}

// living returns a resource of the stack that is there.
func (p *planner) living(id string) (*world.StackResource, bool) {
	r, ok := p.old.Resource(id)
	return r, ok && made(r)
}

// made reports whether a resource is there as a whole: what failed to be created is
// made anew by the next update.
func made(r *world.StackResource) bool {
	return lives(r) && r.PhysicalID != "" && r.Status != "CREATE_FAILED"
}

// lives reports whether a resource was not deleted.
func lives(r *world.StackResource) bool {
	return r.Status != "DELETE_COMPLETE" && r.Status != "DELETE_SKIPPED"
}

func (p *planner) ref(id string) (any, error) {
	if !p.active[id] {
		return nil, template.Unresolved(id, "Resources")
	}
	r, ok := p.living(id)
	if !ok || p.unknown[id] {
		return template.Unknown{}, nil
	}
	return p.h.types.ref(r), nil
}

func (p *planner) attribute(id, name string) (any, error) {
	if !p.active[id] {
		return nil, template.Unresolved(id, "Resources")
	}
	if r, ok := p.living(id); ok && !p.unknown[id] {
		if v, ok := r.Attributes[name]; ok {
			return v, nil
		}
	}
	return template.Unknown{}, nil
}

// ref is the value of Ref of a resource.
func (c catalog) ref(r *world.StackResource) string {
	if k := c[r.Type]; k != nil && k.ref != nil {
		return k.ref(r.PhysicalID)
	}
	return r.PhysicalID
}

// resource notes what becomes of a resource that shall be.
func (p *planner) resource(r *template.Resource) error {
	now, err := p.env.Properties(r.Properties)
	if err != nil {
		return err
	}
	old, ok := p.living(r.ID)
	if !ok {
		p.unknown[r.ID] = true
		p.changes = append(p.changes, world.StackChange{Action: "Add", LogicalID: r.ID, Type: r.Type, After: p.context(now)})
		return nil
	}
	c := world.StackChange{
		Action: "Modify", LogicalID: r.ID, PhysicalID: old.PhysicalID, Type: r.Type, Replacement: "False",
		Before: p.context(stored(old.Properties)), After: p.context(now),
	}
	for _, changed := range p.h.types[r.Type].differences(stored(old.Properties), now) {
		p.property(&c, r, &changed, stored(old.Properties), now)
	}
	if !maps.Equal(p.old.Input.Tags, p.draft.input.Tags) && p.h.types[r.Type].taggable && !slices.Contains(c.Scope, "Tags") {
		detail(&c, world.StackDetail{Attribute: "Tags", RequiresRecreation: "Never", Evaluation: "Static", Source: "DirectModification"})
	}
	if meta, err := p.env.Eval(r.Metadata); err == nil && metadata(meta) != old.Metadata {
		detail(&c, world.StackDetail{Attribute: "Metadata", RequiresRecreation: "Never", Evaluation: "Static", Source: "DirectModification"})
	}
	if len(c.Details) > 0 {
		p.unknown[r.ID] = c.Replacement != "False"
		if p.unknown[r.ID] {
			c.PolicyAction = "ReplaceAndDelete"
			if r.UpdateReplacePolicy == "Retain" {
				c.PolicyAction = "ReplaceAndRetain"
			}
		}
		p.changes = append(p.changes, c)
	}
	return nil
}

// metadata is the JSON of a resource's metadata, empty for none.
func metadata(v any) string {
	if v == nil {
		return ""
	}
	return template.JSON(v)
}

// stored reads properties that a resource was made with.
func stored(text string) *template.Map {
	v, err := template.ParseJSON(text)
	if err != nil {
		return nil
	}
	m, _ := v.(*template.Map)
	return m
}

func detail(c *world.StackChange, d world.StackDetail) {
	c.Details = append(c.Details, d)
	if !slices.Contains(c.Scope, d.Attribute) {
		c.Scope = append(c.Scope, d.Attribute)
	}
}

// property notes why a property changes.
func (p *planner) property(c *world.StackChange, r *template.Resource, changed *property, old, now *template.Map) {
	d := world.StackDetail{Attribute: "Properties", Name: changed.name, RequiresRecreation: "Never", ChangeType: "Modify"}
	if changed.name == "Tags" {
		d.Attribute, d.Name = "Tags", ""
	}
	a, inOld := old.Get(changed.name)
	b, inNow := now.Get(changed.name)
	if d.Before, d.After = p.shown(a), p.shown(b); !inOld {
		d.ChangeType, d.Before = "Add", ""
	} else if !inNow {
		d.ChangeType, d.After = "Remove", ""
	}
	if changed.replaces {
		d.RequiresRecreation = "Always"
	}
	for _, cause := range p.causes(r, changed.name) {
		d.Evaluation, d.Source, d.CausingEntity = cause.Evaluation, cause.Source, cause.CausingEntity
		detail(c, d)
		switch {
		case !changed.replaces || c.Replacement == "True":
		case d.Evaluation == "Static":
			c.Replacement = "True"
		default:
			c.Replacement = "Conditional"
		}
	}
}

// causes are what makes a property change: its text, parameters, and resources
// that are made anew.
func (p *planner) causes(r *template.Resource, name string) []world.StackDetail {
	expression, _ := r.Properties.Get(name)
	var was any
	if p.before != nil {
		if before, ok := p.before.Resource(r.ID); ok {
			was, _ = before.Properties.Get(name)
		}
	}
	direct := template.JSON(expression) != template.JSON(was)
	var all []world.StackDetail
	add := func(evaluation, source, entity string) {
		all = append(all, world.StackDetail{Evaluation: evaluation, Source: source, CausingEntity: entity})
	}
	refs, attributes := template.References(expression)
	for _, ref := range refs {
		if p.changed[ref] {
			add("Static", "ParameterReference", ref)
		}
	}
	fromParameters := len(all) > 0
	for _, ref := range refs {
		if p.unknown[ref] {
			add("Dynamic", "ResourceReference", ref)
		}
	}
	for _, attribute := range attributes {
		if id, _, _ := strings.Cut(attribute, "."); p.unknown[id] {
			add("Dynamic", "ResourceAttribute", attribute)
		}
	}
	switch {
	case direct || len(all) == 0:
		add("Static", "DirectModification", "")
	case fromParameters:
		add("Dynamic", "DirectModification", "")
	}
	return all
}

// removals notes the resources that shall not be any more.
func (p *planner) removals() {
	for _, r := range slices.Backward(p.old.Resources) {
		if p.active[r.LogicalID] || !lives(&r) {
			continue
		}
		action := "Delete"
		if r.DeletionPolicy == "Retain" || r.DeletionPolicy == "RetainExceptOnCreate" {
			action = "Retain"
		}
		p.changes = append(p.changes, world.StackChange{
			Action: "Remove", LogicalID: r.LogicalID, PhysicalID: r.PhysicalID, Type: r.Type, PolicyAction: action, Before: p.context(stored(r.Properties)),
		})
	}
}

// outputs reports whether the outputs change.
func (p *planner) outputs() (bool, error) {
	var now []world.StackOutput
	for _, o := range p.draft.template.Outputs {
		out, made, err := p.h.output(p.env, o)
		switch {
		case errors.Is(err, errLater):
			return true, nil
		case err != nil:
			return false, err
		case made:
			now = append(now, *out)
		}
	}
	return !slices.Equal(now, p.old.Outputs), nil
}

// output evaluates an output; made is false if its condition leaves it out.
func (h *handlers) output(e *template.Env, o *template.Output) (out *world.StackOutput, made bool, err error) {
	holds, err := e.Condition(o.Condition)
	if err != nil || !holds {
		return nil, false, err
	}
	value, err := e.Eval(o.Value)
	if err != nil {
		return nil, false, err
	}
	if template.HasUnknown(value) {
		return nil, false, errLater
	}
	text, ok := template.Text(value)
	if !ok {
		return nil, false, invalid("Template format error: The Value field of every Outputs member must evaluate to a String.")
	}
	out = &world.StackOutput{Key: o.Key, Value: text, Description: o.Description}
	if o.Export == nil {
		return out, true, nil
	}
	name, err := e.Eval(o.Export)
	if err == nil && template.HasUnknown(name) {
		err = errLater
	}
	if err == nil {
		err = o.CheckExport(name)
	}
	if err != nil {
		return nil, false, err
	}
	out.Export, _ = template.Text(name)
	return out, true, nil
}
