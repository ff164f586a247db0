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

// heldRole returns the stored credentials if they are for this configuration and
// last longer than the margin.
func (s *Session) heldRole(margin time.Duration) (store.RoleCredentials, bool) {
	held, err := s.store.LoadRole()
	if err != nil || !s.ours(held.Fingerprint) {
		return store.RoleCredentials{}, false
	}
	return held, time.Until(held.Expiration) > margin
}

// ours reports whether something stored was made for this configuration. The
// original wrote no fingerprint; `configure idp` clears what it left behind.
func (s *Session) ours(fingerprint string) bool {
	return fingerprint == "" || fingerprint == s.fingerprint
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
	if stored {
		out, err := s.exchange(ctx, held)
		if !refusedAssertion(err) {
			return out, err
		}
		// Whoever else had the token has spent it: a fresh one is worth a try.
	}
	fresh, err := s.refresh(ctx, held)
	if err != nil {
		return store.RoleCredentials{}, err
	}
	return s.exchange(ctx, fresh)
}

// usable reports whether the stored ID token can be exchanged. One that the
// original left in the clear was never verified, and is now.
func (s *Session) usable(ctx context.Context, held store.IDPToken) (bool, error) {
	if !held.Unspent() {
		return false, nil
	}
	claims, err := oidclogin.Decode(held.Token)
	if err != nil || time.Until(claims.Expiry) < tokenMargin {
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

// refusedAssertion reports whether Identity Center refused the JWT itself.
func refusedAssertion(err error) bool {
	var failed *tipcreds.ExchangeError
	return errors.As(err, &failed) && failed.Step == tipcreds.StepCreateToken && failed.Code == "InvalidGrantException"
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
		return store.RoleCredentials{}, err
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
