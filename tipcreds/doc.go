// Package tipcreds turns an OpenID Connect token of a user into AWS
// credentials that carry the user's IAM Identity Center identity: trusted
// identity propagation for aws-sdk-go-v2.
//
// A [Provider] is an [aws.CredentialsProvider] for one user, a [Pool] has one for each
// user of a server. An exchange makes three calls:
//
//  1. sts:AssumeRoleWithWebIdentity with the user's JWT gives credentials of
//     the application role. The call is not signed.
//  2. sso-oauth:CreateTokenWithIAM, signed with those credentials and with the
//     same JWT as assertion (RFC 7523), gives the identity context.
//  3. sts:AssumeRole with that context in ProvidedContexts gives the
//     credentials of the access role, with the user in the session.
//
// Credentials found in the environment, in profiles or in instance metadata
// never sign any of the three calls. A caller who wants its own credentials to
// sign calls 2 and 3 gives both clients, and then needs no application role.
//
// # A JWT is used once
//
// STS accepts a JWT any number of times, IAM Identity Center accepts it once.
// So one JWT serves calls 1 and 2, CreateTokenWithIAM with a JWT is never
// retried, [Options.BeforeCreateToken] can record the JWT as used before it
// leaves the process, and [ExchangeError] says what became of it: unspent (not
// a byte was written, or AWS throttled or refused the signature), refused,
// accepted, or in doubt (it was sent and no verdict came). Concurrent calls of
// [Provider.Retrieve] share one exchange, and it does not send any of the last eight
// JWTs that it sent before they expire. Where the application has the refresh_token grant,
// renewals use Identity Center's refresh token as long as there is anything to sign with,
// and a fresh JWT when it is refused; [Options.AfterCreateToken] can store it before
// anything else can fail. Processes that may be given the same JWT share exchanges by a
// [Cache].
//
// Decisions follow error codes and statuses. The texts of AWS reach
// [ExchangeError.Message] and [ExchangeError.Hint] and nothing else.
//
// # Clocks and time limits
//
// Every answer's Date header is compared with the local clock. The difference is
// in [Session] and [ExchangeError], is named where a token or signature seems to
// be of the wrong time, and corrects the time of signatures unless the
// configuration disables that.
//
// Each call ends with its context. A server that is silent, drips or never ends
// its answer holds nobody longer, and an answer of more than a mebibyte is given
// up.
//
// # Permissions
//
// With an application role, that role needs:
//
//   - a trust policy that lets the OpenID Connect provider of the JWT's issuer
//     (Principal Federated) call sts:AssumeRoleWithWebIdentity, with a
//     condition on the audience;
//   - sso-oauth:CreateTokenWithIAM, and a place in the actor policy of the
//     Identity Center application (authentication method IAM);
//   - sts:AssumeRole and sts:SetContext on the access role, by its own policy
//     or, in the same account, by the access role's trust policy.
//
// With both clients of the caller's own, sso-oauth:CreateTokenWithIAM and the place
// in the actor policy belong to the credentials of the SSO OIDC client,
// sts:AssumeRole and sts:SetContext to those of the STS client, and there is
// no sts:AssumeRoleWithWebIdentity.
//
// With an application role and an STS client, the role needs the first two, and the
// client's credentials the third. With an application role and an SSO OIDC client, the
// role needs the first and the third, and the client's credentials the second.
//
// In every case the access role's trust policy must allow both sts:AssumeRole
// and sts:SetContext to whoever signs call 3, and the user must be assigned to
// the application unless it requires no assignment.
//
// # Many users
//
// The SDK signs with whatever a credentials provider answered last. So a server hands
// the credentials of a user over with every call, and never puts a provider that looks
// for the user in the context behind config.WithCredentialsProvider, whose cache would
// sign one user's requests with another's key:
//
//	user := pool.For(subject, token)
//	out, err := client.GetObject(tipcreds.WithUser(ctx, user), input,
//		func(o *s3.Options) { o.Credentials = user })
//
// Clients made from [Pool.Config] refuse a request of one user that was signed for
// another, also with credentials that AWS vended for theirs and that [User.Adopt] was told.
// The plugin of package s3agcreds tells it those of S3 Access Grants, and remembers grants
// by [User.Principal], so that a renewal of the user's credentials costs no grant. The package bearer is a middleware that verifies the tokens of requests and
// finds their users.
//
// # Concurrency
//
// A Provider and a Pool are immutable after [New] and [NewPool], apart from what they
// remember, and safe for concurrent use. No lock is held while anybody is asked
// anything.
//
// # What it does not do
//
// It does not sign users in, refresh their tokens at the identity provider,
// verify JWTs (AWS does, and the package bearer), or write files. Nothing runs in the
// background: credentials are renewed when somebody asks for them.
package tipcreds
