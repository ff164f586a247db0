package tipcreds_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	oidctypes "github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// roundTrip is an HTTP client that notes the host and refuses.
type roundTrip func(host string)

func (f roundTrip) Do(r *http.Request) (*http.Response, error) {
	f(r.URL.Host)
	return nil, errors.New("no network in this test")
}

// staticWebIdentity gives application role credentials without a call.
type staticWebIdentity struct{}

func (staticWebIdentity) AssumeRoleWithWebIdentity(
	context.Context, *sts.AssumeRoleWithWebIdentityInput, ...func(*sts.Options),
) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return &sts.AssumeRoleWithWebIdentityOutput{Credentials: stsCredentials(applicationKey, time.Hour)}, nil
}

func stsCredentials(key string, life time.Duration) *ststypes.Credentials {
	return &ststypes.Credentials{
		AccessKeyId: aws.String(key), SecretAccessKey: aws.String(enhancedPlain),
		SessionToken: aws.String(enhancedToken), Expiration: aws.Time(time.Now().Add(life)),
	}
}

// clients are both clients without a network, for tests in a synctest bubble.
type clients struct {
	life      time.Duration
	exchanges atomic.Int32
	fail      atomic.Pointer[error]
	delay     time.Duration
}

func (c *clients) failWith(err error) {
	if err == nil {
		c.fail.Store(nil)
		return
	}
	c.fail.Store(&err)
}

func (c *clients) CreateTokenWithIAM(
	ctx context.Context, _ *ssooidc.CreateTokenWithIAMInput, _ ...func(*ssooidc.Options),
) (*ssooidc.CreateTokenWithIAMOutput, error) {
	c.exchanges.Add(1)
	if c.delay > 0 {
		select {
		case <-time.After(c.delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err := c.fail.Load(); err != nil {
		return nil, *err
	}
	return &ssooidc.CreateTokenWithIAMOutput{
		AwsAdditionalDetails: &oidctypes.AwsAdditionalDetails{IdentityContext: aws.String(identityContext)},
	}, nil
}

func (c *clients) AssumeRole(
	context.Context, *sts.AssumeRoleInput, ...func(*sts.Options),
) (*sts.AssumeRoleOutput, error) {
	return &sts.AssumeRoleOutput{
		Credentials:     stsCredentials(enhancedKey, c.life),
		AssumedRoleUser: &ststypes.AssumedRoleUser{Arn: aws.String(assumedRoleARN)},
	}, nil
}

// provided is an additional context for STS.
type provided = ststypes.ProvidedContext
