package template

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Quotas of a template (CloudFormation user guide, "Understand CloudFormation quotas").
const (
	MaxBody     = 51_200    // bytes of a TemplateBody
	MaxObject   = 1_000_000 // bytes of an S3 object
	maxEntries  = 200       // parameters, outputs and mappings
	maxResource = 500
	maxText     = 1_024 // characters of a description
)

// Template is a template that was read and checked.
type Template struct {
	// Description and Version are empty when the template has none.
	Description, Version string
	// Metadata is nil when there is none.
	Metadata   any
	Parameters []*Parameter
	// Resources and Outputs are in the order of the text.
	Resources []*Resource
	Outputs   []*Output

	mappings, conditions *Map
	rules                []*rule
	parameters           map[string]*Parameter
	resources            map[string]*Resource
}

// Resource is a resource as the template declares it.
type Resource struct {
	ID, Type string
	// Properties as they are written, with functions; nil for none.
	Properties *Map
	// Condition is the name of one, empty for none.
	Condition string
	DependsOn []string
	// DeletionPolicy and UpdateReplacePolicy are Delete, Retain, Snapshot or
	// RetainExceptOnCreate; empty where the template says nothing.
	DeletionPolicy, UpdateReplacePolicy string
	Description                         string
	// Metadata is nil when there is none.
	Metadata any
}

// Output is an output as the template declares it.
type Output struct {
	Key, Description, Condition string
	Value                       any
	// Export is the name of the export with functions, nil for none.
	Export any
}

// Types says which types of resource there are.
type Types interface {
	// Known reports whether there is a type of that name.
	Known(name string) bool
	// Attribute reports whether Fn::GetAtt of a known type has an attribute.
	Attribute(name, attribute string) bool
}

// Resource returns the resource with a logical id.
func (t *Template) Resource(id string) (*Resource, bool) {
	r, ok := t.resources[id]
	return r, ok
}

// Types are the resource types that the template uses, sorted.
func (t *Template) Types() []string {
	var all []string
	for _, r := range t.Resources {
		all = append(all, r.Type)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var (
	alphanumeric = regexp.MustCompile(`^[a-zA-Z0-9]+$`)
	sections     = strings.Fields("AWSTemplateFormatVersion Description Metadata Parameters Mappings Conditions Rules Resources Outputs Transform Hooks")
)

// Load reads and checks a template. The error is an [*Error].
func Load(text string, types Types) (*Template, error) {
	root, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if path, ok := null(root); ok {
		return nil, refuse("[%s] 'null' values are not allowed in templates", path)
	}
	t := &Template{parameters: map[string]*Parameter{}, resources: map[string]*Resource{}}
	for _, step := range []func(*Map) error{
		t.readHead, t.readParameters, t.readMappings, t.readResources, t.readConditions, t.readRules, t.readOutputs,
	} {
		if err := step(root); err != nil {
			return nil, err
		}
	}
	if err := t.check(types); err != nil {
		return nil, err
	}
	return t, nil
}

// null returns the path of the first null in a value.
func null(v any) (path string, found bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case []any:
		for i, one := range v {
			if path, found = null(one); found {
				return "/" + strconv.Itoa(i) + path, true
			}
		}
	case *Map:
		for _, key := range v.keys {
			if path, found = null(v.values[key]); found {
				return "/" + key + path, true
			}
		}
	}
	return "", false
}

func (t *Template) readHead(root *Map) error {
	var unknown []string
	for _, key := range root.keys {
		if !slices.Contains(sections, key) {
			unknown = append(unknown, key)
		}
	}
	if unknown != nil {
		return refuse("Invalid template property or properties [%s]", strings.Join(unknown, ", "))
	}
	if v, ok := root.Get("AWSTemplateFormatVersion"); ok {
		if t.Version, _ = v.(string); t.Version != "2010-09-09" {
			return malformed("%s is not a supported value for AWSTemplateFormatVersion.", JSON(v))
		}
	}
	if v, ok := root.Get("Description"); ok {
		if t.Description, ok = v.(string); !ok {
			return malformed("Description must be a string.")
		}
		if len(t.Description) > maxText {
			return malformed("'Description' length is greater than %d.", maxText)
		}
	}
	if v, ok := root.Get("Transform"); ok {
		return refuse("No transform named %s found. This lab runs no transforms.", transformName(v))
	}
	if _, ok := root.Get("Hooks"); ok {
		return malformed("this lab has no Hooks.")
	}
	t.Metadata, _ = root.Get("Metadata")
	if _, ok := t.Metadata.(*Map); t.Metadata != nil && !ok {
		return malformed("Metadata must be an object.")
	}
	return nil
}

func transformName(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		if len(v) > 0 {
			return transformName(v[0])
		}
	case *Map:
		if name, ok := v.Get("Name"); ok {
			return transformName(name)
		}
	}
	return JSON(v)
}

