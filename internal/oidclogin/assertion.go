package oidclogin

import "context"

// assertionKind is the kind of token that AWS gets.
func (k *call) assertionKind() jwtKind {
	if k.settings.Assertion == AssertionAccessToken {
		return accessToken
	}
	return idToken
}

func noIDToken() *Error {
	e := fail(KindNoIDToken, "%v", ErrNoIDToken)
	e.cause = ErrNoIDToken
	return e
}

// unusable marks an error after which trying again is of no use.
func unusable(e *Error) *Error {
	e.final = true
	return e
}

// verified checks the ID token of an answer where there is one, and the access
// token where that is the assertion.
func (k *call) verified(ctx context.Context, p provider, granted grantAnswer) (Tokens, error) {
	tokens := Tokens{RefreshToken: granted.refreshToken}
	var err error
	if !granted.idToken.IsZero() {
		if p, err = p.learn(ctx, k, idToken, granted.idToken); err != nil {
			return Tokens{}, err
		}
		if tokens.Claims, err = k.verify(ctx, p, idToken, granted.idToken); err != nil {
			return Tokens{}, err
		}
		tokens.IDToken = granted.idToken
	}
	tokens.Assertion, tokens.AssertionClaims = tokens.IDToken, tokens.Claims
	if k.assertionKind() == accessToken {
		if granted.accessToken.IsZero() {
			return Tokens{}, unusable(fail(KindNetwork, "the answer of the token endpoint has no access_token"))
		}
		if p, err = p.learn(ctx, k, accessToken, granted.accessToken); err != nil {
			return Tokens{}, err
		}
		if tokens.AssertionClaims, err = k.verify(ctx, p, accessToken, granted.accessToken); err != nil {
			return Tokens{}, err
		}
		tokens.Assertion = granted.accessToken
	}
	tokens.ClockSkew = k.skew
	return tokens, nil
}
