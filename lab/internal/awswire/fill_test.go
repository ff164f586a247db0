package awswire_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"regexp/syntax"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// filler makes up values that keep the constraints of a model.
type filler struct {
	t      *testing.T
	rng    *rand.Rand
	model  *models.Model
	unions map[reflect.Type]map[string]reflect.Type
	fixed  map[string]string // values for members that clients check themselves
	// documents makes a document of the SDK's type, nil for services without.
	documents func(any) reflect.Value
}

const fillDepth = 5

// leaveOut is the fixed value of a member that clients compute.
const leaveOut = "-"

// top fills an operation's input or output.
func (f *filler) top(ref *models.Ref, v reflect.Value) {
	if ref != nil {
		f.structure(f.model.Shapes[ref.Shape], v, 0)
	}
}

// structure fills the first member always, as the query protocol cannot say that
// an empty structure is there, and the tokens that clients would make up.
func (f *filler) structure(shape *models.Shape, v reflect.Value, depth int) {
	if shape.Union {
		f.member(shape.Members[f.rng.IntN(len(shape.Members))], v, depth)
		return
	}
	for i, m := range shape.Members {
		required := i == 0 || strings.HasPrefix(m.Name, "Client") || slices.Contains(shape.Required, m.Name)
		if !required && (depth > fillDepth || f.rng.IntN(5) == 0) {
			continue
		}
		f.member(m, v, depth)
	}
}

func (f *filler) member(m models.Member, v reflect.Value, depth int) {
	v = v.FieldByName(strings.ToUpper(m.Name[:1]) + m.Name[1:])
	name := m.Name
	if m.Ref.Location == "" {
		name = "body:" + name
	}
	if text, ok := f.fixed[name]; ok {
		if text == leaveOut {
			return
		}
		f.set(v, reflect.ValueOf(text))
		return
	}
	f.value(m.Ref, v, depth, m.Ref.Location)
}

func (f *filler) set(v, to reflect.Value) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	v.Set(to.Convert(v.Type()))
}

func (f *filler) value(ref *models.Ref, v reflect.Value, depth int, where string) {
	shape := f.model.Shapes[ref.Shape]
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch shape.Type {
	case "structure":
		if shape.Union && v.Kind() == reflect.Interface {
			f.union(shape, v, depth)
			return
		}
		if shape.Document {
			v.Set(f.documents(f.document()))
			return
		}
		f.structure(shape, v, depth+1)
	case "list":
		f.list(shape, v, depth, where)
	case "map":
		f.mapping(shape, v, depth, where)
	case "timestamp":
		f.set(v, reflect.ValueOf(time.Unix(1_700_000_000+f.rng.Int64N(1e8), 0).UTC()))
	case "blob":
		f.blob(v)
	case "boolean":
		v.SetBool(f.rng.IntN(2) == 0)
	case "float", "double":
		v.SetFloat(float64(f.number(shape)) / 4)
	case "integer", "long", "short", "byte":
		v.SetInt(f.number(shape))
	default:
		v.SetString(f.text(shape, where))
	}
}

func (f *filler) blob(v reflect.Value) {
	data := make([]byte, 1+f.rng.IntN(40))
	for i := range data {
		data[i] = byte(f.rng.IntN(256))
	}
	switch v.Kind() {
	case reflect.Slice:
		v.SetBytes(data)
	default:
		v.Set(reflect.ValueOf(io.NopCloser(bytes.NewReader(data))))
	}
}

// document is what an open document may hold: a policy is an object, others may be
// anything that JSON has.
func (f *filler) document() any {
	text := fmt.Sprintf("s <&>é☃'\"%d", f.rng.IntN(1000))
	switch f.rng.IntN(4) {
	case 0:
		return text
	case 1:
		return []any{text, true, nil}
	}
	return map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Sid": text, "Effect": "Allow"}}}
}

func (f *filler) union(shape *models.Shape, v reflect.Value, depth int) {
	m := shape.Members[f.rng.IntN(len(shape.Members))]
	variant := f.unions[v.Type()][strings.ToUpper(m.Name[:1])+m.Name[1:]]
	if variant == nil {
		f.t.Fatalf("no type for %s of %s", m.Name, v.Type())
	}
	made := reflect.New(variant.Elem())
	f.value(m.Ref, made.Elem().FieldByName("Value"), depth+1, "")
	v.Set(made)
}

