package awswire

import (
	"io"
	"reflect"
	"time"
)

// kind is the way a value is coded: a shape's type, and how Go holds it.
type kind uint8

const (
	kindStructure kind = iota + 1
	kindUnion
	kindList
	kindMap
	kindString
	kindBool
	kindInt
	kindFloat
	kindTime
	kindBlob
	kindStream
	kindDocument
)

// Locations of a member of an operation's input or output.
const (
	inBody    = ""
	inURI     = "uri"
	inQuery   = "querystring"
	inHeader  = "header"
	inHeaders = "headers"
	inStatus  = "statusCode"
)

// codec is the plan for coding one shape from and to one Go type. It is made
// once, at registration, and is immutable then. Recursive shapes have cyclic
// codecs.
type codec struct {
	shape   string
	kind    kind
	typ     reflect.Type // the Go type, pointer taken off
	members []*member    // structure and union, in the model's order
	element *member      // list's element, map's value
	key     *member      // map's key
	rules   *rules       // constraints; nil if none
	payload *member      // top level of REST: the member that is the whole body
	lazy    func(any) reflect.Value
	ns      namespace // top level: of the root element
	root    string    // top level: name of the root element
}

// member is a use of a codec: a member of a structure or union, an element of a
// list, a key or value of a map.
type member struct {
	name      string // the model's: "RoleArn"
	path      string // as validation messages have it: "roleArn"
	wire      string // key in JSON, element or attribute in XML, part of the name in query
	alias     string // a second name that is accepted (flattened lists in XML)
	location  string
	codec     *codec
	field     int          // index of the struct field
	variant   reflect.Type // union: pointer type of the SDK's member struct
	required  bool
	secret    bool // not to be echoed
	flat      bool // flattened list or map
	attribute bool
	hostLabel bool
	times     timeFormat
	ns        namespace
}

// namespace is an xmlns attribute; zero means none.
type namespace struct{ prefix, uri string }

var (
	typeTime       = reflect.TypeFor[time.Time]()
	typeReader     = reflect.TypeFor[io.Reader]()
	typeReadCloser = reflect.TypeFor[io.ReadCloser]()
)

// bodyMembers returns the members of a top-level structure that are in the body
// and are not the payload.
func (c *codec) bodyMembers() []*member {
	var list []*member
	for _, m := range c.members {
		if m.location == inBody && m != c.payload {
			list = append(list, m)
		}
	}
	return list
}

// indirect follows a pointer; ok is false if it is nil.
func indirect(v reflect.Value) (_ reflect.Value, ok bool) {
	if v.Kind() != reflect.Pointer {
		return v, true
	}
	return v.Elem(), !v.IsNil()
}

// unset reports whether v, a member of an output, is to be left out: a nil
// pointer, slice, map or interface, or an enumeration that is "".
func unset(m *member, v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return v.IsNil()
	case reflect.String:
		return v.Len() == 0 && m.codec.kind == kindString
	}
	return false
}
