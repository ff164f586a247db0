package s3control

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) putAccessGrantsInstanceResourcePolicy(_ context.Context, c *awswire.Caller, in *s3control.PutAccessGrantsInstanceResourcePolicyInput) (*s3control.PutAccessGrantsInstanceResourcePolicyOutput, error) {
	_, g, err := h.permit(c, *in.AccountId, nil)
	if err != nil {
		return nil, err
	}
	doc, ok := h.resourcePolicy(g, *in.Policy)
	if !ok {
		return nil, refuse("InvalidResourcePolicy")
	}
	g, err = h.world.ChangeAccessGrants(*in.AccountId, c.Region, func(g *world.AccessGrants) error {
		g.ResourcePolicy, g.PolicyText, g.PolicyCreated, g.Organization = doc, *in.Policy, h.now(), ""
		if in.Organization != nil {
			g.Organization = *in.Organization
		}
		return nil
	})
	if err != nil {
		return nil, refused(err, nil)
	}
	return &s3control.PutAccessGrantsInstanceResourcePolicyOutput{
		Policy: &g.PolicyText, Organization: optional(g.Organization), CreatedAt: &g.PolicyCreated,
	}, nil
}

// resourcePolicy reads a policy. The roles and users that it names must exist, as
// far as their accounts are of this world, and its resources must be the instance
// or what is in it.
func (h *handlers) resourcePolicy(g *world.AccessGrants, text string) (*policy.Document, bool) {
	doc, err := policy.Parse([]byte(text), policy.Resource)
	if err != nil {
		return nil, false
	}
	if _, unknown := h.world.UnknownPrincipal(doc); unknown {
		return nil, false
	}
	foreign := slices.ContainsFunc(resourcesOf(text), func(r string) bool {
		return r != "*" && r != g.ARN && !strings.HasPrefix(r, g.ARN+"/") && r != g.ARN+"*"
	})
	return doc, !foreign
}

// resourcesOf are the Resource elements of a policy that parses, of which both a
// statement and a list may be a single value.
func resourcesOf(text string) []string {
	var doc struct{ Statement json.RawMessage }
	var all []string
	if json.Unmarshal([]byte(text), &doc) != nil {
		return nil
	}
	for _, one := range listOf(doc.Statement) {
		var statement struct{ Resource json.RawMessage }
		if json.Unmarshal(one, &statement) != nil {
			continue
		}
		for _, raw := range listOf(statement.Resource) {
			var resource string
			if json.Unmarshal(raw, &resource) == nil {
				all = append(all, resource)
			}
		}
	}
	return all
}

func listOf(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	return []json.RawMessage{raw}
}

func (h *handlers) getAccessGrantsInstanceResourcePolicy(_ context.Context, c *awswire.Caller, in *s3control.GetAccessGrantsInstanceResourcePolicyInput) (*s3control.GetAccessGrantsInstanceResourcePolicyOutput, error) {
	_, g, err := h.permit(c, *in.AccountId, nil)
	if err != nil {
		return nil, err
	}
	if g.ResourcePolicy == nil {
		return nil, refuse("AccessGrantsInstanceResourcePolicyNotExists")
	}
	return &s3control.GetAccessGrantsInstanceResourcePolicyOutput{
		Policy: &g.PolicyText, Organization: optional(g.Organization), CreatedAt: &g.PolicyCreated,
	}, nil
}

func (h *handlers) deleteAccessGrantsInstanceResourcePolicy(_ context.Context, c *awswire.Caller, in *s3control.DeleteAccessGrantsInstanceResourcePolicyInput) (*s3control.DeleteAccessGrantsInstanceResourcePolicyOutput, error) {
	if _, _, err := h.permit(c, *in.AccountId, nil); err != nil {
		return nil, err
	}
	_, err := h.world.ChangeAccessGrants(*in.AccountId, c.Region, func(g *world.AccessGrants) error {
		if g.ResourcePolicy == nil {
			return refuse("AccessGrantsInstanceResourcePolicyNotExists")
		}
		g.ResourcePolicy, g.PolicyText, g.Organization = nil, "", ""
		return nil
	})
	if err != nil {
		return nil, refused(err, nil)
	}
	return &s3control.DeleteAccessGrantsInstanceResourcePolicyOutput{}, nil
}
