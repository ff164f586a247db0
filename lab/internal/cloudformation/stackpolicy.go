package cloudformation

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// stackPolicy says which resources an update may change (CloudFormation user
// guide, "Prevent updates to stack resources"); nil admits everything.
type stackPolicy struct{ statements []properties }

// maxPolicy is the most that a stack policy may have in bytes.
const maxPolicy = 16_384

var (
	policyMembers = strings.Fields("Action Condition Effect NotAction NotResource Principal Resource Sid")
	policyActions = strings.Fields("Update:* Update:Modify Update:Replace Update:Delete *")
)

// parsePolicy reads a stack policy; an empty text is none.
func parsePolicy(text string) (*stackPolicy, error) {
	if text == "" {
		return nil, nil
	}
	v, err := template.ParseJSON(text)
	if err != nil {
		return nil, invalid("Error validating stack policy: Invalid JSON")
	}
	m, _ := v.(*template.Map)
	statements := properties{m}.list("Statement")
	if one := (properties{m}).object("Statement"); one.Map != nil {
		statements = []properties{one}
	}
	if len(statements) == 0 {
		return nil, invalid("Error validating stack policy: Invalid stack policy")
	}
	for i, s := range statements {
		if why := badStatement(s); why != "" {
			return nil, invalid("Error validating stack policy: Statement [#%d] %s", i+1, why)
		}
	}
	return &stackPolicy{statements}, nil
}

func badStatement(s properties) string {
	for _, key := range s.Keys() {
		if !slices.Contains(policyMembers, key) {
			return "has an unknown element " + key
		}
	}
	actions := append(s.many("Action"), s.many("NotAction")...)
	switch effect := s.value("Effect"); {
	case effect != "Allow" && effect != "Deny":
		return "must have an Effect of Allow or Deny"
	case s.value("Principal") != "*":
		return `must have the Principal "*"`
	case len(actions) == 0 || len(s.many("Action")) > 0 && len(s.many("NotAction")) > 0:
		return "must have either an Action or a NotAction"
	case len(s.many("Resource"))+len(s.many("NotResource")) == 0:
		return "must have a Resource or a NotResource"
	}
	for _, action := range actions {
		if !slices.Contains(policyActions, action) {
			return "has an unknown action " + action
		}
	}
	return ""
}

// many are the texts of an element that may be one or a list.
func (p properties) many(name string) []string {
	if one := p.text(name); one != nil {
		return []string{*one}
	}
	return p.texts(name)
}

// denies says why an action on a resource is denied; nothing if it is not. What
// no statement allows is denied.
func (p *stackPolicy) denies(action string, r *world.StackResource) string {
	if p == nil {
		return ""
	}
	allowed := false
	for i, s := range p.statements {
		if !applies(s, action, r) {
			continue
		}
		if s.value("Effect") == "Deny" {
			return fmt.Sprintf("Action denied by stack policy: Statement [#%d] does not allow [%s] for resource [LogicalResourceId/%s];", i+1, action, r.LogicalID)
		}
		allowed = true
	}
	if !allowed {
		return "Action not allowed by stack policy: [" + action + "] for resource [LogicalResourceId/" + r.LogicalID + "];"
	}
	return ""
}

func applies(s properties, action string, r *world.StackResource) bool {
	id := "LogicalResourceId/" + r.LogicalID
	actions, others := s.many("Action"), s.many("NotAction")
	if len(actions) > 0 && !anyMatches(actions, action) || len(others) > 0 && anyMatches(others, action) {
		return false
	}
	resources, not := s.many("Resource"), s.many("NotResource")
	if len(resources) > 0 && !anyMatches(resources, id) || len(not) > 0 && anyMatches(not, id) {
		return false
	}
	for _, operator := range s.object("Condition").Keys() {
		if !anyMatches(s.object("Condition").object(operator).many("ResourceType"), r.Type) {
			return false
		}
	}
	return true
}

func anyMatches(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		expression := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		return regexp.MustCompile(`^` + expression + `$`).MatchString(text)
	})
}

// policyText is the stack policy that a request gives, nil for none.
func (h *handlers) policyText(ctx context.Context, c *call, body, url *string) (*string, error) {
	if body != nil && url != nil {
		return nil, invalid("You cannot specify both StackPolicyURL and StackPolicyBody")
	}
	text, err := h.document(ctx, c, body, url, "stackPolicyBody", maxPolicy)
	if err != nil || text == nil {
		return nil, err
	}
	_, err = parsePolicy(*text)
	return text, err
}

func (h *handlers) setStackPolicy(ctx context.Context, c *awswire.Caller, in *cloudformation.SetStackPolicyInput) (*cloudformation.SetStackPolicyOutput, error) {
	ask, err := h.permit(c, *in.StackName, keysOf(nil, nil, in.StackPolicyURL, nil, nil, nil))
	if err != nil {
		return nil, err
	}
	if ask.stack == nil {
		return nil, noStack(*in.StackName)
	}
	text, err := h.policyText(ctx, ask, in.StackPolicyBody, in.StackPolicyURL)
	if err != nil {
		return nil, err
	}
	if text == nil {
		return nil, invalid("You must specify either StackPolicyBody or StackPolicyURL")
	}
	_, err = h.world.ChangeStack(ask.stack.ID, func(s *world.Stack) error {
		s.Policy = *text
		return nil
	})
	return &cloudformation.SetStackPolicyOutput{}, err
}

func (h *handlers) getStackPolicy(_ context.Context, c *awswire.Caller, in *cloudformation.GetStackPolicyInput) (*cloudformation.GetStackPolicyOutput, error) {
	ask, err := h.permit(c, *in.StackName, policy.Context{})
	if err != nil {
		return nil, err
	}
	if ask.stack == nil {
		return nil, noStack(*in.StackName)
	}
	out := &cloudformation.GetStackPolicyOutput{}
	if ask.stack.Policy != "" {
		out.StackPolicyBody = &ask.stack.Policy
	}
	return out, nil
}
