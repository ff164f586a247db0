package iam

import (
	"context"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// getAccountSummary counts what the lab has; what it has not (groups, certificates,
// MFA) is zero, and quotas of that are AWS's defaults.
func (h *handlers) getAccountSummary(_ context.Context, c *awswire.Caller, _ *iam.GetAccountSummaryInput) (*iam.GetAccountSummaryOutput, error) {
	s, err := h.anything(c)
	if err != nil {
		return nil, err
	}
	quotas := h.world.IAMQuotas(s.Account)
	policies, versions := 0, 0
	for _, p := range h.world.Policies(s.Account) {
		if p.Account == s.Account {
			policies, versions = policies+1, versions+len(p.Versions)
		}
	}
	summary := map[string]int32{}
	for name, n := range map[string]int{
		"Users": len(h.world.IAMUsers(s.Account)), "UsersQuota": quotas.Users, "Roles": len(h.world.Roles(s.Account)), "RolesQuota": quotas.Roles,
		"Policies": policies, "PoliciesQuota": quotas.Policies, "PolicyVersionsInUse": versions, "PolicyVersionsInUseQuota": 10_000,
		"Providers": len(h.world.OIDCProviders(s.Account)), "VersionsPerPolicyQuota": maxVersions, "PolicySizeQuota": policySize,
		"RolePolicySizeQuota": roleInlineSize, "UserPolicySizeQuota": userInlineSize, "AssumeRolePolicySizeQuota": trustSize,
		"AttachedPoliciesPerRoleQuota": maxAttached, "AttachedPoliciesPerUserQuota": maxAttached, "AccessKeysPerUserQuota": maxKeys,
		"Groups": 0, "GroupsQuota": 300, "GroupPolicySizeQuota": 5_120, "GroupsPerUserQuota": 10, "AttachedPoliciesPerGroupQuota": 10,
		"InstanceProfiles": 0, "InstanceProfilesQuota": 1_000, "ServerCertificates": 0, "ServerCertificatesQuota": 20,
		"SigningCertificatesPerUserQuota": 2, "MFADevices": 0, "MFADevicesInUse": 0, "GlobalEndpointTokenVersion": 1,
		"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 0, "AccountPasswordPresent": 0, "AccountSigningCertificatesPresent": 0,
	} {
		summary[name] = int32(n)
	}
	return &iam.GetAccountSummaryOutput{SummaryMap: summary}, nil
}

// detail is an entry of GetAccountAuthorizationDetails: one of the three is set.
type detail struct {
	user   *world.IAMUser
	role   *world.Role
	policy *world.ManagedPolicy
}

// key is where it stands: users come first, then roles, then policies.
func (d detail) key() string {
	switch {
	case d.user != nil:
		return "0" + d.user.SortName()
	case d.role != nil:
		return "1" + d.role.SortName()
	}
	return "2" + d.policy.SortName()
}

func (h *handlers) getAccountAuthorizationDetails(_ context.Context, c *awswire.Caller, in *iam.GetAccountAuthorizationDetailsInput) (*iam.GetAccountAuthorizationDetailsOutput, error) {
	s, err := h.anything(c)
	if err != nil {
		return nil, err
	}
	uses := h.world.PolicyUses(s.Account)
	p, err := pageOf(h.details(s.Account, in.Filter, uses), detail.key, paging{in.Marker, in.MaxItems, "details"})
	if err != nil {
		return nil, err
	}
	out := &iam.GetAccountAuthorizationDetailsOutput{
		UserDetailList: []types.UserDetail{}, GroupDetailList: []types.GroupDetail{}, RoleDetailList: []types.RoleDetail{}, Policies: []types.ManagedPolicyDetail{},
		IsTruncated: p.truncated, Marker: p.marker,
	}
	for _, d := range p.items {
		switch {
		case d.user != nil:
			out.UserDetailList = append(out.UserDetailList, *h.userDetail(d.user))
		case d.role != nil:
			out.RoleDetailList = append(out.RoleDetailList, *h.roleDetail(d.role))
		default:
			out.Policies = append(out.Policies, *policyDetail(d.policy, uses[d.policy.ARN()]))
		}
	}
	return out, nil
}

// details are the users, roles and policies of an account that a filter wants; of
// AWS's policies those in use, as IAM lists them.
func (h *handlers) details(account string, filter []types.EntityType, uses map[string]world.PolicyUse) iter.Seq[detail] {
	wanted := func(t types.EntityType) bool { return len(filter) == 0 || slices.Contains(filter, t) }
	users, roles := wanted(types.EntityTypeUser), wanted(types.EntityTypeRole)
	own, aws := wanted(types.EntityTypeLocalManagedPolicy), wanted(types.EntityTypeAWSManagedPolicy)
	return func(yield func(detail) bool) {
		for _, u := range h.world.IAMUsers(account) {
			if users && !yield(detail{user: u}) {
				return
			}
		}
		for _, r := range h.world.Roles(account) {
			if roles && !yield(detail{role: r}) {
				return
			}
		}
		for _, p := range h.world.Policies(account) {
			ours := p.Account == account
			if (ours && own || !ours && aws && uses[p.ARN()] != (world.PolicyUse{})) && !yield(detail{policy: p}) {
				return
			}
		}
	}
}

func (h *handlers) userDetail(u *world.IAMUser) *types.UserDetail {
	return &types.UserDetail{
		Path: &u.Path, UserName: &u.Name, UserId: &u.ID, Arn: aws.String(u.ARN()), CreateDate: &u.Created, UserPolicyList: inlineDetails(&u.Entity),
		GroupList: []string{}, AttachedManagedPolicies: h.attachedDetails(&u.Entity), PermissionsBoundary: boundaryOf(&u.Entity), Tags: tagList(u.Tags),
	}
}

func (h *handlers) roleDetail(r *world.Role) *types.RoleDetail {
	return &types.RoleDetail{
		Path: &r.Path, RoleName: &r.Name, RoleId: &r.ID, Arn: aws.String(r.ARN()), CreateDate: &r.Created, AssumeRolePolicyDocument: encoded(r.Trust),
		InstanceProfileList: []types.InstanceProfile{}, RolePolicyList: inlineDetails(&r.Entity), AttachedManagedPolicies: h.attachedDetails(&r.Entity),
		PermissionsBoundary: boundaryOf(&r.Entity), Tags: tagList(r.Tags), RoleLastUsed: h.lastUsed(r),
	}
}

func inlineDetails(e *world.Entity) []types.PolicyDetail {
	list := []types.PolicyDetail{}
	for i := range e.Inline {
		list = append(list, types.PolicyDetail{PolicyName: &e.Inline[i].Name, PolicyDocument: encoded(e.Inline[i].Document)})
	}
	return list
}

func (h *handlers) attachedDetails(e *world.Entity) []types.AttachedPolicy {
	list := []types.AttachedPolicy{}
	for _, p := range h.attachedPolicies(e) {
		list = append(list, *attachedPolicy(p))
	}
	return list
}

func policyDetail(p *world.ManagedPolicy, use world.PolicyUse) *types.ManagedPolicyDetail {
	out := &types.ManagedPolicyDetail{
		PolicyName: &p.Name, PolicyId: &p.ID, Arn: aws.String(p.ARN()), Path: &p.Path, DefaultVersionId: &p.Default,
		AttachmentCount: aws.Int32(int32(use.Attached)), PermissionsBoundaryUsageCount: aws.Int32(int32(use.Boundary)), IsAttachable: true,
		CreateDate: &p.Created, UpdateDate: &p.Updated, PolicyVersionList: versionsOf(p, true),
	}
	if p.Description != "" {
		out.Description = &p.Description
	}
	return out
}
