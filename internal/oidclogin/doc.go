// Package oidclogin signs a person in at an OpenID Connect provider and
// returns a verified token for AWS: the ID token, or where that is set an access
// token that is a JWT.
//
// The flow is the authorization code grant with PKCE S256 (RFC 7636) of a native
// client with a loopback redirect (RFC 8252), whose answer a person may also
// paste, or the device authorization grant (RFC 8628). [Client.Refresh] renews
// the token with a refresh token, [Client.Verify] checks one that came from
// elsewhere, and [Client.Revoke] ends a refresh token (RFC 7009). Clients are
// public or have a secret. Every token for AWS must be signed with RS256, the one
// algorithm that IAM Identity Center takes from a trusted token issuer.
//
// Requests that fail in a way that may pass are made again, at most three times
// with pauses in between; what an operation does without a person ends within 24
// seconds. An error of [KindNetwork] says that this did not help; a failure of
// the network never asks for a sign-in.
//
// A [Client] is immutable and safe for concurrent use. It keeps nothing
// between calls, neither on disk nor in memory: whoever calls stores the
// tokens, and decides how often a browser may open and in which process.
// The package takes no locks and never writes to stdout.
//
// Every error that leaves the package is an [*Error], whose [Kind] says what a
// caller can do about it. No error and no line for the person carries a token, an
// authorization or device code, a PKCE verifier, a client secret or the body of
// an answer.
package oidclogin
