package cloudformation

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
)

// kind is a type of resource.
type kind struct {
	name       string
	properties []property
	attributes []string // of Fn::GetAtt
	// capability says that it is an IAM resource that wants CAPABILITY_IAM;
	// naming is the property that gives it a name of its own.
	capability bool
	naming     string
	// taggable says that the stack's tags become the resource's.
	taggable bool
	// make returns the physical id as soon as there is one, also beside an error.
	make   func(context.Context, *work) (id string, err error)
	change func(context.Context, *work) error
	remove func(context.Context, *work) error
	// ref is the value of Ref where that is not the physical id; nil for it.
	ref func(id string) string
}

// property is a property of a resource.
type property struct {
	name     string
	form     form
	required bool
	// replaces says that the resource is made anew when it changes.
	replaces bool
	// unique says that nothing stands twice in the list.
	unique  bool
	members []property // of an object, or of a list's objects
}

// form says what a property looks like.
type form int

const (
	textForm   form = iota // string
	numberForm             // integer
	textsForm              // list of strings
	objectForm             // of members
	listForm               // of objects of members
	freeForm               // object or text of a policy
)

// tagMembers are those of a tag.
var tagMembers = []property{{name: "Key", required: true}, {name: "Value", required: true}}

var resourceTags = property{name: "Tags", form: listForm, members: tagMembers}

// catalog has every kind by its name.
type catalog map[string]*kind

func newCatalog() catalog {
	all := catalog{}
	for _, k := range slices.Concat(iamKinds(), iamUserKinds(), ssoKinds(), grantKinds(), bucketKinds()) {
		all[k.name] = k
	}
	return all
}

// Known implements template.Types.
func (c catalog) Known(name string) bool { return c[name] != nil }

// Attribute implements template.Types.
func (c catalog) Attribute(name, attribute string) bool {
	return slices.Contains(c[name].attributes, attribute)
}

// work is what is to be done with one resource.
type work struct {
	*clients
	account, region, partition string
	stack, logicalID           string
	// id is the physical id, empty for a resource to be made.
	id string
	// old are the properties as they were, now as they shall be, with the stack's
	// tags in them; old of a resource to be made and now of one to be removed have none.
	old, now properties
	// attributes of Fn::GetAtt, which make and change fill.
	attributes map[string]string
	// begun says that a part of it is there, beside an error.
	begun bool
}

// properties reads properties that were checked.
type properties struct{ *template.Map }

// text is a scalar, nil where it is absent.
func (p properties) text(name string) *string {
	v, _ := p.Get(name)
	if s, ok := template.Text(v); ok {
		return &s
	}
	return nil
}

func (p properties) value(name string) string {
	if s := p.text(name); s != nil {
		return *s
	}
	return ""
}

func (p properties) texts(name string) []string {
	v, _ := p.Get(name)
	var all []string
	many, _ := v.([]any)
	for _, one := range many {
		if s, ok := template.Text(one); ok {
			all = append(all, s)
		}
	}
	return all
}

// document is the JSON of an object, or the text that stands in its place.
func (p properties) document(name string) *string {
	v, ok := p.Get(name)
	if !ok {
		return nil
	}
	s, ok := v.(string)
	if !ok {
		s = template.JSON(texts(v))
	}
	return &s
}

// texts is a value with its scalars as texts: so has CloudFormation what stands
// in documents, of which it knows no schema.
func texts(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = texts(one)
		}
		return out
	case *template.Map:
		var pairs []any
		for _, key := range v.Keys() {
			one, _ := v.Get(key)
			pairs = append(pairs, key, texts(one))
		}
		return template.NewMap(pairs...)
	}
	if text, ok := template.Text(v); ok {
		return text
	}
	return v
}

func (p properties) object(name string) properties {
	v, _ := p.Get(name)
	m, _ := v.(*template.Map)
	return properties{m}
}

func (p properties) list(name string) []properties {
	v, _ := p.Get(name)
	var all []properties
	many, _ := v.([]any)
	for _, one := range many {
		if m, ok := one.(*template.Map); ok {
			all = append(all, properties{m})
		}
	}
	return all
}

func (p properties) tags() map[string]string {
	all := map[string]string{}
	for _, t := range p.list("Tags") {
		all[t.value("Key")] = t.value("Value")
	}
	return all
}

// tagsOnce refuses tags of which two have a key.
func (p properties) tagsOnce() error {
	if len(p.tags()) < len(p.list("Tags")) {
		return &handlerError{code: "InvalidRequest", text: "Duplicate tag keys found. Please note that Tag keys are case insensitive."}
	}
	return nil
}

// tagChanges are the tags to be set and the keys to be removed.
func (w *work) tagChanges() (set map[string]string, removed []string) {
	old, now := w.old.tags(), w.now.tags()
	set = map[string]string{}
	for key, value := range now {
		if was, ok := old[key]; !ok || was != value {
			set[key] = value
		}
	}
	for key := range old {
		if _, ok := now[key]; !ok {
			removed = append(removed, key)
		}
	}
	slices.Sort(removed)
	return set, removed
}

// changed reports whether a property is another than it was.
func (w *work) changed(name string) bool {
	a, _ := w.old.Get(name)
	b, _ := w.now.Get(name)
	return !template.Equal(a, b)
}

// only are the elements of a that are not in b.
func only(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

const nameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// suffix is 13 letters and digits.
func suffix() string {
	b := make([]byte, 13)
	_, _ = rand.Read(b) // never fails: crypto/rand aborts the program instead
	for i := range b {
		b[i] = nameLetters[int(b[i])%len(nameLetters)]
	}
	return string(b)
}

// physicalName makes up the name of a resource: {stack}-{logical id}-{suffix}, of
// which the first two are cut as far as limit wants.
func (w *work) physicalName(limit int) string {
	end := suffix()
	room := limit - len(end) - 2
	stack, id := w.stack, w.logicalID
	if len(stack)+len(id) > room {
		id = id[:min(len(id), max(room-len(stack), room/2))]
		stack = stack[:min(len(stack), room-len(id))]
	}
	return strings.Join([]string{stack, id, end}, "-")
}
