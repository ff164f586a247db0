package lab_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// TestCenterAcrossAccounts: the organization's instance is administered from the
// management account and the delegated administrator, and from no other.
func TestCenterAcrossAccounts(t *testing.T) {
	b := probe.Start(t, quickOrganization)
	for account, admitted := range map[string]bool{
		labtest.CenterAccount: true, labtest.AdministratorAccount: true, labtest.ApplicationAccount: false, labtest.DataAccount: false,
	} {
		t.Run(account, func(t *testing.T) {
			b := b.On(t)
			config := b.Config(b.Lab.Administrator(account))
			center, store := ssoadmin.NewFromConfig(config), identitystore.NewFromConfig(config)
			_, issuers := center.ListTrustedTokenIssuers(t.Context(), &ssoadmin.ListTrustedTokenIssuersInput{InstanceArn: aws.String(labtest.InstanceARN)})
			_, application := center.DescribeApplication(t.Context(), &ssoadmin.DescribeApplicationInput{ApplicationArn: aws.String(labtest.ApplicationARN)})
			_, group := store.CreateGroup(t.Context(), &identitystore.CreateGroupInput{
				IdentityStoreId: aws.String(labtest.IdentityStoreID), DisplayName: aws.String("made from " + account),
			})
			for name, err := range map[string]error{"ListTrustedTokenIssuers": issuers, "DescribeApplication": application, "CreateGroup": group} {
				want := probe.Answer{}
				if !admitted {
					want = probe.Answer{Status: 400, Code: "AccessDeniedException", Message: "*"}
				}
				t.Run(name, func(t *testing.T) { probe.Expect(t, want, err) })
			}
		})
	}
}

// TestCenterInOneRegion: in any other region there is no instance.
func TestCenterInOneRegion(t *testing.T) {
	b := probe.Start(t, quickOrganization)
	for region, found := range map[string]int{"eu-west-1": 1, "eu-central-1": 0, "us-east-1": 0} {
		t.Run(region, func(t *testing.T) {
			config := b.On(t).Config(b.Lab.Administrator(labtest.CenterAccount))
			config.Region = region
			center, store := ssoadmin.NewFromConfig(config), identitystore.NewFromConfig(config)
			out, err := center.ListInstances(t.Context(), &ssoadmin.ListInstancesInput{})
			if err != nil || len(out.Instances) != found {
				t.Errorf("%d instances, want %d: %v", len(out.Instances), found, err)
			}
			_, application := center.DescribeApplication(t.Context(), &ssoadmin.DescribeApplicationInput{ApplicationArn: aws.String(labtest.ApplicationARN)})
			_, users := store.ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: aws.String(labtest.IdentityStoreID)})
			for name, err := range map[string]error{"DescribeApplication": application, "ListUsers": users} {
				if (err == nil) != (found == 1) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// TestDataAcrossAccounts: a person who signs in in the application account reads
// what the data account has granted, and nothing else.
func TestDataAcrossAccounts(t *testing.T) {
	b := probe.Start(t, labtest.Organization)
	config := b.Config(labtest.EnhancedCredentials(t, b.Lab, labtest.Analyst))
	grants := s3control.NewFromConfig(config)
	access := func(account, target string) (*s3control.GetDataAccessOutput, error) {
		return grants.GetDataAccess(t.Context(), &s3control.GetDataAccessInput{
			AccountId: &account, Target: &target, Permission: s3controltypes.PermissionRead,
		})
	}
	out, err := access(labtest.DataAccount, "s3://"+labtest.DataBucket+"/reports/2026/sales.csv")
	if err != nil {
		t.Fatal(err)
	}
	given := out.Credentials
	read := s3.NewFromConfig(b.Config(credentials.NewStaticCredentialsProvider(*given.AccessKeyId, *given.SecretAccessKey, *given.SessionToken)))
	_, err = read.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(labtest.DataBucket), Key: aws.String("reports/2026/sales.csv")})
	probe.Expect(t, probe.Answer{}, err)
	_, err = read.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(labtest.DataBucket), Key: aws.String("private/keys.txt")})
	probe.Expect(t, probe.Answer{Status: 403, Code: "AccessDenied", Message: "*"}, err)
	_, err = access(labtest.DataAccount, "s3://"+labtest.DataBucket+"/private/keys.txt")
	probe.Expect(t, probe.Answer{Status: 403, Code: "AccessDenied", Message: "*"}, err)
	_, err = access(labtest.AdministratorAccount, "s3://"+labtest.DataBucket+"/reports/2026/sales.csv")
	probe.Expect(t, probe.Answer{Status: 403, Code: "AccessDenied", Message: "*"}, err)
	engineer := s3control.NewFromConfig(b.Config(labtest.EnhancedCredentials(t, b.Lab, labtest.Engineer)))
	_, err = engineer.GetDataAccess(t.Context(), &s3control.GetDataAccessInput{
		AccountId: aws.String(labtest.DataAccount), Target: aws.String("s3://" + labtest.DataBucket + "/reports/2026/sales.csv"), Permission: s3controltypes.PermissionRead,
	})
	probe.Expect(t, probe.Answer{Status: 403, Code: "AccessDenied", Message: "*"}, err)
}

