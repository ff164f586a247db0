package template

import (
	"maps"
	"slices"
	"strings"
)

// pseudo are the parameters that every template has.
var pseudo = strings.Fields("AWS::AccountId AWS::NotificationARNs AWS::NoValue AWS::Partition AWS::Region AWS::StackId AWS::StackName AWS::URLSuffix")

// attribute is a use of Fn::GetAtt.
type attribute struct {
	id, name string
	sub      bool // in Fn::Sub
}

// uses are what the functions in a value refer to.
type uses struct {
	refs       map[string]bool
	attributes map[attribute]bool
	conditions map[string]bool
}

// collect adds what v refers to.
func (u *uses) collect(v any) {
	if u.refs == nil {
		*u = uses{map[string]bool{}, map[attribute]bool{}, map[string]bool{}}
	}
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			u.collect(one)
		}
	case *Map:
		if name, argument, ok := function(v); ok {
			u.function(name, argument)
			return
		}
		for _, key := range v.Keys() {
			u.collect(v.values[key])
		}
	}
}

func (u *uses) function(name string, argument any) {
	list, _ := argument.([]any)
	switch name {
	case "Ref":
		u.refs[argument.(string)] = true
		return
	case "Fn::GetAtt":
		id, attr := getAtt(argument)
		if text, ok := attr.(string); ok {
			u.attributes[attribute{id, text, false}] = true
			return
		}
		u.attributes[attribute{id, "", false}] = true
		u.collect(attr)
		return
	case "Fn::Sub":
		u.sub(argument)
		return
	case "Fn::If":
		u.conditions[list[0].(string)] = true
		u.collect(list[1:])
		return
	}
	u.collect(argument)
}

func (u *uses) sub(argument any) {
	text, own := subArguments(argument)
	names, _ := subNames(text) // they were checked
	for _, name := range names {
		if _, ok := own.Get(name); ok {
			continue
		}
		if id, attr, ok := strings.Cut(name, "."); ok {
			u.attributes[attribute{id, attr, true}] = true
		} else {
			u.refs[name] = true
		}
	}
	u.collect(own)
}

// check looks at everything that can be known without values.
func (t *Template) check(types Types) error {
	var unknown []string
	for _, name := range t.Types() {
		if !types.Known(name) {
			unknown = append(unknown, name)
		}
	}
	if unknown != nil {
		return malformed("Unrecognized resource types: [%s]", strings.Join(unknown, ", "))
	}
	if err := t.checkSnapshots(); err != nil {
		return err
	}
	if err := t.checkConditions(); err != nil {
		return err
	}
	for _, r := range t.Resources {
		if err := check(r.Properties, "Resources"); err != nil {
			return err
		}
		if err := check(r.Metadata, "Resources"); err != nil {
			return err
		}
	}
	if err := t.checkResources(types); err != nil {
		return err
	}
	if err := t.checkOutputs(types); err != nil {
		return err
	}
	_, err := t.Order()
	return err
}

// snapshots are the types that a snapshot can be made of (CloudFormation template
// reference, "DeletionPolicy attribute").
var snapshots = strings.Fields("AWS::DocDB::DBCluster AWS::EC2::Volume AWS::ElastiCache::CacheCluster AWS::ElastiCache::ReplicationGroup " +
	"AWS::Neptune::DBCluster AWS::RDS::DBCluster AWS::RDS::DBInstance AWS::Redshift::Cluster")

// checkSnapshots refuses the policy Snapshot of what has none.
func (t *Template) checkSnapshots() error {
	for _, r := range t.Resources {
		switch {
		case slices.Contains(snapshots, r.Type):
		case r.DeletionPolicy == "Snapshot":
			return wrong("resource type %s does not support deletion policy Snapshot", r.Type)
		case r.UpdateReplacePolicy == "Snapshot":
			return wrong("resource type %s does not support update replace policy Snapshot", r.Type)
		}
	}
	return nil
}

