package rolestemplate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// A template is made of object, list, call, string and int.
type (
	// object keeps the order of its members: a template is read from top to bottom.
	object []member
	member struct {
		key   string
		value any
	}
	list []any
	// call is an intrinsic function of CloudFormation with one plain argument.
	call struct{ function, argument string }
)

func ref(name string) call            { return call{"Ref", name} }
func getAtt(name, what string) call   { return call{"GetAtt", name + "." + what} }
func sub(text string) call            { return call{"Sub", text} }
func (o *object) add(k string, v any) { *o = append(*o, member{k, v}) }

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// MarshalJSON implements json.Marshaler: the long form of a function.
func (c call) MarshalJSON() ([]byte, error) {
	switch c.function {
	case "Ref":
		return json.Marshal(map[string]string{"Ref": c.argument})
	case "GetAtt":
		return json.Marshal(map[string][]string{"Fn::GetAtt": strings.SplitN(c.argument, ".", 2)})
	}
	return json.Marshal(map[string]string{"Fn::" + c.function: c.argument})
}

func encodeJSON(o object) ([]byte, error) {
	text, err := json.MarshalIndent(o, "", "  ")
	return append(text, '\n'), err
}

func writeYAML(b *strings.Builder, o object) { writeMembers(b, o, "", "") }

// writeMembers writes an object in block style; first stands before its first line.
func writeMembers(b *strings.Builder, o object, first, indent string) {
	for i, m := range o {
		before := indent
		if i == 0 {
			before = first
		}
		b.WriteString(before + key(m.key) + ":")
		writeValue(b, m.value, indent)
		if indent == "" && i < len(o)-1 {
			b.WriteByte('\n')
		}
	}
}

// writeValue writes what follows a colon.
func writeValue(b *strings.Builder, v any, indent string) {
	indent += "  "
	switch v := v.(type) {
	case object:
		b.WriteByte('\n')
		writeMembers(b, v, indent, indent)
	case list:
		b.WriteByte('\n')
		writeItems(b, v, indent)
	default:
		b.WriteString(" " + scalar(v) + "\n")
	}
}

func writeItems(b *strings.Builder, items list, indent string) {
	for _, item := range items {
		if o, ok := item.(object); ok {
			writeMembers(b, o, indent+"- ", indent+"  ")
		} else {
			b.WriteString(indent + "- " + scalar(item) + "\n")
		}
	}
}

// scalar is a value in one line. Its kinds are those of the package, and of no input.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return text(v)
	case int:
		return strconv.Itoa(v)
	case call:
		if v.function == "Sub" {
			return "!Sub " + quoted(v.argument)
		}
		return "!" + v.function + " " + v.argument
	}
	panic(fmt.Sprintf("rolestemplate: a %T in a template", v))
}

var (
	// wordForm has what cannot be anything but a string to any reader of YAML: words with
	// colons inside, such as AWS::IAM::Role and s3:GetDataAccess.
	wordForm = lazyregexp.New(`^[A-Za-z][A-Za-z0-9-]*(::?[A-Za-z][A-Za-z0-9]*)+$`)
	keyForm  = lazyregexp.New(`^[A-Z][A-Za-z]{3,}$`)
)

func text(s string) string {
	if s == "Allow" || wordForm().MatchString(s) {
		return s
	}
	return quoted(s)
}

// key leaves the names of CloudFormation and IAM without quotes. Null is a name of IAM,
// and a word of YAML.
func key(s string) string {
	if s == "Url" || s == "Key" || s == "AWS" || wordForm().MatchString(s) || keyForm().MatchString(s) && s != "Null" && s != "True" && s != "False" {
		return s
	}
	return quoted(s)
}

// quoted is a string in double quotes with the escapes of YAML 1.2 section 5.7, which
// YAML 1.1 has too.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r) && r != unicode.ReplacementChar:
			b.WriteRune(r)
		case r <= 0xFF:
			fmt.Fprintf(&b, `\x%02X`, r)
		case r <= 0xFFFF:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
