package explain

const fromCreateToken = "IAM Identity Center OIDC API: CreateTokenWithIAM"

// inExchange is the one call that Identity Center answers.
var inExchange = []string{"CreateTokenWithIAM"}

// exchangeErrors are of CreateTokenWithIAM, whose answers have no words.
var exchangeErrors = []piece{
	{
		id: "exchange.refresh-token", has: []string{"invalid refresh token provided"},
		title: "the refresh token of Identity Center is not good any more", means: "Make the exchange with a fresh JWT of the identity provider.", source: fromCreateToken + "; aws/aws-cli issue 8561",
		causes: []Cause{{Why: "the session at Identity Center has ended, or the grant was taken from the application", Command: "tip-cli auth refresh-token"}},
	},
	{
		id: "exchange.sso-login", codes: []string{"InvalidGrantException", "UnauthorizedException", "InvalidRequestException"}, operations: []string{"CreateToken", "GetRoleCredentials"},
		or:    &piece{has: []string{"error when retrieving token from sso|error loading sso token|sso session associated with this profile|refreshing aws iam identity center token"}},
		title: "a sign-in by aws sso login has ended, or was not completed", means: "This is the AWS CLI's own sign-in to the access portal, not the exchange of tip-cli: the operation is CreateToken, without IAM.", source: "AWS CLI guide: IAM Identity Center authentication; boto/boto3 issue 3785",
		causes: []Cause{
			{Why: "sign in again", Command: "aws sso login --profile PROFILE"},
			{Why: "a profile with sso_session stands where one with credential_process of tip-cli should", Check: "local.profiles", Command: "tip-cli auth set-aws-profile --profile NAME"},
		},
	},
	{
		id: "exchange.kms", codes: []string{"KMS_AccessDeniedException", "KMS_DisabledException", "KMS_InvalidKeyUsageException", "KMS_InvalidStateException", "KMS_KeyNotFoundException"},
		title: "Identity Center cannot use the KMS key that it is encrypted with", means: "Everything at Identity Center stands still until the key can be used again.", source: fromCreateToken,
		causes: []Cause{{Why: "the key was disabled or is to be deleted, or its policy was changed", Command: "aws kms describe-key --key-id KEY --profile PROFILE"}},
	},
	{
		id: "exchange.denied", codes: []string{"AccessDeniedException", "AccessDenied"}, operations: inExchange,
		title:  "Identity Center says no and does not say why",
		means:  "CreateTokenWithIAM gives this one bare answer for several mistakes. The JWT itself was in order, as far as it was looked at: a bad one gives InvalidGrantException.",
		source: fromCreateToken + "; IAM Identity Center guide: IAM actor policies",
		causes: []Cause{
			{Why: "the user is not assigned to the application, directly or by a group; a new application requires it", Check: "center.assignment"},
			{Why: "the application has no IAM authentication method, or its actor policy does not name the application role", Check: "center.actor"},
			{Why: "the actor policy names a role that was deleted and made again (an id AROA... in place of its ARN)", Check: "center.actor"},
			{Why: "the application role's own policy denies sso-oauth:CreateTokenWithIAM, or lacks it while the application is in another account", Check: "iam.exchange"},
			{Why: "the application is disabled", Check: "center.enabled"},
		},
	},
	{
		id: "exchange.invalid-grant", codes: []string{"InvalidGrantException"},
		title:  "Identity Center does not take the JWT, and does not say why",
		means:  "CreateTokenWithIAM gives this one bare answer for nearly everything that can be wrong with the JWT, with what is set up for its issuer, and with the user behind it. A JWT that was sent once is spent, whatever the answer.",
		source: fromCreateToken + "; IAM Identity Center guide: trusted token issuers",
		causes: []Cause{
			{Why: "the JWT was exchanged before: each is good for one exchange. Two programs, a retry, or a driver's connection test have used it", Check: "token.unspent", Command: "tip-cli auth refresh-token"},
			{Why: "no user, or more than one, has the value of the mapped claim in the mapped attribute (an alias, another case, not provisioned yet)", Check: "center.user"},
			{Why: "its aud is not among the audiences of the application's grant", Check: "center.audience"},
			{Why: "its iss is not exactly the URL of the trusted token issuer: a slash at the end is enough", Check: "center.issuer"},
			{Why: "the trusted token issuer is not among those of the application's jwt-bearer grant", Check: "center.issuer"},
			{Why: "it has expired", Check: "token.expiry"},
			{Why: "it is not signed with RS256, or with a key that the issuer does not publish (any more)", Check: "token.algorithm"},
			{Why: "the user is disabled in the directory", Check: "center.user"},
		},
	},
	{
		id: "exchange.invalid-client", codes: []string{"InvalidClientException"},
		title:  "Identity Center does not know the application",
		means:  "The client id of CreateTokenWithIAM is the ARN of the application. There is none of that ARN in the region that was asked.",
		source: fromCreateToken + "; boto/boto3 issue 4093",
		causes: []Cause{
			{Why: "the region that was asked is not that of Identity Center", Check: "regions.center"},
			{Why: "the ARN is mistyped, or the application was deleted", Check: "center.application"},
			{Why: "something else was given as the client id: that of the identity provider, or the ARN of the instance", Check: "local.configuration"},
		},
	},
	{
		id: "exchange.unauthorized-client", codes: []string{"UnauthorizedClientException"}, operations: []string{"", "CreateTokenWithIAM"},
		title: "the application may not use this grant", means: "The application has no grant urn:ietf:params:oauth:grant-type:jwt-bearer.", source: fromCreateToken,
		causes: []Cause{{Why: "put-application-grant was not made, or with another type", Check: "center.grant"}},
	},
	{
		id: "exchange.unsupported-grant", codes: []string{"UnsupportedGrantTypeException"},
		title: "the type of the grant is not known, or not open to this application", means: "tip-cli uses urn:ietf:params:oauth:grant-type:jwt-bearer. authorization_code cannot be set up for an application of one's own.", source: fromCreateToken,
		causes: []Cause{{Why: "the application lacks the jwt-bearer grant", Check: "center.grant"}},
	},
	{
		id: "exchange.invalid-scope", codes: []string{"InvalidScopeException"},
		title: "a scope was asked for that the application does not have", means: "Without any, all scopes of the application are given. tip-cli asks for none.", source: fromCreateToken,
		causes: []Cause{{Why: "the scope of the service was not put to the application", Check: "center.scopes"}},
	},
	{
		id: "exchange.region", codes: []string{"InvalidRequestRegionException"},
		title: "the request went to another region than that of Identity Center", means: "An instance of Identity Center lives in one region. The answer names it.", source: fromCreateToken,
		causes: []Cause{{Why: "the region is set wrong", Check: "regions.center", Command: `tip-cli configure idp --config '{"identity_center_region": "REGION"}'`}},
	},
	{
		id: "exchange.expired", codes: []string{"ExpiredTokenException"}, operations: inExchange, lacks: "security token included in the request",
		title: "a token that was sent to Identity Center has expired", means: "It is the JWT, or a refresh token of Identity Center's. (The same name at STS means the JWT or the identity context, and elsewhere the session.)", source: fromCreateToken,
		causes: []Cause{{Why: "it was kept for too long", Check: "token.expiry", Command: "tip-cli auth refresh-token"}},
	},
	{
		id: "exchange.invalid-request", codes: []string{"InvalidRequestException"}, operations: inExchange,
		title: "the request is not one that Identity Center takes", means: "A parameter is missing or does not go with the type of the grant; token-exchange with a token of the access portal gives it, too.", source: fromCreateToken,
		causes: []Cause{{Why: "another program mixes grants: assertion belongs to jwt-bearer, subjectToken to token-exchange"}},
	},
	{
		id: "exchange.slow-down", codes: []string{"SlowDownException"}, operations: []string{"", "CreateTokenWithIAM", "CreateToken"},
		title: "too many exchanges", means: "Identity Center takes ten a second for all of an instance. The JWT may be spent.", source: "IAM Identity Center guide: quotas",
		causes: []Cause{{Why: "many programs start at once without a shared cache", Command: "tip-cli auth refresh-token"}},
	},
	{
		id: "exchange.context-expired", codes: []string{"ExpiredTokenException"}, operations: []string{"AssumeRole"}, lacks: "security token included in the request",
		title: "the identity context has expired", means: "It is good for about an hour after CreateTokenWithIAM. Make the exchange again with a fresh JWT.", source: "STS API: AssumeRole",
		causes: []Cause{{Why: "a program keeps the context for longer than its hour", Command: "tip-cli auth refresh-token"}},
	},
}