func (t *Template) checkResources(types Types) error {
	missing, conditions := map[string]bool{}, map[string]bool{}
	var used []attribute
	for _, r := range t.Resources {
		u := uses{}
		u.collect(r.Properties)
		u.collect(r.Metadata)
		for _, id := range r.DependsOn {
			u.refs[id] = true
			if t.parameters[id] != nil || slices.Contains(pseudo, id) {
				missing[id] = true
			}
		}
		t.unresolved(&u, missing)
		if r.Condition != "" {
			u.conditions[r.Condition] = true
		}
		maps.Copy(conditions, u.conditions)
		used = append(used, sortedUses(u.attributes)...)
	}
	return t.resolved(types, missing, conditions, used, "Resources")
}

func (t *Template) checkOutputs(types Types) error {
	missing, conditions := map[string]bool{}, map[string]bool{}
	var used []attribute
	for _, o := range t.Outputs {
		u := uses{}
		for _, v := range []any{o.Value, o.Export} {
			if err := check(v, "Outputs"); err != nil {
				return err
			}
			u.collect(v)
		}
		if t.needsResources(o.Export) {
			return malformed("Output %s is malformed.  The Name field of Export must not depend on any resources, imported values, or Fn::GetAZs.", o.Key)
		}
		if m, ok := o.Value.(*Map); ok {
			if _, _, ok := function(m); !ok {
				return malformed("The Value field of every Outputs member must evaluate to a String.")
			}
		}
		t.unresolved(&u, missing)
		if o.Condition != "" {
			u.conditions[o.Condition] = true
		}
		maps.Copy(conditions, u.conditions)
		used = append(used, sortedUses(u.attributes)...)
	}
	return t.resolved(types, missing, conditions, used, "Outputs")
}

// needsResources reports whether a checked value is known only after something was
// made: resources of this stack, or others'.
func (t *Template) needsResources(v any) bool {
	u := uses{}
	u.collect(v)
	_, other := otherFunction(v, exportFunctions)
	return other || len(u.attributes) > 0 || slices.ContainsFunc(sorted(u.refs), func(name string) bool { return t.resources[name] != nil })
}

// unresolved notes the names that are of no parameter and no resource.
func (t *Template) unresolved(u *uses, missing map[string]bool) {
	for name := range u.refs {
		if t.resources[name] == nil && t.parameters[name] == nil && !slices.Contains(pseudo, name) {
			missing[name] = true
		}
	}
}

func (t *Template) resolved(types Types, missing, conditions map[string]bool, used []attribute, block string) error {
	if len(missing) > 0 {
		return malformed("Unresolved resource dependencies [%s] in the %s block of the template", strings.Join(sorted(missing), ", "), block)
	}
	for _, name := range sorted(conditions) {
		if _, ok := t.conditions.Get(name); !ok {
			return malformed("Unresolved condition dependency %s in the %s block of the template", name, block)
		}
	}
	for _, a := range used {
		r := t.resources[a.id]
		switch {
		case r == nil && a.sub:
			return wrong("instance of Fn::Sub references invalid resource attribute %s.%s", a.id, a.name)
		case r == nil:
			return wrong("instance of Fn::GetAtt references undefined resource %s", a.id)
		case a.name != "" && !types.Attribute(r.Type, a.name):
			return wrong("resource %s does not support attribute type %s in Fn::GetAtt", a.id, a.name)
		}
	}
	return nil
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

func sortedUses(set map[attribute]bool) []attribute {
	return slices.SortedFunc(maps.Keys(set), func(a, b attribute) int {
		return strings.Compare(a.id+"."+a.name, b.id+"."+b.name)
	})
}

// References are the names that the Refs and variables in a checked value refer
// to, and its attributes as id.name, each sorted.
func References(v any) (refs, attributes []string) {
	u := uses{}
	u.collect(v)
	for a := range u.attributes {
		attributes = append(attributes, a.id+"."+a.name)
	}
	slices.Sort(attributes)
	return sorted(u.refs), attributes
}

// Unresolved is the refusal of a reference to a resource that its condition leaves out.
func Unresolved(id, block string) error {
	return malformed("Unresolved resource dependencies [%s] in the %s block of the template", id, block)
}
