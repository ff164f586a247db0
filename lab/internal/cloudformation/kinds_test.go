package cloudformation_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

const (
	trustless   = `{Version: 2012-10-17, Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}`
	grantsTrust = `{Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {Service: access-grants.s3.amazonaws.com}, Action: ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:SetContext"]}]}`
)

const document = `{Version: 2012-10-17, Statement: [{Effect: Allow, Action: "s3:%s", Resource: "*"}]}`

func allowing(action string) string { return strings.Replace(document, "%s", action, 1) }

// change makes a stack of a template, changes it in place into another one, and
// checks in between. In the end the stack goes.
func (b *bench) change(first, second string, check func(ids, outputs map[string]string, changed bool)) {
	b.Helper()
	probe.Must(b, 0, b.create("mine", first))
	b.status("mine", "CREATE_COMPLETE")
	ids := b.physical("mine")
	check(ids, b.outputs("mine"), false)
	probe.Must(b, 0, b.update("mine", second))
	b.status("mine", "UPDATE_COMPLETE")
	if diff := cmp.Diff(ids, b.physical("mine")); diff != "" {
		b.Errorf("physical ids (-before +after):\n%s", diff)
	}
	check(ids, b.outputs("mine"), true)
	id := *b.stack("mine").StackId
	probe.Must(b, 0, b.delete("mine"))
	b.status(id, "DELETE_COMPLETE")
}

func TestRoleInFull(t *testing.T) {
	b, ctx := start(t), t.Context()
	const managed = "\n  M: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: " + trustless + "}}\n  N: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: " + trustless + "}}\n"
	const out = "Outputs: {Arn: {Value: !GetAtt R.Arn}, Id: {Value: !GetAtt R.RoleId}}"
	first := role("Description: one\nMaxSessionDuration: 7200\nPath: /p/\nPermissionsBoundary: !Ref M\nManagedPolicyArns: [!Ref M]\nTags: [{Key: a, Value: b}, {Key: c, Value: d}]\n"+
		"Policies: [{PolicyName: x, PolicyDocument: "+allowing("Get*")+"}, {PolicyName: y, PolicyDocument: "+allowing("Put*")+"}]", managed, out)
	second := strings.Replace(role("MaxSessionDuration: \"3600\"\nPath: /p/\nManagedPolicyArns: [!Ref N]\nTags: [{Key: a, Value: e}]\n"+
		"Policies: [{PolicyName: x, PolicyDocument: "+allowing("List*")+"}, {PolicyName: z, PolicyDocument: "+allowing("Put*")+"}]", managed, out), "lambda.amazonaws.com", "ec2.amazonaws.com", 1)
	b.change(first, second, func(ids, outputs map[string]string, changed bool) {
		r := b.role(ids["R"]).Role
		want := []string{"one", "7200", ids["M"], "[x y]", "[" + ids["M"] + "]", "map[a:b c:d]", "lambda"}
		if changed {
			want = []string{"", "3600", "", "[x z]", "[" + ids["N"] + "]", "map[a:e]", "ec2"}
		}
		boundary := ""
		if r.PermissionsBoundary != nil {
			boundary = *r.PermissionsBoundary.PermissionsBoundaryArn
		}
		inline, err := b.iam.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: r.RoleName})
		probe.Must(t, inline, err)
		attached, err := b.iam.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: r.RoleName})
		probe.Must(t, attached, err)
		got := []string{aws.ToString(r.Description), shown(*r.MaxSessionDuration), boundary, shown(inline.PolicyNames), shown(arns(attached)), shown(tagsOf(r)), principalOf(t, *r.AssumeRolePolicyDocument)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("role (-want +got):\n%s", diff)
		}
		if outputs["Arn"] != *r.Arn || outputs["Id"] != *r.RoleId {
			t.Errorf("outputs %v", outputs)
		}
	})
}

