// Package ambient makes AWS configurations for administrative reads, signed with the
// ambient credentials or those of a profile. Nothing of an exchange uses it
// (docs/decisions/0007): it is for diagnoses only.
package ambient

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// patience bounds finding the credentials and asking whose they are: a machine may look
// for them at an address where nobody answers.
const patience = 10 * time.Second

// Open returns access by a profile of the AWS config file, or by the ambient credentials
// if profile is empty. What is wrong is told by the Access itself.
func Open(ctx context.Context, client *awshttp.BuildableClient, profile, region string) chain.Access {
	access := chain.Access{Profile: profile}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	options := []func(*config.LoadOptions) error{config.WithRegion(region), config.WithHTTPClient(client), config.WithLogger(nil)}
	if profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		access.Reason = err.Error()
		return access
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		access.Reason = without(profile, err)
		return access
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	switch refused := refusal.Of("sts:GetCallerIdentity", err); {
	case refused != nil && refused.Unsigned:
		access.Reason = refused.Seen
		return access
	case refused == nil:
		access.Account, access.ARN = aws.ToString(who.Account), aws.ToString(who.Arn)
	}
	access.Config = &cfg
	return access
}

// without says that there are no credentials. Why none of all places had any is no news
// where nobody has named one.
func without(profile string, err error) string {
	if profile == "" {
		return "no AWS credentials in the environment, the default profile or the role of this machine"
	}
	return "the AWS profile " + profile + " gives no credentials: " + refusal.Cause(err)
}
