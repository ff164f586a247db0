// Package idp is the lab's OpenID provider: discovery, keys, the authorization
// code flow with PKCE and a sign-in page, the device authorization grant,
// refresh tokens with rotation, revocation, and userinfo (OpenID Connect Core
// and Discovery 1.0, RFC 6749, 7009, 7636, 8252, 8414, 8628, 9207). One
// [Service] serves every issuer of a world; a face gives each issuer the
// endpoints and habits of a vendor. [Service.UserPools] is the part of Cognito's
// API with which applications sign people in themselves.
//
// A Service is safe for concurrent use. Codes, tokens and sign-in sessions live
// in memory, each with an end and a bound on their number; of secrets only the
// SHA-256 digest is kept.
//
// It knows public clients and clients with a secret, the code response type
// only and S256 only, and makes access tokens as JWTs where a vendor does. It
// has no dynamic registration, no client assertions, no introspection, and a
// consent page and logout only where a vendor's flow needs one, and it is no
// security boundary: passwords and client secrets stand in the world file, the
// sign-in page lists the people to click on, and [WithHeadless] lets a request
// bring its own login.
package idp
