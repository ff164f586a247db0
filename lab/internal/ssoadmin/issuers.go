package ssoadmin

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) createTrustedTokenIssuer(_ context.Context, c *awswire.Caller, in *ssoadmin.CreateTrustedTokenIssuerInput) (*ssoadmin.CreateTrustedTokenIssuerOutput, error) {
	tags, tagsErr := tagsOf(in.Tags)
	session, i, err := h.instance(c, *in.InstanceArn, false, nil, func(q *question) {
		q.requestTags = tags
		account := q.owner
		if q.instance != nil {
			account = q.instance.Account
		}
		q.resources = append(q.resources, resource{arn: "arn:" + h.world.Partition + ":sso::" + account + ":trustedTokenIssuer/" + lastPart(*in.InstanceArn) + "/*"})
	})
	if err != nil {
		return nil, err
	}
	if tagsErr != nil {
		return nil, tagsErr
	}
	config := in.TrustedTokenIssuerConfiguration.(*types.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration) // the only member
	t := world.TrustedTokenIssuer{
		Name: *in.Name, IssuerURL: *config.Value.IssuerUrl, ClaimAttributePath: *config.Value.ClaimAttributePath,
		IdentityStoreAttributePath: *config.Value.IdentityStoreAttributePath, Tags: tags,
	}
	if err := h.checkIssuer(&t); err != nil {
		return nil, err
	}
	plain := *in
	plain.ClientToken = nil
	made, err := h.world.CreateTrustedTokenIssuer(repeatable(c, session, in.ClientToken, plain), i, t)
	if err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.CreateTrustedTokenIssuerOutput{TrustedTokenIssuerArn: &made.ARN}, nil
}

// lastPart is what follows the last slash of an ARN.
func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// checkIssuer refuses what the model admits and Identity Center does not.
func (h *handlers) checkIssuer(t *world.TrustedTokenIssuer) error {
	if err := h.world.CheckIssuerURL(t.IssuerURL); err != nil {
		return invalid("The issuer URL is not valid: %v.", err)
	}
	if paths := h.world.Switches.AttributePaths(); !slices.Contains(paths, t.IdentityStoreAttributePath) {
		return invalid("The identity store attribute path %s is none of %s.", t.IdentityStoreAttributePath, strings.Join(paths, ", "))
	}
	return nil
}

func (h *handlers) describeTrustedTokenIssuer(_ context.Context, c *awswire.Caller, in *ssoadmin.DescribeTrustedTokenIssuerInput) (*ssoadmin.DescribeTrustedTokenIssuerOutput, error) {
	_, t, err := h.issuer(c, *in.TrustedTokenIssuerArn, nil)
	if err != nil {
		return nil, err
	}
	return &ssoadmin.DescribeTrustedTokenIssuerOutput{
		TrustedTokenIssuerArn: &t.ARN, Name: &t.Name, TrustedTokenIssuerType: types.TrustedTokenIssuerTypeOidcJwt,
		TrustedTokenIssuerConfiguration: &types.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration{Value: types.OidcJwtConfiguration{
			IssuerUrl: &t.IssuerURL, ClaimAttributePath: &t.ClaimAttributePath, IdentityStoreAttributePath: &t.IdentityStoreAttributePath,
			JwksRetrievalOption: types.JwksRetrievalOptionOpenIdDiscovery,
		}},
	}, nil
}

func (h *handlers) listTrustedTokenIssuers(_ context.Context, c *awswire.Caller, in *ssoadmin.ListTrustedTokenIssuersInput) (*ssoadmin.ListTrustedTokenIssuersOutput, error) {
	_, i, err := h.instance(c, *in.InstanceArn, false, nil, nil)
	if err != nil {
		return nil, err
	}
	id := func(t *world.TrustedTokenIssuer) string { return t.ARN }
	page, next, err := pageOf(h.world.TrustedTokenIssuers(i), id, "issuers "+i.ARN, pageLimit, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ssoadmin.ListTrustedTokenIssuersOutput{TrustedTokenIssuers: make([]types.TrustedTokenIssuerMetadata, len(page)), NextToken: next}
	for n, t := range page {
		out.TrustedTokenIssuers[n] = types.TrustedTokenIssuerMetadata{TrustedTokenIssuerArn: &t.ARN, Name: &t.Name, TrustedTokenIssuerType: types.TrustedTokenIssuerTypeOidcJwt}
	}
	return out, nil
}

// updateTrustedTokenIssuer changes all but the issuer's URL, for which the request has no member.
func (h *handlers) updateTrustedTokenIssuer(_ context.Context, c *awswire.Caller, in *ssoadmin.UpdateTrustedTokenIssuerInput) (*ssoadmin.UpdateTrustedTokenIssuerOutput, error) {
	i, t, err := h.issuer(c, *in.TrustedTokenIssuerArn, nil)
	if err != nil {
		return nil, err
	}
	err = h.world.ChangeTrustedTokenIssuer(i, t.ARN, func(t *world.TrustedTokenIssuer) error {
		if in.Name != nil {
			t.Name = *in.Name
		}
		if config, ok := in.TrustedTokenIssuerConfiguration.(*types.TrustedTokenIssuerUpdateConfigurationMemberOidcJwtConfiguration); ok {
			replace(&t.ClaimAttributePath, config.Value.ClaimAttributePath)
			replace(&t.IdentityStoreAttributePath, config.Value.IdentityStoreAttributePath)
		}
		return h.checkIssuer(t)
	})
	if err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.UpdateTrustedTokenIssuerOutput{}, nil
}

// replace puts a value that a request has in the place of another.
func replace(old, given *string) {
	if given != nil {
		*old = aws.ToString(given)
	}
}

func (h *handlers) deleteTrustedTokenIssuer(_ context.Context, c *awswire.Caller, in *ssoadmin.DeleteTrustedTokenIssuerInput) (*ssoadmin.DeleteTrustedTokenIssuerOutput, error) {
	i, t, err := h.issuer(c, *in.TrustedTokenIssuerArn, nil)
	if err != nil {
		return nil, err
	}
	if err := h.world.DeleteTrustedTokenIssuer(i, t.ARN); err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.DeleteTrustedTokenIssuerOutput{}, nil
}
