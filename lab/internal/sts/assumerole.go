package sts

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
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
	tags, err := tagsOf(in.Tags, in.TransitiveTagKeys, session)
	if err != nil {
		return nil, err
	}
	role, err := h.authorizeAssumeRole(c, session, in, identity, tags)
	if err != nil {
		return nil, err
	}
	d, err := h.chainedDuration(in.DurationSeconds, role, session, identity)
	if err != nil {
		return nil, err
	}
	limits, err := h.sessionPolicies(role, in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	g := &grant{
		role: role, name: *in.RoleSessionName, duration: d, sessionPolicies: limits,
		sourceIdentity: cmp.Or(aws.ToString(in.SourceIdentity), session.SourceIdentity), identity: identity,
	}
	g.inheritTags(session, tags, in.TransitiveTagKeys)
	size := packedOf(in.Policy, in.PolicyArns, g.tags)
	if identity != nil && *h.world.Switches.PackedSizeCountsContext {
		size.context = len(*in.ProvidedContexts[0].ContextAssertion)
	}
	if err := h.fits(size); err != nil {
		return nil, err
	}
	credentials, user := h.issue(g)
	out := &sts.AssumeRoleOutput{Credentials: credentials, AssumedRoleUser: user, PackedPolicySize: size.percent()}
	if g.sourceIdentity != "" {
		out.SourceIdentity = &g.sourceIdentity
	}
	return out, nil
}

// chainedDuration is how long a session may last that another one asks for.
func (h *handlers) chainedDuration(seconds *int32, role *world.Role, session *world.Session, identity *world.IdentityContext) (time.Duration, error) {
	d, err := duration(seconds, role, session.Kind == world.KindAssumedRole)
	if err != nil || identity == nil || !*h.world.Switches.SessionEndsWithContext {
		return d, err
	}
	if d = min(d, identity.Expires.Sub(h.world.Now())); d <= 0 {
		return 0, expired("The provided context assertion has expired.")
	}
	return d, nil
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

// tagsOf checks the session tags of a request. Keys are told apart without
// regard to case, and a key that the session inherits cannot be given anew
// (STS API reference, AssumeRole, Tags).
func tagsOf(list []types.Tag, transitive []string, session *world.Session) (map[string]string, error) {
	tags, keys := make(map[string]string, len(list)), make([]string, 0, len(list))
	for _, t := range list {
		key := aws.ToString(t.Key)
		if isSystemTag(key) {
			return nil, validationError("Tag keys that begin with aws: are reserved for system use.")
		}
		if containsFold(keys, key) {
			return nil, validationError("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		if containsFold(session.TransitiveTags, key) {
			return nil, validationError("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
		keys, tags[key] = append(keys, key), aws.ToString(t.Value)
	}
	for _, key := range transitive {
		if !containsFold(keys, key) {
			return nil, validationError("The specified transitive tag key must be included in the requested tags.")
		}
	}
	return tags, nil
}

// isSystemTag reports whether only AWS may give a tag (IAM user guide, "Rules for tagging").
func isSystemTag(key string) bool {
	return len(key) >= 4 && strings.EqualFold(key[:4], "aws:")
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(entry string) bool { return strings.EqualFold(entry, s) })
}

// inheritTags sets the tags of a new session: those of the request and the
// transitive ones of the session that asks.
func (g *grant) inheritTags(session *world.Session, tags map[string]string, transitive []string) {
	g.tags = tags
	g.transitive = append(slices.Clone(session.TransitiveTags), transitive...)
	for _, key := range session.TransitiveTags {
		g.tags[key] = session.Tags[key]
	}
}

// authorizeAssumeRole asks for sts:AssumeRole and for every further action that
// the request's parameters call for. A role that does not exist is denied in the
// same words.
func (h *handlers) authorizeAssumeRole(c *awswire.Caller, session *world.Session, in *sts.AssumeRoleInput, identity *world.IdentityContext, tags map[string]string) (*world.Role, error) {
	if in.SourceIdentity != nil && session.SourceIdentity != "" && session.SourceIdentity != *in.SourceIdentity {
		return nil, &awswire.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: "The source identity of this session cannot be changed."}
	}
	actions, keys := h.assumeRoleActions(session, in, identity, tags)
	role, exists := h.world.Role(*in.RoleArn)
	if exists {
		addRoleTags(keys, role)
	}
	for _, action := range actions {
		r := &authz.Request{Caller: c, Session: session, Action: action, Resource: *in.RoleArn, ResourceAccount: accountOf(*in.RoleArn), Context: keys}
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

// assumeRoleActions lists what a request needs, and its condition keys. A source
// identity and tags that are inherited have to be admitted at every hop, too.
func (h *handlers) assumeRoleActions(session *world.Session, in *sts.AssumeRoleInput, identity *world.IdentityContext, tags map[string]string) ([]string, policy.Context) {
	keys := policy.Context{"sts:RoleSessionName": {aws.ToString(in.RoleSessionName)}}
	actions := []string{"sts:AssumeRole"}
	if in.ExternalId != nil {
		keys["sts:ExternalId"] = []string{*in.ExternalId}
	}
	if identity != nil {
		actions = append(actions, "sts:SetContext")
		addContextKeys(keys, h.contextProvider(), identity)
	}
	if source := cmp.Or(aws.ToString(in.SourceIdentity), session.SourceIdentity); source != "" {
		actions = append(actions, "sts:SetSourceIdentity")
		keys["sts:SourceIdentity"] = []string{source}
	}
	if len(tags) > 0 || len(session.TransitiveTags) > 0 {
		actions = append(actions, "sts:TagSession")
		addTagKeys(keys, tags, in.TransitiveTagKeys)
	}
	return actions, keys
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

// addRoleTags adds the condition keys of the tags of the role that is asked for.
func addRoleTags(keys policy.Context, role *world.Role) {
	for key, value := range role.Tags {
		keys["aws:ResourceTag/"+key], keys["iam:ResourceTag/"+key] = []string{value}, []string{value}
	}
}
