package awswire_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// dynamicServices are services whose SDK module is not at hand: boto3 is the
// client, and the Go types are made from the model. They prove that a further
// service needs nothing but its model.
func dynamicServices(t *testing.T) []service {
	t.Helper()
	var list []service
	for _, name := range []string{"sso-admin", "identitystore", "iam", "athena", "lakeformation"} {
		s := service{name: name, model: testModel(t, name), fixed: map[string]string{
			"body:AssumeRolePolicyDocument": "not JSON", "body:PolicyDocument": "not JSON", // boto3 parses IAM's policies
		}}
		for operation, op := range s.model.Operations {
			if !representable(s.model, op.Input, nil) || !representable(s.model, op.Output, nil) {
				t.Logf("%s.%s: has documents or recursion, see TestUnionAndDocument and TestRecursion", name, operation)
				delete(s.model.Operations, operation)
			}
		}
		if len(s.model.Operations) < 3 {
			t.Errorf("%s: only %d operations are left", name, len(s.model.Operations))
		}
		list = append(list, s)
	}
	return list
}

// representable reports whether reflect can make a type for a shape: it can make
// neither recursive types nor methods.
func representable(m *models.Model, ref *models.Ref, above []string) bool {
	if ref == nil {
		return true
	}
	shape := m.Shapes[ref.Shape]
	for _, name := range above {
		if name == ref.Shape {
			return false
		}
	}
	above = append(above[:len(above):len(above)], ref.Shape)
	for _, member := range shape.Members {
		if !representable(m, member.Ref, above) {
			return false
		}
	}
	return !shape.Document && representable(m, shape.Member, above) && representable(m, shape.Key, above) && representable(m, shape.Value, above)
}

var dynamicScalars = map[string]reflect.Type{
	"string":    reflect.TypeFor[string](),
	"boolean":   reflect.TypeFor[bool](),
	"integer":   reflect.TypeFor[int32](),
	"long":      reflect.TypeFor[int64](),
	"float":     reflect.TypeFor[float32](),
	"double":    reflect.TypeFor[float64](),
	"timestamp": reflect.TypeFor[time.Time](),
	"blob":      reflect.TypeFor[[]byte](),
}

// dynamicType makes a struct for a structure, with pointers where the SDK has
// them. A union is a struct with one member set.
func dynamicType(m *models.Model, ref *models.Ref) reflect.Type {
	if ref == nil {
		return reflect.TypeFor[struct{}]()
	}
	shape := m.Shapes[ref.Shape]
	switch shape.Type {
	case "structure":
		var fields []reflect.StructField
		for _, member := range shape.Members {
			typ := dynamicType(m, member.Ref)
			if k := typ.Kind(); k != reflect.Slice && k != reflect.Map {
				typ = reflect.PointerTo(typ)
			}
			fields = append(fields, reflect.StructField{Name: strings.ToUpper(member.Name[:1]) + member.Name[1:], Type: typ})
		}
		return reflect.StructOf(fields)
	case "list":
		return reflect.SliceOf(dynamicType(m, shape.Member))
	case "map":
		return reflect.MapOf(reflect.TypeFor[string](), dynamicType(m, shape.Value))
	}
	return dynamicScalars[shape.Type]
}
