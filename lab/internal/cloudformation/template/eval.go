package template

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// Env is what functions are evaluated over. It is for one goroutine.
type Env struct {
	// Ref is the value of Ref of a resource, Att that of Fn::GetAtt.
	Ref func(id string) (any, error)
	Att func(id, attribute string) (any, error)
	// Import is the value of an export.
	Import func(name string) (any, error)

	template   *Template
	values     map[string]any
	conditions map[string]bool
	// made is the size of what functions have made so far.
	made int
}

// Pseudo are the values of the pseudo parameters.
type Pseudo struct {
	AccountID, Partition, Region, StackID, StackName string
	NotificationARNs                                 []string
}

// Unknown is the value of what is only known once a resource has been made.
// Functions of an unknown value are unknown.
type Unknown struct{}

// KnownAfterApply is what change sets show for an [Unknown].
const KnownAfterApply = "{{changeSet:KNOWN_AFTER_APPLY}}"

// noValue is AWS::NoValue: what has it is left out.
type noValue struct{}

// NewEnv returns an Env for a template with the values of its parameters.
func NewEnv(t *Template, values map[string]string, p *Pseudo) *Env {
	arns := make([]any, len(p.NotificationARNs))
	for i, arn := range p.NotificationARNs {
		arns[i] = arn
	}
	suffix := "amazonaws.com"
	if p.Partition == "aws-cn" {
		suffix = "amazonaws.com.cn"
	}
	e := &Env{template: t, conditions: map[string]bool{}, values: map[string]any{
		"AWS::AccountId": p.AccountID, "AWS::Partition": p.Partition, "AWS::Region": p.Region, "AWS::StackId": p.StackID,
		"AWS::StackName": p.StackName, "AWS::NotificationARNs": arns, "AWS::NoValue": noValue{}, "AWS::URLSuffix": suffix,
	}}
	for _, declared := range t.Parameters {
		e.values[declared.Key] = declared.value(values[declared.Key])
	}
	return e
}

// Eval evaluates the functions in a value that was checked with the template. The
// error is an [*Error], or one of Ref, Att and Import.
func (e *Env) Eval(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		return e.list(v)
	case *Map:
		if name, argument, ok := function(v); ok {
			return e.call(name, argument)
		}
		out := NewMap()
		for _, key := range v.Keys() {
			got, err := e.Eval(v.values[key])
			if err != nil {
				return nil, err
			}
			if _, none := got.(noValue); !none {
				out.set(key, got)
			}
		}
		return out, nil
	}
	return v, nil
}

// Properties evaluates an object; nil for none.
func (e *Env) Properties(m *Map) (*Map, error) {
	if m == nil {
		return nil, nil
	}
	v, err := e.Eval(m)
	if err != nil {
		return nil, err
	}
	out, ok := v.(*Map)
	if !ok {
		return nil, malformed("Any Properties member must be an object.")
	}
	return out, nil
}

func (e *Env) list(v []any) (any, error) {
	out := make([]any, 0, len(v))
	for _, one := range v {
		got, err := e.Eval(one)
		if err != nil {
			return nil, err
		}
		if _, none := got.(noValue); !none {
			out = append(out, got)
		}
	}
	return out, nil
}

// call evaluates a function, and refuses what has become too much.
func (e *Env) call(name string, argument any) (any, error) {
	got, err := e.value(name, argument)
	if err != nil {
		return nil, err
	}
	n := size(got)
	if e.made += n; n > maxResult || e.made > maxResults {
		return nil, tooMuch(name)
	}
	return got, nil
}

// value is that of a function.
func (e *Env) value(name string, argument any) (any, error) {
	switch name {
	case "Ref":
		if v, ok := e.values[argument.(string)]; ok {
			return v, nil
		}
		return e.Ref(argument.(string))
	case "Fn::If":
		return e.choose(argument.([]any))
	case "Fn::GetAtt":
		return e.attribute(argument)
	case "Fn::Sub":
		return e.sub(argument)
	}
	got, err := e.Eval(argument)
	if err != nil {
		return nil, err
	}
	if HasUnknown(got) {
		return Unknown{}, nil
	}
	return e.plain(name, got)
}

