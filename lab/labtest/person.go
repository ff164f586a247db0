package labtest

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/tip-cli/tip-cli/lab"
)

// IDToken is an ID token for somebody who has signed in at [Okta], as [SignIn] gives
// it. Identity Center takes it once.
func IDToken(tb testing.TB, l *lab.Lab, login string, edits ...func(*lab.IDToken)) string {
	tb.Helper()
	who, err := SignIn(l, Okta, login, edits...)
	if err != nil {
		tb.Fatalf("sign %s in: %v", login, err)
	}
	return who.Token
}

// EnhancedCredentials are identity-enhanced credentials of somebody of the default
// world: sessions of [AccessRoleARN], for tests of what comes after the exchange. The
// exchange is a real one, of a new ID token, and leaves its events in the trail; its
// three calls must be allowed in the world. They are not renewed.
func EnhancedCredentials(tb testing.TB, l *lab.Lab, login string) aws.CredentialsProvider {
	tb.Helper()
	c, err := exchange(tb.Context(), l, IDToken(tb, l, login))
	if err != nil {
		tb.Fatalf("credentials of %s: %v", login, err)
	}
	return c
}

const (
	sessionName     = "labtest"
	contextProvider = "arn:aws:iam::aws:contextProvider/IdentityCenter"
	jwtBearer       = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// exchange makes the three calls. tipcreds does it better, and is what the lab is to test.
func exchange(ctx context.Context, l *lab.Lab, token string) (aws.CredentialsProvider, error) {
	first, err := sts.NewFromConfig(Config(l, nil)).AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(ApplicationRoleARN), RoleSessionName: aws.String(sessionName), WebIdentityToken: &token,
	})
	if err != nil {
		return nil, fmt.Errorf("assume the application role: %w", err)
	}
	application := Config(l, static(first.Credentials))
	identity, err := ssooidc.NewFromConfig(application).CreateTokenWithIAM(ctx, &ssooidc.CreateTokenWithIAMInput{
		ClientId: aws.String(ApplicationARN), GrantType: aws.String(jwtBearer), Assertion: &token,
	})
	if err != nil {
		return nil, fmt.Errorf("create token with IAM: %w", err)
	}
	if identity.AwsAdditionalDetails == nil { // a switch of the world leaves it out
		return nil, fmt.Errorf("create token with IAM: the answer has no awsAdditionalDetails")
	}
	second, err := sts.NewFromConfig(application).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String(AccessRoleARN), RoleSessionName: aws.String(sessionName),
		ProvidedContexts: []types.ProvidedContext{{
			ProviderArn: aws.String(contextProvider), ContextAssertion: identity.AwsAdditionalDetails.IdentityContext,
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("assume the access role: %w", err)
	}
	return static(second.Credentials), nil
}

func static(c *types.Credentials) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}
