package awswire

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// structure fits the members of a structure to the fields of a struct, which must
// have one for every member.
func (c *compiler) structure(made *codec, shape *models.Shape) error {
	if made.typ.Kind() != reflect.Struct {
		if shape.Union {
			return fmt.Errorf("the union %s is not registered with WithUnion", made.typ)
		}
		return misfit(made, "structure")
	}
	made.kind = kindStructure
	used := map[int]bool{}
	for _, m := range shape.Members {
		field, err := fieldFor(made.typ, m.Name)
		if err != nil {
			return err
		}
		used[field] = true
		fitted, err := c.member(m, made.typ.Field(field).Type)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		fitted.field = field
		fitted.required = slices.Contains(shape.Required, m.Name)
		made.members = append(made.members, fitted)
	}
	c.noteLeftOver(made.typ, used)
	return nil
}

// noteLeftOver notes the fields that the model does not have, because the SDK is
// newer than the model. They are never set and never sent.
func (c *compiler) noteLeftOver(typ reflect.Type, used map[int]bool) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.IsExported() && !f.Anonymous && f.Name != "ResultMetadata" && !used[i] {
			c.leftOver = append(c.leftOver, typ.String()+"."+f.Name)
		}
	}
}

// fieldFor finds the field of a member: the SDK capitalises the first letter,
// and changes the case of others or adds an underscore in a few names.
func fieldFor(typ reflect.Type, name string) (int, error) {
	if f, ok := typ.FieldByName(capitalise(name)); ok && len(f.Index) == 1 {
		return f.Index[0], nil
	}
	for i := range typ.NumField() {
		if f := typ.Field(i); f.IsExported() && sameName(f.Name, name) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s has no field for the member %s", typ, name)
}

func sameName(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, "_", ""), strings.ReplaceAll(b, "_", ""))
}

func capitalise(s string) string { return mapFirst(s, unicode.ToUpper) }

func uncapitalise(s string) string { return mapFirst(s, unicode.ToLower) }

func mapFirst(s string, f func(rune) rune) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(f(r)) + s[size:]
}

func (c *compiler) member(m models.Member, typ reflect.Type) (*member, error) {
	inner, err := c.codec(m.Ref, typ)
	if err != nil {
		return nil, err
	}
	shape := c.s.model.Shapes[m.Ref.Shape]
	made := &member{
		name:      m.Name,
		path:      uncapitalise(m.Name),
		wire:      first(m.Ref.LocationName, m.Name),
		location:  m.Ref.Location,
		codec:     inner,
		secret:    shape.Sensitive || secretName(m.Name),
		flat:      m.Ref.Flattened || shape.Flattened,
		attribute: m.Ref.XMLAttribute,
		hostLabel: m.Ref.HostLabel,
		times:     c.times(m.Ref, shape, m.Ref.Location),
		ns:        newNamespace(m.Ref.XMLNamespace, shape.XMLNamespace),
	}
	c.name(made, shape)
	return made, nil
}

// name applies what is peculiar to a protocol in the naming of members.
func (c *compiler) name(made *member, shape *models.Shape) {
	if made.location != inBody {
		return
	}
	protocol := c.s.model.Metadata.Protocol
	if made.flat && shape.Type == "list" && protocol != "json" && protocol != "rest-json" {
		// The name of a flattened list's elements stands for the list's own.
		if shape.Member.LocationName != "" {
			made.alias = made.wire
			made.wire = shape.Member.LocationName
		}
	}
	if protocol == "rest-xml" && !made.attribute {
		_, local, prefixed := strings.Cut(made.wire, ":")
		if prefixed {
			made.wire = local
		}
	}
}

// secretName reports whether a member holds a credential by its name, though the
// model does not mark it.
func secretName(name string) bool {
	switch name {
	case "ContextAssertion", "subjectToken", "refreshToken", "SessionToken", "TokenCode", "code", "IdentityToken", "AccessToken":
		return true
	}
	lower := strings.ToLower(name)
	return strings.Contains(lower, "secretaccesskey") || strings.Contains(lower, "password")
}

// union fits the members of a union to the types that implement the SDK's
// interface.
func (c *compiler) union(made *codec, shape *models.Shape) error {
	made.kind = kindUnion
	variants := c.s.opts.unions[made.typ]
	if variants == nil {
		return fmt.Errorf("the union %s is not registered with WithUnion", made.typ)
	}
	if len(variants) != len(shape.Members) {
		return fmt.Errorf("%d types are registered for the %d members of the union", len(variants), len(shape.Members))
	}
	for _, m := range shape.Members {
		variant := variants[capitalise(m.Name)]
		if variant == nil {
			return fmt.Errorf("no type is registered for the member %s of the union", m.Name)
		}
		value, err := valueField(variant)
		if err != nil {
			return err
		}
		fitted, err := c.member(m, value.Type)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		fitted.variant = variant
		fitted.field = value.Index[0]
		made.members = append(made.members, fitted)
	}
	return nil
}

func valueField(variant reflect.Type) (reflect.StructField, error) {
	if variant.Kind() == reflect.Pointer && variant.Elem().Kind() == reflect.Struct {
		if f, ok := variant.Elem().FieldByName("Value"); ok && len(f.Index) == 1 {
			return f, nil
		}
	}
	return reflect.StructField{}, errors.New("the union's type " + variant.String() + " is not a pointer to a struct with the field Value")
}

// unionMemberName is Y of the SDK's type *XMemberY for the union X.
func unionMemberName(union, variant reflect.Type) string {
	if variant.Kind() == reflect.Pointer {
		variant = variant.Elem()
	}
	return strings.TrimPrefix(variant.Name(), union.Name()+"Member")
}
