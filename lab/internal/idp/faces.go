package idp

import (
	"net/http"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

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
		scopes: standardScopes(), issParameter: true,
		claims: claimHabits{tokenID: "jti"},
		access: accessHabits{audience: byParameter, claims: (*provider).plainAccess},
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
		access:      accessHabits{audience: ofServer, byDefault: "api://default", claims: (*provider).oktaAccess},
		authMethods: []string{world.SecretBasic, world.SecretPost, noSecret},
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
		anyLocalhostPort: true, slashAfterHost: true,
		refresh:       renews,
		access:        accessHabits{audience: byScope, claims: (*provider).entraAccess},
		authMethods:   []string{world.SecretPost, world.SecretBasic},
		silentPKCE:    true,
		unknownClient: refuse("unauthorized_client", "AADSTS700016: the application was not found in the directory"),
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
		refresh: keeps, refreshAlways: true, revokesRefreshOnly: true,
		access:      accessHabits{audience: forNone, always: true, ownKeys: true, claims: (*provider).cognitoAccess},
		authMethods: []string{world.SecretBasic, world.SecretPost},
		badClient:   http.StatusBadRequest,
		silentPKCE:  true, silentScope: true,
		claims: claimHabits{
			tokenID: "jti", login: "cognito:username",
			fixed:  map[string]any{"token_use": "id"},
			omit:   []string{"amr"},
			origin: true, openidAlone: true,
		},
	}
}
