package labtest

// Accounts of the default world, in the region eu-west-1.
const (
	// CenterAccount has IAM Identity Center, and is the management account.
	CenterAccount = "111122223333"
	// ApplicationAccount has the roles, the buckets and S3 Access Grants.
	ApplicationAccount = "444455556666"
)

// What an exchange in the default world needs.
const (
	// ApplicationARN is the application's in IAM Identity Center: the client id of
	// CreateTokenWithIAM.
	ApplicationARN = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	// ApplicationRoleARN is of the role that AssumeRoleWithWebIdentity gives, and
	// that the application lets call CreateTokenWithIAM.
	ApplicationRoleARN = "arn:aws:iam::444455556666:role/tip-oidc-role"
	// AccessRoleARN is of the role whose sessions carry the person's identity.
	AccessRoleARN = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"
	// InstanceARN and IdentityStoreID are those of IAM Identity Center.
	InstanceARN     = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	IdentityStoreID = "d-1234567890"
)

// The people of the default world: their logins, which are their passwords, too, at
// every issuer but notebook-app.
const (
	Analyst  = "analyst"
	Engineer = "engineer"
)

// Their user ids in the identity store. Their user names and e-mail addresses are
// their logins at example.com.
const (
	AnalystID  = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
	EngineerID = "1234567890-bbbbbbbb-2222-4bbb-8bbb-bbbbbbbbbbbb"
)

// The groups of the default world, each with the one of the two who is called so.
const (
	Analysts  = "analysts"
	Engineers = "engineers"
)

// Issuers of the default world, by their names, where [ClientID] is a client.
const (
	// Okta is https://dev-123456789.okta.com/oauth2/default, behind the proxy door.
	Okta = "okta"
	// Loopback is the same provider at the endpoint door, without TLS.
	Loopback = "loopback"
)
