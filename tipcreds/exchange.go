package tipcreds

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// Grant types of CreateTokenWithIAM that are used here.
const (
	grantJWTBearer    = "urn:ietf:params:oauth:grant-type:jwt-bearer" // RFC 7523
	grantRefreshToken = "refresh_token"                               // RFC 6749 section 6
)

// bootstrapMargin is the life that application role credentials must have
// left to be used for the two signed calls.
const bootstrapMargin = time.Minute

// Exchange exchanges a JWT for a session of the access role: STS
// AssumeRoleWithWebIdentity (skipped while earlier application role
// credentials last), SSO OIDC CreateTokenWithIAM, STS AssumeRole. It calls
// neither the WebTokenProvider nor the cache of [Provider.Retrieve].
//
// Errors are of type [*ExchangeError].
func (p *Provider) Exchange(ctx context.Context, webToken string) (*Session, error) {
	if webToken == "" {
		return nil, &ExchangeError{Step: StepWebToken, Err: ErrNoWebToken}
	}
	application, err := p.applicationCredentials(ctx, webToken)
	if err != nil {
		return nil, err
	}
	if err := p.beforeCreateToken(ctx, webToken); err != nil {
		return nil, err
	}
	answer, err := p.createToken(ctx, application, &ssooidc.CreateTokenWithIAMInput{
		ClientId:  aws.String(p.applicationARN),
		GrantType: aws.String(grantJWTBearer),
		Assertion: aws.String(webToken),
	})
	if err != nil {
		return nil, err
	}
	return p.enhance(ctx, application, answer, webToken)
}

// ExchangeRefreshToken exchanges a refresh token of IAM Identity Center
// ([Session.ApplicationRefreshToken]) for a new session. Application role
// credentials are needed for it all the same: those of an earlier exchange
// while they last, else webToken assumes the role anew. That JWT goes to STS
// only, so it may have been exchanged before; it may be empty while none is
// needed, or with clients of the caller's own. The hook BeforeCreateToken is
// not called and no JWT is spent.
//
// Errors are of type [*ExchangeError]; one with the code InvalidGrantException
// or ExpiredTokenException at StepCreateToken means that the refresh token has
// had its day and a fresh JWT is required.
func (p *Provider) ExchangeRefreshToken(ctx context.Context, refreshToken, webToken string) (*Session, error) {
	if refreshToken == "" {
		return nil, &ExchangeError{Step: StepCreateToken, Err: ErrNoRefreshToken}
	}
	application, err := p.applicationCredentials(ctx, webToken)
	if err != nil {
		return nil, err
	}
	answer, err := p.createToken(ctx, application, &ssooidc.CreateTokenWithIAMInput{
		ClientId:     aws.String(p.applicationARN),
		GrantType:    aws.String(grantRefreshToken),
		RefreshToken: aws.String(refreshToken),
	})
	if err != nil {
		return nil, err
	}
	session, err := p.enhance(ctx, application, answer, "")
	if err != nil {
		return nil, err
	}
	if session.ApplicationRefreshToken == "" {
		session.ApplicationRefreshToken = refreshToken
	}
	return session, nil
}

// applicationCredentials returns the credentials that sign the other calls:
// the ones at hand, or new ones for webToken. They are zero if the caller's
// clients sign everything.
func (p *Provider) applicationCredentials(ctx context.Context, webToken string) (aws.Credentials, error) {
	if p.webIdentity == nil {
		return aws.Credentials{}, nil
	}
	if c := p.application.Load(); c != nil && time.Now().Before(c.Expires.Add(-bootstrapMargin)) {
		return *c, nil
	}
	if webToken == "" {
		return aws.Credentials{}, &ExchangeError{Step: StepAssumeApplicationRole, Err: ErrNoBootstrap}
	}
	c, err := p.assumeApplicationRole(ctx, webToken)
	if err != nil {
		return aws.Credentials{}, newExchangeError(StepAssumeApplicationRole, err, nil, []string{webToken})
	}
	p.application.Store(&c)
	return c, nil
}

func (p *Provider) assumeApplicationRole(ctx context.Context, webToken string) (aws.Credentials, error) {
	out, err := p.webIdentity.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn:          aws.String(p.options.ApplicationRoleARN),
		RoleSessionName:  aws.String(p.options.ApplicationSessionName),
		WebIdentityToken: aws.String(webToken),
		DurationSeconds:  seconds(p.options.ApplicationDuration),
	}, webIdentityCall)
	if err != nil {
		return aws.Credentials{}, err
	}
	return sessionCredentials(out.Credentials, out.AssumedRoleUser)
}

func (p *Provider) beforeCreateToken(ctx context.Context, webToken string) error {
	if p.options.BeforeCreateToken == nil {
		return nil
	}
	err := p.options.BeforeCreateToken(ctx, webToken)
	if err == nil {
		return nil
	}
	err = redactError(err, []string{webToken})
	return &ExchangeError{Step: StepCreateToken, Err: fmt.Errorf("before the web token is sent: %w", err)}
}

