package iamrole_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

func client(l *lab.Lab, account string) *iam.Client {
	return iam.NewFromConfig(labtest.Config(l, l.Administrator(account)))
}

const enhancedARN = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"

func TestRead(t *testing.T) {
	l := labtest.Start(t)
	admin := client(l, labtest.ApplicationAccount)
	boundary, err := admin.CreatePolicy(t.Context(), &iam.CreatePolicyInput{
		PolicyName:     aws.String("limit"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	name := aws.String("tip-id-enhanced-role")
	if _, err := admin.PutRolePermissionsBoundary(t.Context(), &iam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: boundary.Policy.Arn}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}); err != nil {
		t.Fatal(err)
	}
	role, refused := iamrole.Read(t.Context(), admin, enhancedARN)
	if refused != nil {
		t.Fatal(refused.Seen)
	}
	if !role.PoliciesRead || role.Trust == nil || role.Boundary.ARN() != *boundary.Policy.Arn || role.Account != labtest.ApplicationAccount {
		t.Errorf("%+v", role)
	}
	want := []string{"access-grants", "athena", "arn:aws:iam::aws:policy/AdministratorAccess"}
	if diff := cmp.Diff(want, role.PolicyNames); diff != "" {
		t.Error(diff)
	}
	for action, allowed := range map[string]bool{"s3:GetDataAccess": true, "athena:StartQueryExecution": false} {
		if a := iamrole.Allows(role, iamrole.Request{Action: action, Resource: "*"}); a.Allowed() != allowed || a.Unknown {
			t.Errorf("%s: %+v", action, a)
		}
	}
}

func TestReadRefused(t *testing.T) {
	l := labtest.Start(t)
	for arn, want := range map[string]string{
		"arn:aws:iam::444455556666:role/nobody":        "The role with name nobody cannot be found.",
		"arn:aws:iam::444455556666:user/tip-oidc-role": "this is no ARN of a role: arn:aws:iam::444455556666:user/tip-oidc-role",
		"arn:aws:iam::444455556666:role/":              "this is no ARN of a role: arn:aws:iam::444455556666:role/",
		"arn:aws:iam::111122223333:role/tip-oidc-role": "the credentials to read with are of account 444455556666, the role is of account 111122223333",
		"nonsense": "this is no ARN of a role: nonsense",
	} {
		role, refused := iamrole.Read(t.Context(), client(l, labtest.ApplicationAccount), arn)
		if role != nil || refused == nil || refused.Seen != want {
			t.Errorf("%s: %+v, %+v", arn, role, refused)
		}
	}
}

// With fewer rights the role is there, and what is missing is named.
func TestReadPartly(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		for i := range w.Accounts {
			for j := range w.Accounts[i].Users {
				if u := &w.Accounts[i].Users[j]; u.Name == "admin" {
					u.Policies = map[string]any{"few": map[string]any{
						"Version": "2012-10-17", "Statement": []any{map[string]any{
							"Effect": "Allow", "Action": []any{"iam:GetRole", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies"}, "Resource": "*",
						}},
					}}
				}
			}
		}
	}))
	role, refused := iamrole.Read(t.Context(), iam.NewFromConfig(labtest.Config(l, labtest.Admin())), enhancedARN)
	if refused != nil {
		t.Fatal(refused.Seen)
	}
	if diff := cmp.Diff([]string{"iam:GetRolePolicy"}, role.Missing); diff != "" || role.PoliciesRead || role.Unread == "" {
		t.Errorf("%s\n%+v", diff, role)
	}
	if a := iamrole.Allows(role, iamrole.Request{Action: "s3:GetDataAccess", Resource: "*"}); !a.Unknown {
		t.Errorf("%+v", a)
	}
}