// plain is the value of a function of which the argument is known.
func (e *Env) plain(name string, got any) (any, error) {
	list, _ := got.([]any)
	switch name {
	case "Fn::Join":
		return join(list)
	case "Fn::Split":
		return split(list)
	case "Fn::Select":
		return pick(list)
	case "Fn::FindInMap":
		return e.findInMap(list)
	case "Fn::Base64":
		text, ok := Text(got)
		return base64.StdEncoding.EncodeToString([]byte(text)), when(!ok, base64Form)
	case "Fn::GetAZs":
		return e.zones(got), nil
	case "Fn::Cidr":
		return cidr(list)
	}
	text, ok := Text(got)
	if !ok {
		return nil, wrong("every Fn::ImportValue object must have a String-typed value.")
	}
	return e.Import(text)
}

// HasUnknown reports whether an [Unknown] is in a value.
func HasUnknown(v any) bool {
	switch v := v.(type) {
	case Unknown:
		return true
	case []any:
		return slices.ContainsFunc(v, HasUnknown)
	case *Map:
		for _, one := range v.values {
			if HasUnknown(one) {
				return true
			}
		}
	}
	return false
}

func (e *Env) choose(list []any) (any, error) {
	holds, err := e.Condition(list[0].(string))
	if err != nil {
		return nil, err
	}
	if holds {
		return e.Eval(list[1])
	}
	return e.Eval(list[2])
}

func (e *Env) attribute(argument any) (any, error) {
	id, attr := getAtt(argument)
	got, err := e.Eval(attr)
	if err != nil {
		return nil, err
	}
	name, ok := Text(got)
	if !ok {
		return nil, wrong(attForm)
	}
	return e.Att(id, name)
}

func join(list []any) (any, error) {
	if len(list) != 2 {
		return nil, wrong(joinForm)
	}
	delimiter, ok := Text(list[0])
	parts, isList := list[1].([]any)
	if !ok || !isList {
		return nil, wrong(joinForm)
	}
	texts, length := make([]string, len(parts)), len(parts)*len(delimiter)
	for i, one := range parts {
		if texts[i], ok = Text(one); !ok {
			return nil, wrong(joinForm)
		}
		if length += len(texts[i]); length > maxResult+len(delimiter) {
			return nil, tooMuch("Fn::Join")
		}
	}
	return strings.Join(texts, delimiter), nil
}

func split(list []any) (any, error) {
	if len(list) != 2 {
		return nil, wrong(splitForm)
	}
	delimiter, _ := Text(list[0])
	text, ok := Text(list[1])
	if !ok || delimiter == "" {
		return nil, wrong(splitForm)
	}
	var parts []any
	for one := range strings.SplitSeq(text, delimiter) {
		parts = append(parts, one)
	}
	return parts, nil
}

func pick(list []any) (any, error) {
	if len(list) != 2 {
		return nil, wrong(selectForm)
	}
	text, _ := Text(list[0])
	i, err := strconv.Atoi(text)
	if err != nil {
		return nil, wrong("Fn::Select requires a list argument with a valid index value as its first element")
	}
	parts, ok := list[1].([]any)
	if !ok {
		return nil, wrong(selectForm)
	}
	if i < 0 || i >= len(parts) {
		return nil, wrong("Fn::Select cannot select nonexistent value at index %d", i)
	}
	return parts[i], nil
}

func (e *Env) findInMap(list []any) (any, error) {
	names := make([]string, 3)
	for i := range names {
		var ok bool
		if len(list) != 3 {
			return nil, wrong(mapForm)
		}
		if names[i], ok = Text(list[i]); !ok {
			return nil, wrong(mapForm)
		}
	}
	m, ok := e.template.mappings.valueOf(names[0]).(*Map)
	if !ok {
		return nil, wrong("Mapping named '%s' is not present in the 'Mappings' section of template.", names[0])
	}
	attributes, _ := m.valueOf(names[1]).(*Map)
	v, ok := attributes.Get(names[2])
	if !ok {
		return nil, wrong("Unable to get mapping for %s", strings.Join(names, "::"))
	}
	return v, nil
}

// zones are the names of three availability zones of a region.
func (e *Env) zones(v any) any {
	region, _ := Text(v)
	if region == "" {
		region, _ = e.values["AWS::Region"].(string)
	}
	return []any{region + "a", region + "b", region + "c"}
}
