package identitystore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Limits of the model for the texts that UpdateUser and UpdateGroup carry in documents.
const (
	maxText     = 1024
	maxUserName = 128
	userNameOf  = `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`
	textOf      = `[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r  　]+`
)

// enterprise is the only extension (API reference, CreateUser).
const enterprise = "aws:identitystore:enterprise"

// decoded is the JSON of a document, nil for null and for none.
func decoded(d document.Interface) ([]byte, error) {
	if d == nil {
		return nil, nil
	}
	text, err := d.MarshalSmithyDocument()
	if err != nil {
		return nil, invalid("The value of an attribute must be JSON.")
	}
	if bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
		return nil, nil
	}
	return text, nil
}

// textValue is a text attribute out of a document, within the limits of the model.
func textValue(path string, value []byte, most int) (string, error) {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return "", invalid("The value of " + path + " must be a string.")
	}
	return text, constrained(path, text, most)
}

// constrained words a broken limit as AWS does for SCIM.
func constrained(path, text string, most int) error {
	var constraint string
	switch pattern := patternOf(most); {
	case text == "":
		constraint = "Member must have length greater than or equal to 1"
	case utf8.RuneCountInString(text) > most:
		constraint = fmt.Sprintf("Member must have length less than or equal to %d", most)
	case !world.ValidAttribute(text) || most == maxUserName && strings.ContainsAny(text, "\t\n\r \u00a0\u3000"):
		constraint = "Member must satisfy regular expression pattern: " + pattern
	default:
		return nil
	}
	return invalid("1 validation error detected: Value at '" + path + "' failed to satisfy constraint: " + constraint)
}

func patternOf(most int) string {
	if most == maxUserName {
		return userNameOf
	}
	return textOf
}

// structured reads a document into a structure or list of the world. Members are
// matched whatever the case; what is unknown, null or empty is refused.
func structured[T any](path string, value []byte, into *T) error {
	var plain any
	if json.Unmarshal(value, &plain) != nil || hollow(plain) {
		return invalid("The value of " + path + " has empty members: leave them out.")
	}
	d := json.NewDecoder(bytes.NewReader(value))
	d.DisallowUnknownFields()
	var read T // a list keeps nothing of the one before
	if d.Decode(&read) != nil {
		return invalid("The value of " + path + " is not of its form.")
	}
	*into = read
	return world.WalkAttributes(path, read, func(path, text string) error {
		if text == "" {
			return nil
		}
		return constrained(path, text, maxText)
	})
}

// hollow reports whether JSON has a null, an empty text, list or object in it.
func hollow(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0 || slices.ContainsFunc(v, hollow)
	case map[string]any:
		for _, one := range v {
			if hollow(one) {
				return true
			}
		}
		return len(v) == 0
	}
	return false
}

// texts are the text attributes of a user by their paths in small letters.
func texts(u *world.User) map[string]*string {
	found := map[string]*string{"username": &u.UserName, "displayname": &u.DisplayName}
	collect(found, "", reflect.ValueOf(&u.ProfileFile).Elem())
	return found
}

// collect adds the texts of a structure, but not those of lists.
func collect(found map[string]*string, path string, v reflect.Value) {
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if name == "enterprise" {
			name = enterprise
		}
		name = strings.TrimPrefix(path+"."+strings.ToLower(name), ".")
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			found[name] = f.Addr().Interface().(*string)
		case reflect.Struct:
			collect(found, name, f)
		default: // lists are replaced whole
		}
	}
}
