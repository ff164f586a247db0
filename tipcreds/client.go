package tipcreds

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// buildClients makes the clients that the options do not give. They carry no
// credentials: a call signs with those of the application role or not at all.
func (p *Provider) buildClients() {
	o := &p.options
	p.sts, p.oidc = o.STSClient, o.SSOOIDCClient
	p.signSTS, p.signOIDC = o.STSClient == nil, o.SSOOIDCClient == nil
	var built *sts.Client
	if o.bootstraps() {
		built = sts.NewFromConfig(anonymous(o.AWSConfig, o.Region), o.ClientOptions.STS...)
		p.webIdentity = o.WebIdentityClient
		if p.webIdentity == nil {
			p.webIdentity = built
		}
	}
	if p.signSTS {
		p.sts = built
	}
	if p.signOIDC {
		p.oidc = ssooidc.NewFromConfig(anonymous(o.AWSConfig, o.IdentityCenterRegion), o.ClientOptions.SSOOIDC...)
	}
}

// anonymous is a copy of config for region, without credentials.
func anonymous(config aws.Config, region string) aws.Config {
	config = config.Copy()
	config.Region = region
	config.Credentials = aws.AnonymousCredentials{}
	return config
}

// staticCredentials signs one call.
func staticCredentials(c aws.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })
}

// webIdentityCall adapts one call of AssumeRoleWithWebIdentity.
func webIdentityCall(o *sts.Options) {
	o.APIOptions = append(o.APIOptions, addUserAgent, plainBody)
	if r, ok := o.Retryer.(aws.RetryerV2); ok {
		o.Retryer = webIdentityRetryer{r}
	}
}

// webIdentityRetryer also retries when STS could not fetch the issuer's keys,
// which passes, but not for the other causes of InvalidIdentityToken, which
// stay.
type webIdentityRetryer struct{ aws.RetryerV2 }

func (r webIdentityRetryer) IsErrorRetryable(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if ok && api.ErrorCode() == "InvalidIdentityToken" && strings.Contains(api.ErrorMessage(), "verification key") {
		return true
	}
	return r.RetryerV2.IsErrorRetryable(err)
}
