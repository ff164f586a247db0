package explain

const (
	fromSTS     = "STS API: AssumeRoleWithWebIdentity"
	fromOIDC    = "IAM guide: create an OpenID Connect provider"
	fromContext = "IAM guide: sts:SetContext; IAM Identity Center guide: identity-enhanced sessions"
)

// stsErrors are of the two calls of STS.
var stsErrors = []piece{
	{
		id: "sts.verification-key", has: []string{"couldn't retrieve verification key|could not retrieve verification key"},
		title:  "STS could not get the keys of the identity provider",
		means:  "STS reads ISSUER/.well-known/openid-configuration and the jwks_uri in it from the internet, each time within about five seconds. It got nothing that it could use.",
		source: fromOIDC + "; aws/aws-sdk-js-v3 issue 3052",
		causes: []Cause{
			{Why: "the provider was slow for a moment: the same JWT may be tried again, for STS does not consume it"},
			{Why: "the provider, or its jwks_uri, is not reachable from the internet: a private network, a firewall, an allow list", Check: "idp.reachable"},
			{Why: "the discovery document lacks a member that IAM wants: response_types_supported, subject_types_supported, id_token_signing_alg_values_supported, claims_supported", Check: "idp.metadata"},
			{Why: "the key set is empty, or has more than 100 RSA or EC keys", Check: "idp.keys"},
			{Why: "the certificate of the provider is not from a public authority, and the provider's thumbprint in IAM is not that of its top intermediate", Check: "iam.thumbprint"},
		},
	},
	{
		id: "sts.no-provider", has: []string{"no openidconnect provider found"},
		title:  "the account of the role has no OIDC provider for this issuer",
		means:  "IAM compares the iss of the JWT with the URLs of the OIDC providers in the account of the role, character by character. None is equal.",
		source: fromSTS + "; " + fromOIDC,
		causes: []Cause{
			{Why: "the OIDC provider was not created, or in another account than that of the role", Check: "iam.provider", Command: "aws iam list-open-id-connect-providers --profile PROFILE"},
			{Why: "its URL differs in a slash at the end, in case, or in the path, such as /oauth2/default", Check: "iam.provider"},
			{Why: "the JWT is of another issuer than the configured one: another tenant, a custom domain, version 1 tokens of Entra ID", Check: "token.issuer"},
		},
	},
	{
		id: "sts.audience", has: []string{"incorrect token audience|incorrect audience"},
		title:  "the client id is not among those of the OIDC provider in IAM",
		means:  "STS takes azp, where the JWT has one, else aud, and looks for it among the client ids (audiences) of the OIDC provider.",
		source: fromOIDC + "; aws-actions/configure-aws-credentials issue 1309",
		causes: []Cause{
			{Why: "the OIDC provider has another client id, or a typing error", Check: "iam.client", Command: "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ARN --client-id CLIENT-ID --profile PROFILE"},
			{Why: "an access token was sent in place of the ID token: its audience is an API", Check: "token.kind"},
			{Why: "the JWT has an azp that differs from aud (Entra ID): it is azp that counts", Check: "token.party"},
		},
	},
	{
		id: "sts.token-too-old", has: []string{"token too old"},
		title:  "the JWT was issued too long ago",
		means:  "STS refuses a JWT whose iat is long past, even if its exp is still to come. The limit is not documented; 24 hours is what people report.",
		source: "mozilla-iam/mozilla-aws-cli issue 146",
		causes: []Cause{{Why: "the provider issues tokens that last for days: sign in or refresh more often", Check: "token.issued", Command: "tip-cli auth refresh-token"}},
	},
	{
		id: "sts.token-expired", has: []string{"token expired: current date"}, or: &piece{codes: []string{"ExpiredTokenException", "ExpiredToken"}, operations: []string{"AssumeRoleWithWebIdentity"}, lacks: "security token included in the request"},
		title:  "the JWT has expired",
		means:  "The two numbers are the time at AWS and the exp of the JWT, in seconds since 1970. A fresh JWT is needed.",
		source: fromSTS + "; awslabs/aws-orbit-workbench issue 707",
		causes: []Cause{
			{Why: "the JWT was kept for too long", Check: "token.expiry", Command: "tip-cli auth refresh-token"},
			{Why: "there is no refresh token, so that nobody renews it", Check: "idp.refresh"},
			{Why: "the clock of the identity provider is wrong, or the life of its tokens is a few seconds", Check: "local.clock"},
		},
	},
	{
		id: "sts.thumbprint", has: []string{"match configured thumbprint"},
		title:  "the certificate of the identity provider is not the one that IAM was told of",
		means:  "The OIDC provider in IAM has thumbprints, and the host of the issuer's keys has sent a chain of certificates without any of them. IAM looks at them only where no public CA that it knows has issued the certificate.",
		source: fromOIDC + ": thumbprints; aws-actions/configure-aws-credentials issue 357",
		causes: []Cause{
			{Why: "the certificate was replaced, and the thumbprint is that of the old one, not of the CA above it", Check: "iam.thumbprint", Command: "aws iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn ARN --thumbprint-list THUMBPRINT --profile PROFILE"},
			{Why: "some hosts behind one name send another chain than others: a second try may do", Check: "iam.thumbprint"},
			{Why: "the thumbprint is of a proxy that intercepts TLS where the template was made: make it again", Command: "tip-cli configure generate-cfn-template URL AUD --no-check"},
		},
	},
	{
		id: "sts.saml", has: []string{"authnresponse|samlassertion|assumerolewithsaml|saml"}, codes: []string{"InvalidIdentityToken", "InvalidIdentityTokenException", "AccessDenied", "ExpiredTokenException"},
		title: "a sign-in with SAML was refused", means: "That is federation to an account by SAML, and none of the two calls of this exchange, which takes a JWT.", source: "STS API: AssumeRoleWithSAML",
		causes: []Cause{{Why: "another program signs in by SAML; look at its set-up, and not at that of tip-cli", Command: "tip-cli whoami"}},
	},
	{
		id: "sts.bad-token", codes: []string{"InvalidIdentityToken", "InvalidIdentityTokenException"},
		title:  "STS does not take the JWT",
		means:  "It is malformed, its signature does not fit a key of the issuer, or a claim is missing that must be there (iss, sub, aud, exp, iat).",
		source: fromSTS,
		causes: []Cause{
			{Why: "it is not the ID token but an access token, which may be for somebody else or opaque", Check: "token.kind"},
			{Why: "the provider has changed its keys, or it was signed with another's", Check: "token.signature"},
			{Why: "it was cut off or has line breaks", Check: "token.form"},
			{Why: "a time in it is no whole number", Check: "token.claims"},
		},
	},
	{
		id: "sts.idp-communication", codes: []string{"IDPCommunicationError", "IDPCommunicationErrorException"},
		title: "STS could not reach the identity provider", means: "It may be tried again with the same JWT: STS does not consume it.", source: fromSTS,
		causes: []Cause{{Why: "the provider is slow or down, or not reachable from the internet", Check: "idp.reachable"}},
	},
	{
		id: "sts.idp-rejected", codes: []string{"IDPRejectedClaim", "IDPRejectedClaimException"},
		title: "the identity provider told STS that the sign-in is not good any more", means: "The JWT was revoked, or the session behind it ended. Sign in again.", source: fromSTS,
		causes: []Cause{{Why: "somebody has signed out or was signed out", Command: "tip-cli auth"}},
	},
	{
		id: "sts.trust-refuses", has: []string{"not authorized to perform sts:assumerolewithwebidentity|not authorized to perform: sts:assumerolewithwebidentity"},
		or:     &piece{codes: []string{"AccessDenied"}, operations: []string{"AssumeRoleWithWebIdentity"}},
		title:  "the trust policy of the application role does not admit this JWT",
		means:  "STS has taken the JWT as genuine, and then the trust policy said no; or there is no such role, which gives the same answer. It does not say which condition it was.",
		source: "IAM guide: condition keys for OIDC federation; aws/aws-sdk-js-v3 issue 6225",
		causes: []Cause{
			{Why: "a condition, HOST/PATH:aud or :sub, wants another value than the JWT has; :aud is azp where there is one", Check: "iam.trust"},
			{Why: "the condition key is written with https://, with a slash at the end, or without the path of the issuer", Check: "iam.trust"},
			{Why: "the Federated principal is the ARN of another OIDC provider, or of one in another account", Check: "iam.trust"},
			{Why: "the role's ARN in the configuration is wrong, or the role was deleted", Check: "iam.application-role"},
			{Why: "the JWT has a claim https://aws.amazon.com/tags or source_identity, and the trust policy lacks sts:TagSession or sts:SetSourceIdentity", Check: "iam.session-claims"},
		},
	},
	{
		id: "sts.set-context", actions: []string{"sts:SetContext"},
		title:  "the role may be assumed, and not with an identity context",
		means:  "AssumeRole with ProvidedContexts needs two actions in the trust policy of the identity-enhanced role: sts:AssumeRole and sts:SetContext.",
		source: fromContext,
		causes: []Cause{
			{Why: "the trust policy has sts:AssumeRole alone", Check: "iam.set-context"},
			{Why: "a condition on sts:RequestContextProviders names another provider than arn:aws:iam::aws:contextProvider/IdentityCenter", Check: "iam.set-context"},
			{Why: "the roles are in two accounts: then the application role's own policy must allow sts:SetContext, too", Check: "iam.set-context"},
		},
	},
	{
		id: "sts.tag-or-source", actions: []string{"sts:SetSourceIdentity", "sts:TagSession"},
		title:  "the trust policy lacks sts:SetSourceIdentity or sts:TagSession",
		means:  "A session that has a source identity or tags takes them along when it assumes the next role, and the trust policy of that one must allow it. A claim of the JWT may have set them.",
		source: "STS API; noqdev/iambic issue 357",
		causes: []Cause{
			{Why: "of a location of S3 Access Grants: the trust policy of its role must have sts:AssumeRole and sts:SetSourceIdentity", Check: "grants.location-trust"},
			{Why: "of the two roles of the exchange: the JWT has the claim https://aws.amazon.com/source_identity or .../tags", Check: "iam.session-claims"},
		},
	},
	{
		id: "sts.chaining", has: []string{"1 hour session limit for roles assumed by role chaining"},
		title:  "sessions of this exchange last an hour at most",
		means:  "The identity-enhanced role is assumed with the credentials of another role. That is role chaining, whose sessions AWS ends after an hour, whatever MaxSessionDuration says.",
		source: "IAM guide: role chaining; aws/eks-anywhere pull request 9485",
		causes: []Cause{{Why: "session_duration, or the DurationSeconds of another program, is above 3600", Check: "iam.duration"}},
	},
	{
		id: "sts.max-session", has: []string{"exceeds the maxsessionduration set for this role"},
		title:  "more time was asked for than the role gives",
		means:  "DurationSeconds is above the MaxSessionDuration of the role, which is an hour unless somebody has changed it.",
		source: fromSTS,
		causes: []Cause{
			{Why: "ask for less: session_duration in the configuration", Check: "iam.duration"},
			{Why: "or raise the role's maximum; for the identity-enhanced role no more than an hour helps", Command: "aws iam update-role --role-name NAME --max-session-duration SECONDS --profile PROFILE"},
		},
	},
	{
		id: "sts.context-length", has: []string{"providedcontexts|contextassertion", "failed to satisfy constraint|length less than or equal|validation error"},
		title:  "the identity context is not one",
		means:  "ContextAssertion has 4 to 2048 characters. What was sent is empty, longer, or not the value of sts:identity_context (or awsAdditionalDetails.identityContext).",
		source: "STS API: AssumeRole, ProvidedContext",
		causes: []Cause{
			{Why: "the whole ID token of Identity Center was sent in place of the claim in it"},
			{Why: "the value was cut off, or a + in it became a space"},
		},
	},
	{
		id: "sts.token-length", has: []string{"webidentitytoken", "failed to satisfy constraint"},
		title:  "the JWT is too long, or is none",
		means:  "WebIdentityToken has 4 to 20000 characters. Providers that put all groups into the token exceed that.",
		source: fromSTS,
		causes: []Cause{{Why: "the ID token has a claim with hundreds of groups: leave it out at the provider; AWS ignores it anyway", Check: "token.form"}},
	},
	{
		id: "sts.location-role", actions: []string{"sts:AssumeRole"}, has: []string{"access-grants.s3.amazonaws.com"},
		title:  "S3 Access Grants may not assume the role of the location",
		means:  "The trust policy of the location role must allow the service access-grants.s3.amazonaws.com sts:AssumeRole and sts:SetSourceIdentity, and sts:SetContext for people of the directory.",
		source: "S3 guide: register a location",
		causes: []Cause{{Why: "an action is missing, or a condition on aws:SourceAccount or aws:SourceArn does not fit", Check: "grants.location-trust"}},
	},
	{
		id: "sts.mfa", has: []string{"multifactorauthentication"},
		title: "a second factor was wanted to assume a role", means: "That is of an AWS profile with mfa_serial, and none of the two roles of this exchange: whether there was a second factor, the identity provider knows.", source: "IAM guide: MFA-protected API access",
		causes: []Cause{{Why: "a profile with role_arn and mfa_serial stands where one of tip-cli should", Check: "local.profiles"}},
	},
	{
		id: "sts.assume-role-denied", actions: []string{"sts:AssumeRole"}, or: &piece{codes: []string{"AccessDenied"}, operations: []string{"AssumeRole"}, or: &piece{has: []string{"the role \"arn:", "cannot be assumed"}}},
		title:  "the role may not be assumed",
		means:  "The trust policy of the role does not name the caller, or there is no such role, which gives the same answer. Both steps of the exchange are AssumeRole of a kind; this is the signed one, of the identity-enhanced role.",
		source: "IAM guide: how policies are evaluated across accounts",
		causes: []Cause{
			{Why: "the trust policy of the identity-enhanced role names another role than the application role", Check: "iam.assume"},
			{Why: "the application role was deleted and made again: the trust policy shows an id (AROA...) in place of its ARN", Check: "iam.assume"},
			{Why: "the trust policy names the account, and then the application role's own policy must allow sts:AssumeRole", Check: "iam.assume"},
			{Why: "the ARN in the configuration is wrong, or has a path that is missing", Check: "iam.enhanced-role"},
		},
	},
	{
		id: "sts.region-disabled", codes: []string{"RegionDisabledException"},
		title: "STS is switched off in this region of the account", means: "Regions that are opt-in, and those that an administrator has switched off, give no credentials.", source: "STS API",
		causes: []Cause{{Why: "the region is not enabled in the account of the roles, or the wrong one is configured", Check: "regions.environment"}},
	},
	{
		id: "sts.packed-policy", codes: []string{"PackedPolicyTooLarge", "PackedPolicyTooLargeException", "StsPackedPolicyTooLargeError"},
		title: "session policies and tags are too large together", means: "STS packs them into the session token. Fewer tags in the claims of the JWT, or a shorter prefix of the grant, make them fit.", source: "STS API",
		causes: []Cause{{Why: "the JWT hands over many session tags"}, {Why: "the matched grant's prefix is very long", Check: "grants.scope"}},
	},
}
