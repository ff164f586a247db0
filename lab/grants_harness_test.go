package lab_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// noPermission is what S3 Access Grants answers when no grant serves a request.
func noPermission(permission, target string) answer {
	return answer{403, "AccessDenied", "You do not have " + permission + " permissions to the requested S3 Prefix: " + target}
}

func (b *bench) dataAccess(p aws.CredentialsProvider, target, permission string, edits ...func(*s3control.GetDataAccessInput)) (*s3control.GetDataAccessOutput, error) {
	in := &s3control.GetDataAccessInput{AccountId: aws.String(appl), Target: &target, Permission: types.Permission(permission)}
	for _, edit := range edits {
		edit(in)
	}
	return b.control(p).GetDataAccess(context.Background(), in)
}

func minimal(in *s3control.GetDataAccessInput) { in.Privilege = types.PrivilegeMinimal }

// vended is an S3 client with the credentials of GetDataAccess.
func (b *bench) vended(p aws.CredentialsProvider, target, permission string, edits ...func(*s3control.GetDataAccessInput)) *s3.Client {
	b.Helper()
	out, err := b.dataAccess(p, target, permission, edits...)
	if err != nil {
		b.Fatalf("GetDataAccess %s %s: %v", permission, target, err)
	}
	c := out.Credentials
	return b.s3(credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken))
}

func (b *bench) s3(p aws.CredentialsProvider) *s3.Client { return s3.NewFromConfig(b.config(p)) }

// grants puts grants in place of those of the default world; the location is s3://.
func grants(list ...world.GrantFile) func(*lab.World) {
	return func(w *lab.World) {
		for i := range list {
			if list[i].Location == "" {
				list[i].Location = "s3://"
			}
			if list[i].Permission == "" {
				list[i].Permission = "READ"
			}
		}
		w.AccessGrants[0].Grants = list
	}
}

const (
	analystName  = "analyst@example.com"
	engineerName = "engineer@example.com"
)

// silent is strict without the Okta-like issuer, whose keys take long to make.
func silent(w *lab.World) {
	strict(w)
	w.Issuers = nil
}

// assumeInput asks for a role with a session policy.
func assumeInput(role, policy string) *sts.AssumeRoleInput {
	return &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session"), Policy: &policy}
}
