package tipcreds

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// grant is what a session can be renewed with besides a fresh JWT.
type grant struct {
	refreshToken string
	// webToken is the JWT of the last exchange, spent at Identity Center, which STS
	// takes until it expires. Empty if nothing is to be bootstrapped.
	webToken  string
	expiresAt time.Time // of webToken
}

// keepGrant remembers a refresh token, and the JWT with which it can be used as long
// as that lasts. An empty one is of a session that has none.
func (k *keeper) keepGrant(refreshToken, webToken string) {
	if refreshToken == "" {
		k.grant.Store(nil)
		return
	}
	g := &grant{refreshToken: refreshToken}
	if k.webIdentity != nil {
		claims, _ := parseWebToken(webToken)
		g.webToken, g.expiresAt = webToken, claims.expiresAt()
	}
	k.grant.Store(g)
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
func (k *keeper) refresh(ctx context.Context) (*made, error) {
	g := k.grant.Load()
	if g == nil {
		return nil, nil //nolint:nilnil // see above
	}
	session, err := k.exchangeRefreshToken(ctx, g.refreshToken, g.bootstrap(time.Now()), func(rotated string) {
		k.keepGrant(rotated, g.webToken)
	})
	if err == nil {
		return &made{Session: session, at: time.Now(), webToken: g.webToken}, nil
	}
	e, ok := errors.AsType[*ExchangeError](err)
	switch {
	case !ok:
		return nil, err
	case errors.Is(err, ErrNoBootstrap):
		return nil, nil //nolint:nilnil // see above
	case e.Step != StepAssumeAccessRole && e.refused():
		k.grant.CompareAndSwap(g, nil)
		k.logFailure(ctx, "the refresh token is of no use any more, a fresh JWT is exchanged", err)
		return nil, nil //nolint:nilnil // see above
	default:
		return nil, err
	}
}

// refused reports whether AWS gave a verdict that trying again will not change.
func (e *ExchangeError) refused() bool {
	return e.Code != "" && !e.Throttled() && e.HTTPStatus < http.StatusInternalServerError &&
		e.HTTPStatus != http.StatusRequestTimeout && !isSignatureCode(e.Code)
}
