package tipcreds

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func (k *keeper) assumeApplicationRole(
	ctx context.Context, webToken string, seen *observation,
) (aws.Credentials, error) {
	out, err := k.webIdentity.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn:          aws.String(k.options.ApplicationRoleARN),
		RoleSessionName:  aws.String(k.options.ApplicationSessionName),
		WebIdentityToken: aws.String(webToken),
		DurationSeconds:  seconds(k.options.ApplicationDuration),
	}, func(o *sts.Options) {
		o.APIOptions = append(o.APIOptions, k.userAgent, plainBody, seen.install)
		o.Retryer = byCode(o.Retryer, true)
	})
	if err != nil {
		return aws.Credentials{}, err
	}
	if out == nil {
		return aws.Credentials{}, ErrNoCredentials
	}
	return sessionCredentials(out.Credentials, out.AssumedRoleUser)
}

// tokenAnswer is an answer of CreateTokenWithIAM with what is read from it.
type tokenAnswer struct {
	*ssooidc.CreateTokenWithIAMOutput

	claims  idTokenClaims
	context string // never empty
}

// keep hands a refresh token to fn, if there is both.
func (a *tokenAnswer) keep(fn func(string)) {
	if token := aws.ToString(a.RefreshToken); fn != nil && token != "" {
		fn(token)
	}
}

// readAnswer finds the identity context in awsAdditionalDetails, or else in the ID
// token.
func readAnswer(out *ssooidc.CreateTokenWithIAMOutput) *tokenAnswer {
	a := &tokenAnswer{CreateTokenWithIAMOutput: out, claims: parseIDToken(aws.ToString(out.IdToken))}
	a.context = a.claims.IdentityContext
	if d := out.AwsAdditionalDetails; d != nil && aws.ToString(d.IdentityContext) != "" {
		a.context = aws.ToString(d.IdentityContext)
	}
	return a
}

// blank reports whether nothing came that Identity Center answers with: what was
// read as a success is the word of somebody else, or nobody's.
func blank(out *ssooidc.CreateTokenWithIAMOutput) bool {
	return out == nil || aws.ToString(out.AccessToken) == "" && aws.ToString(out.IdToken) == "" &&
		aws.ToString(out.RefreshToken) == "" && out.AwsAdditionalDetails == nil
}

// createToken calls CreateTokenWithIAM: once for a JWT, with the client's
// retries for a refresh token.
func (k *keeper) createToken(
	ctx context.Context, application aws.Credentials, in *ssooidc.CreateTokenWithIAMInput,
) (answer *tokenAnswer, err error) {
	ctx, end := k.observe(ctx, Operation(StepCreateToken))
	defer func() { end(Outcome{Err: err, Origin: originOf(in)}) }()
	seen := &observation{}
	out, err := k.oidc.CreateTokenWithIAM(ctx, in, func(o *ssooidc.Options) {
		o.APIOptions = append(o.APIOptions, k.userAgent, plainBody, seen.install)
		if k.signOIDC {
			o.Credentials = staticCredentials(application)
		}
		o.Retryer = byCode(o.Retryer, false)
		if in.Assertion != nil {
			o.Retryer = aws.NopRetryer{}
		}
	})
	k.noteClock(seen)
	if err != nil || blank(out) {
		return nil, k.tokenError(in, application, err, seen)
	}
	k.afterCreateToken(ctx, aws.ToString(out.RefreshToken))
	if answer := readAnswer(out); answer.context != "" {
		return answer, nil
	}
	e := newExchangeError(StepCreateToken, ErrNoIdentityContext, seen, nil)
	e.JWTSpent = in.Assertion != nil // and accepted
	return nil, e
}

// originOf is what in exchanges.
func originOf(in *ssooidc.CreateTokenWithIAMInput) Origin {
	if in.Assertion != nil {
		return OriginExchange
	}
	return OriginRefreshToken
}

// tokenError describes a CreateTokenWithIAM that failed, with a nil err if it
// answered nothing.
func (k *keeper) tokenError(in *ssooidc.CreateTokenWithIAMInput, application aws.Credentials, err error, seen *observation) error {
	if err == nil {
		err = ErrNoIdentityContext
	}
	e := newExchangeError(StepCreateToken, err, seen, []string{
		aws.ToString(in.Assertion), aws.ToString(in.RefreshToken), application.SessionToken,
	})
	e.settle(in.Assertion != nil && seen.sent(), seen)
	if e.refusedSignature(seen) {
		k.skew.Store(nil) // until an answer tells anew, the client takes what it heard itself
	}
	k.forgetRefused(e)
	return e
}

func (k *keeper) afterCreateToken(ctx context.Context, refreshToken string) {
	if k.options.AfterCreateToken != nil && refreshToken != "" {
		k.options.AfterCreateToken(context.WithoutCancel(ctx), refreshToken)
	}
}

func (k *keeper) assumeAccessRole(
	ctx context.Context, application aws.Credentials, answer *tokenAnswer, seen *observation,
) (credentials aws.Credentials, roleARN string, err error) {
	out, err := k.sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn:         aws.String(k.accessRoleARN),
		RoleSessionName: aws.String(cleanSessionName(k.options.SessionName(answer.claims.Subject))),
		DurationSeconds: seconds(k.options.Duration),
		ProvidedContexts: append([]ststypes.ProvidedContext{{
			ProviderArn:      aws.String(k.contextProviderARN),
			ContextAssertion: aws.String(answer.context),
		}}, k.options.ExtraContexts...),
	}, func(o *sts.Options) {
		o.APIOptions = append(o.APIOptions, k.userAgent, plainBody, seen.install)
		o.Retryer = byCode(o.Retryer, false)
		if k.signSTS {
			o.Credentials = staticCredentials(application)
		}
	})
	if err != nil {
		return aws.Credentials{}, "", err
	}
	if out == nil {
		return aws.Credentials{}, "", ErrNoCredentials
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
