package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// openDirectory lets the identity-enhanced role read the identity store.
func openDirectory(w *lab.World) {
	w.Switches.IdentityContextAllowList = []string{"identitystore:*", "s3:GetDataAccess"}
	w.Accounts[1].Roles[1].Policies["directory"] = map[string]any{"Version": "2012-10-17", "Statement": []any{
		map[string]any{"Effect": "Allow", "Action": "identitystore:*", "Resource": "*"},
	}}
}

const (
	directoryID = "d-1234567890"
	analystsID  = "1234567890-cccccccc-3333-4ccc-8ccc-cccccccccccc"
)

// TestDirectoryWithAWSCLI reads the identity store as the person, at both doors.
func TestDirectoryWithAWSCLI(t *testing.T) {
	needAWSCLI(t)
	for _, door := range []lab.Door{lab.ProxyDoor, lab.EndpointDoor} {
		t.Run(string(door), func(t *testing.T) {
			w, env := analystAt(t, door, openDirectory)
			var user struct{ UserName, UserStatus string }
			text := w.must(t, env, "aws", "identitystore", "describe-user", "--profile", "identity", "--identity-store-id", directoryID, "--user-id", analystID)
			if err := json.Unmarshal([]byte(text), &user); err != nil || user.UserName != "analyst@example.com" || user.UserStatus != "ENABLED" {
				t.Errorf("%v %+v", err, user)
			}
			var id struct{ UserId string }
			text = w.must(t, env, "aws", "identitystore", "get-user-id", "--profile", "identity", "--identity-store-id", directoryID,
				"--alternate-identifier", `{"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": "analyst@example.com"}}`)
			if err := json.Unmarshal([]byte(text), &id); err != nil || id.UserId != analystID {
				t.Errorf("%v %+v", err, id)
			}
			w.refused(t, env, "USER not found.", "aws", "identitystore", "get-user-id", "--profile", "identity", "--identity-store-id", directoryID,
				"--alternate-identifier", `{"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": "nobody@example.com"}}`)
		})
	}
}

// TestDirectoryDenied: the default world's session policy leaves the directory out.
func TestDirectoryDenied(t *testing.T) {
	needAWSCLI(t)
	w, env := analystAt(t, lab.ProxyDoor)
	w.refused(t, env, "with an explicit deny in a session policy", "aws", "identitystore", "describe-user", "--profile", "identity",
		"--identity-store-id", directoryID, "--user-id", analystID)
}

// pagesScript lists the users on pages of one, the groups and the memberships.
const pagesScript = `
import boto3, sys
store = boto3.Session(profile_name="identity").client("identitystore")
def each(name, members, **args):
    return [one for page in store.get_paginator(name).paginate(PaginationConfig={"PageSize": 1}, IdentityStoreId="d-1234567890", **args) for one in page[members]]
print("users", len(each("list_users", "Users")))
print("groups", ",".join(g["DisplayName"] for g in each("list_groups", "Groups")))
person = {"UserId": sys.argv[1]}
print("member of", ",".join(m["GroupId"] for m in each("list_group_memberships_for_member", "GroupMemberships", MemberId=person)))
there = store.is_member_in_groups(IdentityStoreId="d-1234567890", MemberId=person, GroupIds=[sys.argv[2]])
print("is member", there["Results"][0]["MembershipExists"])
try:
    store.list_users(IdentityStoreId="d-1234567890", NextToken="abc")
except store.exceptions.ValidationException as e:
    print("refused", e.response["Error"]["Code"])
`

func TestDirectoryWithBoto3(t *testing.T) {
	needBoto3(t)
	w, env := analystAt(t, lab.ProxyDoor, openDirectory)
	got := w.must(t, env, "python3", "-c", pagesScript, analystID, analystsID)
	for _, want := range []string{
		"users 2", "groups analysts,engineers", "member of " + analystsID, "is member True", "refused ValidationException",
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("it did not say %q:\n%s", want, got)
		}
	}
	var who struct {
		Groups []struct {
			DisplayName string `json:"display_name"`
		} `json:"groups"`
	}
	if err := json.Unmarshal([]byte(w.must(t, env, "tip-cli", "whoami", "--output", "json")), &who); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(who.Groups) != "[{analysts}]" {
		t.Errorf("groups %v", who.Groups)
	}
}
