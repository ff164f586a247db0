// Package bearer is the [http.Handler] middleware of a server whose handlers call AWS
// as the user who asks. It verifies the bearer token of each request (RFC 6750) with
// go-oidc, finds the user of a [tipcreds.Pool] by the verified claims iss and sub, and
// puts the user into the request's context:
//
//	user, ok := tipcreds.UserFrom(r.Context())
//	out, err := client.GetObject(r.Context(), input, func(o *s3.Options) { o.Credentials = user })
//
// where client is made once for all users from [tipcreds.Pool.Config], which refuses
// to send a request that is signed for anybody but the context's user.
//
// What such a call returned is for [Error]: it answers with what the client of the
// server can do about it.
//
// # Which token
//
// What is exchanged is a JWT whose audience the Identity Center application and, if
// there is one, the IAM OIDC provider of the application role admit. By default that is
// the bearer token itself, so that clients send an ID token, or an access token that
// is a JWT, issued for that audience. The verifier must demand the same audience: a
// token that was issued for another program must not open this one.
//
// If clients send an access token of the server's own audience, as OAuth wants it, the
// server exchanges it for an ID token (Entra ID on behalf of, RFC 8693 token exchange,
// a server-side session) in [Options.TokenSource]. The two may name the user
// differently: the sub of an access token is the login name at Okta, whose uid is the
// sub of the ID token, and differs between applications at Entra ID. Then
// [Options.Subject] says whose JWTs they will be.
//
// # A token is used once
//
// IAM Identity Center takes a JWT once. The first call to AWS exchanges the token of
// its request; the requests behind it share the credentials, with the same token or
// another, until these must be renewed, after an hour as a rule. That takes a token that
// was issued since. So a client that gets 401 with error="invalid_token" fetches a new
// token and tries again, once: it must not send the same one, and one whose second
// answer is 401 as well has to sign in again.
//
// # Concurrency
//
// The middleware is immutable after [New] and safe for concurrent use. It does no I/O
// besides what the verifier and the options do, holds no locks, and starts nothing.
//
// # What it does not do
//
// It keeps no sessions, signs nobody in, and does not protect against forged
// cross-site requests: whoever takes tokens from a cookie ([FromCookie]) must. It does
// not read tokens from the query or the body (RFC 6750 sections 2.2 and 2.3), does not
// revoke or introspect, and decides nothing but who asks; what they may do, AWS
// decides. It answers no preflight requests: CORS goes in front. It does not set
// Cache-Control on what handlers answer, which shared caches may keep where the token
// came from elsewhere than Authorization (RFC 9111 section 3.5).
package bearer
