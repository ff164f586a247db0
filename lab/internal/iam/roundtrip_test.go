package iam_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

const (
	thumb    = "0123456789abcdef0123456789abcdef01234567"
	provider = "arn:aws:iam::444455556666:oidc-provider/idp.example.com/oidc"
	staticID = "AKIAEXAMPLE000000001"
)

// everything uses every operation, in an order in which each succeeds.
func everything() []step {
	boundary := policyARN("limits")
	return slices.Concat(roleSteps(boundary), userSteps(boundary), providerSteps(), simulatorSteps(), []step{
		do("GetAccountSummary"), do("GetAccountAuthorizationDetails", "Filter", []string{"Role", "LocalManagedPolicy"}),
		do("DetachRolePolicy", "RoleName", "app", "PolicyArn", policyARN("team/reader")), do("DeleteRolePolicy", "RoleName", "app", "PolicyName", "inline"),
		do("DeleteRolePermissionsBoundary", "RoleName", "app"), do("DeleteRole", "RoleName", "app"),
		do("DeletePolicy", "PolicyArn", policyARN("team/reader")), do("DeletePolicy", "PolicyArn", boundary),
	})
}

func roleSteps(boundary string) []step {
	reader := policyARN("team/reader")
	return []step{
		do("CreatePolicy", "PolicyName", "limits", "PolicyDocument", allowing("s3:*"), "Description", "what anybody may do at most"),
		do("CreatePolicy", "PolicyName", "reader", "Path", "/team/", "PolicyDocument", allowing("s3:GetObject"), "Tags", tags("team", "blue")),
		do("GetPolicy", "PolicyArn", reader), do("ListPolicies", "Scope", "Local", "PathPrefix", "/team/"),
		do("CreatePolicyVersion", "PolicyArn", reader, "PolicyDocument", allowing("s3:ListBucket"), "SetAsDefault", true),
		do("GetPolicyVersion", "PolicyArn", reader, "VersionId", "v2"), do("ListPolicyVersions", "PolicyArn", reader),
		do("SetDefaultPolicyVersion", "PolicyArn", reader, "VersionId", "v1"), do("DeletePolicyVersion", "PolicyArn", reader, "VersionId", "v2"),
		do("TagPolicy", "PolicyArn", reader, "Tags", tags("stage", "test")), do("UntagPolicy", "PolicyArn", reader, "TagKeys", []string{"stage"}),
		do("ListPolicyTags", "PolicyArn", reader),
		do("CreateRole", "RoleName", "app", "Path", "/team/", "AssumeRolePolicyDocument", trusting(account), "Description", "of the app",
			"MaxSessionDuration", 7200, "PermissionsBoundary", boundary, "Tags", tags("team", "blue")),
		do("GetRole", "RoleName", "app"), do("ListRoles", "PathPrefix", "/team/"), do("UpdateRole", "RoleName", "app", "MaxSessionDuration", 3600),
		do("UpdateRoleDescription", "RoleName", "app", "Description", "of another app"),
		do("UpdateAssumeRolePolicy", "RoleName", "app", "PolicyDocument", trusting(elswhere)),
		do("TagRole", "RoleName", "app", "Tags", tags("stage", "test")), do("UntagRole", "RoleName", "app", "TagKeys", []string{"stage"}),
		do("ListRoleTags", "RoleName", "app"),
		do("PutRolePolicy", "RoleName", "app", "PolicyName", "inline", "PolicyDocument", allowing("s3:PutObject")),
		do("GetRolePolicy", "RoleName", "app", "PolicyName", "inline"), do("ListRolePolicies", "RoleName", "app"),
		do("AttachRolePolicy", "RoleName", "app", "PolicyArn", reader), do("ListAttachedRolePolicies", "RoleName", "app"),
		do("ListEntitiesForPolicy", "PolicyArn", reader), do("ListInstanceProfilesForRole", "RoleName", "app"),
		do("PutRolePermissionsBoundary", "RoleName", "app", "PermissionsBoundary", awsAdmin),
	}
}

