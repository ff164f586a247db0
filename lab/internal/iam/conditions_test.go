package iam_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// right is a statement about IAM with one condition.
func right(action any, resource any, operator, key string, value any) map[string]any {
	return probe.Statement("Allow", action, "Resource", resource, "Condition", map[string]any{operator: map[string]any{key: value}})
}

// The condition keys of IAM and the ARNs that its actions are about: each right
// admits one request and not the other.
func TestConditionsAndResources(t *testing.T) {
	blue, red := tags("team", "blue"), tags("team", "red")
	boundary, role := policyARN("limits"), trusting(account)
	tagged := func(w *lab.World) {
		a := of(w)
		team := map[string]string{"team": "blue"}
		a.Policies = append(a.Policies, world.ManagedPolicyFile{Name: "blue", Path: "/team/", Document: allowing("s3:*"), Tags: team})
		a.Roles = append(a.Roles, world.RoleFile{Name: "blue", Path: "/team/", Trust: role, Tags: team, PermissionsBoundary: boundary})
		a.Users = append(a.Users, world.IAMUserFile{Name: "blue", Path: "/team/", Tags: team})
		a.OIDCProviders = append(a.OIDCProviders, world.OIDCProviderFile{URL: "https://blue.example.com", Tags: team})
	}
	blueProvider := "arn:aws:iam::" + account + ":oidc-provider/blue.example.com"
	create := func(kv ...any) step {
		return do("CreateRole", append([]any{"RoleName", "new", "AssumeRolePolicyDocument", role}, kv...)...)
	}
	for name, c := range map[string]struct {
		right    map[string]any
		yes, not step
	}{
		"role below a path":   {probe.Statement("Allow", "iam:GetRole", "Resource", roleIn(account, "team/*")), do("GetRole", "RoleName", "blue"), do("GetRole", "RoleName", "plain")},
		"user below a path":   {probe.Statement("Allow", "iam:GetUser", "Resource", "arn:aws:iam::*:user/team/*"), do("GetUser", "UserName", "blue"), do("GetUser", "UserName", "plain")},
		"policy below a path": {probe.Statement("Allow", "iam:GetPolicy", "Resource", policyARN("team/*")), do("GetPolicy", "PolicyArn", policyARN("team/blue")), do("GetPolicy", "PolicyArn", policyARN("two"))},
		"provider": {probe.Statement("Allow", "iam:GetOpenIDConnectProvider", "Resource", blueProvider),
			do("GetOpenIDConnectProvider", "OpenIDConnectProviderArn", blueProvider), do("GetOpenIDConnectProvider", "OpenIDConnectProviderArn", provider)},
		"list below a path": {probe.Statement("Allow", "iam:ListRoles", "Resource", "arn:aws:iam::*:role/team/*"), do("ListRoles", "PathPrefix", "/team/"), do("ListRoles")},
		"tag of a role":     {right("iam:GetRole", "*", "StringEquals", "iam:ResourceTag/team", "blue"), do("GetRole", "RoleName", "blue"), do("GetRole", "RoleName", "plain")},
		"tag of a user":     {right("iam:GetUser", "*", "StringEquals", "aws:ResourceTag/team", "blue"), do("GetUser", "UserName", "blue"), do("GetUser", "UserName", "plain")},
		"tag of a policy":   {right("iam:GetPolicy", "*", "StringEquals", "aws:ResourceTag/team", "blue"), do("GetPolicy", "PolicyArn", policyARN("team/blue")), do("GetPolicy", "PolicyArn", policyARN("two"))},
		"tag of a provider": {right("iam:GetOpenIDConnectProvider", "*", "StringEquals", "aws:ResourceTag/team", "blue"),
			do("GetOpenIDConnectProvider", "OpenIDConnectProviderArn", blueProvider), do("GetOpenIDConnectProvider", "OpenIDConnectProviderArn", provider)},
		"tag of the request":             {right([]string{"iam:CreateRole", "iam:TagRole"}, "*", "StringEquals", "aws:RequestTag/team", "blue"), create("Tags", blue), create("RoleName", "other", "Tags", red)},
		"tag keys":                       {right("iam:TagRole", "*", "ForAllValues:StringEquals", "aws:TagKeys", "team"), do("TagRole", "RoleName", "plain", "Tags", red), do("TagRole", "RoleName", "plain", "Tags", tags("stage", "x"))},
		"tag keys taken away":            {right("iam:UntagUser", "*", "ForAllValues:StringEquals", "aws:TagKeys", "team"), do("UntagUser", "UserName", "plain", "TagKeys", []string{"team"}), do("UntagUser", "UserName", "plain", "TagKeys", []string{"x"})},
		"tags need a right of their own": {probe.Statement("Allow", []string{"iam:CreateRole", "iam:CreateUser", "iam:CreatePolicy", "iam:CreateOpenIDConnectProvider"}, "Resource", "*"), create(), create("RoleName", "other", "Tags", red)},
		"tags of a new policy": {probe.Statement("Allow", "iam:CreatePolicy", "Resource", "*"), do("CreatePolicy", "PolicyName", "new", "PolicyDocument", allowing("s3:*")),
			do("CreatePolicy", "PolicyName", "other", "PolicyDocument", allowing("s3:*"), "Tags", red)},
		"tags of a new provider": {probe.Statement("Allow", "iam:CreateOpenIDConnectProvider", "Resource", "*"), do("CreateOpenIDConnectProvider", "Url", "https://new.example.com"),
			do("CreateOpenIDConnectProvider", "Url", "https://other.example.com", "Tags", red)},
		"policy that is attached": {right("iam:AttachRolePolicy", "*", "ArnEquals", "iam:PolicyARN", policyARN("two")), do("AttachRolePolicy", "RoleName", "plain", "PolicyArn", policyARN("two")),
			do("AttachRolePolicy", "RoleName", "plain", "PolicyArn", awsAdmin)},
		"policy that is detached": {right("iam:DetachRolePolicy", "*", "ArnEquals", "iam:PolicyARN", policyARN("attached")), do("DetachRolePolicy", "RoleName", "plain", "PolicyArn", policyARN("attached")),
			do("DetachRolePolicy", "RoleName", "Full", "PolicyArn", policyARN("p1"))},
		"boundary of a new role": {right("iam:CreateRole", "*", "StringEquals", "iam:PermissionsBoundary", boundary), create("PermissionsBoundary", boundary), create("RoleName", "other")},
		"boundary of a role":     {right("iam:PutRolePolicy", "*", "StringEquals", "iam:PermissionsBoundary", boundary), do("PutRolePolicy", "RoleName", "blue", "PolicyName", "x", "PolicyDocument", allowing("s3:*")), do("PutRolePolicy", "RoleName", "plain", "PolicyName", "x", "PolicyDocument", allowing("s3:*"))},
		"boundary that is set":   {right("iam:PutRolePermissionsBoundary", "*", "StringEquals", "iam:PermissionsBoundary", boundary), do("PutRolePermissionsBoundary", "RoleName", "plain", "PermissionsBoundary", boundary), do("PutRolePermissionsBoundary", "RoleName", "blue", "PermissionsBoundary", awsAdmin)},
		"new path of a user":     {probe.Statement("Allow", "iam:UpdateUser", "Resource", []string{"arn:aws:iam::*:user/plain", "arn:aws:iam::*:user/team/*"}), do("UpdateUser", "UserName", "plain", "NewPath", "/team/"), do("UpdateUser", "UserName", "plain", "NewPath", "/other/")},
	} {
		t.Run(name, func(t *testing.T) {
			var actor credentialsOf
			d := start(t, fixtures, tagged, func(w *lab.World) { actor.p = probe.Actor(w, account, "actor", c.right) })
			client := d.as(actor.p)
			if _, err := send(t, client, c.yes); err != nil {
				t.Errorf("%s: %v", c.yes.operation, err)
			}
			_, err := send(t, client, c.not)
			probe.Expect(t, refusal(403, "AccessDenied", "*"), err)
		})
	}
}