func (f *filler) list(shape *models.Shape, v reflect.Value, depth int, where string) {
	low, high := bounds(shape, 1, 3)
	n := low + f.rng.IntN(min(high, low+2)-low+1)
	if where != "" {
		n = max(n, 1) // neither the URL nor a header can say that a list is empty
	}
	made := reflect.MakeSlice(v.Type(), n, n)
	for i := range n {
		f.value(shape.Member, made.Index(i), depth+1, where)
	}
	if where == "querystring" { // the SDK's signer sorts the query
		sort.Slice(made.Interface(), func(i, j int) bool { return made.Index(i).String() < made.Index(j).String() })
	}
	v.Set(made)
}

func (f *filler) mapping(shape *models.Shape, v reflect.Value, depth int, where string) {
	made := reflect.MakeMap(v.Type())
	for range 2 {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.value(shape.Key, key, depth+1, where)
		f.value(shape.Value, value, depth+1, where)
		made.SetMapIndex(key, value)
	}
	v.Set(made)
}

func bounds(shape *models.Shape, low, high int) (int, int) {
	if shape.Min != nil {
		n, _ := strconv.ParseFloat(shape.Min.String(), 64)
		low = max(int(n), 0)
	}
	high = max(high, low+3)
	if shape.Max != nil {
		n, _ := strconv.ParseFloat(shape.Max.String(), 64)
		high = min(int(n), high)
	}
	return min(low, high), high
}

func (f *filler) number(shape *models.Shape) int64 {
	low, high := bounds(shape, 0, 100)
	return int64(low + f.rng.IntN(high-low+1))
}

func (f *filler) text(shape *models.Shape, where string) string {
	if len(shape.Enum) > 0 {
		return shape.Enum[f.rng.IntN(len(shape.Enum))]
	}
	low, high := bounds(shape, 1, 20)
	if shape.Pattern != "" {
		_, high = bounds(shape, 1, 200)
		return f.matching(shape.Pattern, max(low, 1), max(high, 1))
	}
	if where == "" && high > low+12 {
		return fmt.Sprintf("s <&>é☃'\"%0*d", low, f.rng.IntN(1000))
	}
	return strings.Repeat(strconv.Itoa(f.rng.IntN(10)), max(low, 1))
}

// matching makes up a string for a pattern.
func (f *filler) matching(pattern string, low, high int) string {
	match, err := awswire.CompilePattern(pattern)
	if err != nil {
		f.t.Fatal(err)
	}
	re, err := awswire.PatternSyntax(pattern)
	if err != nil {
		f.t.Fatal(err)
	}
	for try := range 2000 {
		s := f.generate(re, low+try%3)
		if n := utf8.RuneCountInString(s); n >= low && n <= high && match(s) && s == strings.TrimSpace(s) {
			return s
		}
	}
	f.t.Fatalf("no string of %d to %d characters found for %s", low, high, pattern)
	return ""
}

func (f *filler) generate(re *syntax.Regexp, size int) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(f.fromClass(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return string(rune('a' + f.rng.IntN(26)))
	case syntax.OpCapture:
		return f.generate(re.Sub[0], size)
	case syntax.OpConcat:
		var b strings.Builder
		if f.rng.IntN(2) == 0 {
			size = size/len(re.Sub) + 1
		}
		for _, sub := range re.Sub {
			b.WriteString(f.generate(sub, size))
		}
		return b.String()
	case syntax.OpAlternate:
		return f.generate(re.Sub[f.rng.IntN(len(re.Sub))], size)
	case syntax.OpStar:
		return f.repeated(re.Sub[0], 0, -1, size)
	case syntax.OpPlus:
		return f.repeated(re.Sub[0], 1, -1, size)
	case syntax.OpQuest:
		return f.repeated(re.Sub[0], 0, 1, size)
	case syntax.OpRepeat:
		return f.repeated(re.Sub[0], re.Min, re.Max, size)
	}
	return ""
}

func (f *filler) repeated(re *syntax.Regexp, low, high, size int) string {
	n := max(low, size)
	if high >= 0 {
		n = min(n, high)
	}
	if n > low {
		n = low + f.rng.IntN(n-low+1)
	}
	if f.rng.IntN(3) == 0 && high < 0 {
		n = max(low, size)
	}
	var b strings.Builder
	for range n {
		b.WriteString(f.generate(re, 1))
	}
	return b.String()
}

// fromClass prefers printable ASCII, which every location carries.
func (f *filler) fromClass(ranges []rune) rune {
	var plain []rune
	for i := 0; i < len(ranges); i += 2 {
		for r := max(ranges[i], '!'); r <= min(ranges[i+1], '~'); r++ {
			plain = append(plain, r)
		}
	}
	if len(plain) > 0 {
		return plain[f.rng.IntN(len(plain))]
	}
	for i := 0; i < len(ranges); i += 2 {
		if unicode.IsPrint(ranges[i]) {
			return ranges[i]
		}
	}
	return ranges[0]
}
