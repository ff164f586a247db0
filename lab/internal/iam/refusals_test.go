package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func refusal(status int, code, message string) probe.Answer {
	return probe.Answer{Status: status, Code: code, Message: message}
}

func missing(message string) probe.Answer { return refusal(404, "NoSuchEntity", message) }

func invalid(message string) probe.Answer { return refusal(400, "InvalidInput", message) }

func bad(message string) probe.Answer { return refusal(400, "ValidationError", message) }

func over(message string) probe.Answer { return refusal(409, "LimitExceeded", message) }

func taken(message string) probe.Answer { return refusal(409, "EntityAlreadyExists", message) }

func inUse(message string) probe.Answer { return refusal(409, "DeleteConflict", message) }

func malformed(message string) probe.Answer { return refusal(400, "MalformedPolicyDocument", message) }

// fixtures are what the refusals are about: a role and a user with everything, a
// policy of five versions, a provider, and low quotas.
func fixtures(w *lab.World) {
	a := of(w)
	boundary := policyARN("limits")
	a.Policies = []world.ManagedPolicyFile{
		{Name: "limits", Document: allowing("s3:*")},
		{Name: "two", Versions: []world.PolicyVersionFile{{Document: allowing("s3:GetObject")}, {Document: allowing("s3:*")}}},
		{Name: "five", Versions: []world.PolicyVersionFile{{ID: "v2", Document: allowing("s3:*")}, {ID: "v3", Document: allowing("s3:*")},
			{ID: "v4", Document: allowing("s3:*")}, {ID: "v5", Document: allowing("s3:*")}, {ID: "v7", Document: allowing("s3:*")}}, DefaultVersion: "v3"},
		{Name: "attached", Document: allowing("s3:*")},
	}
	var ten []string
	for i := range 10 {
		name := fmt.Sprint("p", i)
		a.Policies = append(a.Policies, world.ManagedPolicyFile{Name: name, Document: allowing("s3:*")})
		ten = append(ten, policyARN(name))
	}
	fifty := map[string]string{}
	for i := range 50 {
		fifty[fmt.Sprint("key", i)] = "value"
	}
	inline := map[string]any{"inline": allowing("s3:*")}
	a.Roles = append(a.Roles,
		world.RoleFile{Name: "Full", Trust: trusting(account), ManagedPolicies: ten, Tags: fifty, PermissionsBoundary: boundary},
		world.RoleFile{Name: "inlined", Trust: trusting(account), Policies: inline},
		world.RoleFile{Name: "plain", Trust: trusting(account), ManagedPolicies: []string{policyARN("attached")}})
	a.Users = append(a.Users,
		world.IAMUserFile{Name: "Full", ManagedPolicies: ten, Tags: fifty, AccessKeys: []world.AccessKeyFile{{ID: "AKIAEXAMPLE000000001", Secret: "x"}, {ID: "AKIAEXAMPLE000000002", Secret: "x"}}},
		world.IAMUserFile{Name: "inlined", Policies: inline}, world.IAMUserFile{Name: "plain"})
	a.OIDCProviders = append(a.OIDCProviders, world.OIDCProviderFile{URL: "https://idp.example.com/oidc", ClientIDs: hundred(), Tags: fifty})
}

// hundred are as many client ids as a provider can have.
func hundred() []string {
	var ids []string
	for i := range 100 {
		ids = append(ids, fmt.Sprint("client", i))
	}
	return ids
}

// wide is a policy of n characters and some more.
func wide(n int) string { return allowing("s3:" + strings.Repeat("a", n)) }

type refused struct {
	step
	want probe.Answer
}

// ask makes every request of a table and compares its answer.
func (d *desk) ask(table []refused) {
	for i, r := range table {
		d.Run(fmt.Sprint(i, " ", r.operation), func(t *testing.T) {
			_, err := send(t, d.iam, r.step)
			probe.Expect(t, r.want, err)
		})
	}
}

// Run runs a subtest of the desk's test.
func (d *desk) Run(name string, f func(*testing.T)) { d.TB.(*testing.T).Run(name, f) }

