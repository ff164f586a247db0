package awswire

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// compiler makes the codecs of a service, each one once.
type compiler struct {
	s        *Service
	done     map[codecKey]*codec
	patterns map[string]func(string) bool
	leftOver []string // fields of Go types that the model does not have
}

type codecKey struct {
	shape string
	typ   reflect.Type
}

func newCompiler(s *Service) *compiler {
	return &compiler{s: s, done: map[codecKey]*codec{}, patterns: map[string]func(string) bool{}}
}

var noShape = &models.Shape{Type: "structure"}

// top makes the codec of an operation's input or output. ref may be nil: then
// there is none, and typ must have no members either.
func (c *compiler) top(ref *models.Ref, typ reflect.Type, input bool) (*codec, error) {
	if typ.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is not a struct", typ)
	}
	t := &codec{kind: kindStructure, typ: typ}
	shape := noShape
	if ref != nil {
		if shape = c.s.model.Shapes[ref.Shape]; shape == nil {
			return nil, fmt.Errorf("no shape %s", ref.Shape)
		}
		t.shape = ref.Shape
		t.root = first(ref.LocationName, shape.LocationName, ref.Shape)
		t.ns = newNamespace(ref.XMLNamespace, shape.XMLNamespace)
	}
	if err := c.structure(t, shape); err != nil {
		return nil, err
	}
	for _, m := range t.members {
		if shape.Payload == m.name {
			t.payload = m
		}
		if err := checkLocation(c.s.model.Metadata.Protocol, m, input); err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.shape, m.name, err)
		}
	}
	return t, nil
}

// checkLocation refuses bindings that the engine cannot do.
func checkLocation(protocol string, m *member, input bool) error {
	rest := strings.HasPrefix(protocol, "rest-")
	switch {
	case m.location == inBody && m.codec.kind == kindStream && !rest:
		return fmt.Errorf("a stream outside of a REST payload")
	case m.location == inBody:
		return nil
	case !rest:
		return fmt.Errorf("location %q in protocol %s", m.location, protocol)
	case input && m.location == inStatus, !input && (m.location == inURI || m.location == inQuery):
		return fmt.Errorf("location %q", m.location)
	}
	c := m.codec
	if c.kind == kindList && c.element.codec.kind == kindTime {
		return fmt.Errorf("a list of timestamps in location %q", m.location)
	}
	if c.kind == kindMap && m.location != inHeaders && m.location != inQuery {
		return fmt.Errorf("a map in location %q", m.location)
	}
	if c.kind == kindStructure || c.kind == kindUnion || c.kind == kindDocument || c.kind == kindStream {
		return fmt.Errorf("shape %s in location %q", c.shape, m.location)
	}
	return nil
}

// codec returns the codec for the shape that ref names and the Go type typ,
// which may be a pointer to the type proper.
func (c *compiler) codec(ref *models.Ref, typ reflect.Type) (*codec, error) {
	shape := c.s.model.Shapes[ref.Shape]
	if shape == nil {
		return nil, fmt.Errorf("no shape %s", ref.Shape)
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	key := codecKey{ref.Shape, typ}
	if done := c.done[key]; done != nil {
		return done, nil
	}
	made := &codec{shape: ref.Shape, typ: typ}
	c.done[key] = made
	if err := c.fill(made, shape); err != nil {
		return nil, fmt.Errorf("%s: %w", ref.Shape, err)
	}
	var err error
	made.rules, err = c.rules(shape, made.kind)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref.Shape, err)
	}
	return made, nil
}

func (c *compiler) fill(made *codec, shape *models.Shape) error {
	switch {
	case shape.EventStream:
		return fmt.Errorf("event streams are not supported")
	case shape.Document:
		return c.document(made)
	case shape.Union && made.typ.Kind() == reflect.Interface:
		return c.union(made, shape)
	case shape.Type == "structure":
		return c.structure(made, shape)
	case shape.Type == "list":
		return c.list(made, shape)
	case shape.Type == "map":
		return c.mapping(made, shape)
	}
	return scalar(made, shape.Type)
}

// scalarKinds says how each scalar type is coded and what Go kinds may hold it.
var scalarKinds = map[string]struct {
	kind kind
	goes []reflect.Kind
}{
	"string":    {kindString, []reflect.Kind{reflect.String}},
	"character": {kindString, []reflect.Kind{reflect.String}},
	"boolean":   {kindBool, []reflect.Kind{reflect.Bool}},
	"byte":      {kindInt, []reflect.Kind{reflect.Int8}},
	"short":     {kindInt, []reflect.Kind{reflect.Int16}},
	"integer":   {kindInt, []reflect.Kind{reflect.Int32}},
	"long":      {kindInt, []reflect.Kind{reflect.Int64}},
	"float":     {kindFloat, []reflect.Kind{reflect.Float32}},
	"double":    {kindFloat, []reflect.Kind{reflect.Float64}},
}

func scalar(made *codec, shapeType string) error {
	if k, ok := scalarKinds[shapeType]; ok {
		made.kind = k.kind
		if !slices.Contains(k.goes, made.typ.Kind()) {
			return misfit(made, shapeType)
		}
		return nil
	}
	switch {
	case shapeType == "timestamp" && made.typ == typeTime:
		made.kind = kindTime
	case shapeType == "blob" && made.typ.Kind() == reflect.Slice && made.typ.Elem().Kind() == reflect.Uint8:
		made.kind = kindBlob
	case shapeType == "blob" && (made.typ == typeReader || made.typ == typeReadCloser):
		made.kind = kindStream
	default:
		return misfit(made, shapeType)
	}
	return nil
}

func misfit(made *codec, shapeType string) error {
	return fmt.Errorf("the Go type %s does not fit a %s", made.typ, shapeType)
}

func (c *compiler) list(made *codec, shape *models.Shape) error {
	if made.typ.Kind() != reflect.Slice {
		return misfit(made, "list")
	}
	made.kind = kindList
	var err error
	made.element, err = c.part(shape.Member, made.typ.Elem(), first(shape.Member.LocationName, "member"))
	return err
}

func (c *compiler) mapping(made *codec, shape *models.Shape) error {
	if made.typ.Kind() != reflect.Map || made.typ.Key().Kind() != reflect.String {
		return misfit(made, "map")
	}
	made.kind = kindMap
	var err error
	if made.key, err = c.part(shape.Key, made.typ.Key(), first(shape.Key.LocationName, "key")); err != nil {
		return err
	}
	made.element, err = c.part(shape.Value, made.typ.Elem(), first(shape.Value.LocationName, "value"))
	return err
}

// part makes the member for an element, key or value.
func (c *compiler) part(ref *models.Ref, typ reflect.Type, wire string) (*member, error) {
	shape := c.s.model.Shapes[ref.Shape]
	inner, err := c.codec(ref, typ)
	if err != nil {
		return nil, err
	}
	return &member{
		wire: wire, codec: inner, times: c.times(ref, shape, inBody), secret: shape.Sensitive,
		ns: newNamespace(ref.XMLNamespace, shape.XMLNamespace), flat: ref.Flattened || shape.Flattened,
	}, nil
}

func (c *compiler) document(made *codec) error {
	made.kind = kindDocument
	made.lazy = c.s.opts.documents[made.typ]
	if made.lazy == nil {
		return fmt.Errorf("the document type %s is not registered with WithDocument", made.typ)
	}
	return nil
}

func newNamespace(list ...*models.XMLNamespace) namespace {
	for _, n := range list {
		if n != nil {
			return namespace{n.Prefix, n.URI}
		}
	}
	return namespace{}
}
