package diagnosis_test

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

const (
	locationRole   = "s3-access-grants-location"
	grantsInstance = "arn:aws:s3:eu-west-1:444455556666:access-grants/default"
	reports        = "s3://tip-demo-data/reports/"
)

// towards is a diagnosis of a path that makes the exchange, too.
func towards(target string, args ...string) []string {
	return append([]string{"--live", "--target", target}, args...)
}

func grantsMistakes() []mistake {
	return slices.Concat(instanceMistakes(), locationMistakes(), grantMistakes())
}

func instanceMistakes() []mistake {
	return []mistake{
		{
			id: "grants.no-instance", what: "the account has no S3 Access Grants instance",
			world: func(w *lab.World) { w.AccessGrants = nil }, culprit: grantsInstance,
			heals: []string{"grants.no-location"},
		},
		{
			id: "grants.not-associated", what: "the instance is not associated with Identity Center",
			make: (*bench).dissociate, args: towards(reports), culprit: grantsInstance,
		},
		{
			id: "grants.other-identity-center", what: "the instance is associated with another Identity Center than the application's",
			world: func(w *lab.World) {
				other := w.IdentityCenter[0]
				other.Account, other.ARN, other.IdentityStoreID = labtest.ApplicationAccount, "arn:aws:sso:::instance/ssoins-ffffffffffffffff", "d-ffffffffff"
				other.Applications, other.TrustedTokenIssuers, other.Users, other.Groups = nil, nil, nil, nil
				w.IdentityCenter = append(w.IdentityCenter, other)
			},
			make: func(b *bench) {
				b.dissociate()
				_, err := b.grants().AssociateAccessGrantsIdentityCenter(b.Context(), &s3control.AssociateAccessGrantsIdentityCenterInput{
					AccountId: aws.String(labtest.ApplicationAccount), IdentityCenterArn: aws.String("arn:aws:sso:::instance/ssoins-ffffffffffffffff"),
				})
				b.check(err)
			},
			args: towards(reports), culprit: grantsInstance,
		},
		{
			id: "grants.not-shared", what: "the instance is another account's, whose resource policy does not admit the role",
			world: otherAccountsGrants, keys: map[string]any{"s3ag_account_id": labtest.CenterAccount},
			args: []string{"--app-profile", "center"}, culprit: "111122223333:access-grants/default",
		},
		{
			id: "grants.no-bucket", what: "the bucket of the path does not exist",
			world: func(w *lab.World) {
				w.Buckets = append(w.Buckets[:1], w.Buckets[2:]...) // all but tip-team-data
			},
			args: towards("s3://tip-team-data/"), culprit: "tip-team-data",
		},
		{
			id: "grants.refused", what: "AWS refuses what the grants promise",
			make: func(b *bench) {
				labtest.Fault(b.T, b.Lab, lab.Fault{Name: "refused", Operation: "GetDataAccess", Do: lab.FaultRefuse, Code: "AccessDenied", Status: 403, Message: "Access Denied"})
			},
			args: towards(reports), culprit: grantsInstance,
			mend: func(b *bench) { b.Lab.RemoveFault("refused") },
		},
		{
			id: "grants.unexpected", what: "AWS takes a READ and a WRITE grant together for READWRITE",
			world: func(w *lab.World) {
				w.Switches.CombineReadAndWrite = aws.Bool(true)
				write := w.AccessGrants[0].Grants[0]
				write.Permission = "WRITE"
				w.AccessGrants[0].Grants = append(w.AccessGrants[0].Grants, write)
			},
			args: towards(reports, "--permission", "READWRITE"), culprit: reports,
		},
	}
}