func TestPoliciesInFull(t *testing.T) {
	b, ctx := start(t), t.Context()
	text := func(action, roles, users string) string {
		return role("") + "  S: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: " + trust + "}}\n  U: {Type: AWS::IAM::User}\n" +
			"  P: {Type: AWS::IAM::Policy, Properties: {PolicyName: p, Roles: [" + roles + "], Users: [" + users + "], PolicyDocument: " + allowing(action) + "}}\n" +
			"  M: {Type: AWS::IAM::ManagedPolicy, Properties: {Description: d, Path: /m/, Roles: [" + roles + "], Users: [" + users + "], PolicyDocument: " + allowing(action) + "}}\n" +
			"  Q: {Type: AWS::IAM::RolePolicy, Properties: {PolicyName: q, RoleName: !Ref R, PolicyDocument: " + allowing(action) + "}}\n" +
			"Outputs: {Arn: {Value: !GetAtt M.PolicyArn}, Id: {Value: !GetAtt M.PolicyId}, Version: {Value: !GetAtt M.DefaultVersionId}, Q: {Value: !Ref Q}}"
	}
	b.change(text("Get*", "!Ref R", "!Ref U"), text("Put*", "!Ref S", ""), func(ids, outputs map[string]string, changed bool) {
		holder, other, version := ids["R"], ids["S"], "v1"
		if changed {
			holder, other, version = ids["S"], ids["R"], "v2"
		}
		if _, err := b.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &holder, PolicyName: aws.String("p")}); err != nil {
			t.Error(err)
		}
		if _, err := b.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &other, PolicyName: aws.String("p")}); err == nil {
			t.Errorf("%s has the policy", other)
		}
		_, err := b.iam.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: aws.String(ids["U"]), PolicyName: aws.String("p")})
		if (err != nil) != changed {
			t.Errorf("policy of the user: %v", err)
		}
		entities, err := b.iam.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: aws.String(ids["M"])})
		if probe.Must(t, entities, err); len(entities.PolicyRoles) != 1 || *entities.PolicyRoles[0].RoleName != holder || len(entities.PolicyUsers) == 0 != changed {
			t.Errorf("roles %v, users %v", entities.PolicyRoles, entities.PolicyUsers)
		}
		if outputs["Arn"] != ids["M"] || outputs["Version"] != version || !strings.HasPrefix(outputs["Id"], "ANPA") || outputs["Q"] != "q" {
			t.Errorf("outputs %v", outputs)
		}
	})
}

// Of a managed policy that changes often the oldest versions go.
func TestVersionsOfAManagedPolicy(t *testing.T) {
	b := start(t)
	policy := func(action string) string {
		return "Resources: {M: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: " + allowing(action) + "}}}"
	}
	probe.Must(t, 0, b.create("mine", policy("A*")))
	for _, action := range []string{"B*", "C*", "D*", "E*", "F*", "G*"} {
		probe.Must(t, 0, b.update("mine", policy(action)))
		b.status("mine", "UPDATE_COMPLETE")
	}
	out, err := b.iam.ListPolicyVersions(t.Context(), &iam.ListPolicyVersionsInput{PolicyArn: aws.String(b.physical("mine")["M"])})
	if probe.Must(t, out, err); len(out.Versions) != 5 || *out.Versions[0].VersionId != "v7" || !out.Versions[0].IsDefaultVersion {
		t.Errorf("%d versions, the newest %s", len(out.Versions), *out.Versions[0].VersionId)
	}
	probe.Must(t, 0, b.delete("mine"))
}

func TestUsersInFull(t *testing.T) {
	b, ctx := start(t), t.Context()
	text := func(properties, status string) string {
		return "Resources:\n  M: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: " + trustless + "}}\n" +
			"  U: {Type: AWS::IAM::User, Properties: {UserName: mine, " + properties + "}}\n  K: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref U" + status + "}}\n" +
			"Outputs: {Arn: {Value: !GetAtt U.Arn}, Secret: {Value: !GetAtt K.SecretAccessKey}}"
	}
	first := text("Path: /a/, ManagedPolicyArns: [!Ref M], PermissionsBoundary: !Ref M, Tags: [{Key: a, Value: b}, {Key: x, Value: y}], Policies: [{PolicyName: x, PolicyDocument: "+allowing("Get*")+"}]", ", Status: Inactive")
	second := text("Path: /b/, Tags: [{Key: a, Value: c}], Policies: [{PolicyName: y, PolicyDocument: "+allowing("Get*")+"}]", "")
	b.change(first, second, func(ids, outputs map[string]string, changed bool) {
		u, err := b.iam.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("mine")})
		probe.Must(t, u, err)
		keys, err := b.iam.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: aws.String("mine")})
		probe.Must(t, keys, err)
		inline, err := b.iam.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: aws.String("mine")})
		probe.Must(t, inline, err)
		want := []string{"/a/", "Inactive", "[x]"}
		if changed {
			want = []string{"/b/", "Active", "[y]"}
		}
		got := []string{*u.User.Path, string(keys.AccessKeyMetadata[0].Status), shown(inline.PolicyNames)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("user (-want +got):\n%s", diff)
		}
		if (u.User.PermissionsBoundary == nil) != changed || outputs["Arn"] != *u.User.Arn || outputs["Secret"] == "" || *keys.AccessKeyMetadata[0].AccessKeyId != ids["K"] {
			t.Errorf("boundary %v, outputs %v", u.User.PermissionsBoundary, outputs)
		}
	})
}

