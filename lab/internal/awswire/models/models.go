// Package models holds the AWS service models that the lab is driven by: the
// types of botocore's service-2.json format, and trimmed models embedded in the
// program (documentation stripped, only the shapes that the offered operations
// reach). Package modelgen writes them.
//
// A [Model] is plain data, read only after [Load]; sharing one between
// goroutines is safe. The package neither checks a model nor interprets it: that
// is awswire's work.
package models

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed *.json
var files embed.FS

// Load parses the embedded model of a service by its botocore name, such as
// "sso-oidc". Every call returns a new Model.
func Load(service string) (*Model, error) {
	data, err := files.ReadFile(service + ".json")
	if err != nil {
		return nil, fmt.Errorf("no model of service %q", service)
	}
	return Parse(data)
}

// Parse reads a model from botocore's service-2.json format. Traits that the
// types of this package do not have are dropped.
func Parse(data []byte) (*Model, error) {
	m := new(Model)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("parse service model: %w", err)
	}
	return m, nil
}

// Model is one service in one API version.
type Model struct {
	Metadata   Metadata              `json:"metadata"`
	Operations map[string]*Operation `json:"operations"`
	Shapes     map[string]*Shape     `json:"shapes"`
}

// Metadata names the service and its protocol.
type Metadata struct {
	APIVersion     string `json:"apiVersion,omitempty"`
	EndpointPrefix string `json:"endpointPrefix,omitempty"`
	JSONVersion    string `json:"jsonVersion,omitempty"`
	Protocol       string `json:"protocol"`
	ServiceID      string `json:"serviceId,omitempty"`
	SigningName    string `json:"signingName,omitempty"`
	TargetPrefix   string `json:"targetPrefix,omitempty"`
	UID            string `json:"uid,omitempty"`
	XMLNamespace   string `json:"xmlNamespace,omitempty"`
}

// Operation is one operation of the service.
type Operation struct {
	Name     string   `json:"name"`
	HTTP     HTTP     `json:"http"`
	Input    *Ref     `json:"input,omitempty"`
	Output   *Ref     `json:"output,omitempty"`
	Errors   []Ref    `json:"errors,omitempty"`
	AuthType string   `json:"authtype,omitempty"`
	Auth     []string `json:"auth,omitempty"`
}

// HTTP is the HTTP binding of an operation.
type HTTP struct {
	Method       string `json:"method"`
	RequestURI   string `json:"requestUri"`
	ResponseCode int    `json:"responseCode,omitempty"`
}

// Shape is a type of the model.
type Shape struct {
	Type            string        `json:"type"`
	Required        []string      `json:"required,omitempty"`
	Members         Members       `json:"members,omitempty"`
	Member          *Ref          `json:"member,omitempty"`
	Key             *Ref          `json:"key,omitempty"`
	Value           *Ref          `json:"value,omitempty"`
	Enum            []string      `json:"enum,omitempty"`
	Min             *json.Number  `json:"min,omitempty"`
	Max             *json.Number  `json:"max,omitempty"`
	Pattern         string        `json:"pattern,omitempty"`
	LocationName    string        `json:"locationName,omitempty"`
	Payload         string        `json:"payload,omitempty"`
	TimestampFormat string        `json:"timestampFormat,omitempty"`
	XMLNamespace    *XMLNamespace `json:"xmlNamespace,omitempty"`
	Flattened       bool          `json:"flattened,omitempty"`
	Sensitive       bool          `json:"sensitive,omitempty"`
	Streaming       bool          `json:"streaming,omitempty"`
	Union           bool          `json:"union,omitempty"`
	Document        bool          `json:"document,omitempty"`
	EventStream     bool          `json:"eventstream,omitempty"`
	Exception       bool          `json:"exception,omitempty"`
	Fault           bool          `json:"fault,omitempty"`
	Error           *ErrorTrait   `json:"error,omitempty"`
}

// Ref is a use of a shape: a member, a list's element, an operation's input.
// Its traits go before those of the shape.
type Ref struct {
	Shape           string        `json:"shape"`
	Location        string        `json:"location,omitempty"`
	LocationName    string        `json:"locationName,omitempty"`
	QueryName       string        `json:"queryName,omitempty"`
	ResultWrapper   string        `json:"resultWrapper,omitempty"`
	TimestampFormat string        `json:"timestampFormat,omitempty"`
	XMLNamespace    *XMLNamespace `json:"xmlNamespace,omitempty"`
	XMLAttribute    bool          `json:"xmlAttribute,omitempty"`
	Flattened       bool          `json:"flattened,omitempty"`
	Streaming       bool          `json:"streaming,omitempty"`
	HostLabel       bool          `json:"hostLabel,omitempty"`
}

// ErrorTrait says how an exception shape looks on the wire.
type ErrorTrait struct {
	Code           string `json:"code,omitempty"`
	HTTPStatusCode int    `json:"httpStatusCode,omitempty"`
	SenderFault    bool   `json:"senderFault,omitempty"`
}

// XMLNamespace is the namespace of an element. botocore writes it as a bare
// string in a few places.
type XMLNamespace struct {
	URI    string `json:"uri"`
	Prefix string `json:"prefix,omitempty"`
}

// UnmarshalJSON accepts both {"uri": "..."} and "...".
func (n *XMLNamespace) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &n.URI)
	}
	type plain XMLNamespace
	return json.Unmarshal(data, (*plain)(n))
}

// Member is a named member of a structure.
type Member struct {
	Name string
	Ref  *Ref
}

// Members are the members of a structure in the order of the model, which is
// the order of elements on the wire and of validation messages.
type Members []Member

// UnmarshalJSON reads a JSON object and keeps the order of its names.
func (m *Members) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		ref := new(Ref)
		if err := dec.Decode(ref); err != nil {
			return err
		}
		*m = append(*m, Member{Name: name.(string), Ref: ref})
	}
	return nil
}

// MarshalJSON writes a JSON object in the order of the members.
func (m Members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, member := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(member.Name)
		if err != nil {
			return nil, err
		}
		ref, err := json.Marshal(member.Ref)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(ref)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
