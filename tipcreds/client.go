package tipcreds

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// buildClients makes the clients that the options do not give. They carry no
// credentials: a call signs with those of the application role or not at all.
func (x *exchanger) buildClients() {
	o := &x.options
	x.sts, x.oidc = o.STSClient, o.SSOOIDCClient
	x.signSTS, x.signOIDC = o.STSClient == nil, o.SSOOIDCClient == nil
	var built *sts.Client
	if o.bootstraps() {
		built = sts.NewFromConfig(anonymous(o.AWSConfig, o.Region), o.ClientOptions.STS...)
		x.webIdentity = o.WebIdentityClient
		if x.webIdentity == nil {
			x.webIdentity = built
		}
	}
	if x.signSTS {
		x.sts = built
	}
	if x.signOIDC {
		optFns := append([]func(*ssooidc.Options){x.correctClock}, o.ClientOptions.SSOOIDC...)
		x.oidc = ssooidc.NewFromConfig(anonymous(o.AWSConfig, o.IdentityCenterRegion), optFns...)
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

// codeRetryer is the retryer of one call. It hides the texts of AWS's answers from
// the client's own one, which looks for "connection reset" in them: codes and
// statuses decide.
//
// With identityToken it makes one more attempt after an InvalidIdentityToken. STS
// gives that when it could not fetch the issuer's keys in time, which passes, and
// for faults of the token, which stay; only the text would tell them apart. STS does
// not use the JWT up, so the second attempt costs time only. (IDPCommunicationError,
// which the API names as retryable, is retried by the SDK.)
type codeRetryer struct {
	aws.RetryerV2

	identityToken bool
}

// byCode returns r for one call, with one attempt more for InvalidIdentityToken or
// without.
func byCode(r aws.Retryer, identityToken bool) aws.Retryer {
	if r, ok := r.(aws.RetryerV2); ok {
		return &codeRetryer{RetryerV2: r, identityToken: identityToken}
	}
	return r
}

// IsErrorRetryable implements aws.Retryer.
func (r *codeRetryer) IsErrorRetryable(err error) bool {
	if passing(err) {
		return true
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return r.RetryerV2.IsErrorRetryable(err)
	}
	if r.identityToken && api.ErrorCode() == "InvalidIdentityToken" {
		r.identityToken = false
		return true
	}
	return r.RetryerV2.IsErrorRetryable(textless{err})
}

// passing reports failures that the SDK leaves alone although they pass: a 429
// without a code of AWS's, as proxies give it, and an answer that cannot be read.
func passing(err error) bool {
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.HTTPStatusCode() == http.StatusTooManyRequests {
		return true
	}
	_, broken := errors.AsType[*smithy.DeserializationError](err)
	return broken
}

// textless is an error without its text.
type textless struct{ error }

// Error implements error.
func (textless) Error() string { return "" }

// Unwrap returns the error.
func (e textless) Unwrap() error { return e.error }