func TestProviderInFull(t *testing.T) {
	b, ctx := start(t), t.Context()
	text := func(more string) string {
		return "Resources: {P: {Type: AWS::IAM::OIDCProvider, Properties: {Url: \"https://idp.example.com/x\", " + more + "}}}\nOutputs: {Arn: {Value: !GetAtt P.Arn}}"
	}
	one, two := strings.Repeat("a", 40), strings.Repeat("b", 40)
	b.change(text("ClientIdList: [a, b], ThumbprintList: ["+one+"], Tags: [{Key: a, Value: b}, {Key: x, Value: y}]"), text("ClientIdList: [b, c], ThumbprintList: ["+two+"], Tags: [{Key: a, Value: c}]"),
		func(ids, outputs map[string]string, changed bool) {
			p, err := b.iam.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(ids["P"])})
			probe.Must(t, p, err)
			slices.Sort(p.ClientIDList)
			want := []string{"[a b]", "[" + one + "]", "2"}
			if changed {
				want = []string{"[b c]", "[" + two + "]", "1"}
			}
			if diff := cmp.Diff(want, []string{shown(p.ClientIDList), shown(p.ThumbprintList), shown(len(p.Tags))}); diff != "" {
				t.Errorf("provider (-want +got):\n%s", diff)
			}
			if outputs["Arn"] != ids["P"] {
				t.Errorf("outputs %v", outputs)
			}
		})
}

func TestBucketsInFull(t *testing.T) {
	b, ctx := start(t), t.Context()
	c := s3.NewFromConfig(b.Config(b.admin))
	text := func(status, effect string) string {
		return "Resources:\n  B: {Type: AWS::S3::Bucket, Properties: {VersioningConfiguration: {Status: " + status + "}}}\n" +
			"  P: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref B, PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: " + effect + ", Principal: {AWS: \"444455556666\"}, Action: \"s3:GetObject\", Resource: !Sub \"${B.Arn}/*\"}]}}}\n" +
			"Outputs: {Name: {Value: !GetAtt B.RegionalDomainName}}"
	}
	b.change(text("Enabled", "Allow"), text("Suspended", "Deny"), func(ids, outputs map[string]string, changed bool) {
		v, err := c.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: aws.String(ids["B"])})
		probe.Must(t, v, err)
		p, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String(ids["B"])})
		probe.Must(t, p, err)
		if (v.Status == "Suspended") != changed || strings.Contains(*p.Policy, "Deny") != changed || outputs["Name"] != ids["B"]+".s3.eu-west-1.amazonaws.com" || ids["B"] != strings.ToLower(ids["B"]) {
			t.Errorf("versioning %s, policy %s, outputs %v", v.Status, *p.Policy, outputs)
		}
	})
	probe.Must(t, 0, b.create("full", "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: full-of-something}}}"))
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("full-of-something"), Key: aws.String("k"), Body: strings.NewReader("v")})
	probe.Expect(t, probe.Answer{}, err)
	probe.Must(t, 0, b.delete("full"))
	b.status("full", "DELETE_FAILED")
	contains(t, strings.Join(b.events("full"), "\n"), "The bucket you tried to delete is not empty", "HandlerErrorCode: ResourceConflict")
}

