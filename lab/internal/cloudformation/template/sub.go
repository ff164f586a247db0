package template

import "strings"

// What functions may make of a template: AWS's quota of a template's own size for
// one of them, and ten times that for all.
const (
	maxResult  = MaxObject      // bytes
	maxResults = 10 * MaxObject // bytes
)

// tooMuch refuses a function of which the result is too long.
func tooMuch(name string) error {
	return wrong("what %s makes is longer than this lab takes: %d bytes, and %d of all functions of a template", name, maxResult, maxResults)
}

// size is how much memory a value takes, about.
func size(v any) int {
	switch v := v.(type) {
	case []any:
		n := 0
		for _, one := range v {
			n += 16 + size(one)
		}
		return n
	case *Map:
		n := 0
		for _, key := range v.keys {
			n += 16 + len(key) + size(v.values[key])
		}
		return n
	}
	text, _ := Text(v)
	return len(text)
}

// sub evaluates Fn::Sub. Each of its own values is evaluated once, however often
// the text has it.
func (e *Env) sub(argument any) (any, error) {
	text, own := subArguments(argument)
	known := map[string]any{}
	unknown, last := false, 0
	var out strings.Builder
	for _, at := range subVariable.FindAllStringIndex(text, -1) {
		name := strings.TrimSpace(text[at[0]+2 : at[1]-1])
		got, ok := known[name]
		if !ok {
			var err error
			if got, err = e.variable(name, own); err != nil {
				return nil, err
			}
			known[name] = got
		}
		value, ok := Text(got)
		if unknown = unknown || HasUnknown(got); !ok && !unknown {
			return nil, wrong("variable %s in Fn::Sub expression does not resolve to a string", name)
		}
		out.WriteString(literal(text[last:at[0]]))
		out.WriteString(value)
		if last = at[1]; out.Len() > maxResult {
			return nil, tooMuch("Fn::Sub")
		}
	}
	if unknown {
		return Unknown{}, nil
	}
	out.WriteString(literal(text[last:]))
	return out.String(), nil
}

// literal is text between variables, in which ${! stands for ${.
func literal(text string) string { return strings.ReplaceAll(text, "${!", "${") }

func (e *Env) variable(name string, own *Map) (any, error) {
	if v, ok := own.Get(name); ok {
		return e.Eval(v)
	}
	if v, ok := e.values[name]; ok {
		return v, nil
	}
	if id, attr, ok := strings.Cut(name, "."); ok {
		return e.Att(id, attr)
	}
	return e.Ref(name)
}
