package iam_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// assume makes a session of a role as the administrator.
func (d *desk) assume(name string) (aws.CredentialsProvider, error) {
	out, err := d.sts(d.admin).AssumeRole(d.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(roleIn(account, name)), RoleSessionName: aws.String("tester")})
	if err != nil {
		return nil, err
	}
	c := out.Credentials
	return credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken), nil
}

// lists tells how ListRoles is answered.
func (d *desk) lists(p aws.CredentialsProvider) string {
	_, err := d.as(p).ListRoles(d.Context(), nil)
	return probe.AnswerOf(err).Code
}

// What is changed counts from the next request on.
func TestChangesCountAtOnce(t *testing.T) {
	d := start(t)
	d.must(do("CreateRole", "RoleName", "fresh", "AssumeRolePolicyDocument", trusting(account)))
	p, err := d.assume("fresh")
	probe.Must(t, p, err)
	arn := policyARN("versions")
	for _, c := range []struct {
		after step
		want  string
	}{
		{do("GetRole", "RoleName", "fresh"), "AccessDenied"},
		{do("PutRolePolicy", "RoleName", "fresh", "PolicyName", "x", "PolicyDocument", allowing("iam:*")), ""},
		{do("DeleteRolePolicy", "RoleName", "fresh", "PolicyName", "x"), "AccessDenied"},
		{do("CreatePolicy", "PolicyName", "versions", "PolicyDocument", allowing("iam:ListRoles")), "AccessDenied"},
		{do("AttachRolePolicy", "RoleName", "fresh", "PolicyArn", arn), ""},
		{do("CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", allowing("s3:*")), ""},
		{do("SetDefaultPolicyVersion", "PolicyArn", arn, "VersionId", "v2"), "AccessDenied"},
		{do("CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", allowing("iam:List*"), "SetAsDefault", true), ""},
		{do("PutRolePermissionsBoundary", "RoleName", "fresh", "PermissionsBoundary", "arn:aws:iam::aws:policy/AmazonS3FullAccess"), "AccessDenied"},
		{do("PutRolePermissionsBoundary", "RoleName", "fresh", "PermissionsBoundary", arn), ""},
		{do("SetDefaultPolicyVersion", "PolicyArn", arn, "VersionId", "v2"), "AccessDenied"},
		{do("AttachRolePolicy", "RoleName", "fresh", "PolicyArn", awsAdmin), "AccessDenied"},
		{do("DeleteRolePermissionsBoundary", "RoleName", "fresh"), ""},
		{do("DetachRolePolicy", "RoleName", "fresh", "PolicyArn", awsAdmin), "AccessDenied"},
		{do("DetachRolePolicy", "RoleName", "fresh", "PolicyArn", arn), "AccessDenied"},
		{do("DeleteRole", "RoleName", "fresh"), "InvalidClientTokenId"},
		{do("CreateRole", "RoleName", "fresh", "AssumeRolePolicyDocument", trusting(account)), "InvalidClientTokenId"},
	} {
		d.must(c.after)
		if got := d.lists(p); got != c.want {
			t.Errorf("after %s %v: %q, want %q", c.after.operation, c.after.members, got, c.want)
		}
	}
}

