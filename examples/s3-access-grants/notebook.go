package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// sessionName is the notebook's ID_ENHANCED_SESSION_NAME.
const sessionName = "S3AccessGrantsSession"

// notebook has a method for every cell that calls somebody.
type notebook struct {
	settings
	aws  aws.Config   // signs as the notebook's role
	http *http.Client // for the application
	out  io.Writer
}

// run runs the cells in their order. Steps 0 to 2 are one provider of credentials: when
// it is asked for some, it asks the function fetchIDToken (0) and the two clients (1, 2).
func (n *notebook) run(ctx context.Context) error {
	user, err := tipcreds.New(n.role, n.application, n.fetchIDToken, func(o *tipcreds.Options) {
		// Both clients sign as the notebook's role, so that no application role is needed.
		o.SSOOIDCClient = identityCenter{ssooidc.NewFromConfig(n.aws), n}
		o.STSClient = accessRole{sts.NewFromConfig(n.aws), n}
		o.SessionName = func(string) string { return sessionName }
	})
	if err != nil {
		return err
	}
	// A configuration whose clients AWS knows the user by. Neither it nor the providers
	// of the two permissions call anybody yet.
	control := s3control.NewFromConfig(tipcreds.Config(n.aws, user))
	read, err := s3agcreds.NewProvider(control, n.account, "s3://"+n.bucket, types.PermissionRead)
	if err != nil {
		return err
	}
	write, err := s3agcreds.NewProvider(control, n.account, "s3://"+n.bucket, types.PermissionWrite)
	if err != nil {
		return err
	}
	if _, err := user.Retrieve(ctx); err != nil {
		return err
	}
	grant, err := n.callGetDataAccess(ctx, read)
	if err != nil {
		return err
	}
	if err := n.accessData(ctx, grant); err != nil {
		return err
	}
	return n.requestWriteAccess(ctx, write)
}

func (n *notebook) print(format string, args ...any) { _, _ = fmt.Fprintf(n.out, format+"\n", args...) }

// identityCenter is the client of step 1.
type identityCenter struct {
	*ssooidc.Client
	n *notebook
}

// CreateTokenWithIAM implements [tipcreds.CreateTokenAPI]. It shows the claims of the ID
// token that Identity Center gives, as the notebook does; tipcreds reads them by itself.
func (c identityCenter) CreateTokenWithIAM(
	ctx context.Context, in *ssooidc.CreateTokenWithIAMInput, optFns ...func(*ssooidc.Options),
) (*ssooidc.CreateTokenWithIAMOutput, error) {
	c.n.print("1. Fetch the IAM Identity Center ID token")
	out, err := c.Client.CreateTokenWithIAM(ctx, in, optFns...)
	if err != nil {
		return nil, err
	}
	c.n.print("   Token fetched from IAM Identity Center. Its claims:")
	claims := decode(aws.ToString(out.IdToken))
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		c.n.print("     %-24s %s", name, shown(name, claims[name]))
	}
	return out, nil
}

// decode reads the claims of a JWT, without verifying the signature. That is enough to
// show them: AWS decides by the token itself.
func decode(token string) map[string]json.RawMessage {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	var claims map[string]json.RawMessage
	_ = json.Unmarshal(payload, &claims) // what cannot be read is not shown
	return claims
}

// shown is a claim as it is printed. Contexts for STS open doors, so their length will do.
func shown(name string, value json.RawMessage) string {
	if strings.HasPrefix(name, "sts:") {
		return fmt.Sprintf("(%d characters)", len(strings.Trim(string(value), `"`)))
	}
	return string(value)
}

// accessRole is the client of step 2.
type accessRole struct {
	*sts.Client
	n *notebook
}

// AssumeRole implements [tipcreds.AssumeRoleAPI]. The identity context is among the
// ProvidedContexts of the input.
func (c accessRole) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput, optFns ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	c.n.print("2. Assume the IAM role")
	out, err := c.Client.AssumeRole(ctx, in, optFns...)
	if err != nil {
		return nil, err
	}
	if out.AssumedRoleUser != nil && out.Credentials != nil {
		c.n.print("   IAM role is assumed successfully: %s, until %s", aws.ToString(out.AssumedRoleUser.Arn), clock(aws.ToTime(out.Credentials.Expiration)))
	}
	return out, nil
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }

// callGetDataAccess is step 3.
func (n *notebook) callGetDataAccess(ctx context.Context, read *s3agcreds.Provider) (*s3agcreds.Grant, error) {
	n.print("3. Call the S3 GetDataAccess API")
	grant, err := read.Grant(ctx)
	if err != nil {
		return nil, err
	}
	n.print("   %s on %s is granted to %s %s, until %s", grant.Permission, grant.MatchedGrantTarget, grant.Grantee.Type, grant.Grantee.Identifier, clock(grant.ExpiresAt))
	return grant, nil
}

// accessData is step 4: the keys in the bucket, and how the first object begins. A
// program that goes on gives its S3 client the provider of step 3, which renews.
func (n *notebook) accessData(ctx context.Context, grant *s3agcreds.Grant) error {
	n.print("4. Access S3 data")
	client := s3.NewFromConfig(tipcreds.Config(n.aws, credentials.StaticCredentialsProvider{Value: grant.Credentials}))
	list, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &n.bucket})
	if err != nil {
		return err
	}
	if len(list.Contents) == 0 {
		n.print("   No objects found.")
		return nil
	}
	n.print("   Objects in bucket %q:", n.bucket)
	for i := range list.Contents {
		n.print("   - %q", aws.ToString(list.Contents[i].Key))
	}
	if aws.ToBool(list.IsTruncated) {
		n.print("   and more")
	}
	return n.readBeginning(ctx, client, aws.ToString(list.Contents[0].Key))
}

func (n *notebook) readBeginning(ctx context.Context, client *s3.Client, key string) error {
	object, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &n.bucket, Key: &key})
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }()
	const enough = 60
	text, err := io.ReadAll(io.LimitReader(object.Body, enough))
	if err != nil {
		return fmt.Errorf("read s3://%s/%s: %w", n.bucket, key, err)
	}
	n.print("   %q begins with %q", key, text)
	return nil
}

// errWriteGranted means that step 5 did not fail.
var errWriteGranted = &problem{
	err:  errors.New("WRITE access was granted, and the notebook expects that it is denied"),
	hint: "the user has a grant with WRITE or READWRITE, alone or by a group; choose a bucket of which they have READ only",
}

// requestWriteAccess is step 5, which is to fail.
func (n *notebook) requestWriteAccess(ctx context.Context, write *s3agcreds.Provider) error {
	n.print("5. Failure scenario: request WRITE access")
	_, err := write.Grant(ctx)
	denied, _ := errors.AsType[*s3agcreds.DataAccessError](err)
	switch {
	case err == nil:
		return errWriteGranted
	case denied != nil && denied.Code == "AccessDenied":
		n.print("   Denied, as it should be: %s: %s", denied.Code, denied.Message)
		return nil
	}
	return err
}