func userSteps(boundary string) []step {
	return []step{
		do("CreateUser", "UserName", "ops", "Path", "/team/", "PermissionsBoundary", boundary, "Tags", tags("team", "blue")),
		do("GetUser", "UserName", "ops"), do("ListUsers", "PathPrefix", "/team/"), do("TagUser", "UserName", "ops", "Tags", tags("stage", "test")),
		do("UntagUser", "UserName", "ops", "TagKeys", []string{"stage"}), do("ListUserTags", "UserName", "ops"), do("ListGroupsForUser", "UserName", "ops"),
		do("CreateAccessKey", "UserName", "ops"), do("ListAccessKeys", "UserName", "ops"),
		do("UpdateAccessKey", "UserName", "keeper", "AccessKeyId", staticID, "Status", "Inactive"), do("GetAccessKeyLastUsed", "AccessKeyId", staticID),
		do("DeleteAccessKey", "UserName", "keeper", "AccessKeyId", staticID),
		do("PutUserPolicy", "UserName", "ops", "PolicyName", "inline", "PolicyDocument", allowing("s3:PutObject")),
		do("GetUserPolicy", "UserName", "ops", "PolicyName", "inline"), do("ListUserPolicies", "UserName", "ops"),
		do("DeleteUserPolicy", "UserName", "ops", "PolicyName", "inline"), do("AttachUserPolicy", "UserName", "ops", "PolicyArn", awsAdmin),
		do("ListAttachedUserPolicies", "UserName", "ops"), do("DetachUserPolicy", "UserName", "ops", "PolicyArn", awsAdmin),
		do("PutUserPermissionsBoundary", "UserName", "ops", "PermissionsBoundary", awsAdmin), do("DeleteUserPermissionsBoundary", "UserName", "ops"),
		do("UpdateUser", "UserName", "keeper", "NewUserName", "kept", "NewPath", "/old/"), do("DeleteUser", "UserName", "kept"),
	}
}

func providerSteps() []step {
	return []step{
		do("CreateOpenIDConnectProvider", "Url", "https://idp.example.com/oidc", "ClientIDList", []string{"one"}, "ThumbprintList", []string{thumb}, "Tags", tags("team", "blue")),
		do("GetOpenIDConnectProvider", "OpenIDConnectProviderArn", provider), do("ListOpenIDConnectProviders"),
		do("AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", provider, "ClientID", "two"),
		do("RemoveClientIDFromOpenIDConnectProvider", "OpenIDConnectProviderArn", provider, "ClientID", "one"),
		do("UpdateOpenIDConnectProviderThumbprint", "OpenIDConnectProviderArn", provider, "ThumbprintList", []string{thumb}),
		do("TagOpenIDConnectProvider", "OpenIDConnectProviderArn", provider, "Tags", tags("stage", "test")),
		do("UntagOpenIDConnectProvider", "OpenIDConnectProviderArn", provider, "TagKeys", []string{"stage"}),
		do("ListOpenIDConnectProviderTags", "OpenIDConnectProviderArn", provider),
		do("DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn", provider),
	}
}

func simulatorSteps() []step {
	role := roleIn(account, "team/app")
	return []step{
		do("SimulatePrincipalPolicy", "PolicySourceArn", role, "ActionNames", []string{"s3:GetObject"}),
		do("SimulateCustomPolicy", "PolicyInputList", []string{allowing("s3:*")}, "ActionNames", []string{"s3:GetObject"}),
		do("GetContextKeysForPrincipalPolicy", "PolicySourceArn", role), do("GetContextKeysForCustomPolicy", "PolicyInputList", []string{allowing("s3:*")}),
	}
}

// keeper is a user whose key is known beforehand.
func keeper(w *lab.World) {
	a := of(w)
	a.Users = append(a.Users, userFile("keeper", staticID))
}

// operations are those of the service's model.
func operations(t *testing.T) []string {
	t.Helper()
	m, err := models.Load("iam")
	probe.Must(t, m, err)
	var all []string
	for name := range m.Operations {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func TestStepsUseEveryOperation(t *testing.T) {
	var used []string
	for _, s := range everything() {
		used = append(used, s.operation)
	}
	slices.Sort(used)
	if diff := cmp.Diff(operations(t), slices.Compact(used)); diff != "" {
		t.Errorf("operations (-model +steps):\n%s", diff)
	}
}

func TestEveryOperationWithGo(t *testing.T) {
	d := start(t, keeper)
	for _, s := range everything() {
		if _, err := send(t, d.iam, s); err != nil {
			t.Fatalf("%s: %v", s.operation, err)
		}
	}
}

func TestEveryOperationWithPython(t *testing.T) {
	for _, kind := range []string{"boto3", "cli"} {
		t.Run(kind, func(t *testing.T) {
			d := start(t, keeper)
			f := d.On(t).Foreign(kind, "iam", d.admin)
			for _, s := range everything() {
				if f.Call("", s.operation, s.members...); t.Failed() {
					t.Fatalf("at %s", s.operation)
				}
			}
		})
	}
}

// Nobody may do anything without a right to it.
func TestEveryOperationIsDenied(t *testing.T) {
	var nobody = new(credentialsOf)
	d := start(t, keeper, func(w *lab.World) { nobody.p = probe.Actor(w, account, "nobody") })
	client := d.as(nobody.p)
	first := map[string]bool{}
	for _, s := range everything() {
		if first[s.operation] {
			continue
		}
		first[s.operation] = true
		_, err := send(t, client, s)
		probe.Expect(t, probe.Answer{Status: 403, Code: "AccessDenied",
			Message: fmt.Sprintf("User: arn:aws:sts::%s:assumed-role/nobody/probe is not authorized to perform: iam:%s on resource: ...", account, s.operation)}, err)
	}
}