// What names nobody.
func TestNotFound(t *testing.T) {
	d := start(t, fixtures)
	none, gone := policyARN("none"), "arn:aws:iam::444455556666:oidc-provider/none.example.com"
	noRole, noUser := missing("The role with name none cannot be found."), missing("The user with name none cannot be found.")
	noPolicy, noProvider := missing("Policy "+none+" was not found."), missing("OpenIDConnect Provider not found for arn "+gone)
	var table []refused
	for _, s := range everything() {
		var want probe.Answer
		in := s.input()
		switch {
		case in["RoleName"] != nil && s.operation != "CreateRole":
			s, want = with(s, "RoleName", "none"), noRole
		case in["UserName"] != nil && s.operation != "CreateUser":
			s, want = with(s, "UserName", "none"), noUser
		case in["OpenIDConnectProviderArn"] != nil:
			s, want = with(s, "OpenIDConnectProviderArn", gone), noProvider
			if s.operation == "DeleteOpenIDConnectProvider" {
				want = missing("OpenId connect Provider " + gone + " cannot be found.")
			}
		case in["PolicyArn"] != nil:
			s, want = with(s, "PolicyArn", none), noPolicy
			if in["VersionId"] != nil {
				want = missing("Policy " + none + " version " + in["VersionId"].(string) + " does not exist or is not attachable.")
			}
		case in["PolicySourceArn"] != nil:
			s, want = with(s, "PolicySourceArn", roleIn(account, "none")), noRole
		default:
			continue
		}
		table = append(table, refused{s, want})
	}
	d.ask(append(table, []refused{
		{do("GetRolePolicy", "RoleName", "plain", "PolicyName", "none"), missing("The role policy with name none cannot be found.")},
		{do("DeleteRolePolicy", "RoleName", "plain", "PolicyName", "none"), missing("The role policy with name none cannot be found.")},
		{do("GetUserPolicy", "UserName", "plain", "PolicyName", "none"), missing("The user policy with name none cannot be found.")},
		{do("DeleteUserPolicy", "UserName", "plain", "PolicyName", "none"), missing("The user policy with name none cannot be found.")},
		{do("AttachRolePolicy", "RoleName", "plain", "PolicyArn", none), missing("Policy " + none + " does not exist or is not attachable.")},
		{do("AttachUserPolicy", "UserName", "plain", "PolicyArn", "arn:aws:iam::aws:policy/None"), missing("Policy arn:aws:iam::aws:policy/None does not exist or is not attachable.")},
		{do("DetachRolePolicy", "RoleName", "plain", "PolicyArn", policyARN("two")), missing("Policy " + policyARN("two") + " was not found.")},
		{do("DetachUserPolicy", "UserName", "plain", "PolicyArn", policyARN("two")), missing("Policy " + policyARN("two") + " was not found.")},
		{do("PutRolePermissionsBoundary", "RoleName", "plain", "PermissionsBoundary", none), missing("Scope ARN: " + none + " does not exist or is not attachable.")},
		{do("PutUserPermissionsBoundary", "UserName", "plain", "PermissionsBoundary", none), missing("Scope ARN: " + none + " does not exist or is not attachable.")},
		{do("CreateRole", "RoleName", "new", "AssumeRolePolicyDocument", trusting(account), "PermissionsBoundary", none), missing("Scope ARN: " + none + " does not exist or is not attachable.")},
		{do("CreateUser", "UserName", "new", "PermissionsBoundary", none), missing("Scope ARN: " + none + " does not exist or is not attachable.")},
		{do("UpdateAccessKey", "UserName", "plain", "AccessKeyId", staticID, "Status", "Active"), missing("The Access Key with id " + staticID + " cannot be found.")},
		{do("DeleteAccessKey", "UserName", "plain", "AccessKeyId", staticID), missing("The Access Key with id " + staticID + " cannot be found.")},
		{do("GetPolicyVersion", "PolicyArn", policyARN("two"), "VersionId", "v9"), missing("Policy " + policyARN("two") + " version v9 does not exist or is not attachable.")},
		{do("SetDefaultPolicyVersion", "PolicyArn", policyARN("two"), "VersionId", "v9"), missing("Policy " + policyARN("two") + " version v9 does not exist or is not attachable.")},
		{do("DeletePolicyVersion", "PolicyArn", policyARN("two"), "VersionId", "v9"), missing("Policy " + policyARN("two") + " version v9 does not exist or is not attachable.")},
		{do("GetContextKeysForPrincipalPolicy", "PolicySourceArn", "arn:aws:iam::444455556666:group/none"), missing("The group with name none cannot be found.")},
	}...))
}

// with is a request with another value.
func with(s step, name string, value any) step {
	kv := append([]any{}, s.members...)
	for i := 0; i < len(kv); i += 2 {
		if kv[i] == name {
			kv[i+1] = value
		}
	}
	return step{s.operation, kv}
}