// section returns an object of the template, nil where it is absent, and checks
// the names of its members.
func section(root *Map, name, one string, limit int) (*Map, error) {
	v, ok := root.Get(name)
	if !ok {
		return nil, nil
	}
	m, ok := v.(*Map)
	if !ok {
		return nil, malformed("%s must be an object.", name)
	}
	if m.Len() > limit {
		return nil, malformed("Number of %s, %d, is greater than maximum allowed, %d", strings.ToLower(name), m.Len(), limit)
	}
	for _, key := range m.keys {
		switch {
		case strings.HasPrefix(key, "Fn::ForEach"):
			return nil, refuse("No transform named AWS::LanguageExtensions found. This lab runs no transforms: %s needs one.", key)
		case !alphanumeric.MatchString(key):
			return nil, malformed("%s '%s' is non alphanumeric.", one, key)
		case len(key) > 255:
			return nil, malformed("%s '%s' is longer than 255 characters.", one, key)
		}
	}
	return m, nil
}

func (t *Template) readConditions(root *Map) (err error) {
	t.conditions, err = section(root, "Conditions", "Conditions name", maxEntries)
	return err
}

var outputMembers = []string{"Condition", "Description", "Export", "Value"}

func (t *Template) readOutputs(root *Map) error {
	m, err := section(root, "Outputs", "Outputs name", maxEntries)
	if err != nil {
		return err
	}
	for _, key := range m.Keys() {
		one, ok := m.values[key].(*Map)
		if !ok {
			return malformed("[/Outputs/%s] Every Outputs member must be an object.", key)
		}
		o := &Output{Key: key}
		if o.Value, ok = one.Get("Value"); !ok {
			return malformed("Every Outputs member must contain a Value object")
		}
		if err := o.read(one); err != nil {
			return err
		}
		t.Outputs = append(t.Outputs, o)
	}
	return nil
}

func (o *Output) read(m *Map) error {
	for _, key := range m.keys {
		if !slices.Contains(outputMembers, key) {
			return refuse("Invalid template output property '%s'", key)
		}
	}
	if _, list := o.Value.([]any); list || o.Value == nil {
		return malformed("The Value field of every Outputs member must evaluate to a String.")
	}
	if v, ok := m.Get("Description"); ok {
		if o.Description, ok = Text(v); !ok || len(o.Description) > maxText {
			return malformed("Every Description member must be a string of %d characters at most.", maxText)
		}
	}
	if v, ok := m.Get("Condition"); ok {
		if o.Condition, ok = v.(string); !ok {
			return malformed("Every Condition member must be a string.")
		}
	}
	if v, ok := m.Get("Export"); ok {
		export, _ := v.(*Map)
		if o.Export, ok = export.Get("Name"); !ok || export.Len() != 1 || o.Export == nil {
			return o.badExport()
		}
	}
	return nil
}

var exportName = regexp.MustCompile(`^[a-zA-Z0-9:-]+$`)

// CheckExport refuses what is not the name of an export. The error is an [*Error].
func (o *Output) CheckExport(name any) error {
	if text, ok := Text(name); !ok || !exportName.MatchString(text) {
		return o.badExport()
	}
	return nil
}

// badExport is AWS's refusal of the name of an export.
func (o *Output) badExport() error {
	return malformed("Output %s is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens.", o.Key)
}
