package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	athenatypes "github.com/aws/aws-sdk-go-v2/service/athena/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	stacktypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/google/go-cmp/cmp"
)

// setUp makes something with every service that has management operations, and
// returns reads of what it made.
func setUp(t *testing.T, l *keptLab) []func(*keptLab) (any, error) {
	t.Helper()
	var reads []func(*keptLab) (any, error)
	for _, step := range []func(context.Context, *keptLab) (func(*keptLab) (any, error), error){setUpIAM, setUpDirectory, setUpCenter, setUpGrants, setUpStack, setUpWorkGroups} {
		read, err := step(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		reads = append(reads, read)
	}
	return reads
}

func (l *keptLab) management() aws.Config  { return l.config(l.Administrator("111122223333")) }
func (l *keptLab) application() aws.Config { return l.config(l.Administrator("444455556666")) }

const (
	stateTrust  = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}]}`
	statePolicy = `{ "Version": "2012-10-17",  "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"} }`
)

func setUpIAM(ctx context.Context, l *keptLab) (func(*keptLab) (any, error), error) {
	c := iam.NewFromConfig(l.application())
	_, err := c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("Kept"), Path: aws.String("/a/"), AssumeRolePolicyDocument: aws.String(stateTrust)})
	_, inline := c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("Kept"), PolicyName: aws.String("inline"), PolicyDocument: aws.String(statePolicy)})
	policy, managed := c.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("kept"), PolicyDocument: aws.String(statePolicy)})
	if err := errors.Join(err, inline, managed); err != nil {
		return nil, err
	}
	_, err = c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("Kept"), PolicyArn: policy.Policy.Arn})
	return func(l *keptLab) (any, error) {
		c := iam.NewFromConfig(l.application())
		role, err := c.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("Kept")})
		inline, failed := c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String("Kept"), PolicyName: aws.String("inline")})
		attached, also := c.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String("Kept")})
		if err := errors.Join(err, failed, also); err != nil {
			return nil, err
		}
		return []any{role.Role, inline.PolicyDocument, attached.AttachedPolicies}, nil
	}, err
}

func setUpWorkGroups(ctx context.Context, l *keptLab) (func(*keptLab) (any, error), error) {
	c := athena.NewFromConfig(l.application())
	_, err := c.CreateWorkGroup(ctx, &athena.CreateWorkGroupInput{Name: aws.String("kept"), Description: aws.String("Kept"), Configuration: &athenatypes.WorkGroupConfiguration{
		ResultConfiguration: &athenatypes.ResultConfiguration{OutputLocation: aws.String("s3://kept/")}, BytesScannedCutoffPerQuery: aws.Int64(20_000_000),
	}})
	_, failed := c.UpdateWorkGroup(ctx, &athena.UpdateWorkGroupInput{WorkGroup: aws.String("primary"), State: athenatypes.WorkGroupStateDisabled})
	return func(l *keptLab) (any, error) {
		var all []any
		for _, name := range []string{"kept", "primary"} {
			out, err := athena.NewFromConfig(l.application()).GetWorkGroup(ctx, &athena.GetWorkGroupInput{WorkGroup: &name})
			if err != nil {
				return nil, err
			}
			all = append(all, out.WorkGroup)
		}
		return all, nil
	}, errors.Join(err, failed)
}

func setUpDirectory(ctx context.Context, l *keptLab) (func(*keptLab) (any, error), error) {
	c, store := identitystore.NewFromConfig(l.management()), aws.String(l.store())
	user, err := c.CreateUser(ctx, &identitystore.CreateUserInput{
		IdentityStoreId: store, UserName: aws.String("kept"), DisplayName: aws.String("Kept User"), Title: aws.String("Keeper"),
		Name: &storetypes.Name{GivenName: aws.String("Kept"), FamilyName: aws.String("User")},
	})
	group, failed := c.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: store, DisplayName: aws.String("keepers"), Description: aws.String("They keep.")})
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	membership, err := c.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{
		IdentityStoreId: store, GroupId: group.GroupId, MemberId: &storetypes.MemberIdMemberUserId{Value: *user.UserId},
	})
	return func(l *keptLab) (any, error) {
		c := identitystore.NewFromConfig(l.management())
		u, err := c.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: store, UserId: user.UserId})
		m, failed := c.DescribeGroupMembership(ctx, &identitystore.DescribeGroupMembershipInput{IdentityStoreId: store, MembershipId: membership.MembershipId})
		if err := errors.Join(err, failed); err != nil {
			return nil, err
		}
		u.ResultMetadata, m.ResultMetadata = zero(u.ResultMetadata), zero(m.ResultMetadata)
		return []any{u, m}, nil
	}, err
}

func zero[T any](T) (none T) { return none }

// store is the id of the identity store of the default world.
func (l *keptLab) store() string {
	out, err := ssoadmin.NewFromConfig(l.management()).ListInstances(l.t.Context(), nil)
	if err != nil {
		l.t.Fatal(err)
	}
	return *out.Instances[0].IdentityStoreId
}

func setUpCenter(ctx context.Context, l *keptLab) (func(*keptLab) (any, error), error) {
	c, instance := ssoadmin.NewFromConfig(l.management()), aws.String("arn:aws:sso:::instance/ssoins-1234567890abcdef")
	issuer, err := c.CreateTrustedTokenIssuer(ctx, &ssoadmin.CreateTrustedTokenIssuerInput{
		InstanceArn: instance, Name: aws.String("kept"), TrustedTokenIssuerType: "OIDC_JWT",
		TrustedTokenIssuerConfiguration: &ssotypes.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration{Value: ssotypes.OidcJwtConfiguration{
			IssuerUrl: aws.String("https://kept.example.com"), ClaimAttributePath: aws.String("email"), IdentityStoreAttributePath: aws.String("emails.value"), JwksRetrievalOption: "OPEN_ID_DISCOVERY",
		}},
	})
	app, failed := c.CreateApplication(ctx, &ssoadmin.CreateApplicationInput{
		InstanceArn: instance, Name: aws.String("kept"), ApplicationProviderArn: aws.String("arn:aws:sso::aws:applicationProvider/custom"), Description: aws.String("It is kept."),
	})
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	_, err = c.PutApplicationGrant(ctx, &ssoadmin.PutApplicationGrantInput{
		ApplicationArn: app.ApplicationArn, GrantType: "urn:ietf:params:oauth:grant-type:jwt-bearer",
		Grant: &ssotypes.GrantMemberJwtBearer{Value: ssotypes.JwtBearerGrant{AuthorizedTokenIssuers: []ssotypes.AuthorizedTokenIssuer{
			{TrustedTokenIssuerArn: issuer.TrustedTokenIssuerArn, AuthorizedAudiences: []string{"kept"}},
		}}},
	})
	_, failed = c.PutApplicationAccessScope(ctx, &ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: app.ApplicationArn, Scope: aws.String("s3:access_grants:read_write")})
	return func(l *keptLab) (any, error) {
		c := ssoadmin.NewFromConfig(l.management())
		a, err := c.DescribeApplication(ctx, &ssoadmin.DescribeApplicationInput{ApplicationArn: app.ApplicationArn})
		g, failed := c.ListApplicationGrants(ctx, &ssoadmin.ListApplicationGrantsInput{ApplicationArn: app.ApplicationArn})
		if err := errors.Join(err, failed); err != nil {
			return nil, err
		}
		a.ResultMetadata, g.ResultMetadata = zero(a.ResultMetadata), zero(g.ResultMetadata)
		return []any{a, g}, nil
	}, errors.Join(err, failed)
}

func setUpGrants(ctx context.Context, l *keptLab) (func(*keptLab) (any, error), error) {
	account := aws.String("444455556666")
	c := s3control.NewFromConfig(l.application())
	_, err := c.CreateAccessGrant(ctx, &s3control.CreateAccessGrantInput{
		AccountId: account, AccessGrantsLocationId: aws.String("default"), Permission: "READ",
		AccessGrantsLocationConfiguration: &controltypes.AccessGrantsLocationConfiguration{S3SubPrefix: aws.String("tip-demo-data/kept/*")},
		Grantee:                           &controltypes.Grantee{GranteeType: "IAM", GranteeIdentifier: aws.String("arn:aws:iam::444455556666:role/a/Kept")},
	})
	return func(l *keptLab) (any, error) {
		out, err := s3control.NewFromConfig(l.application()).ListAccessGrants(ctx, &s3control.ListAccessGrantsInput{AccountId: account})
		if err != nil {
			return nil, err
		}
		return out.AccessGrantsList, nil
	}, err
}

const stateTemplate = `{"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ` + stateTrust + `}}},
 "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}}}`

func setUpStack(ctx context.Context, l *keptLab) (func(*keptLab) (any, error), error) {
	c := cloudformation.NewFromConfig(l.application())
	_, err := c.CreateStack(ctx, &cloudformation.CreateStackInput{StackName: aws.String("kept"), TemplateBody: aws.String(stateTemplate), Capabilities: []stacktypes.Capability{"CAPABILITY_IAM"}})
	if err == nil {
		err = cloudformation.NewStackCreateCompleteWaiter(c, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
			o.MinDelay, o.MaxDelay = 20*time.Millisecond, 100*time.Millisecond
		}).Wait(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String("kept")}, time.Minute)
	}
	return func(l *keptLab) (any, error) {
		c := cloudformation.NewFromConfig(l.application())
		stack, err := c.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String("kept")})
		events, failed := c.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: aws.String("kept")})
		if err := errors.Join(err, failed); err != nil {
			return nil, err
		}
		return []any{stack.Stacks, events.StackEvents}, nil
	}, err
}

