// Package oidclogin signs a person in at an OpenID Connect provider and
// returns a verified ID token.
//
// The flow is the authorization code grant with PKCE S256 (RFC 7636) of a
// public native client with a loopback redirect (RFC 8252), on top of
// golang.org/x/oauth2 and coreos/go-oidc. [Client.Refresh] renews an ID token
// with a refresh token, and [Client.Verify] checks one that came from
// elsewhere. Every ID token must be signed with RS256, the one algorithm that
// IAM Identity Center takes from a trusted token issuer.
//
// A [Client] is immutable and safe for concurrent use. It keeps nothing
// between calls, neither on disk nor in memory: whoever calls stores the
// tokens, and decides how often a browser may open and in which process.
// The package takes no locks, retries nothing, never writes to stdout, and
// prints nothing but the address to open and why a browser did not.
//
// Every error that leaves the package is an [*Error], whose [Kind] says what a
// caller can do about it. No error and no line on stderr carries a token, an
// authorization code, a PKCE verifier or the body of an answer.
package oidclogin
