package s3agcreds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/smithy-go/middleware"
)

// InstanceForPrefixAPI is the part of an S3 Control client that finds an Access
// Grants instance. [*s3control.Client] implements it.
type InstanceForPrefixAPI interface {
	GetAccessGrantsInstanceForPrefix(ctx context.Context, params *s3control.GetAccessGrantsInstanceForPrefixInput, optFns ...func(*s3control.Options)) (*s3control.GetAccessGrantsInstanceForPrefixOutput, error)
}

// FindInstanceAccount returns the account that owns the Access Grants instance
// for prefix ("s3://bucket/prefix"), by GetAccessGrantsInstanceForPrefix. The
// question is sent to the caller's own account, callerAccountID; the answer is
// field 5 of the instance's ARN, for [NewProvider].
//
// Errors are of type [*OptionError] for refused arguments and
// [*DataAccessError] otherwise.
func FindInstanceAccount(
	ctx context.Context, client InstanceForPrefixAPI, callerAccountID, prefix string,
) (string, error) {
	if client == nil {
		return "", &OptionError{Option: "client", Err: ErrClientMissing}
	}
	if err := ValidateTarget(prefix); err != nil {
		return "", &OptionError{Option: "prefix", Err: err}
	}
	return findInstanceAccount(ctx, client, callerAccountID, prefix)
}

// findInstanceAccount is FindInstanceAccount for what a request is about, which may have
// any character.
func findInstanceAccount(
	ctx context.Context, client InstanceForPrefixAPI, callerAccountID, prefix string,
) (string, error) {
	if !validAccountID(callerAccountID) {
		return "", &OptionError{Option: "callerAccountID", Value: callerAccountID, Err: ErrAccountID}
	}
	if err := askable(prefix); err != nil {
		return "", &OptionError{Option: "prefix", Err: err}
	}
	account, err := instanceAccount(ctx, client, callerAccountID, prefix)
	if err != nil {
		return "", newDataAccessError(opInstanceForPrefix, prefix, "", err)
	}
	return account, nil
}

func instanceAccount(ctx context.Context, client InstanceForPrefixAPI, callerAccountID, prefix string) (string, error) {
	out, err := client.GetAccessGrantsInstanceForPrefix(ctx, &s3control.GetAccessGrantsInstanceForPrefixInput{
		AccountId: aws.String(callerAccountID),
		S3Prefix:  aws.String(prefix),
	}, identify)
	if err != nil {
		return "", err
	}
	if out == nil {
		return "", ErrInstanceARN
	}
	instance, err := arn.Parse(aws.ToString(out.AccessGrantsInstanceArn))
	if err != nil || !validAccountID(instance.AccountID) {
		return "", ErrInstanceARN
	}
	return instance.AccountID, nil
}

// identify puts this package and the SDK's feature id of S3 Access Grants into
// the User-Agent header.
func identify(o *s3control.Options) {
	o.APIOptions = append(o.APIOptions, addUserAgent)
	patient(o)
}

func addUserAgent(stack *middleware.Stack) error {
	if err := awsmiddleware.AddUserAgentKeyValue("s3agcreds", "1")(stack); err != nil {
		return err
	}
	m, _ := stack.Build.Get((*awsmiddleware.RequestUserAgent)(nil).ID())
	if agent, ok := m.(*awsmiddleware.RequestUserAgent); ok {
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureS3AccessGrants)
	}
	return nil
}
