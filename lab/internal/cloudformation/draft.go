package cloudformation

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// wish is what a request wants a stack to be.
type wish struct {
	body, url        *string
	previousTemplate *bool
	parameters       []types.Parameter
	tags             []types.Tag
	capabilities     []types.Capability
	role             *string
	notifications    []string
	resourceTypes    []string
	rollback         *types.RollbackConfiguration
}

// identity says which stack it is about.
type identity struct{ account, region, name, id string }

func identityOf(s *world.Stack) identity { return identity{s.Account, s.Region, s.Name, s.ID} }

// draft is what a stack shall become.
type draft struct {
	identity
	input    world.StackInput
	template *template.Template
}

// draft checks a wish. current is the stack as it is, nil for a new one.
func (h *handlers) draft(ctx context.Context, c *call, who identity, w *wish, current *world.Stack) (*draft, error) {
	if w.rollback != nil && len(w.rollback.RollbackTriggers) > 0 {
		return nil, invalid("This lab has no alarms that could be rollback triggers.")
	}
	d := &draft{identity: who}
	if current != nil {
		d.input = current.Input
	}
	text, err := h.wished(ctx, c, w, current)
	if err != nil {
		return nil, err
	}
	if d.template, err = template.Load(text, h.types); err != nil {
		return nil, worded(err)
	}
	d.input.Template, d.input.Description = text, d.template.Description
	if err := h.pass(c, w.role, who.id); err != nil {
		return nil, err
	}
	if w.role != nil {
		d.input.RoleARN = *w.role
	}
	for _, step := range []func(*wish) error{d.setParameters, d.setTags, d.setNotifications, d.setCapabilities, d.checkTypes} {
		if err := step(w); err != nil {
			return nil, err
		}
	}
	return d, worded(h.env(d).CheckRules())
}

// wished is the text of the template.
func (h *handlers) wished(ctx context.Context, c *call, w *wish, current *world.Stack) (string, error) {
	if !aws.ToBool(w.previousTemplate) {
		return h.templateText(ctx, c, w.body, w.url)
	}
	switch {
	case w.body != nil || w.url != nil:
		return "", invalid("You cannot specify both usePreviousTemplate and Template Body/Template URL.")
	case current == nil || current.Input.Template == "":
		return "", invalid("When creating a new stack, you cannot specify UsePreviousTemplate.")
	}
	return current.Input.Template, nil
}

func (d *draft) setParameters(w *wish) error {
	var given []template.Value
	for _, p := range w.parameters {
		v := template.Value{Key: aws.ToString(p.ParameterKey), Text: aws.ToString(p.ParameterValue), Previous: aws.ToBool(p.UsePreviousValue)}
		switch {
		case p.ParameterKey == nil:
			return invalid("Invalid parameter: every parameter must have a ParameterKey")
		case v.Previous && p.ParameterValue != nil:
			return invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true and non empty value for a parameter", v.Key)
		case !v.Previous && p.ParameterValue == nil:
			return invalid("Invalid input for parameter key %s. A parameter must have a value or usePreviousValue as true", v.Key)
		}
		given = append(given, v)
	}
	values, err := d.template.Values(given, d.input.Values())
	if err != nil {
		return worded(err)
	}
	d.input.Parameters = nil
	for _, p := range d.template.Parameters {
		d.input.Parameters = append(d.input.Parameters, world.StackParameter{Key: p.Key, Value: values[p.Key], NoEcho: p.NoEcho})
	}
	return nil
}

