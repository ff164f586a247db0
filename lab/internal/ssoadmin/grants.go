package ssoadmin

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) putApplicationGrant(_ context.Context, c *awswire.Caller, in *ssoadmin.PutApplicationGrantInput) (*ssoadmin.PutApplicationGrantOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	put, err := h.grant(a, in)
	if err != nil {
		return nil, err
	}
	if err := h.world.ChangeApplication(a.ARN, put); err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.PutApplicationGrantOutput{}, nil
}

// grant is the change that a request asks for.
func (h *handlers) grant(a *world.Application, in *ssoadmin.PutApplicationGrantInput) (func(*world.Application) error, error) {
	switch g := in.Grant.(type) {
	case *types.GrantMemberAuthorizationCode:
		if in.GrantType == world.GrantAuthorizationCode {
			return h.authorizationCode(&g.Value)
		}
	case *types.GrantMemberRefreshToken:
		if in.GrantType == world.GrantRefreshToken {
			return func(a *world.Application) error { a.RefreshToken = true; return nil }, nil
		}
	case *types.GrantMemberJwtBearer:
		if in.GrantType == world.GrantJWTBearer {
			return h.jwtBearer(a, g.Value.AuthorizedTokenIssuers)
		}
	case *types.GrantMemberTokenExchange:
		if in.GrantType == world.GrantTokenExchange {
			return func(a *world.Application) error { a.TokenExchange = true; return nil }, nil
		}
	}
	return nil, invalid("The grant must match the grant type %s.", in.GrantType)
}

func (h *handlers) authorizationCode(g *types.AuthorizationCodeGrant) (func(*world.Application) error, error) {
	if !*h.world.Switches.AuthorizationCodeGrant {
		return nil, invalid("Grant type: %s not supported", world.GrantAuthorizationCode)
	}
	if len(g.RedirectUris) == 0 {
		return nil, invalid("The authorization_code grant needs RedirectUris.")
	}
	return func(a *world.Application) error { a.AuthorizationCode = g.RedirectUris; return nil }, nil
}

// jwtBearer wants the issuers to be of the application's instance. Without any, the
// application has the grant and authorizes nobody.
func (h *handlers) jwtBearer(a *world.Application, list []types.AuthorizedTokenIssuer) (func(*world.Application) error, error) {
	issuers := make([]world.AuthorizedIssuer, 0, len(list))
	for _, one := range list {
		arn := aws.ToString(one.TrustedTokenIssuerArn)
		if arn == "" || len(one.AuthorizedAudiences) == 0 {
			return nil, invalid("Each authorized token issuer needs a TrustedTokenIssuerArn and AuthorizedAudiences.")
		}
		if slices.ContainsFunc(issuers, func(other world.AuthorizedIssuer) bool { return other.IssuerARN == arn }) {
			return nil, invalid("The trusted token issuer %s stands twice in the grant.", arn)
		}
		if _, ok := h.world.TrustedTokenIssuer(a.Instance, arn); !ok {
			return nil, h.refused(world.ErrNoIssuer)
		}
		issuers = append(issuers, world.AuthorizedIssuer{IssuerARN: arn, Audiences: one.AuthorizedAudiences})
	}
	return func(a *world.Application) error { a.JWTBearer = issuers; return nil }, nil
}

// grantOf is a grant of an application as the API shows it.
func grantOf(a *world.Application, kind string) types.Grant {
	switch kind {
	case world.GrantAuthorizationCode:
		return &types.GrantMemberAuthorizationCode{Value: types.AuthorizationCodeGrant{RedirectUris: a.AuthorizationCode}}
	case world.GrantRefreshToken:
		return &types.GrantMemberRefreshToken{}
	case world.GrantTokenExchange:
		return &types.GrantMemberTokenExchange{}
	}
	g := &types.GrantMemberJwtBearer{}
	for _, one := range a.JWTBearer {
		g.Value.AuthorizedTokenIssuers = append(g.Value.AuthorizedTokenIssuers,
			types.AuthorizedTokenIssuer{TrustedTokenIssuerArn: &one.IssuerARN, AuthorizedAudiences: one.Audiences})
	}
	return g
}

func (h *handlers) getApplicationGrant(_ context.Context, c *awswire.Caller, in *ssoadmin.GetApplicationGrantInput) (*ssoadmin.GetApplicationGrantOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(a.GrantTypes(), string(in.GrantType)) {
		return nil, h.refused(world.ErrNoGrant)
	}
	return &ssoadmin.GetApplicationGrantOutput{Grant: grantOf(a, string(in.GrantType))}, nil
}

func (h *handlers) listApplicationGrants(_ context.Context, c *awswire.Caller, in *ssoadmin.ListApplicationGrantsInput) (*ssoadmin.ListApplicationGrantsOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	kind := func(s string) string { return s }
	page, next, err := pageOf(a.GrantTypes(), kind, "grants "+a.ARN, pageLimit, nil, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ssoadmin.ListApplicationGrantsOutput{Grants: make([]types.GrantItem, len(page)), NextToken: next}
	for n, kind := range page {
		out.Grants[n] = types.GrantItem{GrantType: types.GrantType(kind), Grant: grantOf(a, kind)}
	}
	return out, nil
}

func (h *handlers) deleteApplicationGrant(_ context.Context, c *awswire.Caller, in *ssoadmin.DeleteApplicationGrantInput) (*ssoadmin.DeleteApplicationGrantOutput, error) {
	err := h.change(c, *in.ApplicationArn, func(a *world.Application) error { return a.RemoveGrant(string(in.GrantType)) })
	if err != nil {
		return nil, err
	}
	return &ssoadmin.DeleteApplicationGrantOutput{}, nil
}
