package iamrole

import (
	"bytes"
	"encoding/json"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Draft is a policy as it is to be written.
type Draft struct {
	Version   string `json:",omitempty"`
	ID        string `json:"Id,omitempty"`
	Statement []Statement
}

// Statement is one of a Draft; what stands in it stays as it was written.
type Statement struct {
	Sid          string          `json:",omitempty"`
	Effect       string          `json:",omitempty"`
	Principal    json.RawMessage `json:",omitempty"`
	NotPrincipal json.RawMessage `json:",omitempty"`
	Action       json.RawMessage `json:",omitempty"`
	NotAction    json.RawMessage `json:",omitempty"`
	Resource     json.RawMessage `json:",omitempty"`
	NotResource  json.RawMessage `json:",omitempty"`
	Condition    json.RawMessage `json:",omitempty"`
}

// NewDraft is an empty policy.
func NewDraft() *Draft { return &Draft{Version: policy.Version2012} }

// Edit returns a Draft of a document; of nil an empty one.
func Edit(doc *policy.Document) *Draft {
	if doc == nil {
		return NewDraft()
	}
	var whole struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	_ = json.Unmarshal([]byte(doc.Text()), &whole) // it was parsed, by a stricter parser
	d := &Draft{Version: whole.Version, ID: whole.ID}
	if text := bytes.TrimSpace(whole.Statement); len(text) > 0 && text[0] == '{' {
		d.Statement = make([]Statement, 1)
		_ = json.Unmarshal(text, &d.Statement[0])
	} else {
		_ = json.Unmarshal(text, &d.Statement)
	}
	return d
}

// Text is the policy in one line.
func (d *Draft) Text() string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		return ""
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

// Clone is a copy that can be edited by itself.
func (d *Draft) Clone() *Draft {
	clone := *d
	clone.Statement = append([]Statement(nil), d.Statement...)
	return &clone
}

// Value is a value of a statement's element: a string, a list, or an object.
func Value(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil
	}
	return bytes.TrimSpace(b.Bytes())
}

// List reads an element that is a string or a list of strings.
func List(element json.RawMessage) []string {
	var one string
	if json.Unmarshal(element, &one) == nil {
		return []string{one}
	}
	var all []string
	if json.Unmarshal(element, &all) != nil {
		return nil
	}
	return all
}

// Member is a member of an object, nil if there is none.
func Member(object json.RawMessage, name string) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return nil
	}
	return members[name]
}