// TestRolesAndBucketsAcrossAccounts: AssumeRole and bucket policies admit the
// account that they name.
func TestRolesAndBucketsAcrossAccounts(t *testing.T) {
	b := probe.Start(t, quickOrganization)
	for account, admitted := range map[string]bool{
		labtest.ApplicationAccount: true, labtest.CenterAccount: false, labtest.AdministratorAccount: false,
	} {
		t.Run(account, func(t *testing.T) {
			b := b.On(t)
			config := b.Config(b.Lab.Administrator(account))
			_, err := sts.NewFromConfig(config).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(labtest.DataReaderRoleARN), RoleSessionName: aws.String("across")})
			denied := probe.Answer{Status: 403, Code: "AccessDenied", Message: "User: arn:aws:sts::" + account +
				":assumed-role/tip-lab-administrator/bootstrap is not authorized to perform: sts:AssumeRole on resource: " + labtest.DataReaderRoleARN}
			if admitted {
				denied = probe.Answer{}
			}
			probe.Expect(t, denied, err)
			shared, err := read(b, account, "shared/readme.txt")
			if shared != admitted {
				t.Errorf("shared: %v", err)
			}
			if private, err := read(b, account, "private/keys.txt"); private || probe.AnswerOf(err).Code != "AccessDenied" {
				t.Errorf("private: %v", err)
			}
		})
	}
	if private, err := read(b, labtest.DataAccount, "private/keys.txt"); !private {
		t.Error(err)
	}
}

// read reports whether the administrator of an account can read an object.
func read(b *probe.Bench, account, key string) (bool, error) {
	b.Helper()
	client := s3.NewFromConfig(b.Config(b.Lab.Administrator(account)))
	out, err := client.GetObject(b.Context(), &s3.GetObjectInput{Bucket: aws.String(labtest.DataBucket), Key: &key})
	if err != nil {
		return false, err
	}
	return true, out.Body.Close()
}

// TestArchiveRegion: the instance of another region serves IAM principals there, and
// that of the first region knows nothing of its bucket.
func TestArchiveRegion(t *testing.T) {
	b := probe.Start(t, quickOrganization)
	out, err := sts.NewFromConfig(b.Config(b.Lab.Administrator(labtest.ApplicationAccount))).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String(labtest.DataReaderRoleARN), RoleSessionName: aws.String("across"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for region, want := range map[string]probe.Answer{
		labtest.ArchiveRegion: {}, "eu-west-1": {Status: 403, Code: "AccessDenied", Message: "*"}, "us-east-1": {Status: 404, Code: "AccessGrantsInstanceNotExistsError", Message: "*"},
	} {
		t.Run(region, func(t *testing.T) {
			config := b.On(t).Config(static(out.Credentials))
			config.Region = region
			_, err := s3control.NewFromConfig(config).GetDataAccess(t.Context(), &s3control.GetDataAccessInput{
				AccountId: aws.String(labtest.DataAccount), Target: aws.String("s3://" + labtest.ArchiveBucket + "/reports/2026/sales.csv"), Permission: s3controltypes.PermissionRead,
			})
			probe.Expect(t, want, err)
		})
	}
}

// TestGlobalServices: IAM and the old host of STS belong to us-east-1, whatever the
// client's region; a signature for another region is refused.
func TestGlobalServices(t *testing.T) {
	b := probe.Start(t, quickOrganization)
	config := b.Config(b.Lab.Administrator(labtest.DataAccount))
	for _, region := range []string{"us-east-1", "eu-west-1", "eu-central-1"} {
		config := config
		config.Region = region
		_, err := iam.NewFromConfig(config).ListRoles(t.Context(), &iam.ListRolesInput{})
		probe.Expect(t, probe.Answer{}, err)
	}
	wrong := probe.Answer{Status: 403, Code: "SignatureDoesNotMatch", Message: "Credential should be scoped to a valid region. "}
	_, err := iam.NewFromConfig(config, func(o *iam.Options) { o.BaseEndpoint = aws.String("https://iam.amazonaws.com") }).ListRoles(t.Context(), &iam.ListRolesInput{})
	probe.Expect(t, wrong, err)
	_, err = sts.NewFromConfig(config, func(o *sts.Options) { o.BaseEndpoint = aws.String("https://sts.amazonaws.com") }).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	probe.Expect(t, wrong, err)
	config.Region = "us-east-1"
	_, err = sts.NewFromConfig(config, func(o *sts.Options) { o.BaseEndpoint = aws.String("https://sts.amazonaws.com") }).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	probe.Expect(t, probe.Answer{}, err)
}

// TestOtherClientsInAccounts does the same with boto3 and the AWS CLI.
func TestOtherClientsInAccounts(t *testing.T) {
	b := probe.Start(t, quickOrganization)
	for _, kind := range []string{"boto3", "cli"} {
		for account, want := range map[string]string{labtest.CenterAccount: "", labtest.AdministratorAccount: "", labtest.DataAccount: "AccessDeniedException"} {
			t.Run(kind+" "+account, func(t *testing.T) {
				b, administrator := b.On(t), b.Lab.Administrator(account)
				who := b.Foreign(kind, "sts", administrator).Call("", "GetCallerIdentity")
				if who["Account"] != account {
					t.Errorf("account %v", who["Account"])
				}
				center := b.Foreign(kind, "sso-admin", administrator)
				center.Call(want, "DescribeApplication", "ApplicationArn", labtest.ApplicationARN)
				center.Call(want, "ListTrustedTokenIssuers", "InstanceArn", labtest.InstanceARN)
			})
		}
	}
}
