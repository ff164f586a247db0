package tipcreds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
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
// neither the WebTokenProvider nor the cache of [Provider.Retrieve]. With
// [Options.Cache] it claims the JWT there, so that none is sent twice.
//
// It ends when ctx does, or after [Options.Timeout] if ctx has no deadline, in
// whatever step it is then. Errors are of type [*ExchangeError].
func (p *Provider) Exchange(ctx context.Context, webToken string) (*Session, error) {
	if k := p.keeper; webToken != "" && !k.subject.IsZero() { // of Retrieve's own JWTs it is known by now
		if err := k.checkSubject(webToken); err != nil {
			return nil, &ExchangeError{Step: StepWebToken, Err: err}
		}
	}
	return p.keeper.exchange(ctx, webToken, nil)
}

// exchange hands a refresh token of the answer to keep, if there is both.
func (k *keeper) exchange(ctx context.Context, webToken string, keep func(refreshToken string)) (*Session, error) {
	if webToken == "" {
		return nil, &ExchangeError{Step: StepWebToken, Err: ErrNoWebToken}
	}
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	application, err := k.applicationCredentials(ctx, webToken)
	if err != nil {
		return nil, err
	}
	if err := k.beforeCreateToken(ctx, webToken); err != nil {
		return nil, err
	}
	claimed, err := k.claim(ctx, webToken)
	if err != nil {
		return nil, err
	}
	answer, err := k.createToken(ctx, application, &ssooidc.CreateTokenWithIAMInput{
		ClientId:  aws.String(k.applicationARN),
		GrantType: aws.String(grantJWTBearer),
		Assertion: aws.String(webToken),
	})
	if err != nil {
		return nil, claimed.returnIfUnspent(ctx, err)
	}
	answer.keep(keep)
	return k.enhance(ctx, application, answer, webToken)
}

// ExchangeRefreshToken exchanges a refresh token of IAM Identity Center
// ([Session.ApplicationRefreshToken]) for a new session. Application role
// credentials are needed for it all the same: those of an earlier exchange
// while they last, else webToken assumes the role anew. That JWT goes to STS
// only, so it may have been exchanged before; it may be empty while none is
// needed, or with clients of the caller's own. The hook BeforeCreateToken is
// not called and no JWT is spent; AfterCreateToken is called. The SDK's retries
// apply to every call.
//
// It ends as Exchange does. Errors are of type [*ExchangeError]; if
// [ExchangeError.RefreshTokenRefused] is true the refresh token has had its day
// and a fresh JWT is required.
func (p *Provider) ExchangeRefreshToken(ctx context.Context, refreshToken, webToken string) (*Session, error) {
	return p.keeper.exchangeRefreshToken(ctx, refreshToken, webToken, nil)
}

func (k *keeper) exchangeRefreshToken(
	ctx context.Context, refreshToken, webToken string, keep func(refreshToken string),
) (*Session, error) {
	if refreshToken == "" {
		return nil, &ExchangeError{Step: StepCreateToken, Err: ErrNoRefreshToken}
	}
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	application, err := k.applicationCredentials(ctx, webToken)
	if err != nil {
		return nil, err
	}
	answer, err := k.createToken(ctx, application, &ssooidc.CreateTokenWithIAMInput{
		ClientId:     aws.String(k.applicationARN),
		GrantType:    aws.String(grantRefreshToken),
		RefreshToken: aws.String(refreshToken),
	})
	if err != nil {
		return nil, err
	}
	answer.keep(keep)
	session, err := k.enhance(ctx, application, answer, "")
	if err != nil {
		return nil, err
	}
	if session.ApplicationRefreshToken == "" {
		session.ApplicationRefreshToken = refreshToken
	}
	return session, nil
}

// bounded is ctx with a deadline, its own or else that of the options.
func (k *keeper) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, k.options.Timeout)
}

// applicationCredentials returns the credentials that sign the other calls:
// the ones at hand, or new ones for webToken. They are zero if the caller's
// clients sign everything.
func (k *keeper) applicationCredentials(ctx context.Context, webToken string) (aws.Credentials, error) {
	if k.webIdentity == nil {
		return aws.Credentials{}, nil
	}
	if l := k.application.Load(); !l.due(time.Now()) {
		return l.credentials, nil
	}
	if webToken == "" {
		return aws.Credentials{}, &ExchangeError{Step: StepAssumeApplicationRole, Err: ErrNoBootstrap}
	}
	seen := &observation{}
	ctx, end := k.observe(ctx, Operation(StepAssumeApplicationRole))
	c, err := k.assumeApplicationRole(ctx, webToken, seen)
	k.noteClock(seen)
	if err != nil {
		err = newExchangeError(StepAssumeApplicationRole, err, seen, []string{webToken})
		end(Outcome{Err: err})
		return aws.Credentials{}, err
	}
	end(Outcome{})
	k.application.Store(newApplicationLease(c, seen.skew))
	return c, nil
}

func (k *keeper) beforeCreateToken(ctx context.Context, webToken string) error {
	if k.options.BeforeCreateToken == nil {
		return nil
	}
	err := k.options.BeforeCreateToken(ctx, webToken)
	if err == nil {
		return nil
	}
	err = redactError(err, []string{webToken})
	return &ExchangeError{Step: StepCreateToken, Err: fmt.Errorf("before the web token is sent: %w", err)}
}

// enhance assumes the access role with the identity context of answer. The
// webToken is the JWT that bought the answer, empty if a refresh token did.
func (k *keeper) enhance(
	ctx context.Context, application aws.Credentials, answer *tokenAnswer, webToken string,
) (*Session, error) {
	seen := &observation{}
	ctx, end := k.observe(ctx, Operation(StepAssumeAccessRole))
	credentials, roleARN, err := k.assumeAccessRole(ctx, application, answer, seen)
	k.noteClock(seen)
	if err != nil {
		e := newExchangeError(StepAssumeAccessRole, err, seen, []string{answer.context, webToken, application.SessionToken})
		e.JWTSpent = webToken != ""
		e.measureContext(answer.context)
		k.forgetRefused(e)
		end(Outcome{Err: e})
		return nil, e
	}
	end(Outcome{})
	return &Session{
		Credentials:             credentials,
		ExpiresAt:               credentials.Expires,
		AssumedRoleARN:          roleARN,
		UserID:                  answer.claims.Subject,
		IdentityStoreID:         answer.claims.IdentityStoreID,
		IdentityStoreARN:        answer.claims.IdentityStoreARN,
		InstanceARN:             answer.claims.InstanceARN,
		ApplicationARN:          answer.claims.ApplicationARN,
		TrustedTokenIssuerARN:   answer.claims.Actor.Subject,
		CredentialID:            answer.claims.CredentialID,
		Scopes:                  answer.Scope,
		ClockSkew:               seen.skew,
		ApplicationRefreshToken: aws.ToString(answer.RefreshToken),
	}, nil
}

// forgetRefused drops the application role credentials if AWS refused them as
// such, so that the next exchange gets new ones.
func (k *keeper) forgetRefused(e *ExchangeError) {
	switch e.Code {
	case "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException":
		k.application.Store(nil)
	}
}
