package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// foreign is a client of S3 Control in another language, one call at a time, for appl.
type foreign struct{ *probe.Foreign }

type members = probe.Members

// call expects an error code, "" for success, and returns the output.
func (f foreign) call(want, operation string, kv ...any) members {
	f.Helper()
	return f.Call(want, operation, append([]any{"AccountId", appl}, kv...)...)
}

// text is a member of an output, empty if it is none.
func text(m members, name string) string {
	s, _ := m[name].(string)
	return s
}

// expectText compares a member of an output.
func (f foreign) expectText(m members, name, want string) {
	f.Helper()
	if got := text(m, name); got != want {
		f.Errorf("%s is %q, want %q", name, got, want)
	}
}

// Every management operation with boto3 and the AWS CLI, and a refusal of each.
func TestManagementWithOtherClients(t *testing.T) {
	for _, kind := range []string{"boto3", "cli"} {
		t.Run(kind, func(t *testing.T) {
			b := probe.Start(t, refusing, func(w *lab.World) { w.AccessGrants = nil })
			f := foreign{b.Foreign(kind, "s3control", labtest.Admin())}
			f.instance()
			location := f.locations()
			f.grants(location)
			f.policy()
			f.tags()
			f.ends(location)
		})
	}
}

// What people ask for, with boto3 and the AWS CLI: as the analyst, who has a grant.
func TestAccessWithOtherClients(t *testing.T) {
	for _, kind := range []string{"boto3", "cli"} {
		t.Run(kind, func(t *testing.T) {
			b := probe.Start(t)
			f := foreign{b.Foreign(kind, "s3control", labtest.EnhancedCredentials(t, b.Lab, labtest.Analyst))}
			const scope = "s3://tip-demo-data/reports/*"
			f.expectText(f.call("", "GetAccessGrantsInstanceForPrefix", "S3Prefix", scope), "AccessGrantsInstanceArn", grantsARN)
			listed := f.call("", "ListCallerAccessGrants", "GrantScope", scope)["CallerAccessGrantsList"]
			want := []any{members{"Permission": "READ", "GrantScope": scope, "ApplicationArn": "ALL"}}
			if diff := cmp.Diff(any(want), listed); diff != "" {
				t.Errorf("the caller's grants (-want +got):\n%s", diff)
			}
			given := f.call("", "GetDataAccess", "Target", scope, "Permission", "READ", "DurationSeconds", 900)
			f.expectText(given, "MatchedGrantTarget", scope)
			credentials, _ := given["Credentials"].(members)
			if !strings.HasPrefix(text(credentials, "AccessKeyId"), "ASIA") || text(credentials, "SessionToken") == "" {
				t.Errorf("the credentials have %d members", len(credentials))
			}
			f.call("AccessDenied", "GetDataAccess", "Target", "s3://tip-demo-data/secret/*", "Permission", "READ")
		})
	}
}

const unknownID = "00000000-0000-4000-8000-000000000000"

func (f foreign) instance() {
	f.Helper()
	f.call("AccessGrantsInstanceNotExistsError", "GetAccessGrantsInstance")
	f.call("AccessGrantsInstanceNotExistsError", "DeleteAccessGrantsInstance")
	f.call("AccessGrantsInstanceNotExistsError", "DissociateAccessGrantsIdentityCenter")
	made := f.call("", "CreateAccessGrantsInstance", "IdentityCenterArn", instance, "Tags", []members{{"Key": "team", "Value": "data: a/b"}})
	f.expectText(made, "AccessGrantsInstanceArn", grantsARN)
	f.expectText(made, "IdentityCenterInstanceArn", instance)
	f.expectText(made, "IdentityCenterArn", text(made, "IdentityCenterApplicationArn")) // the old name of it
	f.call("AccessGrantsInstanceAlreadyExists", "CreateAccessGrantsInstance")
	f.expectText(f.call("", "GetAccessGrantsInstance"), "IdentityCenterApplicationArn", text(made, "IdentityCenterApplicationArn"))
	if list, _ := f.call("", "ListAccessGrantsInstances", "MaxResults", 5)["AccessGrantsInstancesList"].([]any); len(list) != 1 {
		f.Errorf("%d instances", len(list))
	}
	f.call("InvalidRequest", "ListAccessGrantsInstances", "NextToken", "x")
	f.call("InvalidIdentityCenterInstance", "AssociateAccessGrantsIdentityCenter", "IdentityCenterArn", instance)
	f.call("", "DissociateAccessGrantsIdentityCenter")
	f.call("", "AssociateAccessGrantsIdentityCenter", "IdentityCenterArn", instance)
}

func (f foreign) locations() string {
	f.Helper()
	made := f.call("", "CreateAccessGrantsLocation", "LocationScope", "s3://tip-demo-data", "IAMRoleArn", locationRole)
	id := text(made, "AccessGrantsLocationId")
	f.expectText(made, "AccessGrantsLocationArn", grantsARN+"/location/"+id)
	f.call("AccessGrantsLocationAlreadyExistsError", "CreateAccessGrantsLocation", "LocationScope", "s3://tip-demo-data", "IAMRoleArn", locationRole)
	f.expectText(f.call("", "GetAccessGrantsLocation", "AccessGrantsLocationId", id), "LocationScope", "s3://tip-demo-data")
	f.call("NoSuchAccessGrantsLocationError", "GetAccessGrantsLocation", "AccessGrantsLocationId", unknownID)
	f.expectText(f.call("", "UpdateAccessGrantsLocation", "AccessGrantsLocationId", id, "IAMRoleArn", locationRole), "IAMRoleArn", locationRole)
	f.call("InvalidIamRole", "UpdateAccessGrantsLocation", "AccessGrantsLocationId", id, "IAMRoleArn", enhanced)
	list, _ := f.call("", "ListAccessGrantsLocations", "LocationScope", "s3://tip-demo-data")["AccessGrantsLocationsList"].([]any)
	if len(list) != 1 {
		f.Errorf("%d locations", len(list))
	}
	f.call("InvalidRequest", "ListAccessGrantsLocations", "NextToken", "x")
	return id
}