func locationMistakes() []mistake {
	const arn = "role/" + locationRole
	const principal = `"Principal":{"Service":"access-grants.s3.amazonaws.com"}`
	trust := func(id, what, from, to string) mistake {
		return mistake{
			id: id, what: what, args: []string{"--target", reports}, culprit: arn,
			make: func(b *bench) { b.rewordTrust(locationRole, from, to) },
		}
	}
	return []mistake{
		{
			id: "grants.no-location", what: "no registered location holds the path",
			world: func(w *lab.World) {
				g := &w.AccessGrants[0]
				g.Locations, g.Grants = g.Locations[1:], g.Grants[2:3]
			},
			args: towards(reports), culprit: reports,
		},
		{
			id: "grants.no-location", name: "none", what: "no location is registered at all",
			world: func(w *lab.World) { w.AccessGrants[0].Locations, w.AccessGrants[0].Grants = nil, nil },
			args:  towards(reports), culprit: reports,
		},
		{
			id: "grants.no-location", name: "distrustful", what: "no registered location holds the path, and the role of the others does not trust S3 Access Grants",
			world: func(w *lab.World) {
				g := &w.AccessGrants[0]
				g.Locations, g.Grants = g.Locations[1:], g.Grants[2:3]
			},
			make: func(b *bench) { b.rewordTrust(locationRole, `"sts:AssumeRole"`, `"sts:TagSession"`) },
			args: towards(reports), culprit: reports,
		},
		{
			id: "grants.location-role-missing", what: "the role of the location was deleted",
			make: func(b *bench) { b.deleteRole(locationRole) },
			args: towards(reports), culprit: arn,
		},
		trust("grants.trust-assume-role", "the role of the location does not let S3 Access Grants assume it", `"sts:AssumeRole"`, `"sts:TagSession"`),
		trust("grants.trust-source-identity", "the role of the location does not let S3 Access Grants set a source identity", `"sts:SetSourceIdentity"`, `"sts:TagSession"`),
		{
			id: "grants.trust-no-source-identity", what: "the role of the location does not let S3 Access Grants set a source identity, and the grant is that of a role",
			make: func(b *bench) { b.rewordTrust(locationRole, `"sts:SetSourceIdentity"`, `"sts:TagSession"`) },
			args: towards("s3://tip-demo-data/shared/"), culprit: arn,
		},
		{
			id: "grants.trust-source-identity", name: "denied", what: "the role of the location denies S3 Access Grants a source identity, which only grants to roles need",
			make: func(b *bench) {
				b.rewordTrust(locationRole, `"Statement":[`, `"Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:SetSourceIdentity"},`)
			},
			args: towards(reports), culprit: arn,
		},
		trust("grants.trust-set-context", "the role of the location does not let S3 Access Grants set the identity", `"sts:SetContext"`, `"sts:TagSession"`),
		trust("grants.trust-condition", "the role of the location trusts the instance of another account", `"aws:SourceAccount":"444455556666"`, `"aws:SourceAccount":"111122223333"`),
		trust("grants.trust-denied", "the role of the location denies S3 Access Grants the identity", `"Statement":[`, `"Statement":[{"Effect":"Deny",`+principal+`,"Action":"sts:SetContext"},`),
		{
			id: "grants.location-rights-missing", what: "the role of the location has no rights in the bucket",
			make: func(b *bench) { b.rewordRights("tip-demo-data", "tip-other-data") },
			args: towards(reports), culprit: arn,
		},
		{
			id: "grants.location-rights-denied", what: "a policy denies the role of the location to read",
			make: func(b *bench) {
				b.putRights("no-reading", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::tip-demo-data/reports/*"}]}`)
			},
			args: towards(reports), culprit: arn, says: "no-reading",
			mend: func(b *bench) {
				_, err := b.rolesAdmin().DeleteRolePolicy(b.Context(), &iam.DeleteRolePolicyInput{RoleName: aws.String(locationRole), PolicyName: aws.String("no-reading")})
				b.check(err)
			},
		},
		{
			id: "grants.bucket-policy-denies", what: "the bucket policy denies reading to everybody but an administrator",
			make: func(b *bench) {
				_, err := s3.NewFromConfig(b.admin(labtest.ApplicationAccount), func(o *s3.Options) { o.UsePathStyle = true }).PutBucketPolicy(b.Context(), &s3.PutBucketPolicyInput{
					Bucket: aws.String("tip-demo-data"),
					Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::tip-demo-data/*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/administrator"}}}]}`),
				})
				b.check(err)
			},
			args: towards(reports), culprit: "arn:aws:s3:::tip-demo-data",
		},
	}
}

func grantMistakes() []mistake {
	return []mistake{
		{
			id: "grants.no-grant", what: "nobody has granted the person anything",
			world: func(w *lab.World) {
				g := &w.AccessGrants[0]
				g.Grants = g.Grants[3:4] // that of the engineers
			},
			culprit: grantsInstance, says: "grant the person",
			mend: func(b *bench) {
				_, err := b.grants().CreateAccessGrant(b.Context(), &s3control.CreateAccessGrantInput{
					AccountId: aws.String(labtest.ApplicationAccount), AccessGrantsLocationId: aws.String("default"), Permission: s3controltypes.PermissionRead,
					AccessGrantsLocationConfiguration: &s3controltypes.AccessGrantsLocationConfiguration{S3SubPrefix: aws.String("tip-demo-data/reports/*")},
					Grantee:                           &s3controltypes.Grantee{GranteeType: s3controltypes.GranteeTypeDirectoryUser, GranteeIdentifier: aws.String(labtest.AnalystID)},
				})
				b.check(err)
			},
		},
		{
			id: "grants.not-granted", what: "no grant covers the path", args: towards("s3://tip-demo-data/private/"), culprit: "s3://tip-demo-data/private/",
		},
		{
			id: "grants.not-granted", name: "group", what: "the grant is that of a group to which the person does not belong",
			args: towards("s3://tip-demo-data/pipelines/nightly.sql"), culprit: "s3://tip-demo-data/pipelines/nightly.sql",
		},
		{
			id: "grants.permission-too-small", what: "the grant is for READ, and WRITE is wanted",
			args: towards(reports, "--permission", "WRITE"), culprit: reports,
		},
		{
			id: "grants.other-application", what: "the grant is bound to another application",
			args: towards("s3://tip-notebook-data/"), culprit: "s3://tip-notebook-data/*",
		},
		{
			id: "grants.part-only", what: "the grants cover only parts of the bucket",
			args: towards("s3://tip-demo-data", "--permission", "READWRITE"), culprit: "s3://tip-demo-data/home/analyst/*",
		},
		{
			id: "grants.object-only", what: "the grant is for one object, not for the folder of that name",
			world: func(w *lab.World) {
				g := &w.AccessGrants[0].Grants[0]
				g.SubPrefix, g.Object = "tip-demo-data/reports", true
			},
			args: towards(reports), culprit: "s3://tip-demo-data/reports",
		},
		{
			id: "grants.scope-too-wide", what: "the scope of a grant has no slash behind the bucket",
			world:   func(w *lab.World) { w.AccessGrants[0].Grants[0].SubPrefix = "tip-demo-data*" },
			culprit: "s3://tip-demo-data*",
		},
	}
}

func (b *bench) grants() *s3control.Client {
	return s3control.NewFromConfig(b.admin(labtest.ApplicationAccount), s3agcreds.LoopbackEndpoint)
}

func (b *bench) rolesAdmin() *iam.Client {
	return iam.NewFromConfig(b.admin(labtest.ApplicationAccount))
}

func (b *bench) dissociate() {
	b.Helper()
	_, err := b.grants().DissociateAccessGrantsIdentityCenter(b.Context(), &s3control.DissociateAccessGrantsIdentityCenterInput{AccountId: aws.String(labtest.ApplicationAccount)})
	b.check(err)
}

// deleteRole deletes a role with its one inline policy.
func (b *bench) deleteRole(name string) {
	b.Helper()
	_, err := b.rolesAdmin().DeleteRolePolicy(b.Context(), &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: aws.String("buckets")})
	b.check(err)
	_, err = b.rolesAdmin().DeleteRole(b.Context(), &iam.DeleteRoleInput{RoleName: &name})
	b.check(err)
}

// rewordRights puts words in the place of others in the policy of the location's role.
func (b *bench) rewordRights(from, to string) {
	b.Helper()
	out, err := b.rolesAdmin().GetRolePolicy(b.Context(), &iam.GetRolePolicyInput{RoleName: aws.String(locationRole), PolicyName: aws.String("buckets")})
	b.check(err)
	text, err := url.PathUnescape(*out.PolicyDocument)
	b.check(err)
	b.putRights("buckets", strings.ReplaceAll(text, from, to))
}

func (b *bench) putRights(name, text string) {
	b.Helper()
	_, err := b.rolesAdmin().PutRolePolicy(b.Context(), &iam.PutRolePolicyInput{RoleName: aws.String(locationRole), PolicyName: &name, PolicyDocument: &text})
	b.check(err)
}

// otherAccountsGrants gives the instance to the account of Identity Center, with a role there.
func otherAccountsGrants(w *lab.World) {
	role := w.Accounts[1].Roles[2] // that of the locations
	role.Trust = map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Service": "access-grants.s3.amazonaws.com"},
		"Action":    []any{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:SetContext"},
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": labtest.CenterAccount}},
	}}}
	w.Accounts[0].Roles = append(w.Accounts[0].Roles, role)
	w.AccessGrants[0].Account = labtest.CenterAccount
	for i := range w.Buckets {
		w.Buckets[i].Account = labtest.CenterAccount
	}
}