// told is what the reads answer, as JSON.
func told(t *testing.T, l *keptLab, reads []func(*keptLab) (any, error)) string {
	t.Helper()
	var all []any
	for i, read := range reads {
		out, err := read(l)
		if err != nil {
			t.Fatalf("read %d: %v", i, err)
		}
		all = append(all, out)
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A request with a client token makes nothing anew in a lab that goes on.
func TestClientTokensOutlastTheLab(t *testing.T) {
	create := func(l *keptLab, name string) (string, error) {
		out, err := ssoadmin.NewFromConfig(l.management()).CreateApplication(t.Context(), &ssoadmin.CreateApplicationInput{
			InstanceArn: aws.String("arn:aws:sso:::instance/ssoins-1234567890abcdef"), Name: &name, ClientToken: aws.String("kept"),
			ApplicationProviderArn: aws.String("arn:aws:sso::aws:applicationProvider/custom"),
		})
		if err != nil {
			return "", err
		}
		return *out.ApplicationArn, nil
	}
	dir := filepath.Join(t.TempDir(), "data")
	first := inDir(t, dir)
	made := unfailing[string](t)(create(first, "kept"))
	first.end()
	again := inDir(t, dir)
	if got, err := create(again, "kept"); err != nil || got != made {
		t.Errorf("%s, %v, want %s", got, err, made)
	}
	if _, err := create(again, "other"); codeOf(err) != "IdempotentParameterMismatch" {
		t.Errorf("other parameters: %v", err)
	}
}

// What is set up by the APIs reads the same in a lab that imported an export, and
// in one that goes on with the data directory.
func TestWhatAPIsMadeIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := inDir(t, dir)
	reads := setUp(t, first)
	want := told(t, first, reads)
	text := unfailing[[]byte](t)(first.Export())
	first.end()

	imported := inMemory(t)
	if err := imported.Import(text); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), string(unfailing[[]byte](t)(imported.Export()))); diff != "" {
		t.Errorf("imported (-exported +exported again):\n%s", diff)
	}
	if diff := cmp.Diff(want, told(t, imported, reads)); diff != "" {
		t.Errorf("imported (-want +got):\n%s", diff)
	}
	again := inDir(t, dir)
	if diff := cmp.Diff(string(text), string(unfailing[[]byte](t)(again.Export()))); diff != "" {
		t.Errorf("on disk (-exported +exported again):\n%s", diff)
	}
	if diff := cmp.Diff(want, told(t, again, reads)); diff != "" {
		t.Errorf("on disk (-want +got):\n%s", diff)
	}
}