// The default version of a managed policy counts at once for whoever has it: a role
// or user, attached or as the permissions boundary.
func TestDefaultVersionsAreFollowed(t *testing.T) {
	d := start(t)
	arn := policyARN("followed")
	d.must(do("CreatePolicy", "PolicyName", "followed", "PolicyDocument", allowing("iam:List*")), do("CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", allowing("s3:*")),
		do("CreateRole", "RoleName", "attached", "AssumeRolePolicyDocument", trusting(account)), do("AttachRolePolicy", "RoleName", "attached", "PolicyArn", arn),
		do("CreateRole", "RoleName", "bounded", "AssumeRolePolicyDocument", trusting(account), "PermissionsBoundary", arn), do("AttachRolePolicy", "RoleName", "bounded", "PolicyArn", awsAdmin),
		do("CreateUser", "UserName", "attached"), do("AttachUserPolicy", "UserName", "attached", "PolicyArn", arn),
		do("CreateUser", "UserName", "bounded", "PermissionsBoundary", arn), do("AttachUserPolicy", "UserName", "bounded", "PolicyArn", awsAdmin))
	who := map[string]aws.CredentialsProvider{}
	for _, name := range []string{"attached", "bounded"} {
		p, err := d.assume(name)
		who["role "+name] = probe.Must(t, p, err)
		key := d.must(do("CreateAccessKey", "UserName", name))["AccessKey"].(map[string]any)
		who["user "+name] = credentials.NewStaticCredentialsProvider(key["AccessKeyId"].(string), key["SecretAccessKey"].(string), "")
	}
	for _, c := range []struct{ version, want string }{{"v1", ""}, {"v2", "AccessDenied"}, {"v1", ""}} {
		d.must(do("SetDefaultPolicyVersion", "PolicyArn", arn, "VersionId", c.version))
		for name, p := range who {
			if got := d.lists(p); got != c.want {
				t.Errorf("%s with %s: %q, want %q", name, c.version, got, c.want)
			}
		}
	}
}

// A trust policy names a role, not whoever has its name later.
func TestARoleMadeAnewIsAnother(t *testing.T) {
	d := start(t)
	d.must(do("CreateRole", "RoleName", "first", "AssumeRolePolicyDocument", trusting(account)),
		do("PutRolePolicy", "RoleName", "first", "PolicyName", "x", "PolicyDocument", allowing("sts:AssumeRole")))
	d.must(do("CreateRole", "RoleName", "second", "AssumeRolePolicyDocument", trusting(roleIn(account, "first"))))
	id := d.must(do("GetRole", "RoleName", "first"))["Role"].(map[string]any)["RoleId"].(string)
	chain := func() string {
		p, err := d.assume("first")
		probe.Must(t, p, err)
		_, err = d.sts(p).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(roleIn(account, "second")), RoleSessionName: aws.String("x1")})
		return probe.AnswerOf(err).Code
	}
	if got := chain(); got != "" {
		t.Fatalf("before: %s", got)
	}
	d.must(do("DeleteRolePolicy", "RoleName", "first", "PolicyName", "x"), do("DeleteRole", "RoleName", "first"),
		do("CreateRole", "RoleName", "first", "AssumeRolePolicyDocument", trusting(account)),
		do("PutRolePolicy", "RoleName", "first", "PolicyName", "x", "PolicyDocument", allowing("sts:AssumeRole")))
	if got := chain(); got != "AccessDenied" {
		t.Errorf("after: %q", got)
	}
	shown := d.must(do("GetRole", "RoleName", "second"))["Role"].(map[string]any)["AssumeRolePolicyDocument"].(string)
	trust, err := url.PathUnescape(shown)
	if probe.Must(t, trust, err); trust != trusting(id) {
		t.Errorf("trust %s", trust)
	}
	_, err = send(t, d.iam, do("UpdateAssumeRolePolicy", "RoleName", "second", "PolicyDocument", trust))
	probe.Expect(t, malformed(`Invalid principal in policy: "AWS":"`+id+`"`), err)
	d.must(do("UpdateAssumeRolePolicy", "RoleName", "second", "PolicyDocument", trusting(roleIn(account, "first"))))
	if got := chain(); got != "" {
		t.Errorf("at last: %q", got)
	}
}

