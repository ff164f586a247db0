package cloudformation

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// call is a request that was authorized.
type call struct {
	*awswire.Caller
	session *world.Session
	// stack that the request names; nil if there is none.
	stack *world.Stack
}

// account is the caller's.
func (c *call) account() string { return c.session.Account }

// permit authorizes an operation on a stack by its name or ARN, which need not
// exist. keys are the condition keys of the request's own.
func (h *handlers) permit(c *awswire.Caller, nameOrID string, keys policy.Context) (*call, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	out, owner := &call{Caller: c, session: session}, session.Account
	resource := nameOrID
	if !strings.HasPrefix(nameOrID, "arn:") {
		resource = h.arn(c.Region, owner, "stack/"+nameOrID) + "/*"
	} else if parts := strings.SplitN(nameOrID, ":", 6); len(parts) == 6 {
		owner = parts[4]
	}
	keys = maps.Clone(keys)
	if keys == nil {
		keys = policy.Context{}
	}
	if s, ok := h.world.Stack(session.Account, c.Region, nameOrID); ok {
		out.stack, resource = s, s.ID
		for key, value := range s.Input.Tags {
			keys.Set("aws:ResourceTag/"+key, value)
		}
	}
	return out, h.require(out, "cloudformation:"+c.Operation, resource, owner, keys)
}

// permitAny authorizes an operation that is about no stack.
func (h *handlers) permitAny(c *awswire.Caller, keys policy.Context, actions ...string) (*call, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	out := &call{Caller: c, session: session}
	for _, action := range append(actions, c.Operation) {
		if err := h.require(out, "cloudformation:"+action, "*", session.Account, keys); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (h *handlers) require(c *call, action, resource, owner string, keys policy.Context) error {
	return h.authz.Require(&authz.Request{
		Session: c.session, Caller: c.Caller, Action: action, Resource: resource, ResourceAccount: owner, Context: keys,
	})
}

// arn is that of something of an account and region.
func (h *handlers) arn(region, account, rest string) string {
	return "arn:" + h.world.Partition + ":cloudformation:" + region + ":" + account + ":" + rest
}

// pass wants iam:PassRole for a service role that a request names, and the role to
// trust CloudFormation for the stack with that id.
func (h *handlers) pass(c *call, role *string, stack string) error {
	if role == nil {
		return nil
	}
	keys := policy.Context{"iam:PassedToService": {principal}}
	if err := h.require(c, "iam:PassRole", *role, c.account(), keys); err != nil {
		return err
	}
	_, err := h.assume(*role, c.account(), stack)
	return err
}

// assume returns a service role that trusts CloudFormation, which acts for a stack.
func (h *handlers) assume(arn, account, stack string) (*world.Role, error) {
	role, ok := h.world.Role(arn)
	keys := policy.Context{"aws:SourceAccount": {account}, "aws:SourceArn": {stack}}
	if !ok || role.Account != account || !h.authz.Trusts(role, policy.Principal{Service: principal}, "sts:AssumeRole", keys) {
		return nil, invalid("Role %s is invalid or cannot be assumed", arn)
	}
	return role, nil
}

// keysOf are the condition keys of a request about a template (Service
// Authorization Reference, "Condition keys for AWS CloudFormation").
func keysOf(url, role, policyURL, changeSet *string, resourceTypes []string, tags []types.Tag) policy.Context {
	keys := policy.Context{}
	for name, value := range map[string]*string{
		"cloudformation:TemplateUrl": url, "cloudformation:RoleArn": role, "cloudformation:StackPolicyUrl": policyURL,
		"cloudformation:ChangeSetName": changeSet,
	} {
		if value != nil {
			keys[name] = []string{*value}
		}
	}
	if len(resourceTypes) > 0 {
		keys["cloudformation:ResourceTypes"] = resourceTypes
	}
	given := tagsOf(tags)
	if len(given) > 0 {
		keys["aws:TagKeys"] = slices.Sorted(maps.Keys(given))
	}
	for key, value := range given {
		keys.Set("aws:RequestTag/"+key, value)
	}
	return keys
}

func tagsOf(list []types.Tag) map[string]string {
	if len(list) == 0 {
		return nil
	}
	tags := map[string]string{}
	for _, t := range list {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags
}
