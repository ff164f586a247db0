package tipcreds

import (
	"context"
	"errors"
	"time"
)

// grant is what a session can be renewed with besides a fresh JWT.
type grant struct {
	refreshToken string
	// webToken is the JWT of the last exchange, spent at Identity Center, which STS
	// takes until it expires. Empty if nothing is to be bootstrapped.
	webToken  string
	expiresAt time.Time // of webToken
	at        time.Time // when the refresh token came
}

// keepGrant remembers a refresh token, and the JWT with which it can be used as long
// as that lasts. An empty one is of a session that has none.
func (k *keeper) keepGrant(refreshToken, webToken string) {
	if refreshToken == "" {
		k.grant.Store(nil)
		return
	}
	g := &grant{refreshToken: refreshToken, at: time.Now()}
	if k.webIdentity != nil {
		claims, _ := parseWebToken(webToken)
		g.webToken, g.expiresAt = webToken, claims.expiresAt()
	}
	k.grant.Store(g)
}

// takeGrant keeps the refresh token of a session that another process got, unless a
// later one is at hand.
func (k *keeper) takeGrant(m *obtained) {
	if g := k.grant.Load(); m.ApplicationRefreshToken != "" && (g == nil || g.at.Before(m.at)) {
		k.keepGrant(m.ApplicationRefreshToken, m.webToken)
	}
}

// bootstrap is the JWT while STS takes it.
func (g *grant) bootstrap(now time.Time) string {
	if now.Add(usableMargin).After(g.expiresAt) {
		return ""
	}
	return g.webToken
}

// refresh renews by Identity Center's refresh token. It gives neither a session nor
// an error where a fresh JWT is needed: without a refresh token, without anything to
// sign with, and where AWS refused one of the two. An outage is an error: it would
// cost the JWT as well.
func (k *keeper) refresh(ctx context.Context) (*obtained, error) {
	g := k.grant.Load()
	if g == nil {
		return nil, nil //nolint:nilnil // see above
	}
	session, err := k.exchangeRefreshToken(ctx, g.refreshToken, g.bootstrap(time.Now()), func(rotated string) {
		k.keepGrant(rotated, g.webToken)
	})
	if err == nil {
		return &obtained{Session: session, at: time.Now(), webToken: g.webToken}, nil
	}
	e, ok := errors.AsType[*ExchangeError](err)
	switch {
	case !ok:
		return nil, err
	case errors.Is(err, ErrNoBootstrap):
		return nil, nil //nolint:nilnil // see above
	case e.refreshRefused():
		k.grant.CompareAndSwap(g, nil)
		k.logFailure(ctx, "the refresh token is of no use any more, a fresh JWT is exchanged", err)
		return nil, nil //nolint:nilnil // see above
	default:
		return nil, err
	}
}

// refreshRefused reports whether a fresh JWT would mend what a refresh token could not:
// it was refused, the application does not have the grant any more, or STS does not take
// the JWT of the time before. Not so a denial, which would meet the next JWT as well.
func (e *ExchangeError) refreshRefused() bool {
	switch {
	case e.RefreshTokenRefused():
		return true
	case e.Step == StepCreateToken:
		return e.Code == "UnauthorizedClientException" || e.Code == "UnsupportedGrantTypeException"
	default:
		return e.Step == StepAssumeApplicationRole && e.FreshTokenRequired()
	}
}
