package iam_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Every list comes in pages, and a marker of one list is not good for another.
func TestPages(t *testing.T) {
	d := start(t, fixtures, func(w *lab.World) {
		a := of(w)
		a.Roles = append(a.Roles, world.RoleFile{Name: "many", Trust: trusting(account), Policies: map[string]any{"a": allowing("s3:*"), "b": allowing("s3:*"), "c": allowing("s3:*")}})
		a.Users = append(a.Users, world.IAMUserFile{Name: "many", Policies: map[string]any{"a": allowing("s3:*"), "b": allowing("s3:*"), "c": allowing("s3:*")}})
		a.Policies[0].Tags = map[string]string{"a": "1", "b": "2", "c": "3"}
	})
	for _, c := range []struct {
		step
		list string
		want int // at least
	}{
		{do("ListRoles"), "Roles", 5}, {do("ListUsers"), "Users", 3}, {do("ListPolicies"), "Policies", 15},
		{do("ListPolicyVersions", "PolicyArn", policyARN("five")), "Versions", 5}, {do("ListRolePolicies", "RoleName", "many"), "PolicyNames", 3},
		{do("ListUserPolicies", "UserName", "many"), "PolicyNames", 3}, {do("ListAttachedRolePolicies", "RoleName", "Full"), "AttachedPolicies", 10},
		{do("ListAttachedUserPolicies", "UserName", "Full"), "AttachedPolicies", 10}, {do("ListRoleTags", "RoleName", "Full"), "Tags", 50},
		{do("ListUserTags", "UserName", "Full"), "Tags", 50}, {do("ListPolicyTags", "PolicyArn", policyARN("limits")), "Tags", 3},
		{do("ListOpenIDConnectProviderTags", "OpenIDConnectProviderArn", provider), "Tags", 50}, {do("ListAccessKeys", "UserName", "Full"), "AccessKeyMetadata", 2},
		{do("ListEntitiesForPolicy", "PolicyArn", policyARN("p1")), "PolicyRoles", 1}, {do("GetAccountAuthorizationDetails"), "RoleDetailList", 5},
	} {
		d.Run(c.operation, func(t *testing.T) {
			whole := plain(d.must(c.step)[c.list])
			var all []any
			members := append([]any{"MaxItems", 1}, c.members...)
			for range 1_000 {
				out := d.must(step{c.operation, members})
				page, _ := out[c.list].([]any)
				all = append(all, page...)
				if out["IsTruncated"] != true {
					break
				}
				members = append([]any{"MaxItems", 1, "Marker", out["Marker"]}, c.members...)
			}
			if diff := cmp.Diff(whole, plain(all)); diff != "" || len(all) < c.want {
				t.Errorf("%d entries by pages (-whole +pages):\n%s", len(all), diff)
			}
			if len(members) > 2 && members[2] == "Marker" && c.operation != "ListRoles" {
				_, err := send(t, d.iam, do("ListRoles", "Marker", members[3]))
				probe.Expect(t, bad("Invalid Marker."), err)
			}
		})
	}
}

// plain are entries without what the test itself changes by asking.
func plain(list any) any {
	entries, _ := list.([]any)
	for _, e := range entries {
		if e, ok := e.(map[string]any); ok {
			delete(e, "RoleLastUsed")
		}
	}
	return entries
}

