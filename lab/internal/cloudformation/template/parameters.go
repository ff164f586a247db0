package template

import (
	"encoding/json"
	"errors"
	"math/big"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parameter is a parameter as the template declares it.
type Parameter struct {
	Key, Type, Description string
	// Default is nil when there is none.
	Default       *string
	NoEcho        bool
	AllowedValues []string

	pattern              *regexp.Regexp
	patternText          string
	minLength, maxLength *int
	minValue, maxValue   *big.Float
	minText, maxText     string
	constraint           string
}

const maxValue = 4_096 // bytes of a parameter's value

var (
	parameterTypes   = strings.Fields("String Number List<Number> CommaDelimitedList")
	parameterMembers = strings.Fields("AllowedPattern AllowedValues ConstraintDescription Default Description MaxLength MaxValue MinLength MinValue NoEcho Type")
)

func (t *Template) readParameters(root *Map) error {
	m, err := section(root, "Parameters", "Parameter name", maxEntries)
	if err != nil {
		return err
	}
	for _, key := range m.Keys() {
		one, ok := m.values[key].(*Map)
		if !ok {
			return malformed("[/Parameters/%s] Every Parameters member must be an object.", key)
		}
		p := &Parameter{Key: key}
		if err := p.read(one); err != nil {
			return err
		}
		t.Parameters, t.parameters[key] = append(t.Parameters, p), p
	}
	return nil
}

func (p *Parameter) read(m *Map) error {
	for _, key := range m.keys {
		if !slices.Contains(parameterMembers, key) {
			return refuse("Invalid template parameter property '%s'", key)
		}
	}
	v, ok := m.Get("Type")
	if !ok {
		return malformed("Every Parameters object must contain a Type member.")
	}
	p.Type, _ = v.(string)
	if strings.HasPrefix(p.Type, "AWS::SSM::") {
		return malformed("Parameter %s: this lab has no Systems Manager for parameters of type %s.", p.Key, p.Type)
	}
	if !slices.Contains(parameterTypes, p.Type) {
		return malformed("Unrecognized parameter type: %s", strings.Trim(JSON(v), `"`))
	}
	if err := p.readTexts(m); err != nil {
		return err
	}
	if err := p.readLimits(m); err != nil {
		return err
	}
	if p.Default != nil {
		return p.check(*p.Default)
	}
	return nil
}

func (p *Parameter) readTexts(m *Map) error {
	for key, into := range map[string]*string{"Description": &p.Description, "ConstraintDescription": &p.constraint, "AllowedPattern": &p.patternText} {
		if v, ok := m.Get(key); ok {
			if *into, ok = Text(v); !ok {
				return malformed("Every %s member must be a string.", key)
			}
		}
	}
	if v, ok := m.Get("Default"); ok {
		text, ok := Text(v)
		if !ok {
			return malformed("Every Default member must be a string.")
		}
		p.Default = &text
	}
	if v, ok := m.Get("NoEcho"); ok {
		text, _ := Text(v)
		if p.NoEcho = strings.EqualFold(text, "true"); !p.NoEcho && !strings.EqualFold(text, "false") {
			return malformed("Every NoEcho member must be a boolean.")
		}
	}
	if v, ok := m.Get("AllowedValues"); ok {
		list, ok := v.([]any)
		if !ok || !plainList(v) || len(list) == 0 {
			return malformed("Every AllowedValues member must be a list of strings.")
		}
		for _, one := range list {
			text, _ := Text(one)
			p.AllowedValues = append(p.AllowedValues, text)
		}
	}
	return nil
}

func (p *Parameter) readLimits(m *Map) error {
	if p.patternText != "" {
		if err := p.readPattern(); err != nil {
			return err
		}
	}
	for key, into := range map[string]**int{"MinLength": &p.minLength, "MaxLength": &p.maxLength} {
		if v, ok := m.Get(key); ok {
			text, _ := Text(v)
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return malformed("Every %s member must be a non-negative integer.", key)
			}
			*into = &n
		}
	}
	for key, into := range map[string]struct {
		value **big.Float
		text  *string
	}{"MinValue": {&p.minValue, &p.minText}, "MaxValue": {&p.maxValue, &p.maxText}} {
		if v, ok := m.Get(key); ok {
			*into.text, _ = Text(v)
			if *into.value, ok = number(*into.text); !ok {
				return malformed("Every %s member must be a number.", key)
			}
		}
	}
	return nil
}

// readPattern compiles AllowedPattern, which is a regular expression of Java's.
func (p *Parameter) readPattern() (err error) {
	if p.pattern, err = regexp.Compile("^(?:" + p.patternText + ")$"); err == nil && !strings.Contains(p.patternText, "&&") {
		return nil
	}
	if e := (*syntax.Error)(nil); errors.As(err, &e) && !slices.Contains(javaOnly, e.Code) {
		return malformed("AllowedPattern %s of parameter %s is not a regular expression.", p.patternText, p.Key)
	}
	return malformed("this lab cannot check AllowedPattern %s of parameter %s: it has no lookarounds, backreferences, possessive quantifiers and intersections of Java's regular expressions, and no repetitions above 1000.", p.patternText, p.Key)
}

