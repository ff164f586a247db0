package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// RoleCredentials returns the identity-enhanced role session: the stored one
// while it has more than 15 minutes left, else a new one. If renewal fails, the
// stored one is returned as long as it has more than a minute left.
func (s *Session) RoleCredentials(ctx context.Context) (store.RoleCredentials, error) {
	if held, ok := s.heldRole(freshFor); ok {
		return held, nil
	}
	release, err := s.lock(ctx)
	if err != nil {
		return s.fallBack(ctx, err)
	}
	defer release()
	if held, ok := s.heldRole(freshFor); ok { // another process has renewed
		return held, nil
	}
	renewed, err := s.renew(ctx)
	if err != nil {
		return s.fallBack(ctx, err)
	}
	return renewed, nil
}

// fallBack hands out the last good credentials if renewal failed and they still hold.
func (s *Session) fallBack(ctx context.Context, err error) (store.RoleCredentials, error) {
	if ctx.Err() != nil {
		return store.RoleCredentials{}, err
	}
	held, ok := s.heldRole(usableFor)
	if !ok {
		return store.RoleCredentials{}, err
	}
	s.notice(fmt.Sprintf("renewal failed, handing out credentials that expire in %s: %v", time.Until(held.Expiration).Round(time.Second), err))
	return held, nil
}

// renew exchanges an ID token and stores the session. The lock is held.
func (s *Session) renew(ctx context.Context) (store.RoleCredentials, error) {
	held, err := s.heldToken(ctx)
	if err != nil {
		return store.RoleCredentials{}, err
	}
	stored, err := s.usable(ctx, held)
	if err != nil {
		return store.RoleCredentials{}, err
	}
	var refused error
	if stored {
		out, err := s.exchange(ctx, held)
		if !refusedToken(err) {
			return out, err
		}
		// Whoever else had the token has spent it: a fresh one is worth a try.
		refused, held = err, held.MarkSpent(time.Now())
	}
	fresh, err := s.refresh(ctx, held)
	if err != nil {
		return store.RoleCredentials{}, afterRefusal(err, refused)
	}
	if !fresh.Unspent() {
		return store.RoleCredentials{}, &SignInRequiredError{Reason: "the identity provider gives out an ID token that was exchanged before"}
	}
	return s.exchange(ctx, fresh)
}

// afterRefusal adds to a request to sign in why the stored ID token would not do.
func afterRefusal(err, refused error) error {
	var signIn *SignInRequiredError
	if refused == nil || !errors.As(err, &signIn) {
		return err
	}
	return &SignInRequiredError{Reason: signIn.Reason + " (" + refused.Error() + ")", Err: signIn.Err}
}

// usable reports whether the stored ID token can be exchanged. One that the
// original left in the clear was never verified, and is now.
func (s *Session) usable(ctx context.Context, held store.IDPToken) (bool, error) {
	if !held.Unspent() {
		return false, nil
	}
	// What cannot be read has the zero time and counts as expired.
	if claims, _ := oidclogin.Decode(held.Token); time.Until(claims.Expiry) < tokenMargin {
		return false, nil
	}
	if !held.Plaintext {
		return true, nil
	}
	switch _, err := s.login.Verify(ctx, held.Token); oidclogin.KindOf(err) {
	case oidclogin.KindNetwork, oidclogin.KindInterrupted, oidclogin.KindTimeout, oidclogin.KindConfig:
		return false, err
	default:
		return err == nil, nil
	}
}

// refusedToken reports whether AWS refused the JWT itself: it was exchanged
// before, or is too old by AWS's clock.
func refusedToken(err error) bool {
	var failed *tipcreds.ExchangeError
	if !errors.As(err, &failed) {
		return false
	}
	switch failed.Step {
	case tipcreds.StepCreateToken:
		return failed.Code == "InvalidGrantException" || failed.Code == "ExpiredTokenException"
	case tipcreds.StepAssumeApplicationRole:
		return failed.Code == "ExpiredTokenException" || failed.Code == "ExpiredToken"
	}
	return false
}

// exchange turns an ID token into a role session and stores it. The token is
// marked as spent, durably, before it is sent to Identity Center.
func (s *Session) exchange(ctx context.Context, held store.IDPToken) (store.RoleCredentials, error) {
	provider, err := tipcreds.New(s.config.IDEnhancedRoleARN, s.config.TokenExchangeApplicationARN,
		func(context.Context) (string, error) { return held.Token.Reveal(), nil },
		func(o *tipcreds.Options) {
			o.ApplicationRoleARN = s.config.OIDCRoleARN
			o.AWSConfig = s.aws
			o.Region, o.IdentityCenterRegion = s.regions.Region, s.regions.IdentityCenterRegion
			o.ApplicationSessionName = "tip-cli"
			o.BeforeCreateToken = func(ctx context.Context, _ string) error {
				return s.store.SaveIDPToken(ctx, held.MarkSpent(time.Now()))
			}
		})
	if err != nil {
		return store.RoleCredentials{}, err
	}
	made, err := provider.Exchange(ctx, held.Token.Reveal())
	if err != nil {
		return store.RoleCredentials{}, s.unlessSent(ctx, held, err)
	}
	out := store.RoleCredentials{
		AccessKeyID: made.Credentials.AccessKeyID, SecretAccessKey: secret.New(made.Credentials.SecretAccessKey),
		SessionToken: secret.New(made.Credentials.SessionToken), Expiration: made.ExpiresAt,
		AccountID: made.Credentials.AccountID, UserID: made.UserID, Fingerprint: s.fingerprint,
	}
	if err := s.store.SaveRole(out); err != nil {
		return store.RoleCredentials{}, fmt.Errorf("store the role session: %w", err)
	}
	return out, nil
}

// unlessSent takes the mark of a spent token back if the token never left this machine.
func (s *Session) unlessSent(ctx context.Context, held store.IDPToken, err error) error {
	var failed *tipcreds.ExchangeError
	var file *store.FileError // the mark itself could not be stored
	if !errors.As(err, &failed) || failed.Step != tipcreds.StepCreateToken || failed.JWTSpent || errors.As(err, &file) {
		return err
	}
	return errors.Join(err, s.saveToken(ctx, held))
}