// An entry that goes away between two pages takes no other with it.
func TestPagesWhileEntriesGoAway(t *testing.T) {
	d := start(t)
	for _, name := range []string{"a1", "a2", "a3", "a4"} {
		d.must(do("CreateRole", "RoleName", name, "Path", "/p/", "AssumeRolePolicyDocument", trusting(account)))
	}
	out := d.must(do("ListRoles", "PathPrefix", "/p/", "MaxItems", 2))
	d.must(do("DeleteRole", "RoleName", "a2"))
	rest := d.must(do("ListRoles", "PathPrefix", "/p/", "Marker", out["Marker"]))["Roles"].([]any)
	var names []any
	for _, r := range rest {
		names = append(names, r.(map[string]any)["RoleName"])
	}
	if diff := cmp.Diff([]any{"a3", "a4"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// Whoever deletes what is on a page before asking for the next one deletes all.
func TestCleanUp(t *testing.T) {
	d := start(t)
	trust, document := trusting(account), allowing("s3:*")
	for i := range 25 {
		name := fmt.Sprintf("%c%02d", "aB"[i%2], i) // in no order of bytes
		d.must(do("CreateRole", "RoleName", name, "Path", "/clean/", "AssumeRolePolicyDocument", trust),
			do("CreateUser", "UserName", name, "Path", "/clean/"), do("CreatePolicy", "PolicyName", name, "Path", "/clean/", "PolicyDocument", document))
	}
	d.must(do("CreateRole", "RoleName", "holder", "AssumeRolePolicyDocument", trust), do("CreateUser", "UserName", "holder"))
	for i := range 4 {
		name := fmt.Sprint("n", i)
		d.must(do("CreatePolicyVersion", "PolicyArn", policyARN("clean/a00"), "PolicyDocument", document, "SetAsDefault", i == 0),
			do("PutRolePolicy", "RoleName", "holder", "PolicyName", name, "PolicyDocument", document),
			do("AttachRolePolicy", "RoleName", "holder", "PolicyArn", policyARN(fmt.Sprintf("clean/a%02d", 24-2*i))),
			do("TagRole", "RoleName", "holder", "Tags", tags(name, "x")))
	}
	d.must(do("CreateAccessKey", "UserName", "holder"), do("CreateAccessKey", "UserName", "holder"))
	for _, c := range []struct {
		step
		list, id string // of the entries, "" for names
		remove   func(id string) step
		want     int
	}{
		{do("ListAccessKeys", "UserName", "holder", "MaxItems", 1), "AccessKeyMetadata", "AccessKeyId", func(id string) step { return do("DeleteAccessKey", "UserName", "holder", "AccessKeyId", id) }, 2},
		{do("ListRoleTags", "RoleName", "holder", "MaxItems", 2), "Tags", "Key", func(id string) step { return do("UntagRole", "RoleName", "holder", "TagKeys", []string{id}) }, 4},
		{do("ListRolePolicies", "RoleName", "holder", "MaxItems", 2), "PolicyNames", "", func(id string) step { return do("DeleteRolePolicy", "RoleName", "holder", "PolicyName", id) }, 4},
		{do("ListAttachedRolePolicies", "RoleName", "holder", "MaxItems", 2), "AttachedPolicies", "PolicyArn", func(id string) step { return do("DetachRolePolicy", "RoleName", "holder", "PolicyArn", id) }, 4},
		{do("ListPolicyVersions", "PolicyArn", policyARN("clean/a00"), "MaxItems", 2), "Versions", "VersionId", func(id string) step {
			if id == "v2" { // the default one stays
				return do("GetPolicyVersion", "PolicyArn", policyARN("clean/a00"), "VersionId", id)
			}
			return do("DeletePolicyVersion", "PolicyArn", policyARN("clean/a00"), "VersionId", id)
		}, 5},
		{do("ListRoles", "PathPrefix", "/clean/", "MaxItems", 10), "Roles", "RoleName", func(id string) step { return do("DeleteRole", "RoleName", id) }, 25},
		{do("ListUsers", "PathPrefix", "/clean/", "MaxItems", 10), "Users", "UserName", func(id string) step { return do("DeleteUser", "UserName", id) }, 25},
		{do("ListPolicies", "PathPrefix", "/clean/", "MaxItems", 10), "Policies", "Arn", func(id string) step { return do("DeletePolicy", "PolicyArn", id) }, 25},
	} {
		d.Run(c.operation, func(t *testing.T) {
			ask, removed := c.step, 0
			for range 30 {
				out := d.must(ask)
				entries, _ := out[c.list].([]any)
				for _, e := range entries {
					id, ok := e.(string)
					if !ok {
						id = e.(map[string]any)[c.id].(string)
					}
					d.must(c.remove(id))
					removed++
				}
				if out["IsTruncated"] != true {
					break
				}
				ask = step{c.operation, append(slices.Clone(c.members), "Marker", out["Marker"])}
			}
			if removed != c.want {
				t.Errorf("removed %d, want %d", removed, c.want)
			}
		})
	}
}

func names(list any, member string) []string {
	all := []string{}
	entries, _ := list.([]any)
	for _, e := range entries {
		all = append(all, e.(map[string]any)[member].(string))
	}
	return all
}

func TestFilters(t *testing.T) {
	d := start(t, fixtures, func(w *lab.World) {
		a := of(w)
		a.Policies = append(a.Policies, world.ManagedPolicyFile{Name: "deep", Path: "/team/", Document: allowing("s3:*")})
		a.Roles = append(a.Roles, world.RoleFile{Name: "deep", Path: "/team/", Trust: trusting(account), ManagedPolicies: []string{policyARN("team/deep"), awsAdmin}, PermissionsBoundary: policyARN("team/deep")})
	})
	for _, c := range []struct {
		step
		list, member string
		want         []string
	}{
		{do("ListPolicies", "Scope", "Local", "PathPrefix", "/team/"), "Policies", "PolicyName", []string{"deep"}},
		{do("ListPolicies", "Scope", "AWS", "OnlyAttached", true), "Policies", "PolicyName", []string{"AdministratorAccess"}},
		{do("ListPolicies", "PolicyUsageFilter", "PermissionsBoundary"), "Policies", "PolicyName", []string{"deep", "limits"}},
		{do("ListPolicies", "Scope", "Local", "PolicyUsageFilter", "PermissionsPolicy", "PathPrefix", "/team/"), "Policies", "PolicyName", []string{"deep"}},
		{do("ListPolicies", "Scope", "AWS", "PathPrefix", "/service-role/"), "Policies", "PolicyName", []string{"AWSLambdaBasicExecutionRole"}},
		{do("ListRoles", "PathPrefix", "/team/"), "Roles", "RoleName", []string{"deep"}},
		{do("ListAttachedRolePolicies", "RoleName", "deep", "PathPrefix", "/team/"), "AttachedPolicies", "PolicyName", []string{"deep"}},
		{do("ListEntitiesForPolicy", "PolicyArn", policyARN("limits")), "PolicyRoles", "RoleName", []string{"Full"}},
		{do("ListEntitiesForPolicy", "PolicyArn", policyARN("limits"), "PolicyUsageFilter", "PermissionsPolicy"), "PolicyRoles", "RoleName", []string{}},
		{do("ListEntitiesForPolicy", "PolicyArn", policyARN("p1"), "EntityFilter", "User"), "PolicyUsers", "UserName", []string{"Full"}},
		{do("ListEntitiesForPolicy", "PolicyArn", policyARN("p1"), "EntityFilter", "User"), "PolicyRoles", "RoleName", []string{}},
		{do("ListEntitiesForPolicy", "PolicyArn", policyARN("team/deep"), "PathPrefix", "/x/"), "PolicyRoles", "RoleName", []string{}},
		{do("GetAccountAuthorizationDetails", "Filter", []string{"AWSManagedPolicy"}), "Policies", "PolicyName", []string{"AdministratorAccess"}},
		{do("GetAccountAuthorizationDetails", "Filter", []string{"User"}), "RoleDetailList", "RoleName", []string{}},
	} {
		if diff := cmp.Diff(c.want, names(d.must(c.step)[c.list], c.member)); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", c.operation, c.members, diff)
		}
	}
}

// Answers look as IAM's do: what a list leaves out, what is there though empty, and
// documents that are URL-encoded.
func TestAnswers(t *testing.T) {
	d := start(t)
	document := text(probe.Statement("Allow", "s3:GetObject", "Resource", "arn:aws:s3:::a b/ä+*"))
	d.must(do("CreatePolicy", "PolicyName", "doc", "PolicyDocument", document, "Description", "a text"))
	d.must(do("CreateRole", "RoleName", "app", "AssumeRolePolicyDocument", trusting(account), "MaxSessionDuration", 7200, "Tags", tags("b", "2", "A", "1")))
	role := d.must(do("GetRole", "RoleName", "APP"))["Role"].(map[string]any)
	if role["RoleName"] != "app" || role["MaxSessionDuration"] != 7200.0 || role["PermissionsBoundary"] != nil || role["RoleLastUsed"] == nil {
		t.Errorf("role %v", role)
	}
	if diff := cmp.Diff([]string{"A", "b"}, names(role["Tags"], "Key")); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	for _, r := range d.must(do("ListRoles"))["Roles"].([]any) {
		if r := r.(map[string]any); r["Tags"] != nil || r["RoleLastUsed"] != nil {
			t.Errorf("listed role %v", r)
		}
	}
	p := d.must(do("GetPolicy", "PolicyArn", policyARN("doc")))["Policy"].(map[string]any)
	if p["Description"] != "a text" || p["Tags"] == nil || p["AttachmentCount"] != 0.0 || !strings.HasPrefix(p["PolicyId"].(string), "ANPA") {
		t.Errorf("policy %v", p)
	}
	shown := d.must(do("GetPolicyVersion", "PolicyArn", policyARN("doc"), "VersionId", "v1"))["PolicyVersion"].(map[string]any)["Document"].(string)
	if strings.ContainsAny(shown, `{"+ *`) || !strings.Contains(shown, "%20") {
		t.Errorf("document %s", shown)
	}
	if got, err := url.PathUnescape(shown); err != nil || got != document {
		t.Errorf("document %s, %v", got, err)
	}
	d.must(do("CreateOpenIDConnectProvider", "Url", "https://bare.example.com/x"))
	got := d.must(do("GetOpenIDConnectProvider", "OpenIDConnectProviderArn", "arn:aws:iam::"+account+":oidc-provider/bare.example.com/x"))
	delete(got, "CreateDate")
	if diff := cmp.Diff(map[string]any{"Url": "bare.example.com/x", "ClientIDList": []any{}, "ThumbprintList": []any{}, "Tags": []any{}}, got); diff != "" {
		t.Errorf("provider (-want +got):\n%s", diff)
	}
	summary := d.must(do("GetAccountSummary"))["SummaryMap"].(map[string]any)
	if len(summary) != 34 || summary["Policies"] != 1.0 || summary["RolesQuota"] != 1000.0 || summary["Roles"] != float64(len(d.must(do("ListRoles"))["Roles"].([]any))) {
		t.Errorf("summary %v", summary)
	}
}

// The trail shows who changed IAM, and no secret.
func TestTrail(t *testing.T) {
	d := start(t, keeper)
	d.must(everything()[:40]...)
	key := d.must(do("CreateAccessKey", "UserName", "ops"))["AccessKey"].(map[string]any)
	_, err := send(t, d.iam, do("GetRole", "RoleName", "none"))
	probe.Expect(t, missing("*"), err)
	all := d.Lab.Events()
	last, created := all[len(all)-1], all[len(all)-2]
	if last.ErrorCode != "NoSuchEntityException" && last.ErrorCode != "NoSuchEntity" || last.EventName != "GetRole" || !last.ReadOnly {
		t.Errorf("event %+v", last)
	}
	if created.EventName != "CreateAccessKey" || created.ReadOnly || created.ResponseElements == nil {
		t.Errorf("event %+v", created)
	}
	for _, e := range all {
		if strings.Contains(fmt.Sprint(e), key["SecretAccessKey"].(string)) {
			t.Errorf("a secret in %+v", e)
		}
		if e.EventSource == "iam.amazonaws.com" && (e.AWSRegion != "us-east-1" || e.ReadOnly && e.ResponseElements != nil) {
			t.Errorf("event %+v", e)
		}
	}
	if reads := slices.ContainsFunc(all, func(e lab.Event) bool { return e.EventName == "CreateRole" && !e.ReadOnly }); !reads {
		t.Error("CreateRole is not there")
	}
}

// Creation dates are the lab's clock's.
func TestClock(t *testing.T) {
	d := start(t)
	d.Clock.Advance(10 * time.Minute)
	role := d.must(do("CreateRole", "RoleName", "late", "AssumeRolePolicyDocument", trusting(account)))["Role"].(map[string]any)
	at, err := time.Parse(time.RFC3339, role["CreateDate"].(string))
	if probe.Must(t, at, err); time.Until(at) < 9*time.Minute {
		t.Errorf("created %s", at)
	}
}