// createToken calls CreateTokenWithIAM: once for a JWT, with the client's
// retries for a refresh token.
func (p *Provider) createToken(
	ctx context.Context, application aws.Credentials, in *ssooidc.CreateTokenWithIAMInput,
) (*ssooidc.CreateTokenWithIAMOutput, error) {
	seen := &observation{}
	out, err := p.oidc.CreateTokenWithIAM(ctx, in, func(o *ssooidc.Options) {
		o.APIOptions = append(o.APIOptions, addUserAgent, plainBody, seen.install)
		if p.signOIDC {
			o.Credentials = staticCredentials(application)
		}
		if in.Assertion != nil {
			o.Retryer = aws.NopRetryer{}
		}
	})
	if err == nil && out != nil {
		return out, nil
	}
	if err == nil {
		err = ErrNoIdentityContext
	}
	e := newExchangeError(StepCreateToken, err, seen.errorBody,
		[]string{aws.ToString(in.Assertion), aws.ToString(in.RefreshToken)})
	e.JWTSpent = in.Assertion != nil && seen.sent()
	p.forgetRefused(e)
	return nil, e
}

// enhance assumes the access role with the identity context of answer. The
// webToken is the JWT that bought the answer, empty if a refresh token did.
func (p *Provider) enhance(
	ctx context.Context, application aws.Credentials, answer *ssooidc.CreateTokenWithIAMOutput, webToken string,
) (*Session, error) {
	spent := webToken != ""
	claims := parseIDToken(aws.ToString(answer.IdToken))
	identityContext := claims.IdentityContext
	if d := answer.AwsAdditionalDetails; d != nil && aws.ToString(d.IdentityContext) != "" {
		identityContext = aws.ToString(d.IdentityContext)
	}
	if identityContext == "" {
		return nil, &ExchangeError{Step: StepCreateToken, JWTSpent: spent, Err: ErrNoIdentityContext}
	}
	credentials, roleARN, err := p.assumeAccessRole(ctx, application, identityContext, claims.Subject)
	if err != nil {
		e := newExchangeError(StepAssumeAccessRole, err, nil, []string{identityContext, webToken})
		e.JWTSpent = spent
		p.forgetRefused(e)
		return nil, e
	}
	return &Session{
		Credentials:             credentials,
		ExpiresAt:               credentials.Expires,
		AssumedRoleARN:          roleARN,
		UserID:                  claims.Subject,
		IdentityStoreARN:        claims.IdentityStoreARN,
		InstanceARN:             claims.InstanceARN,
		Scopes:                  answer.Scope,
		ApplicationRefreshToken: aws.ToString(answer.RefreshToken),
	}, nil
}

func (p *Provider) assumeAccessRole(
	ctx context.Context, application aws.Credentials, identityContext, userID string,
) (credentials aws.Credentials, roleARN string, err error) {
	out, err := p.sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn:         aws.String(p.accessRoleARN),
		RoleSessionName: aws.String(cleanSessionName(p.options.SessionName(userID))),
		DurationSeconds: seconds(p.options.Duration),
		ProvidedContexts: []ststypes.ProvidedContext{{
			ProviderArn:      aws.String(p.contextProviderARN),
			ContextAssertion: aws.String(identityContext),
		}},
	}, func(o *sts.Options) {
		o.APIOptions = append(o.APIOptions, addUserAgent, plainBody)
		if p.signSTS {
			o.Credentials = staticCredentials(application)
		}
	})
	if err != nil {
		return aws.Credentials{}, "", err
	}
	credentials, err = sessionCredentials(out.Credentials, out.AssumedRoleUser)
	if err != nil {
		return aws.Credentials{}, "", err
	}
	if out.AssumedRoleUser != nil {
		roleARN = aws.ToString(out.AssumedRoleUser.Arn)
	}
	return credentials, roleARN, nil
}

// forgetRefused drops the application role credentials if AWS refused them as
// such, so that the next exchange gets new ones.
func (p *Provider) forgetRefused(e *ExchangeError) {
	switch e.Code {
	case "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException":
		p.application.Store(nil)
	}
}

// sessionCredentials converts an answer of STS. The account is field 5 of the
// assumed role's ARN.
func sessionCredentials(c *ststypes.Credentials, user *ststypes.AssumedRoleUser) (aws.Credentials, error) {
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" ||
		aws.ToString(c.SessionToken) == "" || c.Expiration == nil {
		return aws.Credentials{}, ErrNoCredentials
	}
	var account string
	if user != nil {
		if a, err := arn.Parse(aws.ToString(user.Arn)); err == nil {
			account = a.AccountID
		}
	}
	return aws.Credentials{
		AccessKeyID:     *c.AccessKeyId,
		SecretAccessKey: *c.SecretAccessKey,
		SessionToken:    *c.SessionToken,
		Source:          ProviderName,
		CanExpire:       true,
		Expires:         *c.Expiration,
		AccountID:       account,
	}, nil
}

// seconds is DurationSeconds for d, nil for zero.
func seconds(d time.Duration) *int32 {
	if d == 0 {
		return nil
	}
	return aws.Int32(int32(d / time.Second))
}

// contextProviderARN names IAM Identity Center as the provider of contexts.
func contextProviderARN(roleARN string) string {
	partition, _, _ := strings.Cut(strings.TrimPrefix(roleARN, "arn:"), ":")
	return "arn:" + partition + ":iam::aws:contextProvider/IdentityCenter"
}
