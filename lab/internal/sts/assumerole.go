package sts

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) assumeRole(_ context.Context, c *awswire.Caller, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	identity, err := h.providedContext(in.ProvidedContexts)
	if err != nil {
		return nil, err
	}
	tags, err := tagsOf(in.Tags, in.TransitiveTagKeys)
	if err != nil {
		return nil, err
	}
	role, err := h.authorizeAssumeRole(session, in, identity, tags)
	if err != nil {
		return nil, err
	}
	chained := session.Kind == world.KindAssumedRole
	d, err := duration(in.DurationSeconds, role, chained)
	if err != nil {
		return nil, err
	}
	if identity != nil && *h.world.Switches.SessionEndsWithContext {
		d = min(d, identity.Expires.Sub(h.world.Now()))
	}
	limits, packed, err := sessionPolicies(in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	g := &grant{
		role: role, name: *in.RoleSessionName, duration: d, sessionPolicies: limits, tags: tags,
		sourceIdentity: session.SourceIdentity, identity: identity,
	}
	if in.SourceIdentity != nil {
		g.sourceIdentity = *in.SourceIdentity
	}
	credentials, user := h.issue(g)
	out := &sts.AssumeRoleOutput{Credentials: credentials, AssumedRoleUser: user, PackedPolicySize: packed}
	if g.sourceIdentity != "" {
		out.SourceIdentity = &g.sourceIdentity
	}
	return out, nil
}

// providedContext opens the one context that is there. Identity Center is the
// only provider, so that two contexts are always one too many.
func (h *handlers) providedContext(contexts []types.ProvidedContext) (*world.IdentityContext, error) {
	if len(contexts) == 0 {
		return nil, nil
	}
	if len(contexts) > 1 {
		return nil, validationError("Only one context of a context provider can be provided.")
	}
	if arn := aws.ToString(contexts[0].ProviderArn); arn != h.contextProvider() {
		return nil, validationError("%s is not a valid context provider.", arn)
	}
	id, err := h.world.OpenContext(aws.ToString(contexts[0].ContextAssertion))
	if err != nil {
		return nil, &awswire.Error{Code: h.world.Switches.BadContextAssertion, Message: "The provided context assertion is not valid.", Status: http.StatusBadRequest}
	}
	if !h.world.Now().Before(id.Expires.Add(time.Duration(*h.world.Switches.ClockLeeway) * time.Second)) {
		return nil, expired("The provided context assertion has expired.")
	}
	return id, nil
}

// contextProvider is the ARN of the only provider of contexts.
func (h *handlers) contextProvider() string {
	return "arn:" + h.world.Partition + ":iam::aws:contextProvider/IdentityCenter"
}

func tagsOf(list []types.Tag, transitive []string) (map[string]string, error) {
	if len(list) == 0 && len(transitive) == 0 {
		return nil, nil
	}
	tags := make(map[string]string, len(list))
	for _, t := range list {
		if _, twice := tags[aws.ToString(t.Key)]; twice {
			return nil, validationError("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	for _, key := range transitive {
		if _, ok := tags[key]; !ok {
			return nil, validationError("The specified transitive tag key must be included in the requested tags.")
		}
	}
	return tags, nil
}

// authorizeAssumeRole asks for sts:AssumeRole and for every further action that
// the request's parameters call for. A role that does not exist is denied in the
// same words.
func (h *handlers) authorizeAssumeRole(session *world.Session, in *sts.AssumeRoleInput, identity *world.IdentityContext, tags map[string]string) (*world.Role, error) {
	keys := policy.Context{"sts:RoleSessionName": {aws.ToString(in.RoleSessionName)}}
	actions := []string{"sts:AssumeRole"}
	if in.ExternalId != nil {
		keys["sts:ExternalId"] = []string{*in.ExternalId}
	}
	if identity != nil {
		actions = append(actions, "sts:SetContext")
		addContextKeys(keys, h.contextProvider(), identity)
	}
	if in.SourceIdentity != nil {
		if session.SourceIdentity != "" && session.SourceIdentity != *in.SourceIdentity {
			return nil, &awswire.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: "The source identity of this session cannot be changed."}
		}
		actions = append(actions, "sts:SetSourceIdentity")
		keys["sts:SourceIdentity"] = []string{*in.SourceIdentity}
	}
	if len(tags) > 0 {
		actions = append(actions, "sts:TagSession")
		addTagKeys(keys, tags)
	}
	role, exists := h.world.Role(*in.RoleArn)
	for _, action := range actions {
		r := &authz.Request{Session: session, Action: action, Resource: *in.RoleArn, ResourceAccount: accountOf(*in.RoleArn), Context: keys}
		if exists {
			r.ResourcePolicy = role.Trust
		}
		denied := action
		if action == "sts:SetContext" {
			denied = h.world.Switches.SetContextDenial
		}
		if err := h.authz.AllowRole(r, denied); err != nil {
			return nil, err
		}
	}
	return role, nil
}

// addContextKeys adds the condition keys of a provided context.
func addContextKeys(keys policy.Context, provider string, id *world.IdentityContext) {
	for name, value := range map[string]string{
		"sts:RequestContextProviders":             provider,
		"sts:RequestContext/identitystore:UserId": id.UserID,
		"identitystore:UserId":                    id.UserID,
		"identitystore:IdentityStoreArn":          id.IdentityStoreARN,
		"identitycenter:ApplicationArn":           id.ApplicationARN,
		"identitycenter:InstanceArn":              id.InstanceARN,
		"identitycenter:CredentialId":             id.CredentialID,
	} {
		keys[name] = []string{value}
	}
}