func (f foreign) grants(location string) {
	f.Helper()
	with := func(subPrefix string) []any {
		return []any{"AccessGrantsLocationId", location, "AccessGrantsLocationConfiguration", members{"S3SubPrefix": subPrefix},
			"Grantee", members{"GranteeType": "DIRECTORY_USER", "GranteeIdentifier": analyst}, "Permission", "READ"}
	}
	made := f.call("", "CreateAccessGrant", append(with("a b/ü+*"), "ApplicationArn", appARN)...)
	f.expectText(made, "GrantScope", "s3://tip-demo-data/a b/ü+*")
	f.expectText(made, "ApplicationArn", appARN)
	f.call("AccessGrantAlreadyExists", "CreateAccessGrant", append(with("a b/ü+*"), "ApplicationArn", appARN)...)
	f.call("InvalidAccessGrant", "CreateAccessGrant", with("k")...)
	object := f.call("", "CreateAccessGrant", append(with("k"), "S3PrefixType", "Object")...)
	f.expectText(object, "GrantScope", "s3://tip-demo-data/k")
	id := text(made, "AccessGrantId")
	f.expectText(f.call("", "GetAccessGrant", "AccessGrantId", id), "AccessGrantArn", grantsARN+"/grant/"+id)
	f.call("NoSuchAccessGrantError", "GetAccessGrant", "AccessGrantId", unknownID)
	list, _ := f.call("", "ListAccessGrants", "GranteeType", "DIRECTORY_USER", "GranteeIdentifier", analyst, "Permission", "READ",
		"GrantScope", "s3://tip-demo-data/a b/ü+*", "ApplicationArn", appARN)["AccessGrantsList"].([]any)
	if len(list) != 1 {
		f.Errorf("%d grants", len(list))
	}
	f.call("InvalidRequest", "ListAccessGrants", "NextToken", "x")
	f.call("", "DeleteAccessGrant", "AccessGrantId", id)
	f.call("NoSuchAccessGrantError", "DeleteAccessGrant", "AccessGrantId", id)
}

func (f foreign) policy() {
	f.Helper()
	document := sharing(principalOf(center), "s3:GetDataAccess", `"`+grantsARN+`"`)
	f.call("AccessGrantsInstanceResourcePolicyNotExists", "GetAccessGrantsInstanceResourcePolicy")
	f.call("AccessGrantsInstanceResourcePolicyNotExists", "DeleteAccessGrantsInstanceResourcePolicy")
	f.call("InvalidResourcePolicy", "PutAccessGrantsInstanceResourcePolicy", "Policy", "{}")
	f.expectText(f.call("", "PutAccessGrantsInstanceResourcePolicy", "Policy", document), "Policy", document)
	f.expectText(f.call("", "GetAccessGrantsInstanceResourcePolicy"), "Policy", document)
	f.call("", "DeleteAccessGrantsInstanceResourcePolicy")
}

func (f foreign) tags() {
	f.Helper()
	f.call("", "TagResource", "ResourceArn", grantsARN, "Tags", []members{{"Key": "cost", "Value": "1"}})
	f.call("InvalidTags", "TagResource", "ResourceArn", grantsARN, "Tags", []members{{"Key": "aws:cost", "Value": "1"}})
	f.call("", "UntagResource", "ResourceArn", grantsARN, "TagKeys", []string{"team"})
	f.call("NoSuchAccessGrantError", "UntagResource", "ResourceArn", grantsARN+"/grant/none", "TagKeys", []string{"team"})
	if got := fmt.Sprint(f.call("", "ListTagsForResource", "ResourceArn", grantsARN)["Tags"]); got != "[map[Key:cost Value:1]]" {
		f.Errorf("tags %s", got)
	}
	f.call("NoSuchAccessGrantsLocationError", "ListTagsForResource", "ResourceArn", grantsARN+"/location/none")
}

func (f foreign) ends(location string) {
	f.Helper()
	f.call("AccessGrantsInstanceNotEmptyError", "DeleteAccessGrantsInstance")
	f.call("AccessGrantsLocationNotEmptyError", "DeleteAccessGrantsLocation", "AccessGrantsLocationId", location)
	list, _ := f.call("", "ListAccessGrants")["AccessGrantsList"].([]any)
	for _, one := range list {
		grant, _ := one.(members)
		f.call("", "DeleteAccessGrant", "AccessGrantId", text(grant, "AccessGrantId"))
	}
	f.call("", "DeleteAccessGrantsLocation", "AccessGrantsLocationId", location)
	f.call("", "DissociateAccessGrantsIdentityCenter")
	f.call("", "DeleteAccessGrantsInstance")
	f.call("AccessGrantsInstanceNotExistsError", "ListAccessGrants")
	f.call("AccessGrantsInstanceNotExistsError", "PutAccessGrantsInstanceResourcePolicy", "Policy", strings.Repeat("x", 10))
}
