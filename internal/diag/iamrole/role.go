// Package iamrole reads IAM roles for a diagnosis, and says what their policies
// answer to a request: yes, no and by which statement, or that it cannot be told.
//
// What is read of a role is a [chain.Role]; [Allows], [Trusts] and [Assumes] ask its
// policies, [Refusals] says which part of a statement does not fit, and [Draft] writes
// a policy with something added. It knows no service control policies and resource
// control policies: an organization may still deny what is allowed here. Functions
// keep nothing, and may be called concurrently.
package iamrole

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// Read describes a role. What of its policies could not be read stands in Unread and
// Missing of the role; the Refusal is that of the role itself. The role that is
// found may have another path, and with it another ARN, than the one asked for: IAM
// finds roles by name.
func Read(ctx context.Context, client *iam.Client, roleARN string) (*chain.Role, *refusal.Refusal) {
	asked, ok := Parse(roleARN)
	if !ok {
		return nil, &refusal.Refusal{Permission: "iam:GetRole", Seen: "this is no ARN of a role: " + roleARN}
	}
	name := Name(asked)
	out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return nil, refusal.Of("iam:GetRole", err)
	}
	if out == nil || out.Role == nil {
		return nil, &refusal.Refusal{Unreachable: true, Permission: "iam:GetRole", Seen: "iam:GetRole answered without a role"}
	}
	role := describe(out.Role)
	if role.Account != asked.AccountID {
		return nil, &refusal.Refusal{Permission: "iam:GetRole", Seen: "the credentials to read with are of account " + role.Account + ", the role is of account " + asked.AccountID}
	}
	r := reader{client: client, role: role}
	r.policies(ctx)
	r.boundary(ctx)
	role.PoliciesRead = role.Unread == ""
	return role, nil
}

// Parse takes the ARN of a role apart.
func Parse(roleARN string) (arn.ARN, bool) {
	a, err := arn.Parse(roleARN)
	if err != nil || a.Service != "iam" || len(a.AccountID) != 12 || !strings.HasPrefix(a.Resource, "role/") || Name(a) == "" {
		return arn.ARN{}, false
	}
	return a, true
}

// Name is that of a role without its path.
func Name(role arn.ARN) string { return role.Resource[strings.LastIndexByte(role.Resource, '/')+1:] }

// ContextProvider is Identity Center as a provider of contexts, the value of
// sts:RequestContextProviders.
func ContextProvider(partition string) string {
	return "arn:" + partition + ":iam::aws:contextProvider/IdentityCenter"
}

// describe is what GetRole says of a role.
func describe(r *types.Role) *chain.Role {
	role := &chain.Role{
		ARN: aws.ToString(r.Arn), Name: aws.ToString(r.RoleName), ID: aws.ToString(r.RoleId),
		TrustText: decoded(r.AssumeRolePolicyDocument), Tags: map[string]string{},
	}
	if parsed, err := arn.Parse(role.ARN); err == nil {
		role.Account = parsed.AccountID
	}
	if trust, err := policy.Parse([]byte(role.TrustText), policy.Trust); err == nil {
		role.Trust = trust
	}
	if r.PermissionsBoundary != nil {
		role.BoundaryARN = aws.ToString(r.PermissionsBoundary.PermissionsBoundaryArn)
	}
	for _, t := range r.Tags {
		role.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return role
}

// decoded is a document that IAM answers URL-encoded.
func decoded(document *string) string {
	text := aws.ToString(document)
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}
