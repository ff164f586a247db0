package cloudformation

import (
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// context is a resource as change sets show it, without the values of parameters
// that are not to be shown.
func (p *planner) context(m *template.Map) string {
	return template.JSON(template.NewMap("Properties", masked(m, p.secrets())))
}

func (p *planner) shown(v any) string {
	if _, unknown := v.(template.Unknown); unknown {
		return template.KnownAfterApply
	}
	v = masked(v, p.secrets())
	if text, ok := template.Text(v); ok {
		return text
	}
	return template.JSON(v)
}

func (p *planner) secrets() []string {
	return append(secrets(&p.old.Input), secrets(&p.draft.input)...)
}

// secrets are the values of parameters with NoEcho.
func secrets(in *world.StackInput) []string {
	var all []string
	for _, one := range in.Parameters {
		if one.NoEcho && one.Value != "" {
			all = append(all, one.Value)
		}
	}
	return all
}

// masked is a value with stars in place of secrets.
func masked(v any, secrets []string) any {
	if len(secrets) == 0 {
		return v
	}
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = masked(one, secrets)
		}
		return out
	case *template.Map:
		out := template.NewMap()
		for _, key := range v.Keys() {
			one, _ := v.Get(key)
			out = out.With(key, masked(one, secrets))
		}
		return out
	}
	if text, ok := template.Text(v); ok {
		for _, secret := range secrets {
			text = strings.ReplaceAll(text, secret, "****")
		}
		return text
	}
	return v
}
