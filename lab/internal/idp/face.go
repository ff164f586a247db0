package idp

// face is what tells one vendor's provider from another's. It is data: no code
// asks for the name of a face.
type face struct {
	// Paths of the endpoints below the issuer.
	authorize, token, keys, userInfo string
	// tokenIDPrefix stands before the random part of jti.
	tokenIDPrefix string
	// strictScopes refuses unknown scopes with invalid_scope; otherwise they
	// are left out (OIDC Core, 3.1.2.1).
	strictScopes bool
	// thinClaims are the claims of the standard scopes that an ID token
	// carries when an access token comes with it; the rest is left to
	// userinfo. Nil for all.
	thinClaims []string
	// fixedClaims stand in every ID token.
	fixedClaims map[string]any
}

// faceOf returns the face with a name of the world's schema.
func faceOf(name string) (face, bool) {
	switch name {
	case "plain":
		return face{authorize: "/authorize", token: "/token", keys: "/keys", userInfo: "/userinfo"}, true
	case "okta":
		return face{
			authorize: "/v1/authorize", token: "/v1/token", keys: "/v1/keys", userInfo: "/v1/userinfo",
			tokenIDPrefix: "ID.",
			strictScopes:  true,
			thinClaims:    []string{"name", "preferred_username", "email"},
			fixedClaims:   map[string]any{"ver": 1, "idp": "00o00000000000000lab"},
		}, true
	}
	return face{}, false
}
