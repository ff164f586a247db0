package iam

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Quotas of an OIDC provider (IAM user guide, "IAM and AWS STS quotas").
const (
	maxClientIDs   = 100
	maxThumbprints = 5
)

var thumbprintForm = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)

// noProvider is the refusal for a provider that is not there.
func noProvider(arn string) error {
	return noSuch("OpenIDConnect Provider not found for arn %s", arn)
}

func clones(list []string) []string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = strings.Clone(s)
	}
	return all
}

// clientIDs checks the client ids of a request.
func clientIDs(list []string) ([]string, error) {
	list = clones(list)
	slices.Sort(list)
	if list = slices.Compact(list); len(list) > maxClientIDs {
		return nil, overQuota("ClientIdsPerOpenIdConnectProvider", maxClientIDs)
	}
	return list, nil
}

// thumbprints checks the thumbprints of a request; their length is the model's.
func thumbprints(list []string) ([]string, error) {
	if len(list) > maxThumbprints {
		return nil, invalidInput("Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	for _, t := range list {
		if !thumbprintForm.MatchString(t) {
			return nil, invalidInput("Thumbprint %s is not valid.", t)
		}
	}
	return clones(list), nil
}

func (h *handlers) createOpenIDConnectProvider(_ context.Context, c *awswire.Caller, in *iam.CreateOpenIDConnectProviderInput) (*iam.CreateOpenIDConnectProviderOutput, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	tags, err := exactTags.tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := h.world.CheckProviderURL(*in.Url); err != nil {
		return nil, validation("Invalid Open ID Connect Provider URL")
	}
	p := h.world.NewOIDCProvider(s.Account, strings.Clone(*in.Url))
	if err := h.permitNew(c, s, "OpenIDConnectProvider", p.ARN(), nil, tags); err != nil {
		return nil, err
	}
	if p.ClientIDs, err = clientIDs(in.ClientIDList); err != nil {
		return nil, err
	}
	if p.Thumbprints, err = thumbprints(in.ThumbprintList); err != nil {
		return nil, err
	}
	p.Tags = tags
	switch err := h.world.AddOIDCProvider(p); {
	case errors.Is(err, world.ErrIAMExists):
		return nil, refuse("EntityAlreadyExists", "Provider with url %s already exists.", *in.Url)
	case errors.Is(err, world.ErrIAMQuota):
		return nil, overQuota("OpenIdConnectProvidersPerAccount", h.world.IAMQuotas(s.Account).OIDCProviders)
	}
	arn := p.ARN()
	return &iam.CreateOpenIDConnectProviderOutput{OpenIDConnectProviderArn: &arn, Tags: tagList(tags)}, nil
}

// getOpenIDConnectProvider answers the URL without its scheme, as IAM does.
func (h *handlers) getOpenIDConnectProvider(_ context.Context, c *awswire.Caller, in *iam.GetOpenIDConnectProviderInput) (*iam.GetOpenIDConnectProviderOutput, error) {
	arn := *in.OpenIDConnectProviderArn
	p, err := h.provider(c, arn, noProvider(arn), nil)
	if err != nil {
		return nil, err
	}
	url := world.IssuerHostPath(p.Issuer)
	out := &iam.GetOpenIDConnectProviderOutput{
		Url: &url, CreateDate: &p.Created, ClientIDList: append([]string{}, p.ClientIDs...), ThumbprintList: append([]string{}, p.Thumbprints...),
		Tags: append([]types.Tag{}, tagList(p.Tags)...),
	}
	return out, nil
}

func (h *handlers) listOpenIDConnectProviders(_ context.Context, c *awswire.Caller, _ *iam.ListOpenIDConnectProvidersInput) (*iam.ListOpenIDConnectProvidersOutput, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	if err := h.permit(c, s, c.Operation, resource{arn: h.arn(s.Account, "oidc-provider", "/", "*")}); err != nil {
		return nil, err
	}
	list := []types.OpenIDConnectProviderListEntry{}
	for _, p := range h.world.OIDCProviders(s.Account) {
		arn := p.ARN()
		list = append(list, types.OpenIDConnectProviderListEntry{Arn: &arn})
	}
	return &iam.ListOpenIDConnectProvidersOutput{OpenIDConnectProviderList: list}, nil
}

func (h *handlers) deleteOpenIDConnectProvider(_ context.Context, c *awswire.Caller, in *iam.DeleteOpenIDConnectProviderInput) (*iam.DeleteOpenIDConnectProviderOutput, error) {
	arn := *in.OpenIDConnectProviderArn
	gone := noSuch("OpenId connect Provider %s cannot be found.", arn)
	if _, err := h.provider(c, arn, gone, nil); err != nil {
		return nil, err
	}
	if err := h.world.RemoveOIDCProvider(arn); err != nil {
		return nil, found(err, gone)
	}
	return &iam.DeleteOpenIDConnectProviderOutput{}, nil
}

// changeProvider authorizes the operation of c on an OIDC provider and has edit change it.
func (h *handlers) changeProvider(c *awswire.Caller, arn string, keys policy.Context, edit func(*world.OIDCProvider) error) error {
	p, err := h.provider(c, arn, noProvider(arn), keys)
	if err != nil {
		return err
	}
	_, err = h.world.ChangeOIDCProvider(p.ARN(), edit)
	return found(err, noProvider(arn))
}

// addClientID adds a client id, unless the provider has it.
func (h *handlers) addClientID(_ context.Context, c *awswire.Caller, in *iam.AddClientIDToOpenIDConnectProviderInput) (*iam.AddClientIDToOpenIDConnectProviderOutput, error) {
	err := h.changeProvider(c, *in.OpenIDConnectProviderArn, nil, func(p *world.OIDCProvider) (err error) {
		p.ClientIDs, err = clientIDs(append(slices.Clone(p.ClientIDs), *in.ClientID))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.AddClientIDToOpenIDConnectProviderOutput{}, nil
}

// removeClientID takes a client id away; one that is not there stays so.
func (h *handlers) removeClientID(_ context.Context, c *awswire.Caller, in *iam.RemoveClientIDFromOpenIDConnectProviderInput) (*iam.RemoveClientIDFromOpenIDConnectProviderOutput, error) {
	err := h.changeProvider(c, *in.OpenIDConnectProviderArn, nil, func(p *world.OIDCProvider) error {
		p.ClientIDs = slices.DeleteFunc(slices.Clone(p.ClientIDs), func(id string) bool { return id == *in.ClientID })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.RemoveClientIDFromOpenIDConnectProviderOutput{}, nil
}

func (h *handlers) updateThumbprint(_ context.Context, c *awswire.Caller, in *iam.UpdateOpenIDConnectProviderThumbprintInput) (*iam.UpdateOpenIDConnectProviderThumbprintOutput, error) {
	err := h.changeProvider(c, *in.OpenIDConnectProviderArn, nil, func(p *world.OIDCProvider) (err error) {
		p.Thumbprints, err = thumbprints(in.ThumbprintList)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateOpenIDConnectProviderThumbprintOutput{}, nil
}

func (h *handlers) tagProvider(_ context.Context, c *awswire.Caller, in *iam.TagOpenIDConnectProviderInput) (*iam.TagOpenIDConnectProviderOutput, error) {
	tags, err := exactTags.tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	err = h.changeProvider(c, *in.OpenIDConnectProviderArn, requestKeys(tags), func(p *world.OIDCProvider) error {
		p.Tags, err = exactTags.added(p.Tags, tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.TagOpenIDConnectProviderOutput{}, nil
}

func (h *handlers) untagProvider(_ context.Context, c *awswire.Caller, in *iam.UntagOpenIDConnectProviderInput) (*iam.UntagOpenIDConnectProviderOutput, error) {
	err := h.changeProvider(c, *in.OpenIDConnectProviderArn, untagKeys(in.TagKeys), func(p *world.OIDCProvider) error {
		p.Tags = exactTags.without(p.Tags, in.TagKeys)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UntagOpenIDConnectProviderOutput{}, nil
}

func (h *handlers) listProviderTags(_ context.Context, c *awswire.Caller, in *iam.ListOpenIDConnectProviderTagsInput) (*iam.ListOpenIDConnectProviderTagsOutput, error) {
	p, err := h.provider(c, *in.OpenIDConnectProviderArn, noProvider(*in.OpenIDConnectProviderArn), nil)
	if err != nil {
		return nil, err
	}
	page, err := tagPage(p.Tags, paging{in.Marker, in.MaxItems, "tags " + p.ARN()})
	if err != nil {
		return nil, err
	}
	return &iam.ListOpenIDConnectProviderTagsOutput{Tags: page.items, IsTruncated: page.truncated, Marker: page.marker}, nil
}
