package awswire

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// rules are the constraints of a shape on its own values, with the words AWS
// has for them.
type rules struct {
	min, max         *float64
	minWord, maxWord string
	match            func(string) bool
	pattern          string
	enum             map[string]bool
	enumWord         string
	forElements      string // all of them, as one list, for an element of a list or map
}

// rules returns the constraints of a shape, nil if it has none.
func (c *compiler) rules(shape *models.Shape, k kind) (*rules, error) {
	r := &rules{}
	var err error
	measure := "length"
	if k == kindInt || k == kindFloat {
		measure = "value"
	}
	if r.min, r.minWord, err = bound(shape.Min, measure, "greater"); err != nil {
		return nil, err
	}
	if r.max, r.maxWord, err = bound(shape.Max, measure, "less"); err != nil {
		return nil, err
	}
	if shape.Pattern != "" && k == kindString {
		if r.match, err = c.pattern(shape.Pattern); err != nil {
			return nil, err
		}
		r.pattern = "Member must satisfy regular expression pattern: " + shape.Pattern
	}
	if len(shape.Enum) > 0 {
		r.enum = map[string]bool{}
		for _, v := range shape.Enum {
			r.enum[v] = true
		}
		r.enumWord = "Member must satisfy enum value set: [" + strings.Join(shape.Enum, ", ") + "]"
	}
	if r.min == nil && r.max == nil && r.match == nil && r.enum == nil {
		return nil, nil
	}
	r.forElements = r.elementWords()
	return r, nil
}

func bound(n *json.Number, measure, than string) (*float64, string, error) {
	if n == nil {
		return nil, "", nil
	}
	f, err := n.Float64()
	if err != nil {
		return nil, "", err
	}
	return &f, fmt.Sprintf("Member must have %s %s than or equal to %s", measure, than, n), nil
}

// elementWords lists every constraint, whichever failed, as AWS does for an
// element of a list: the violation is the list's.
func (r *rules) elementWords() string {
	var words []string
	for _, w := range []string{r.maxWord, r.minWord, r.pattern} {
		if w != "" {
			words = append(words, w)
		}
	}
	if r.enum != nil {
		words = append(words, r.enumWord)
	} else {
		words = append(words, "Member must not be null")
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// broken returns the words of the constraints that v breaks. STS, probed,
// names the pattern first and lengths in code points after it.
func (r *rules) broken(c *codec, v reflect.Value) []string {
	var words []string
	if r.match != nil && !r.match(v.String()) {
		words = append(words, r.pattern)
	}
	if r.enum != nil && !r.enum[v.String()] {
		words = append(words, r.enumWord)
	}
	size := sizeOf(c, v)
	if r.min != nil && size < *r.min {
		words = append(words, r.minWord)
	}
	if r.max != nil && size > *r.max {
		words = append(words, r.maxWord)
	}
	return words
}

// sizeOf is what min and max are about: a number's value, a string's length in
// code points, a blob's in bytes, the number of a list's or map's elements.
func sizeOf(c *codec, v reflect.Value) float64 {
	switch c.kind {
	case kindInt:
		return float64(v.Int())
	case kindFloat:
		return v.Float()
	case kindString:
		return float64(utf8.RuneCountInString(v.String()))
	case kindList, kindMap, kindBlob:
		return float64(v.Len())
	}
	return 0
}