// An access key that is switched off or deleted is unknown from the next request on.
func TestAccessKeys(t *testing.T) {
	d := start(t)
	d.must(do("CreateUser", "UserName", "ops"), do("PutUserPolicy", "UserName", "ops", "PolicyName", "x", "PolicyDocument", allowing("iam:*", "s3:*")))
	key := d.must(do("CreateAccessKey", "UserName", "ops"))["AccessKey"].(map[string]any)
	id := key["AccessKeyId"].(string)
	own := credentials.NewStaticCredentialsProvider(id, key["SecretAccessKey"].(string), "")
	if !strings.HasPrefix(id, "AKIA") || len(id) != 20 || len(key["SecretAccessKey"].(string)) != 40 {
		t.Errorf("key %s", id)
	}
	ask := func(want string) {
		t.Helper()
		if got := d.lists(own); got != want {
			t.Errorf("answer %q, want %q", got, want)
		}
	}
	used := func() any {
		return d.must(do("GetAccessKeyLastUsed", "AccessKeyId", id))["AccessKeyLastUsed"].(map[string]any)["ServiceName"]
	}
	if got := used(); got != "N/A" {
		t.Errorf("used %v", got)
	}
	ask("")
	if got := used(); got != "iam" {
		t.Errorf("used %v", got)
	}
	d.must(do("UpdateUser", "UserName", "ops", "NewUserName", "operations", "NewPath", "/team/"))
	ask("")
	who, err := d.sts(own).GetCallerIdentity(t.Context(), nil)
	if probe.Must(t, who, err); *who.Arn != "arn:aws:iam::"+account+":user/team/operations" {
		t.Errorf("ARN %s", *who.Arn)
	}
	d.must(do("UpdateAccessKey", "UserName", "operations", "AccessKeyId", id, "Status", "Inactive"))
	ask("InvalidClientTokenId")
	_, err = s3.NewFromConfig(d.Config(own)).ListBuckets(t.Context(), nil)
	probe.Expect(t, refusal(403, "InvalidAccessKeyId", "*"), err)
	if got := used(); got != "sts" { // of an inactive one as well
		t.Errorf("used %v", got)
	}
	d.must(do("UpdateAccessKey", "UserName", "operations", "AccessKeyId", id, "Status", "Active"))
	ask("")
	d.must(do("DeleteAccessKey", "UserName", "operations", "AccessKeyId", id))
	ask("InvalidClientTokenId")
}

// RoleLastUsed tells when somebody last asked as the role.
func TestRoleLastUsed(t *testing.T) {
	d := start(t)
	d.must(do("CreateRole", "RoleName", "fresh", "AssumeRolePolicyDocument", trusting(account)))
	last := func() *types.RoleLastUsed {
		out, err := d.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("FRESH")})
		return probe.Must(t, out, err).Role.RoleLastUsed
	}
	p, err := d.assume("fresh")
	probe.Must(t, p, err)
	if got := last(); got.LastUsedDate != nil {
		t.Errorf("used %v before", *got.LastUsedDate)
	}
	_, err = d.sts(p).GetCallerIdentity(t.Context(), nil)
	probe.Must(t, 0, err)
	if got := last(); got.LastUsedDate == nil || aws.ToString(got.Region) != "eu-west-1" {
		t.Errorf("used %+v", got)
	}
}

// IAM is global: signed for us-east-1, whatever the client's region is, and
// conditions see that.
func TestGlobalRegion(t *testing.T) {
	var east, west credentialsOf
	d := start(t, func(w *lab.World) {
		for region, c := range map[string]*credentialsOf{"us-east-1": &east, "eu-west-1": &west} {
			c.p = probe.Actor(w, account, "in-"+region, probe.Statement("Allow", "iam:ListRoles", "Resource", "*",
				"Condition", map[string]any{"StringEquals": map[string]any{"aws:RequestedRegion": region}}))
		}
	})
	if got := []string{d.lists(east.p), d.lists(west.p)}; !cmp.Equal(got, []string{"", "AccessDenied"}) {
		t.Errorf("answers %q", got)
	}
	probe.Expect(t, refusal(403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. "), d.signedFor("eu-west-1"))
	probe.Expect(t, probe.Answer{}, d.signedFor("us-east-1"))
	door := d.Config(d.admin)
	door.BaseEndpoint = aws.String(d.Lab.Endpoint()) // where clients sign for their own region
	door.HTTPClient = labtest.Steady(&http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()})
	if _, err := iam.NewFromConfig(door).ListRoles(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
