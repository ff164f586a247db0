package s3control

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// center wants what an association needs of the caller and returns the Identity
// Center instance, which must be of the request's region.
func (h *handlers) center(c *awswire.Caller, s *world.Session, arn string, further ...string) (*world.Instance, error) {
	i, known := h.world.Instance(arn)
	owner := s.Account
	if known {
		owner = i.Account
	}
	application := "arn:" + h.world.Partition + ":sso::" + owner + ":application/" + arn[strings.LastIndexByte(arn, '/')+1:] + "/*"
	for _, action := range append(further, "sso:CreateApplication", "sso:PutApplicationGrant", "sso:PutApplicationAuthenticationMethod") {
		resource := arn
		if strings.HasPrefix(action, "sso:Put") {
			resource = application
		}
		if err := h.also(c, s, action, resource, nil); err != nil {
			return nil, err
		}
	}
	if !known || i.Region != c.Region {
		return nil, refuse("InvalidIdentityCenterInstance")
	}
	return i, nil
}

func (h *handlers) associateAccessGrantsIdentityCenter(_ context.Context, c *awswire.Caller, in *s3control.AssociateAccessGrantsIdentityCenterInput) (*s3control.AssociateAccessGrantsIdentityCenterOutput, error) {
	session, _, err := h.permit(c, *in.AccountId, nil)
	if err != nil {
		return nil, err
	}
	i, err := h.center(c, session, *in.IdentityCenterArn)
	if err != nil {
		return nil, err
	}
	_, err = h.world.ChangeAccessGrants(*in.AccountId, c.Region, func(g *world.AccessGrants) error {
		if g.IdentityCenter != nil && h.world.Switches.SecondAssociation == "refused" {
			return refuse("InvalidIdentityCenterInstance")
		}
		g.Associate(i)
		return nil
	})
	if err != nil {
		return nil, refused(err, nil)
	}
	return &s3control.AssociateAccessGrantsIdentityCenterOutput{}, nil
}

func (h *handlers) dissociateAccessGrantsIdentityCenter(_ context.Context, c *awswire.Caller, in *s3control.DissociateAccessGrantsIdentityCenterInput) (*s3control.DissociateAccessGrantsIdentityCenterOutput, error) {
	session, g, err := h.permit(c, *in.AccountId, nil)
	if err != nil {
		return nil, err
	}
	if g.IdentityCenter == nil {
		return nil, refuse("InvalidIdentityCenterInstance")
	}
	if err := h.also(c, session, "sso:DeleteApplication", g.ApplicationARN, nil); err != nil {
		return nil, err
	}
	_, err = h.world.ChangeAccessGrants(*in.AccountId, c.Region, func(g *world.AccessGrants) error {
		g.Dissociate()
		return nil
	})
	if err != nil {
		return nil, refused(err, nil)
	}
	return &s3control.DissociateAccessGrantsIdentityCenterOutput{}, nil
}
