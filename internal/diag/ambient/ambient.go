// Package ambient makes AWS configurations for administrative reads, signed with the
// ambient credentials or those of a profile. Nothing of an exchange uses it
// (docs/decisions/0007): it is for diagnoses only.
package ambient

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

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
	options := []func(*config.LoadOptions) error{config.WithRegion(region), config.WithHTTPClient(client), config.WithLogger(logging.Nop{})}
	if profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		access.Reason = unusable(err)
		return access
	}
	quiet := &silence{of: map[string]error{}}
	cfg.APIOptions = append(cfg.APIOptions, quiet.add)
	if cfg.RetryMaxAttempts == 1 {
		cfg.RetryMaxAttempts = 2 // a connection that was cut is no answer, and is no news either
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		access.Reason = without(profile, err)
		return access
	}
	who, err := sts.NewFromConfig(cfg, func(o *sts.Options) { o.RetryMaxAttempts = 2 }).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	switch refused := refusal.Of("sts:GetCallerIdentity", err); {
	case refused != nil && (refused.Unsigned || unanswered(err) || ctx.Err() != nil):
		access.Reason = refused.Seen
		return access
	case refused == nil:
		access.Account, access.ARN = aws.ToString(who.Account), aws.ToString(who.Arn)
	}
	access.Config = &cfg
	return access
}

// unusable words why the AWS files or variables give no configuration.
func unusable(err error) string {
	if missing, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return "there is no AWS profile " + strconv.Quote(missing.Profile)
	}
	return err.Error()
}

// without says that there are no credentials. Why none of all places had any is no news
// where nobody has named one.
func without(profile string, err error) string {
	if profile == "" {
		return "no AWS credentials in the environment, the default profile or the role of this machine"
	}
	text := "the AWS profile " + profile + " gives no credentials: "
	if said := err.Error(); !unanswered(err) && (strings.Contains(said, "SSO token") || strings.Contains(said, "SSO session")) { // the SDK has no type for all of them
		return text + "nobody is signed in, or no longer: " + chain.Quoted("aws", "sso", "login", "--profile", profile)
	}
	return text + refusal.Cause(err)
}
