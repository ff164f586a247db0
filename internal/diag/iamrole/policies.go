package iamrole

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// maxPages bounds a list. A role has at most 20 attached policies, and inline ones
// of 10,240 characters together.
const maxPages = 100

// reader reads the policies of one role.
type reader struct {
	client *iam.Client
	role   *chain.Role
}

// failed notes what stands in the way of a read; it reports whether something does.
func (r *reader) failed(permission string, err error) bool {
	return r.stopped(refusal.Of(permission, err))
}

func (r *reader) stopped(refused *refusal.Refusal) bool {
	if refused == nil {
		return false
	}
	r.note(refused.Seen)
	for _, missing := range refused.Missing() {
		if !slices.Contains(r.role.Missing, missing) {
			r.role.Missing = append(r.role.Missing, missing)
		}
	}
	return true
}

// note keeps the first of the reasons: others follow from it, mostly.
func (r *reader) note(seen string) {
	if r.role.Unread == "" {
		r.role.Unread = seen
	}
}

func (r *reader) policies(ctx context.Context) {
	for _, name := range r.inlineNames(ctx) {
		out, err := r.client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &r.role.Name, PolicyName: &name})
		if r.failed("iam:GetRolePolicy", err) {
			break // the others of the role will not be read either
		}
		r.add(name, decoded(out.PolicyDocument), "")
	}
	for _, arn := range r.attachedARNs(ctx) {
		if text, ok := r.managed(ctx, arn); ok {
			r.add(arn, text, arn)
		}
	}
}

// add parses a policy: one that this program does not understand counts as unread.
func (r *reader) add(name, text, arn string) {
	doc, err := policy.Parse([]byte(text), policy.Identity)
	if err != nil {
		r.note("the policy " + name + " is not understood: " + err.Error())
		return
	}
	r.role.Policies, r.role.PolicyNames = append(r.role.Policies, doc.WithARN(arn)), append(r.role.PolicyNames, name)
}

func (r *reader) inlineNames(ctx context.Context) []string {
	var names []string
	pages := iam.NewListRolePoliciesPaginator(r.client, &iam.ListRolePoliciesInput{RoleName: &r.role.Name})
	for range maxPages {
		if !pages.HasMorePages() {
			return names
		}
		out, err := pages.NextPage(ctx)
		if r.failed("iam:ListRolePolicies", err) {
			return names
		}
		names = append(names, out.PolicyNames...)
	}
	r.note("the list of inline policies has no end")
	return names
}

func (r *reader) attachedARNs(ctx context.Context) []string {
	var arns []string
	pages := iam.NewListAttachedRolePoliciesPaginator(r.client, &iam.ListAttachedRolePoliciesInput{RoleName: &r.role.Name})
	for range maxPages {
		if !pages.HasMorePages() {
			return arns
		}
		out, err := pages.NextPage(ctx)
		if r.failed("iam:ListAttachedRolePolicies", err) {
			return arns
		}
		for _, p := range out.AttachedPolicies {
			arns = append(arns, aws.ToString(p.PolicyArn))
		}
	}
	r.note("the list of attached policies has no end")
	return arns
}

// managed reads the default version of a managed policy.
func (r *reader) managed(ctx context.Context, arn string) (text string, ok bool) {
	text, refused := Managed(ctx, r.client, arn)
	return text, !r.stopped(refused)
}

// Managed reads the default version of a managed policy, the customer's or AWS's own.
func Managed(ctx context.Context, client *iam.Client, arn string) (string, *refusal.Refusal) {
	p, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return "", refusal.Of("iam:GetPolicy", err)
	}
	if p.Policy == nil {
		return "", &refusal.Refusal{Unreachable: true, Permission: "iam:GetPolicy", Seen: "iam:GetPolicy answered without a policy"}
	}
	v, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: p.Policy.DefaultVersionId})
	if err != nil {
		return "", refusal.Of("iam:GetPolicyVersion", err)
	}
	if v.PolicyVersion == nil {
		return "", &refusal.Refusal{Unreachable: true, Permission: "iam:GetPolicyVersion", Seen: "iam:GetPolicyVersion answered without a document"}
	}
	return decoded(v.PolicyVersion.Document), nil
}

func (r *reader) boundary(ctx context.Context) {
	if r.role.BoundaryARN == "" {
		return
	}
	text, ok := r.managed(ctx, r.role.BoundaryARN)
	if !ok {
		return
	}
	doc, err := policy.Parse([]byte(text), policy.Identity)
	if err != nil {
		r.note("the permissions boundary " + r.role.BoundaryARN + " is not understood: " + err.Error())
		return
	}
	r.role.Boundary = doc.WithARN(r.role.BoundaryARN)
}
