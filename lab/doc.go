// Package lab runs the AWS and identity-provider endpoints that trusted identity
// propagation needs in one process on loopback: an OIDC provider, STS, IAM
// Identity Center's CreateTokenWithIAM, the identity store, S3 Access Grants, S3,
// Secrets Manager and the sign-in of Cognito user pools. Every request
// is verified and authorized; what AWS refuses, the lab refuses.
//
// A lab has two doors on one port. The endpoint door is plain HTTP, for clients
// with AWS_ENDPOINT_URL. The proxy door is an HTTP proxy that answers real host
// names over TLS with the lab's own CA, for unmodified clients; it never
// forwards anything.
//
// A [Lab] is safe for concurrent use. It is no security boundary: it listens on
// loopback only, holds no real secrets, and forgets everything when it is closed.
package lab
