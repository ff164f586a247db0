package lab_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// namingWorld has a role, and policies that name it in every way.
func namingWorld(w *lab.World) {
	strict(w)
	victim := roleIn(appl, "victim")
	allow := func(more ...any) map[string]any {
		return statement("Allow", "sts:AssumeRole", append([]any{"Principal", principal(victim)}, more...)...)
	}
	addRole(w, 1, "victim", policyOf(statement("Allow", "sts:AssumeRole", "Principal", principal(appl))), nil)
	addRole(w, 1, "plain", policyOf(allow()), nil)
	addRole(w, 1, "arn-equals", policyOf(allow("Condition", conditioned("ArnEquals", "aws:PrincipalArn", victim))), nil)
	addRole(w, 1, "string-not-equals", policyOf(allow(),
		statement("Deny", "sts:AssumeRole", "Principal", "*", "Condition", conditioned("StringNotEquals", "aws:PrincipalArn", victim))), nil)
	addRole(w, 1, "escaped", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::444455556666:role\/victim"}}}`, nil)
	a := &w.Accounts[1]
	a.Secrets = append(a.Secrets, world.SecretFile{Name: "named", Value: "v", Policy: policyOf(statement("Allow", getValue, "Principal", principal(victim), "Resource", "*"))})
	w.Buckets = append(w.Buckets, world.BucketFile{Name: "named", Account: appl, Objects: []world.ObjectFile{{Key: "k", Body: "k"}},
		Policy: policyOf(statement("Allow", "s3:GetObject", "Principal", principal(victim), "Resource", "arn:aws:s3:::named/*"))})
}

// reached is what a session of the role of that name can do by policies that name it.
func reached(b *bench) map[string]string {
	b.Helper()
	p := b.session(roleIn(appl, "victim"))
	got := map[string]string{}
	for _, role := range []string{"plain", "arn-equals", "string-not-equals", "escaped"} {
		_, err := b.assume(p, roleIn(appl, role))
		got[role] = short(err)
	}
	got["secret"] = short(errOf(b.secret(p, "named")))
	got["bucket"] = short(errOf(s3.NewFromConfig(b.config(p)).GetObject(b.Context(), &s3.GetObjectInput{Bucket: aws.String("named"), Key: aws.String("k")})))
	return got
}

// A role that is deleted and made anew under its name is another: nobody trusts it.
func TestRoleMadeAnewIsAnother(t *testing.T) {
	b := start(t, namingWorld)
	all := map[string]string{"plain": worked, "arn-equals": worked, "string-not-equals": worked, "escaped": worked, "secret": worked, "bucket": worked}
	if diff := cmp.Diff(all, reached(b)); diff != "" {
		t.Fatalf("before (-want +got):\n%s", diff)
	}
	old, _ := b.lab.State().RoleNamed(appl, "victim")
	administrator := b.config(b.lab.Administrator(appl))
	c := iam.NewFromConfig(administrator)
	expect(t, answer{}, errOf(c.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("victim")})))
	expect(t, answer{}, errOf(c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("victim"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}}`)})))
	const denied = "403 AccessDenied"
	none := map[string]string{"plain": denied, "arn-equals": denied, "string-not-equals": denied, "escaped": denied, "secret": "400 AccessDeniedException", "bucket": denied}
	if diff := cmp.Diff(none, reached(b)); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	out, err := s3.NewFromConfig(administrator).GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("named")})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(*out.Policy, `"`+old.ID+`"`) || strings.Contains(*out.Policy, "role/victim") {
		t.Errorf("the bucket's policy names %s", *out.Policy)
	}
	kept, _ := b.lab.State().Role(roleIn(appl, "string-not-equals"))
	if !strings.Contains(kept.Trust.Text(), `"aws:PrincipalArn":["arn:aws:iam::444455556666:role/victim"]`) {
		t.Errorf("the condition has become %s", kept.Trust.Text())
	}
}

// A user keeps what is allowed under the former name, and who is called so next does not get it.
func TestRenamedUserKeepsTheTrust(t *testing.T) {
	b := start(t, strict)
	c := iam.NewFromConfig(b.config(b.lab.Administrator(appl)))
	made := func(name string) aws.CredentialsProvider {
		expect(t, answer{}, errOf(c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name})))
		out, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
		if err != nil {
			t.Fatal(err)
		}
		return credentials.NewStaticCredentialsProvider(*out.AccessKey.AccessKeyId, *out.AccessKey.SecretAccessKey, "")
	}
	ann := made("ann")
	expect(t, answer{}, errOf(c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("for-ann"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:user/ann"},"Action":"sts:AssumeRole"}}`)})))
	expect(t, answer{}, errOf(b.assume(ann, roleIn(appl, "for-ann"))))
	expect(t, answer{}, errOf(c.UpdateUser(t.Context(), &iam.UpdateUserInput{UserName: aws.String("ann"), NewUserName: aws.String("anne")})))
	expect(t, answer{}, errOf(b.assume(ann, roleIn(appl, "for-ann"))))
	expect(t, answer{403, "AccessDenied", "User: arn:aws:iam::444455556666:user/ann is not authorized..."}, errOf(b.assume(made("ann"), roleIn(appl, "for-ann"))))
}

// IAM is not on the allow list of identity contexts, whatever the role's policies say.
func TestIAMIsNotForPeople(t *testing.T) {
	b := start(t, strict, func(w *lab.World) { w.Accounts[1].Roles[1].Policies["iam"] = allowing("iam:*")["p"] })
	read := func(p aws.CredentialsProvider) error {
		return errOf(iam.NewFromConfig(b.config(p)).GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("tip-oidc-role")}))
	}
	expect(t, answer{}, read(b.session(enhanced)))
	expect(t, answer{403, "AccessDenied", "User: arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/session is not authorized to perform: iam:GetRole" +
		" on resource: role tip-oidc-role with an explicit deny in a session policy"}, read(b.person(analyst)))
}
