package idp

import (
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// face is what tells one vendor's provider from another's. It is data: no code
// asks for the name of a face. Its URLs are written with marks that
// [face.resolve] fills in; an empty one is an endpoint that the vendor lacks.
type face struct {
	authorize, token, keys, userInfo, revoke, logout string
	// cookies is the URL below which the authorization endpoint's cookies are sent.
	cookies string
	// device is the device authorization grant, nil for none.
	device *deviceFace

	// scopes that clients may ask for.
	scopes []string
	// strictScopes refuses unknown scopes with invalid_scope; otherwise they
	// are left out (OIDC Core, 3.1.2.1).
	strictScopes bool
	// anyLocalhostPort ignores the port of http://localhost redirect URIs (RFC 8252, 7.3).
	anyLocalhostPort bool

	refresh refreshHabit
	// refreshAlways gives a refresh token without the scope offline_access.
	refreshAlways bool
	// revokesRefreshOnly refuses to revoke anything but a refresh token.
	revokesRefreshOnly bool
	// accessJWT makes access tokens JWTs without aud, signed with keys of their own.
	accessJWT bool

	claims claimHabits
}

// claimHabits say what stands in a vendor's ID tokens.
type claimHabits struct {
	// tokenID is the claim that names the token, tokenIDPrefix what stands
	// before its random part.
	tokenID, tokenIDPrefix string
	// thin are the claims of the standard scopes that an ID token carries when
	// an access token comes with it; the rest is left to userinfo. Nil for all.
	thin []string
	// fixed stand in every ID token.
	fixed map[string]any
	// login is a claim that carries the person's login unless the world says otherwise.
	login string
	// omit are claims of OIDC Core that the vendor leaves out.
	omit []string
	// notBefore adds nbf, tenant adds tid and, with the scope profile, oid.
	notBefore, tenant bool
	// origin adds origin_jti, which all tokens of one sign-in share.
	origin bool
	// pairwise gives every client a subject of its own (OIDC Core, 8.1).
	pairwise bool
	// openidAlone releases everything when openid is the only scope.
	openidAlone bool
}

// refreshHabit is what a refresh does to the token that was used.
type refreshHabit int

const (
	// rotates: a new token each time, the old one is good only within the grace.
	rotates refreshHabit = iota
	// renews: a new token each time, the old one stays good.
	renews
	// keeps: no new token.
	keeps
)

// deviceFace is how a vendor does the device authorization grant (RFC 8628).
type deviceFace struct {
	// endpoint, page and the cookies of the page are URLs as in face.
	endpoint, page, cookies string
	lifetime                time.Duration
	// complete adds verification_uri_complete, message a text for people.
	complete, message bool
	// declined and unknown are the error codes for a denied and for a wrong device code.
	declined, unknown string
}

// faceOf returns the face with a name of the world's schema.
func faceOf(name string) (face, bool) {
	switch name {
	case "plain":
		return plainFace(), true
	case "okta":
		return oktaFace(), true
	case "entra-id":
		return entraFace(), true
	case "cognito":
		return cognitoFace(), true
	}
	return face{}, false
}

func standardScopes() []string {
	return []string{"openid", "profile", "email", "address", "phone", "offline_access"}
}

func plainFace() face {
	return face{
		authorize: "{issuer}/authorize", token: "{issuer}/token", keys: "{issuer}/keys",
		userInfo: "{issuer}/userinfo", revoke: "{issuer}/revoke", cookies: "{issuer}/",
		device: &deviceFace{
			endpoint: "{issuer}/device_authorization", page: "{issuer}/device", cookies: "{issuer}/",
			lifetime: 10 * time.Minute, complete: true, declined: "access_denied", unknown: "invalid_grant",
		},
		scopes: standardScopes(),
		claims: claimHabits{tokenID: "jti"},
	}
}

// oktaFace is Okta's: an authorization server per issuer, one activation page per host.
func oktaFace() face {
	return face{
		authorize: "{issuer}/v1/authorize", token: "{issuer}/v1/token", keys: "{issuer}/v1/keys",
		userInfo: "{issuer}/v1/userinfo", revoke: "{issuer}/v1/revoke", cookies: "{issuer}/",
		device: &deviceFace{
			endpoint: "{issuer}/v1/device/authorize", page: "{host}/activate", cookies: "{host}/activate",
			lifetime: 10 * time.Minute, complete: true, declined: "access_denied", unknown: "invalid_grant",
		},
		scopes: standardScopes(), strictScopes: true,
		claims: claimHabits{
			tokenID: "jti", tokenIDPrefix: "ID.",
			thin:  []string{"name", "preferred_username", "email"},
			fixed: map[string]any{"ver": 1, "idp": "00o00000000000000lab"},
		},
	}
}

// entraFace is Entra ID's: endpoints beside the issuer, one page for user codes
// for all tenants, no revocation. Its userinfo endpoint, on Microsoft Graph, is
// left out.
func entraFace() face {
	return face{
		authorize: "{tenant}/oauth2/v2.0/authorize", token: "{tenant}/oauth2/v2.0/token",
		keys: "{tenant}/discovery/v2.0/keys", cookies: "{tenant}/",
		device: &deviceFace{
			endpoint: "{tenant}/oauth2/v2.0/devicecode",
			page:     "{host}/common/oauth2/deviceauth", cookies: "{host}/common/oauth2/deviceauth",
			lifetime: 15 * time.Minute, message: true,
			declined: "authorization_declined", unknown: "bad_verification_code",
		},
		scopes: []string{"openid", "profile", "email", "offline_access"}, strictScopes: true,
		anyLocalhostPort: true,
		refresh:          renews,
		claims: claimHabits{
			tokenID: "uti", login: "preferred_username",
			thin:      []string{"name", "preferred_username", "email"},
			fixed:     map[string]any{"ver": "2.0"},
			omit:      []string{"amr", "auth_time", "at_hash"},
			notBefore: true, tenant: true, pairwise: true,
		},
	}
}

// cognitoFace is that of a Cognito user pool: discovery and keys at the issuer,
// all else on the domain of the hosted pages; no device grant.
func cognitoFace() face {
	return face{
		authorize: "{domain}/oauth2/authorize", token: "{domain}/oauth2/token",
		keys: "{issuer}/.well-known/jwks.json", userInfo: "{domain}/oauth2/userInfo",
		revoke: "{domain}/oauth2/revoke", logout: "{domain}/logout", cookies: "{domain}/",
		scopes: []string{"openid", "profile", "email", "phone"}, strictScopes: true,
		refresh: keeps, refreshAlways: true, revokesRefreshOnly: true, accessJWT: true,
		claims: claimHabits{
			tokenID: "jti", login: "cognito:username",
			fixed:  map[string]any{"token_use": "id"},
			omit:   []string{"amr"},
			origin: true, openidAlone: true,
		},
	}
}

// resolve fills in the URLs for an issuer: {issuer}, the {host} it is on, the
// {tenant}, which is the issuer without its last segment, and the {domain} of
// hosted pages.
func (f *face) resolve(issuer *world.Issuer) {
	base := strings.TrimSuffix(issuer.URL, "/")
	scheme, rest, _ := strings.Cut(base, "://")
	host, _, _ := strings.Cut(rest, "/")
	fill := strings.NewReplacer(
		"{issuer}", base, "{host}", scheme+"://"+host,
		"{tenant}", base[:strings.LastIndexByte(base, '/')], "{domain}", issuer.Domain())
	urls := []*string{&f.authorize, &f.token, &f.keys, &f.userInfo, &f.revoke, &f.logout, &f.cookies}
	if f.device != nil {
		urls = append(urls, &f.device.endpoint, &f.device.page, &f.device.cookies)
	}
	for _, u := range urls {
		*u = fill.Replace(*u)
	}
}