// The Access Grants of an account with Identity Center, and an application of it.
func TestGrantsAndApplications(t *testing.T) {
	var admin aws.CredentialsProvider
	b, ctx := start(t, func(w *lab.World) {
		admin = probe.Administrator(w, probe.Center)
		w.AccessGrants = nil
	}), t.Context()
	b.cfn, b.iam = cloudformation.NewFromConfig(b.Config(admin)), iam.NewFromConfig(b.Config(admin))
	instance := b.instance(admin)
	text := func(center, roleID, application string) string {
		return `Resources:
  R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: ` + grantsTrust + `}}
  S: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: ` + grantsTrust + `}}
  I: {Type: AWS::S3::AccessGrantsInstance, Properties: {` + center + `Tags: [{Key: a, Value: b}]}}
  L: {Type: AWS::S3::AccessGrantsLocation, DependsOn: I, Properties: {LocationScope: "s3://mine", IamRoleArn: !GetAtt ` + roleID + `.Arn}}
  G: {Type: AWS::S3::AccessGrant, Properties: {AccessGrantsLocationId: !Ref L, Permission: READ, Grantee: {GranteeType: IAM, GranteeIdentifier: !GetAtt R.Arn}, AccessGrantsLocationConfiguration: {S3SubPrefix: "a/*"}}}
  A: {Type: AWS::SSO::Application, Properties: {InstanceArn: "` + instance + `", ApplicationProviderArn: "arn:aws:sso::aws:applicationProvider/custom", ` + application + `}}
Outputs: {Scope: {Value: !GetAtt G.GrantScope}, A: {Value: !GetAtt A.ApplicationArn}}
`
	}
	grants, sso := s3control.NewFromConfig(b.Config(admin)), ssoadmin.NewFromConfig(b.Config(admin))
	first := text("", "R", "Name: one, Tags: [{Key: a, Value: b}, {Key: x, Value: y}]")
	second := text("IdentityCenterArn: \""+instance+"\", ", "S", "Name: two, Description: d, Status: DISABLED, PortalOptions: {SignInOptions: {Origin: IDENTITY_CENTER}}, Tags: [{Key: a, Value: c}]")
	b.change(first, second, func(ids, outputs map[string]string, changed bool) {
		i, err := grants.GetAccessGrantsInstance(ctx, &s3control.GetAccessGrantsInstanceInput{AccountId: aws.String(probe.Center)})
		probe.Must(t, i, err)
		l, err := grants.GetAccessGrantsLocation(ctx, &s3control.GetAccessGrantsLocationInput{AccountId: aws.String(probe.Center), AccessGrantsLocationId: aws.String(ids["L"])})
		probe.Must(t, l, err)
		a, err := sso.DescribeApplication(ctx, &ssoadmin.DescribeApplicationInput{ApplicationArn: aws.String(ids["A"])})
		probe.Must(t, a, err)
		if (i.IdentityCenterInstanceArn != nil) != changed || strings.Contains(*l.IAMRoleArn, ids["S"]) != changed || (*a.Name == "two") != changed || (a.Status == "DISABLED") != changed {
			t.Errorf("center %v, role %s, application %s %s", i.IdentityCenterInstanceArn, *l.IAMRoleArn, *a.Name, a.Status)
		}
		if outputs["Scope"] != "s3://mine/a/*" || outputs["A"] != ids["A"] {
			t.Errorf("outputs %v", outputs)
		}
	})
}

// An assignment is of an application and a person.
func TestAssignment(t *testing.T) {
	var admin aws.CredentialsProvider
	var person string
	b, ctx := start(t, func(w *lab.World) {
		admin = probe.Administrator(w, probe.Center)
		person = w.IdentityCenter[0].Users[0].ID
	}), t.Context()
	b.cfn = cloudformation.NewFromConfig(b.Config(admin))
	text := `Resources:
  A: {Type: AWS::SSO::Application, Properties: {InstanceArn: "` + b.instance(admin) + `", ApplicationProviderArn: "arn:aws:sso::aws:applicationProvider/custom", Name: one}}
  P: {Type: AWS::SSO::ApplicationAssignment, Properties: {ApplicationArn: !Ref A, PrincipalType: USER, PrincipalId: "` + person + `"}}`
	probe.Must(t, 0, b.create("mine", text))
	b.status("mine", "CREATE_COMPLETE")
	sso := ssoadmin.NewFromConfig(b.Config(admin))
	ids := b.physical("mine")
	out, err := sso.ListApplicationAssignments(ctx, &ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: aws.String(ids["A"])})
	if probe.Must(t, out, err); len(out.ApplicationAssignments) != 1 || ids["P"] != ids["A"]+"|USER|"+person {
		t.Errorf("%d assignments, %s", len(out.ApplicationAssignments), ids["P"])
	}
	id := *b.stack("mine").StackId
	probe.Must(t, 0, b.delete("mine"))
	b.status(id, "DELETE_COMPLETE")
}

// instance is the ARN of the Identity Center instance of the default world.
func (b *bench) instance(admin aws.CredentialsProvider) string {
	b.Helper()
	out, err := ssoadmin.NewFromConfig(b.Config(admin)).ListInstances(b.Context(), &ssoadmin.ListInstancesInput{})
	return *probe.Must(b, out, err).Instances[0].InstanceArn
}

func principalOf(t *testing.T, encoded string) string {
	t.Helper()
	text, err := url.QueryUnescape(encoded)
	if probe.Must(t, text, err); strings.Contains(text, "ec2.amazonaws.com") {
		return "ec2"
	}
	return "lambda"
}

func shown(v any) string { return fmt.Sprint(v) }

func arns(out *iam.ListAttachedRolePoliciesOutput) []string {
	var all []string
	for _, p := range out.AttachedPolicies {
		all = append(all, *p.PolicyArn)
	}
	return all
}

func tagsOf(r *types.Role) map[string]string {
	all := map[string]string{}
	for _, tag := range r.Tags {
		all[*tag.Key] = *tag.Value
	}
	return all
}
