package main

import "github.com/tip-cli/tip-cli/lab"

// The account of the role, and one that shares an Access Grants instance with it.
const (
	callerAccount = "444455556666"
	ownerAccount  = "111122223333"
)

func policyOf(effect string, principal map[string]any, actions ...any) map[string]any {
	statement := map[string]any{"Effect": effect, "Action": actions}
	if principal != nil {
		statement["Principal"] = principal
	}
	return map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}
}

// shareGrants gives another account the bucket owner-data and an Access Grants instance
// with a grant for the analysts, which the account of the role may ask.
func shareGrants(w *lab.World) {
	bucket, role, instance := w.Buckets[0], w.Accounts[1].Roles[2], w.AccessGrants[0]
	bucket.Name, bucket.Account, bucket.Objects = "owner-data", ownerAccount, nil
	role.Trust = policyOf("Allow", map[string]any{"Service": "access-grants.s3.amazonaws.com"}, "sts:AssumeRole", "sts:SetSourceIdentity", "sts:SetContext")
	grant := instance.Grants[0]
	grant.SubPrefix = "owner-data/team/*"
	instance.Account, instance.Grants, instance.Locations = ownerAccount, append(instance.Grants[:0:0], grant), instance.Locations[:1:1]
	shared := policyOf("Allow", map[string]any{"AWS": callerAccount}, "s3:GetDataAccess", "s3:GetAccessGrantsInstanceForPrefix")
	shared["Statement"].([]any)[0].(map[string]any)["Resource"] = "*"
	instance.ResourcePolicy = shared
	w.Buckets, w.Accounts[0].Roles, w.AccessGrants = append(w.Buckets, bucket), append(w.Accounts[0].Roles, role), append(w.AccessGrants, instance)
}

// likeTheTemplate lets the identity-enhanced role do what that of the original's
// template may.
func likeTheTemplate(w *lab.World) {
	allowed := policyOf("Allow", nil, "s3:GetDataAccess")
	allowed["Statement"].([]any)[0].(map[string]any)["Resource"] = "*"
	w.Accounts[1].Roles[1].Policies["access-grants"] = allowed
}
