package iam

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) now() time.Time { return h.world.Now().UTC().Truncate(time.Second) }

func (h *handlers) createPolicyVersion(_ context.Context, c *awswire.Caller, in *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionOutput, error) {
	gone := noPolicy(*in.PolicyArn)
	p, err := h.ownPolicy(c, *in.PolicyArn, gone, nil)
	if err != nil {
		return nil, err
	}
	doc, err := managed(*in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	var made *world.PolicyVersion
	p, err = h.world.ChangePolicy(p.ARN(), func(p *world.ManagedPolicy) error {
		if len(p.Versions) >= maxVersions {
			return refuse("LimitExceeded", "A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		made = p.AddVersion(doc, h.now())
		p.Updated = made.Created
		if in.SetAsDefault {
			p.Default = made.ID
		}
		return nil
	})
	if err != nil {
		return nil, found(err, gone)
	}
	return &iam.CreatePolicyVersionOutput{PolicyVersion: versionOf(p, made)}, nil
}

// versionOf is a version as lists have it: without its document.
func versionOf(p *world.ManagedPolicy, v *world.PolicyVersion) *types.PolicyVersion {
	return &types.PolicyVersion{VersionId: &v.ID, IsDefaultVersion: v.ID == p.Default, CreateDate: &v.Created}
}

// versionsOf are the versions of a policy, the newest first.
func versionsOf(p *world.ManagedPolicy, documents bool) []types.PolicyVersion {
	all := make([]types.PolicyVersion, 0, len(p.Versions))
	for i := range slices.Backward(p.Versions) {
		v := versionOf(p, &p.Versions[i])
		if documents {
			v.Document = encoded(p.Versions[i].Document)
		}
		all = append(all, *v)
	}
	return all
}

// newest is the key of a version in a list that has the newest first.
func newest(v types.PolicyVersion) string {
	number, _ := strconv.Atoi(strings.TrimPrefix(*v.VersionId, "v"))
	return fmt.Sprintf("%020d", math.MaxInt-number)
}

func (h *handlers) getPolicyVersion(_ context.Context, c *awswire.Caller, in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionOutput, error) {
	gone := noVersion(*in.PolicyArn, *in.VersionId)
	p, _, err := h.policy(c, *in.PolicyArn, gone, nil)
	if err != nil {
		return nil, err
	}
	v, ok := p.Version(*in.VersionId)
	if !ok {
		return nil, gone
	}
	out := versionOf(p, v)
	out.Document = encoded(v.Document)
	return &iam.GetPolicyVersionOutput{PolicyVersion: out}, nil
}

func (h *handlers) listPolicyVersions(_ context.Context, c *awswire.Caller, in *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsOutput, error) {
	p, _, err := h.policy(c, *in.PolicyArn, noPolicy(*in.PolicyArn), nil)
	if err != nil {
		return nil, err
	}
	page, err := pageOf(slices.Values(versionsOf(p, false)), newest, paging{in.Marker, in.MaxItems, "versions " + p.ID})
	if err != nil {
		return nil, err
	}
	return &iam.ListPolicyVersionsOutput{Versions: page.items, IsTruncated: page.truncated, Marker: page.marker}, nil
}

func (h *handlers) setDefaultPolicyVersion(_ context.Context, c *awswire.Caller, in *iam.SetDefaultPolicyVersionInput) (*iam.SetDefaultPolicyVersionOutput, error) {
	gone := noVersion(*in.PolicyArn, *in.VersionId)
	err := h.changePolicy(c, *in.PolicyArn, gone, nil, func(p *world.ManagedPolicy) error {
		v, ok := p.Version(*in.VersionId)
		if !ok {
			return gone
		}
		p.Default, p.Updated = v.ID, h.now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.SetDefaultPolicyVersionOutput{}, nil
}

func (h *handlers) deletePolicyVersion(_ context.Context, c *awswire.Caller, in *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error) {
	gone := noVersion(*in.PolicyArn, *in.VersionId)
	err := h.changePolicy(c, *in.PolicyArn, gone, nil, func(p *world.ManagedPolicy) error {
		if _, ok := p.Version(*in.VersionId); !ok {
			return gone
		}
		if *in.VersionId == p.Default {
			return conflict("Cannot delete the default version of a policy.")
		}
		p.Versions = slices.DeleteFunc(slices.Clone(p.Versions), func(v world.PolicyVersion) bool { return v.ID == *in.VersionId })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeletePolicyVersionOutput{}, nil
}

// holding is a role or user that has a managed policy. The kind is 0 for a user, 1
// for a role.
type holding struct {
	kind string
	*world.Entity
}

// key is where it stands: users come first.
func (x holding) key() string { return x.kind + x.SortName() }

// holders are the roles and users of an account that have a policy attached, or as
// their permissions boundary.
func (h *handlers) holders(account, arn string, in *iam.ListEntitiesForPolicyInput) []holding {
	below := path(in.PathPrefix)
	has := func(e *world.Entity) bool {
		attached, boundary := slices.Contains(e.Attached, arn), e.BoundaryARN == arn
		switch in.PolicyUsageFilter {
		case types.PolicyUsageTypePermissionsPolicy:
			boundary = false
		case types.PolicyUsageTypePermissionsBoundary:
			attached = false
		}
		return (attached || boundary) && strings.HasPrefix(e.Path, below)
	}
	var all []holding
	if in.EntityFilter == "" || in.EntityFilter == types.EntityTypeUser {
		for _, u := range h.world.IAMUsers(account) {
			if has(&u.Entity) {
				all = append(all, holding{"0", &u.Entity})
			}
		}
	}
	if in.EntityFilter == "" || in.EntityFilter == types.EntityTypeRole {
		for _, r := range h.world.Roles(account) {
			if has(&r.Entity) {
				all = append(all, holding{"1", &r.Entity})
			}
		}
	}
	return all
}

func (h *handlers) listEntitiesForPolicy(_ context.Context, c *awswire.Caller, in *iam.ListEntitiesForPolicyInput) (*iam.ListEntitiesForPolicyOutput, error) {
	p, s, err := h.policy(c, *in.PolicyArn, noPolicy(*in.PolicyArn), nil)
	if err != nil {
		return nil, err
	}
	page, err := pageOf(slices.Values(h.holders(s.Account, p.ARN(), in)), holding.key, paging{in.Marker, in.MaxItems, "entities " + p.ID})
	if err != nil {
		return nil, err
	}
	out := &iam.ListEntitiesForPolicyOutput{
		PolicyGroups: []types.PolicyGroup{}, PolicyUsers: []types.PolicyUser{}, PolicyRoles: []types.PolicyRole{},
		IsTruncated: page.truncated, Marker: page.marker,
	}
	for _, x := range page.items {
		if x.kind == "0" {
			out.PolicyUsers = append(out.PolicyUsers, types.PolicyUser{UserName: &x.Name, UserId: &x.ID})
			continue
		}
		out.PolicyRoles = append(out.PolicyRoles, types.PolicyRole{RoleName: &x.Name, RoleId: &x.ID})
	}
	return out, nil
}