// What is there, or in use.
func TestConflicts(t *testing.T) {
	start(t, fixtures).ask([]refused{
		{do("CreateRole", "RoleName", "fULL", "AssumeRolePolicyDocument", trusting(account)), taken("Role with name fULL already exists.")},
		{do("CreateUser", "UserName", "fULL", "Path", "/x/"), taken("User with name fULL already exists.")},
		{do("UpdateUser", "UserName", "plain", "NewUserName", "INLINED"), taken("User with name INLINED already exists.")},
		{do("CreatePolicy", "PolicyName", "LIMITS", "Path", "/x/", "PolicyDocument", allowing("s3:*")), taken("A policy called LIMITS already exists. Duplicate names are not allowed.")},
		{do("CreateOpenIDConnectProvider", "Url", "https://idp.example.com/oidc"), taken("Provider with url https://idp.example.com/oidc already exists.")},
		{do("DeleteRole", "RoleName", "Full"), inUse("Cannot delete entity, must detach all policies first.")},
		{do("DeleteRole", "RoleName", "inlined"), inUse("Cannot delete entity, must delete policies first.")},
		{do("DeleteUser", "UserName", "Full"), inUse("Cannot delete entity, must delete access keys first.")},
		{do("DeleteUser", "UserName", "inlined"), inUse("Cannot delete entity, must delete policies first.")},
		{do("DeletePolicy", "PolicyArn", policyARN("attached")), inUse("Cannot delete a policy attached to entities.")},
		{do("DeletePolicy", "PolicyArn", policyARN("limits")), inUse("Cannot delete a policy that is used as a permissions boundary.")},
		{do("DeletePolicy", "PolicyArn", policyARN("two")), inUse("This policy has more than one version...")},
		{do("DeletePolicyVersion", "PolicyArn", policyARN("two"), "VersionId", "v2"), inUse("Cannot delete the default version of a policy.")},
	})
}

func TestQuotas(t *testing.T) {
	few := func(w *lab.World) {
		a := of(w)
		a.IAMQuotas = world.IAMQuotas{Roles: len(a.Roles), Users: len(a.Users), Policies: len(a.Policies), OIDCProviders: len(a.OIDCProviders)}
	}
	d := start(t, fixtures, few)
	one := tags("more", "x")
	full := over("The number of tags has reached the maximum limit.")
	d.ask([]refused{
		{do("CreateRole", "RoleName", "new", "AssumeRolePolicyDocument", trusting(account)), over("Cannot exceed quota for RolesPerAccount: ...")},
		{do("CreateUser", "UserName", "new"), over("Cannot exceed quota for UsersPerAccount: ...")},
		{do("CreatePolicy", "PolicyName", "new", "PolicyDocument", allowing("s3:*")), over("Cannot exceed quota for PoliciesPerAccount: 14")},
		{do("CreateOpenIDConnectProvider", "Url", "https://new.example.com"), over("Cannot exceed quota for OpenIdConnectProvidersPerAccount: 5")},
		{do("AttachRolePolicy", "RoleName", "Full", "PolicyArn", policyARN("two")), over("Cannot exceed quota for PoliciesPerRole: 10")},
		{do("AttachUserPolicy", "UserName", "Full", "PolicyArn", policyARN("two")), over("Cannot exceed quota for PoliciesPerUser: 10")},
		{do("CreatePolicyVersion", "PolicyArn", policyARN("five"), "PolicyDocument", allowing("s3:*")), over("A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")},
		{do("CreatePolicy", "PolicyName", "new", "PolicyDocument", wide(6_144)), over("Cannot exceed quota for PolicySize: 6144")},
		{do("CreatePolicyVersion", "PolicyArn", policyARN("two"), "PolicyDocument", wide(6_144)), over("Cannot exceed quota for PolicySize: 6144")},
		{do("PutRolePolicy", "RoleName", "plain", "PolicyName", "new", "PolicyDocument", wide(10_240)), over("Maximum policy size of 10240 bytes exceeded for role plain")},
		{do("PutRolePolicy", "RoleName", "inlined", "PolicyName", "new", "PolicyDocument", wide(10_100)), over("Maximum policy size of 10240 bytes exceeded for role inlined")},
		{do("PutUserPolicy", "UserName", "plain", "PolicyName", "new", "PolicyDocument", wide(2_048)), over("Maximum policy size of 2048 bytes exceeded for user plain")},
		{do("UpdateAssumeRolePolicy", "RoleName", "plain", "PolicyDocument", wideTrust()), over("Cannot exceed quota for ACLSizePerRole: 2048")},
		{do("CreateRole", "RoleName", "new", "AssumeRolePolicyDocument", wideTrust()), over("Cannot exceed quota for ACLSizePerRole: 2048")},
		{do("CreateAccessKey", "UserName", "Full"), over("Cannot exceed quota for AccessKeysPerUser: 2")},
		{do("TagRole", "RoleName", "Full", "Tags", one), full}, {do("TagUser", "UserName", "Full", "Tags", one), full},
		{do("TagOpenIDConnectProvider", "OpenIDConnectProviderArn", provider, "Tags", one), full},
		{do("AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", provider, "ClientID", "more"), over("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")},
		{do("CreateOpenIDConnectProvider", "Url", "https://new.example.com", "ClientIDList", append(hundred(), "more")), over("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")},
	})
	d.must(do("PutRolePolicy", "RoleName", "inlined", "PolicyName", "inline", "PolicyDocument", wide(10_000))) // in the place of the old one
	d.must(do("TagRole", "RoleName", "Full", "Tags", tags("KEY1", "other")))                                   // in the place of key1
	d.must(do("AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", provider, "ClientID", "client1"))
}

func wideTrust() string {
	return text(probe.Statement("Allow", "sts:AssumeRole", "Principal", map[string]any{"AWS": account}, "Sid", strings.Repeat("a", 2_048)))
}