func (d *draft) setTags(w *wish) error {
	if w.tags == nil {
		return nil // what is not given stays
	}
	d.input.Tags = map[string]string{}
	for _, t := range w.tags {
		key := aws.ToString(t.Key)
		switch _, twice := d.input.Tags[key]; {
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalid("aws: prefixed tag key names are not allowed for external use.")
		case twice:
			return invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		d.input.Tags[key] = aws.ToString(t.Value)
	}
	return nil
}

func (d *draft) setNotifications(w *wish) error {
	if w.notifications == nil {
		return nil
	}
	for _, arn := range w.notifications {
		if !strings.HasPrefix(arn, "arn:") || !strings.Contains(arn, ":sns:") {
			return invalid("Invalid notification ARN: %s", arn)
		}
	}
	d.input.NotificationARNs = w.notifications
	return nil
}

// setCapabilities wants those acknowledged that the template needs.
func (d *draft) setCapabilities(w *wish) error {
	d.input.Capabilities = nil
	for _, given := range w.capabilities {
		d.input.Capabilities = append(d.input.Capabilities, string(given))
	}
	needed, _ := capabilities(d.template)
	if len(needed) == 0 || slices.Contains(d.input.Capabilities, namedIAM) || needed[0] == anyIAM && slices.Contains(d.input.Capabilities, anyIAM) {
		return nil
	}
	return &awswire.Error{Code: "InsufficientCapabilitiesException", Message: fmt.Sprintf("Requires capabilities : [%s]", needed[0])}
}

const (
	anyIAM   = "CAPABILITY_IAM"
	namedIAM = "CAPABILITY_NAMED_IAM"
)

// capabilities are those that a template needs, one or none, and the types that do.
func capabilities(t *template.Template) (needed, types []string) {
	all := newCatalog()
	for _, r := range t.Resources {
		k := all[r.Type]
		if !k.capability {
			continue
		}
		types = append(types, r.Type)
		if _, named := r.Properties.Get(k.naming); named || slices.Contains(needed, namedIAM) {
			needed = []string{namedIAM}
		} else {
			needed = []string{anyIAM}
		}
	}
	slices.Sort(types)
	return needed, slices.Compact(types)
}

// checkTypes admits the types of resource that the request names, if it names any.
func (d *draft) checkTypes(w *wish) error {
	for _, name := range d.template.Types() {
		matches := func(admitted string) bool {
			begin, wild := strings.CutSuffix(admitted, "*")
			return admitted == name || wild && strings.HasPrefix(name, begin)
		}
		if len(w.resourceTypes) > 0 && !slices.ContainsFunc(w.resourceTypes, matches) {
			return invalid("Resource type %s is not allowed by parameter ResourceTypes [%s]", name, strings.Join(w.resourceTypes, ", "))
		}
	}
	return nil
}

// env evaluates the functions of a draft's template. Of resources it knows nothing.
func (h *handlers) env(d *draft) *template.Env {
	e := template.NewEnv(d.template, d.input.Values(), &template.Pseudo{
		AccountID: d.account, Partition: h.world.Partition, Region: d.region, StackID: d.id, StackName: d.name,
		NotificationARNs: d.input.NotificationARNs,
	})
	unknown := func() (any, error) { return template.Unknown{}, nil }
	e.Ref = func(string) (any, error) { return unknown() }
	e.Att = func(string, string) (any, error) { return unknown() }
	e.Import = func(name string) (any, error) {
		if _, value, ok := h.export(d.account, d.region, name); ok {
			return value, nil
		}
		return nil, invalid("No export named %s found.", name)
	}
	return e
}

var stackName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]*$`)

func checkName(member, name string) error {
	if len(name) > 128 {
		return broken(member, name, "Member must have length less than or equal to 128")
	}
	if !stackName.MatchString(name) {
		return broken(member, name, "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
	}
	return nil
}

// withTags are properties with the tags of the stack in those of the resource,
// which has its own where both name a key.
func (k *kind) withTags(given *template.Map, stack map[string]string) properties {
	if !k.taggable || len(stack) == 0 {
		return properties{given}
	}
	all := maps.Clone(stack)
	maps.Copy(all, properties{given}.tags())
	var tags []any
	for _, key := range sortedKeys(all) {
		tags = append(tags, template.NewMap("Key", key, "Value", all[key]))
	}
	return properties{given.With("Tags", tags)}
}