// javaOnly are the errors of what may be right in Java.
var javaOnly = []syntax.ErrorCode{syntax.ErrInvalidPerlOp, syntax.ErrInvalidEscape, syntax.ErrInvalidRepeatOp, syntax.ErrInvalidRepeatSize, syntax.ErrInvalidCharRange, syntax.ErrLarge}

// numberForm is a number as Java reads one.
var numberForm = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?$`)

func number(text string) (*big.Float, bool) {
	if len(text) > 100 || !numberForm.MatchString(text) {
		return nil, false
	}
	return new(big.Float).SetString(text)
}

// List reports whether the parameter's value is a list.
func (p *Parameter) List() bool { return p.Type == "CommaDelimitedList" || p.Type == "List<Number>" }

// value is the parameter's value as functions see it.
func (p *Parameter) value(text string) any {
	switch {
	case p.Type == "Number" && jsonNumber.MatchString(text):
		return json.Number(text)
	case !p.List():
		return text
	}
	list := []any{}
	for one := range strings.SplitSeq(text, ",") {
		list = append(list, strings.TrimSpace(one))
	}
	return list
}

// check refuses a value that the declaration does not admit.
func (p *Parameter) check(text string) error {
	if len(text) > maxValue {
		return refuse("Parameter '%s' must be %d bytes at most", p.Key, maxValue)
	}
	values := []string{text}
	if p.List() {
		values = values[:0]
		for _, one := range p.value(text).([]any) {
			values = append(values, one.(string))
		}
	}
	for _, one := range values {
		if why := p.broken(one); why != "" {
			if p.constraint != "" {
				return refuse("Parameter %s failed to satisfy constraint: %s", p.Key, p.constraint)
			}
			return refuse("Parameter '%s' %s", p.Key, why)
		}
	}
	return nil
}

// broken says what one value breaks, or nothing.
func (p *Parameter) broken(text string) string {
	if p.Type == "Number" || p.Type == "List<Number>" {
		n, ok := number(text)
		switch {
		case !ok:
			return "must be a number"
		case p.minValue != nil && n.Cmp(p.minValue) < 0:
			return "must be a number not less than " + p.minText
		case p.maxValue != nil && n.Cmp(p.maxValue) > 0:
			return "must be a number not greater than " + p.maxText
		}
	}
	length := utf8.RuneCountInString(text)
	switch {
	case p.AllowedValues != nil && !slices.Contains(p.AllowedValues, text):
		return "must be one of AllowedValues"
	case p.minLength != nil && length < *p.minLength:
		return "must contain at least " + strconv.Itoa(*p.minLength) + " characters"
	case p.maxLength != nil && length > *p.maxLength:
		return "must contain at most " + strconv.Itoa(*p.maxLength) + " characters"
	case p.pattern != nil && !p.pattern.MatchString(text):
		return "must match pattern " + p.patternText
	}
	return ""
}

// Value is the value that a request gives to a parameter.
type Value struct {
	Key  string
	Text string
	// Previous says that the parameter keeps the value that it has.
	Previous bool
}

// Values completes what a request gives with what the parameters were (nil for
// a stack that is not there yet) and the defaults, and checks all of it. The
// error is an [*Error].
func (t *Template) Values(given []Value, previous map[string]string) (map[string]string, error) {
	values, unknown := map[string]string{}, []string{}
	for _, v := range given {
		_, twice := values[v.Key]
		switch {
		case twice:
			return nil, refuse("Duplicate parameter key: %s", v.Key)
		case t.parameters[v.Key] == nil:
			unknown = append(unknown, v.Key)
		case v.Previous:
			text, ok := previous[v.Key]
			if !ok {
				return nil, refuse("Invalid input for parameter key %s. Cannot specify usePreviousValue as true for a parameter key not in the previous template", v.Key)
			}
			values[v.Key] = text
		default:
			values[v.Key] = v.Text
		}
	}
	if len(unknown) > 0 {
		return nil, refuse("Parameters: [%s] do not exist in the template", strings.Join(unknown, ", "))
	}
	return values, t.complete(values)
}

// complete adds the defaults and checks the values.
func (t *Template) complete(values map[string]string) error {
	var missing []string
	for _, p := range t.Parameters {
		if _, ok := values[p.Key]; ok {
			continue
		}
		if p.Default == nil {
			missing = append(missing, p.Key)
		} else {
			values[p.Key] = *p.Default
		}
	}
	if missing != nil {
		return refuse("Parameters: [%s] must have values", strings.Join(missing, ", "))
	}
	for _, p := range t.Parameters {
		if err := p.check(values[p.Key]); err != nil {
			return err
		}
	}
	return nil
}