// How denials name what they are about.
func TestDenials(t *testing.T) {
	var actor credentialsOf
	d := start(t, fixtures, func(w *lab.World) { actor.p = probe.Actor(w, account, "actor") })
	client := d.as(actor.p)
	for _, c := range []struct {
		step
		on string
	}{
		{do("GetRole", "RoleName", "plain"), "role plain"}, {do("DeleteRole", "RoleName", "none"), "role none"},
		{do("CreateRole", "RoleName", "new", "Path", "/x/", "AssumeRolePolicyDocument", "{"), roleIn(account, "x/new")},
		{do("ListRoles", "PathPrefix", "/x/"), roleIn(account, "x/")}, {do("GetUser", "UserName", "plain"), "user plain"},
		{do("CreateUser", "UserName", "new"), "arn:aws:iam::444455556666:user/new"}, {do("CreatePolicy", "PolicyName", "new", "PolicyDocument", "{"), "policy new"},
		{do("GetPolicy", "PolicyArn", awsAdmin), "policy " + awsAdmin}, {do("ListPolicies"), "policy path /"},
		{do("SimulatePrincipalPolicy", "PolicySourceArn", roleIn(account, "plain"), "ActionNames", []string{"s3:GetObject"}), roleIn(account, "plain")},
		{do("GetAccountSummary"), "*"}, {do("CreateOpenIDConnectProvider", "Url", "https://new.example.com"), "arn:aws:iam::444455556666:oidc-provider/new.example.com"},
	} {
		_, err := send(t, client, c.step)
		probe.Expect(t, refusal(403, "AccessDenied", "User: arn:aws:sts::444455556666:assumed-role/actor/probe is not authorized to perform: iam:"+c.operation+
			" on resource: "+c.on+" because no identity-based policy allows the iam:"+c.operation+" action"), err)
	}
}
