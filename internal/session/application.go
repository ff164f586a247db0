package session

import (
	"context"
	"errors"
	"time"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// byApplicationToken renews with the refresh token that Identity Center gives
// where the application has that grant. It takes application role credentials,
// which STS gives for a JWT that lasts, spent or not. ok says that it was done;
// without an error otherwise, a JWT has to be exchanged. The lock is held.
func (r *renewal) byApplicationToken(ctx context.Context) (renewed store.RoleCredentials, ok bool, err error) {
	token, err := r.store.LoadApplicationToken(ctx)
	if err != nil || token.Fingerprint != r.person() || r.held.Plaintext || r.held.Unverified || !lasts(r.held) {
		return renewed, false, nil //nolint:nilerr // what cannot be read is done without
	}
	r.trace("renewing with the refresh token of Identity Center")
	made, err := r.provider.ExchangeRefreshToken(ctx, token.RefreshToken.Reveal(), r.held.Token.Reveal())
	if err == nil {
		renewed, err = r.keepRole(made)
		return renewed, err == nil, err
	}
	failed, answered := errors.AsType[*tipcreds.ExchangeError](err)
	if !answered || failed.Code == "" || failed.HTTPStatus >= 500 || failed.Throttled() {
		return renewed, false, err // a JWT would meet the same, and be spent
	}
	if failed.RefreshTokenRefused() {
		if err := r.store.ClearApplicationToken(); err != nil {
			r.notice("the refresh token of Identity Center, which is refused, could not be removed: " + err.Error())
		}
	}
	return renewed, false, nil // the exchange of a JWT says it with more to go on
}

// person is the configuration and whom the token at hand is for.
func (r *renewal) person() string {
	claims, _ := oidclogin.Decode(r.held.Token)
	return r.boundTo(claims.Issuer, claims.Subject)
}

// keepApplicationToken stores Identity Center's refresh token as soon as it is
// there. Without it a JWT is exchanged the next time, so a failure is no more than
// a notice.
func (r *renewal) keepApplicationToken(ctx context.Context, refreshToken string) {
	err := r.store.SaveApplicationToken(ctx, store.ApplicationToken{
		RefreshToken: secret.New(refreshToken), Fingerprint: r.person(), ObtainedAt: time.Now(),
	})
	if err != nil {
		r.notice("the refresh token of Identity Center could not be stored: " + err.Error())
	}
}
