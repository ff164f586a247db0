package explain_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/diag/explain"
)

type errorText struct{ name, text, want string }

// Each text is as somebody got it: from the API's documentation, from a public issue,
// or as a client printed it in this repository's own tests against the lab. Account
// numbers and hosts are those of AWS's examples.
var errorTexts = []errorText{
	// STS, AssumeRoleWithWebIdentity: the messages of its API reference and of issues.
	{"aws/aws-sdk-js-v3 issue 6225, CLI", "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity", "sts.trust-refuses"},
	{"aws-actions/configure-aws-credentials issue 1446", "Error: Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity", "sts.trust-refuses"},
	{"aws/aws-sdk-java-v2 issue 1470", "software.amazon.awssdk.services.sts.model.StsException: Not authorized to perform sts:AssumeRoleWithWebIdentity (Service: Sts, Status Code: 403, Request ID: d8ee3773-3046-41d0-9b95-373ec1ae7b07, Extended Request ID: null)", "sts.trust-refuses"},
	{"aws/aws-sdk-net issue 1522", "Amazon.SecurityToken.AmazonSecurityTokenServiceException: Not authorized to perform sts:AssumeRoleWithWebIdentity ---> Amazon.Runtime.Internal.HttpErrorResponseException", "sts.trust-refuses"},
	{"Go SDK v2, measured", "operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 403, RequestID: 11111111-2222-3333-4444-555555555555, api error AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity", "sts.trust-refuses"},
	{"XML of the query protocol", `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>`, "sts.trust-refuses"},
	{"tip-cli", "tip-cli: error: assume application role with web identity: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (HTTP 403, request 11111111-2222-3333-4444-555555555555)", "sts.trust-refuses"},
	{"aws/aws-sdk-js-v3 issue 3052", "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements", "sts.verification-key"},
	{"CLI, typographic quotes", "An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Couldn’t retrieve verification key from your identity provider", "sts.verification-key"},
	{"no provider", "An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: No OpenIDConnect provider found in your account for https://dev-123456789.okta.com/oauth2/default", "sts.no-provider"},
	{"awslabs/amazon-eks-irsa-cfn pull request 18", "An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Incorrect token audience", "sts.audience"},
	{"STS API, Go", "operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 400, RequestID: 11111111-2222-3333-4444-555555555555, InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)", "sts.bad-token"},
	{"awslabs/aws-orbit-workbench issue 707", "An error occurred (ExpiredTokenException) when calling the AssumeRoleWithWebIdentity operation: Token expired: current date/time 1617044452 must be before the expiration date/time 1617044306", "sts.token-expired"},
	{"aws/aws-sdk-java-v2 issue 5709, no space", "Token expired: current date/time 1731492450 must be before the expiration date/time1731492417 (Service: Sts, Status Code: 400, Request ID: 11111111-2222-3333-4444-555555555555)", "sts.token-expired"},
	{"mozilla-iam/mozilla-aws-cli issue 146", "<Error><Code>ExpiredTokenException</Code><Message>Token too old: 441398</Message></Error>", "sts.token-too-old"},
	{"M:sts", "An error occurred (IDPCommunicationError) when calling the AssumeRoleWithWebIdentity operation: ", "sts.idp-communication"},
	{"aws/aws-sdk-js issue 198", "<ErrorResponse><Error><Type>Sender</Type><Code>IDPRejectedClaim</Code><Message>responded with HTTP/1.1 400 Bad Request</Message></Error></ErrorResponse>", "sts.idp-rejected"},
	{"d2a4u/sqs4s issue 270", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role. (Service: Sts, Status Code: 400)", "sts.max-session"},
	{"M:sts", "An error occurred (ValidationError) when calling the AssumeRoleWithWebIdentity operation: 1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal to 20000", "sts.token-length"},
	{"M:sts", "An error occurred (RegionDisabledException) when calling the AssumeRole operation: STS is not activated in this region for account:111122223333.", "sts.region-disabled"},
	{"M:sts", "An error occurred (PackedPolicyTooLarge) when calling the AssumeRole operation: Packed size of session tags consumes 104% of allotted space.", "sts.packed-policy"},

	// STS, AssumeRole.
	{"IAM guide, by analogy with noqdev/iambic issue 357", "An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:sts::444455556666:assumed-role/tip-oidc-role/session is not authorized to perform: sts:SetContext on resource: arn:aws:iam::444455556666:role/tip-id-enhanced-role", "sts.set-context"},
	{"noqdev/iambic issue 357", "ClientError('An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:sts::111122223333:assumed-role/ROLE/SESSION is not authorized to perform: sts:SetSourceIdentity on resource: arn:aws:iam::111122223333:role/Hub')", "sts.tag-or-source"},
	{"probes of STS", "An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:sts::111122223333:assumed-role/AppRole/session is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/Enhanced", "sts.assume-role-denied"},
	{"amzn/selling-partner-api-models issue 2523", "<Code>AccessDenied</Code> <Message>User: arn:aws:iam::111122223333:user/someone is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/x</Message>", "sts.assume-role-denied"},
	{"tip-cli, message lost", "tip-cli: error: assume access role: AccessDenied (HTTP 403)", "sts.assume-role-denied"},
	{"aws/eks-anywhere pull request 9485", "An error occurred (ValidationError) when calling the AssumeRole operation: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.", "sts.chaining"},
	{"99designs/aws-vault issue 263", "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.", "sts.chaining"},
	{"M:sts", "An error occurred (ValidationError) when calling the AssumeRole operation: 1 validation error detected: Value at 'providedContexts.1.member.contextAssertion' failed to satisfy constraint: Member must have length less than or equal to 2048", "sts.context-length"},
	{"M:sts", "An error occurred (ExpiredTokenException) when calling the AssumeRole operation: ", "exchange.context-expired"},

	// CreateTokenWithIAM, whose messages are empty (measured).
	{"boto/boto3 issue 4093", "botocore.errorfactory.InvalidClientException: An error occurred (InvalidClientException) when calling the CreateTokenWithIAM operation: ", "exchange.invalid-client"},
	{"measured, Go", "operation error SSO OIDC: CreateTokenWithIAM, https response error StatusCode: 400, RequestID: 11111111-2222-3333-4444-555555555555, AccessDeniedException:", "exchange.denied"},
	{"measured, CLI", "An error occurred (AccessDeniedException) when calling the CreateTokenWithIAM operation:", "exchange.denied"},
	{"tip-cli", "tip-cli: error: create token with IAM: AccessDeniedException (HTTP 400, request 11111111-2222-3333-4444-555555555555)", "exchange.denied"},
	{"measured, CLI", "An error occurred (InvalidGrantException) when calling the CreateTokenWithIAM operation: ", "exchange.invalid-grant"},
	{"aws/aws-toolkit-jetbrains issue 3638", "software.amazon.awssdk.services.ssooidc.model.InvalidGrantException: Service returned error code InvalidGrantException (Service: SsoOidc, Status Code: 400, Request ID: 11111111-2222-3333-4444-555555555555)", "exchange.invalid-grant"},
	{"aws/aws-toolkit-vscode pull request 3498", "name: 'InvalidGrantException', error: 'invalid_grant', error_description: 'Invalid grant provided', message: 'UnknownError'", "exchange.invalid-grant"},
	{"the header", "x-amzn-ErrorType: InvalidGrantException:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/", "exchange.invalid-grant"},
	{"aws/aws-cli issue 8561", `{"error":"invalid_grant","error_description":"Invalid refresh token provided"}`, "exchange.refresh-token"},
	{"boto/boto3 issue 3785", "botocore.errorfactory.InvalidGrantException: An error occurred (InvalidGrantException) when calling the CreateToken operation:", "exchange.sso-login"},
	{"M:sso-oidc", "An error occurred (UnauthorizedClientException) when calling the CreateTokenWithIAM operation: ", "exchange.unauthorized-client"},
	{"M:sso-oidc", "An error occurred (UnsupportedGrantTypeException) when calling the CreateTokenWithIAM operation: ", "exchange.unsupported-grant"},
	{"M:sso-oidc", "An error occurred (InvalidScopeException) when calling the CreateTokenWithIAM operation: ", "exchange.invalid-scope"},
	{"M:sso-oidc", "An error occurred (InvalidRequestRegionException) when calling the CreateTokenWithIAM operation: ", "exchange.region"},
	{"M:sso-oidc", "operation error SSO OIDC: CreateTokenWithIAM, https response error StatusCode: 400, RequestID: , ExpiredTokenException: ", "exchange.expired"},
	{"M:sso-oidc", "An error occurred (SlowDownException) when calling the CreateTokenWithIAM operation (reached max retries: 4): ", "exchange.slow-down"},
	{"M:sso-oidc, reasons", `{"error":"access_denied","reason":"KMS_AccessDeniedException"}`, "exchange.kms"},
	{"IAM's refusal", "User: arn:aws:sts::444455556666:assumed-role/tip-oidc-role/s is not authorized to perform: sso-oauth:CreateTokenWithIAM on resource: arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef because no identity-based policy allows the sso-oauth:CreateTokenWithIAM action", "session.create-token-right"},

	// The identity-enhanced session: the allow list of AWS.
	{"allow list, S3", "An error occurred (AccessDenied) when calling the ListObjectsV2 operation: User: arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/tip-user is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::amzn-s3-demo-bucket\" with an explicit deny in a session policy", "session.allow-list-s3"},
	{"allow list", "An error occurred (AccessDeniedException) when calling the DescribeUser operation: User: arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/tip-user is not authorized to perform: identitystore:DescribeUser on resource: arn:aws:identitystore:::user/1 with an explicit deny in a session policy", "session.allow-list"},
	{"IAM guide", "User: arn:aws:iam::111122223333:user/x is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::amzn-s3-demo-bucket/a because no session policy allows the s3:PutObject action", "session.no-policy"},
	{"IAM guide", "User: arn:aws:iam::111122223333:user/x is not authorized to perform: codecommit:ListRepositories because no permissions boundary allows the codecommit:ListRepositories action", "session.boundary"},
	{"IAM guide", "User: arn:aws:iam::111122223333:user/x is not authorized to perform: codecommit:ListRepositories with an explicit deny in a service control policy", "session.scp"},
	{"aws-samples/resource-control-policy-examples issue 18", `{"__type":"AccessDeniedException","Message":"User: anonymous is not authorized to perform: cognito-identity:GetId on resource: * with an explicit deny in a resource control policy"}`, "session.scp"},
	{"IAM guide", "User: arn:aws:iam::111122223333:user/x is not authorized to perform: codecommit:ListRepositories because no VPC endpoint policy allows the codecommit:ListRepositories action", "session.vpce"},
	{"IAM guide", "An error occurred (AccessDenied) when calling the GetDataAccess operation: User: arn:aws:sts::444455556666:assumed-role/r/s is not authorized to perform: s3:GetDataAccess on resource: arn:aws:s3:eu-west-1:444455556666:access-grants/default because no identity-based policy allows the s3:GetDataAccess action", "session.grants-right"},
	{"IAM guide", "An error occurred (AccessDeniedException) when calling the DescribeApplication operation: User: arn:aws:iam::111122223333:user/x is not authorized to perform: sso:DescribeApplication on resource: arn:aws:sso::111122223333:application/a/b", "session.admin-read"},
	{"IAM guide", "An error occurred (AccessDeniedException) when calling the StartQueryExecution operation: User: arn:aws:sts::444455556666:assumed-role/r/s is not authorized to perform: athena:StartQueryExecution on resource: arn:aws:athena:eu-west-1:444455556666:workgroup/w", "session.athena-right"},
	{"IAM guide", "User: arn:aws:iam::111122223333:user/x is not authorized to perform: ec2:DescribeInstances", "session.not-authorized"},

	// S3 Access Grants: its API's error responses.
	{"apache/hadoop pull request 6507", "You do not have READ permissions to the requested S3 Prefix: s3://amzn-s3-demo-bucket/data/student (Service: S3Control, Status Code: 403, Request ID: ZDAJDP6V0D3NZQ0M)", "grants.no-grant"},
	{"CLI", "An error occurred (AccessDenied) when calling the GetDataAccess operation: You do not have WRITE permissions to the requested S3 Prefix: s3://tip-demo-data/reports/*", "grants.no-grant"},
	{"tip-cli", "tip-cli: error: GetDataAccess for s3://tip-demo-data/reports/ (WRITE): AccessDenied: You do not have WRITE permissions to the requested S3 Prefix: s3://tip-demo-data/reports/ (HTTP 403, request ABC)", "grants.no-grant"},
	{"S3 API", "An error occurred (StsNotAuthorizedError) when calling the GetDataAccess operation: An error occurred (AccessDenied) when calling the AssumeRole operation", "grants.location-role"},
	{"S3 API", "An error occurred (StsValidationError) when calling the GetDataAccess operation: x", "grants.sts-validation"},
	{"S3 API", "<Error><Code>AccessGrantsInstanceNotExistsError</Code><Message>Access Grants Instance does not exist</Message></Error>", "grants.no-instance"},
	{"Go", "operation error S3 Control: GetDataAccess, https response error StatusCode: 404, RequestID: ABCDEF, HostID: xyz, api error AccessGrantsInstanceNotExistsError: Access Grants Instance does not exist", "grants.no-instance"},
	{"S3 API", "An error occurred (InvalidIdentityCenterInstance) when calling the CreateAccessGrantsInstance operation: The Identity Center instance is not valid", "grants.identity-center"},
	{"S3 API", "An error occurred (AccessGrantAlreadyExists) when calling the CreateAccessGrant operation: x", "grants.exists"},
	{"S3 API", "An error occurred (AccessGrantsLocationNotEmptyError) when calling the DeleteAccessGrantsLocation operation: x", "grants.not-empty"},
	{"bare", "An error occurred (AccessDenied) when calling the GetDataAccess operation: Access Denied", "grants.denied"},
	{"awslabs/open-data-registry issue 1913", "An error occurred (AccessDenied) when calling the ListObjectsV2 operation: Access Denied", "grants.s3-denied"},
	{"MetOffice/aws-earth-examples issue 2", "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden", "grants.s3-denied"},
	{"S3 API", "An error occurred (AuthorizationHeaderMalformed) when calling the GetObject operation: The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'", "grants.redirect"},

	// Identity providers.
	{"OfficeDev/microsoft-teams-apps-company-communicator issue 1035", "AADSTS50011: The redirect URI 'http://localhost:8090/callback' specified in the request does not match the redirect URIs configured for the application '11111111-2222-3333-4444-555555555555'.", "entra.redirect-uri"},
	{"OneDrive/onedrive-api-docs issue 950", "AADSTS700016: Application with identifier 'x' was not found in the directory 'y'.", "entra.unknown-client"},
	{"Azure-Samples/ms-identity-javascript-v2 issue 18", "ServerError: invalid_client: 7000218 - [2020-09-25 07:40:47Z]: AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", "entra.secret-wanted"},
	{"Entra ID error codes", "AADSTS65001: The user or administrator has not consented to use the application", "entra.consent"},
	{"Entra ID error codes", `{"error":"login_required","error_description":"AADSTS50058: A silent sign-in request was sent but no user is signed in."}`, "entra.not-signed-in"},
	{"Entra ID error codes", "AADSTS700082: The refresh token has expired due to inactivity.", "entra.refresh-ended"},
	{"Entra ID error codes", "AADSTS50105: Your administrator has configured the application to block users unless they are specifically granted access", "entra.not-assigned"},
	{"Entra ID, another number", "AADSTS90019: No tenant-identifying information found", "entra.other"},
	{"grafana/grafana issue 88362", "Your request resulted in an error. The 'redirect_uri' parameter must be a Login redirect URI in the client app settings", "okta.redirect-uri"},
	{"in an address", "http://localhost:8090/callback?error=access_denied&error_description=User+is+not+assigned+to+the+client+application.&state=abc", "okta.not-assigned"},
	{"Okta", "access_denied: Policy evaluation failed for this request, please check the policy configurations.", "okta.policy"},
	{"Cognito", "https://tip.auth.eu-west-1.amazoncognito.com/error?error=redirect_mismatch&client_id=abc", "cognito.redirect-uri"},
	{"Keycloak", "We are sorry... Invalid parameter: redirect_uri", "idp.redirect-uri"},
	{"RFC 6749", `{"error":"invalid_client","error_description":"Client authentication failed"}`, "idp.invalid-client"},
	{"RFC 6749", `{"error": "unauthorized_client"}`, "idp.unauthorized-client"},
	{"RFC 6749", `{"error": "invalid_scope"}`, "idp.invalid-scope"},
	{"RFC 6749", `{"error":"invalid_grant","error_description":"The refresh token is invalid or expired."}`, "idp.invalid-grant"},
	{"tip-cli", "tip-cli: error: sign in: the identity provider answered access_denied: User cancelled", "idp.access-denied"},
	{"RFC 8628", `{"error":"authorization_pending"}`, "idp.device"},

	// This machine, and the way from there.
	{"Go", `Get "https://dev-123456789.okta.com": tls: failed to verify certificate: x509: certificate signed by unknown authority`, "machine.unknown-authority"},
	{"botocore", "SSL validation failed for https://sts.eu-west-1.amazonaws.com/ [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)", "machine.unknown-authority"},
	{"Java", "javax.net.ssl.SSLHandshakeException: PKIX path building failed: unable to find valid certification path to requested target", "machine.unknown-authority"},
	{"Go", "x509: certificate is valid for proxy.example.com, not sts.eu-west-1.amazonaws.com", "machine.wrong-host"},
	{"Go", "x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-01-01T00:00:00Z", "machine.certificate-time"},
	{"S3", "An error occurred (RequestTimeTooSkewed) when calling the ListBuckets operation: The difference between the request time and the current time is too large.", "machine.clock"},
	{"STS", "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)", "machine.clock"},
	{"Go", "proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: connection refused", "machine.proxy-refuses"},
	{"Chromium", "This site can’t be reached. localhost refused to connect. ERR_CONNECTION_REFUSED http://localhost:8090/callback?code=abc", "machine.callback"},
	{"Firefox", "Unable to connect. Firefox can’t establish a connection to the server at localhost:8090.", "machine.callback"},
	{"Go", "listen tcp 127.0.0.1:8090: bind: address already in use", "machine.port"},
	{"botocore", `Could not connect to the endpoint URL: "https://sts.eu-wset-1.amazonaws.com/"`, "machine.name"},
	{"Go", "dial tcp: lookup oidc.eu-west-1.amazonaws.com: no such host", "machine.name"},
	{"Go", `Post "https://sts.eu-west-1.amazonaws.com/": dial tcp 10.0.0.1:443: i/o timeout`, "machine.no-answer"},
	{"AWS CLI", "Unable to locate credentials. You can configure credentials by running \"aws configure\".", "machine.no-credentials"},
	{"Go", "operation error S3: ListBuckets, get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata", "machine.no-credentials"},
	{"AWS CLI", "The config profile (tip) could not be found", "machine.profile"},
	{"botocore", "Error when retrieving credentials from custom-process: tip-cli: error: nobody is signed in", "machine.process"},
	{"AWS CLI", "You must specify a region. You can also configure your region by running \"aws configure\".", "machine.region"},

	// Any service.
	{"pulumi/pulumi-aws issue 3866", "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token included in the request is expired", "aws.session-expired"},
	{"json services", "An error occurred (ExpiredTokenException) when calling the StartQueryExecution operation: The security token included in the request is expired", "aws.session-expired"},
	{"probes of STS", "An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: The security token included in the request is invalid.", "aws.unknown-key"},
	{"probes of STS", "An error occurred (SignatureDoesNotMatch) when calling the AssumeRole operation: Credential should be scoped to a valid region. ", "aws.signature"},
	{"M:athena", "An error occurred (TooManyRequestsException) when calling the StartQueryExecution operation: Rate exceeded", "aws.throttled"},
	{"M:sso-oidc", "An error occurred (InternalServerException) when calling the CreateTokenWithIAM operation: ", "aws.down"},
	{"bare", "AccessDeniedException: ", "aws.denied-bare"},
	{"M:sso-admin", "An error occurred (ResourceNotFoundException) when calling the DescribeApplication operation: Application not found", "aws.not-found"},
	{"CloudWatch log", `{"level":"error","message":"An error occurred (InvalidGrantException) when calling the CreateTokenWithIAM operation: "}`, "exchange.invalid-grant"},

	// Services that use the identity.
	{"Athena guide", "An error occurred (InvalidRequestException) when calling the StartQueryExecution operation: WorkGroup tip-workgroup requires an IAM Identity Center identity", "athena.identity-center"},
	{"Athena", "An error occurred (InvalidRequestException) when calling the StartQueryExecution operation: Unable to verify/create output bucket amzn-s3-demo-bucket", "athena.output"},
	{"Athena", "An error occurred (InvalidRequestException) when calling the GetWorkGroup operation: WorkGroup x is not found.", "athena.no-workgroup"},
	{"Lake Formation", "Insufficient Lake Formation permission(s): Required Select on t", "lakeformation.insufficient"},
	{"M:qbusiness", "An error occurred (LicenseNotFoundException) when calling the ChatSync operation: x", "qbusiness.license"},

	// The rest of what the tables know.
	{"Entra ID error codes", "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value", "entra.bad-secret"},
	{"Entra ID error codes", "AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication", "entra.mfa"},
	{"Entra ID error codes", "AADSTS54005: OAuth2 Authorization code was already redeemed, please retry with a new valid code", "entra.code"},
	{"Entra ID error codes", "AADSTS70011: The provided value for the input parameter 'scope' is not valid", "entra.scope"},
	{"Okta", "invalid_scope: One or more scopes are not configured for the authorization server resource.", "okta.scope"},
	{"by analogy with STS's denial", "User: access-grants.s3.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/location", "sts.location-role"},
	{"S3 API", "An error occurred (NoSuchAccessGrantsLocationError) when calling the CreateAccessGrant operation: x", "grants.no-location"},
	{"S3 API", "An error occurred (NoSuchAccessGrantError) when calling the GetAccessGrant operation: x", "grants.no-such-grant"},
	{"S3 API", "An error occurred (InvalidIamRole) when calling the CreateAccessGrantsLocation operation: x", "grants.invalid-role"},
	{"S3 API", "An error occurred (InvalidAccessGrant) when calling the CreateAccessGrant operation: x", "grants.invalid-grant"},
	{"S3 API", "An error occurred (AccessGrantsInstanceResourcePolicyNotExists) when calling the GetAccessGrantsInstanceResourcePolicy operation: x", "grants.resource-policy"},
	{"S3 API", "An error occurred (AccessGrantsQuotaExceededError) when calling the CreateAccessGrant operation: x", "grants.quota"},
	{"S3 API", "An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist", "grants.no-bucket"},
	{"M:sso-oidc", "An error occurred (InvalidRequestException) when calling the CreateTokenWithIAM operation: ", "exchange.invalid-request"},
	{"RFC 6749", `{"error":"unsupported_grant_type"}`, "idp.unsupported-grant"},
	{"a client of OAuth", "oauth2: state mismatch", "idp.state"},
	{"go-oidc", `oidc: issuer did not match the issuer returned by provider, expected "https://a.example" got "https://a.example/"`, "idp.issuer"},
	{"Q Business API", "An error occurred (ValidationException) when calling the ListConversations operation: userId must not be provided for identity-aware applications", "qbusiness.anonymous"},
	{"Redshift", `ERROR: permission denied for relation sales, user "awsidc:analyst@example.com"`, "redshift.identity"},
	{"AWS general reference", "An error occurred (MissingAuthenticationToken) when calling the AssumeRole operation: Request is missing Authentication Token", "aws.unsigned"},
	{"common errors", "An error occurred (ValidationException) when calling the DescribeApplication operation: Invalid ARN", "aws.validation"},
	{"M:iam", "An error occurred (MalformedPolicyDocument) when calling the UpdateAssumeRolePolicy operation: Invalid principal in policy", "aws.policy"},
	{"tip-cli", "tip-cli: error: nobody is signed in\ntip-cli: hint: run: tip-cli auth", "machine.tip-cli-sign-in"},
}

func TestErrors(t *testing.T) {
	if len(errorTexts) < 60 {
		t.Errorf("there are %d texts", len(errorTexts))
	}
	for _, tt := range slices.Concat(errorTexts, publicTexts) {
		all, err := explain.Text(tt.text, knowledge)
		if err != nil || len(all) != 1 {
			t.Errorf("%s: %v, %d explanations, want %s\n%s", tt.name, err, len(all), tt.want, tt.text)
			continue
		}
		if e := all[0]; e.ID != tt.want || e.Kind != explain.Error {
			t.Errorf("%s: %s, want %s\n%s\n%+v", tt.name, e.ID, tt.want, tt.text, e.Facts)
		} else if e.Title == "" || e.Means == "" || e.Source == "" || len(e.Causes) == 0 {
			t.Errorf("%s lacks something: %+v", e.ID, e)
		}
	}
}

// What is read out of an error is what stands in it.
func TestErrorFacts(t *testing.T) {
	all, err := explain.Text("An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:sts::444455556666:assumed-role/tip-oidc-role/session is not authorized to perform: "+
		"sts:SetContext on resource: arn:aws:iam::444455556666:role/tip-id-enhanced-role", knowledge)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range all[0].Facts {
		got[f.Name] = f.Value
	}
	for name, want := range map[string]string{
		"code": "AccessDenied", "operation": "AssumeRole", "who": "arn:aws:sts::444455556666:assumed-role/tip-oidc-role/session",
		"wanted to": "sts:SetContext", "on": "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

func TestUnknown(t *testing.T) {
	for text, want := range map[string]error{
		"hello": explain.ErrUnknown,
		`java.nio.file.AccessDeniedException: C:\\temp\\x`: explain.ErrUnknown,
		"lorem ipsum dolor sit amet":                       explain.ErrUnknown,
		"{}":                                               explain.ErrUnknown,
		"[1,2,3]":                                          explain.ErrUnknown,
		`{"Records": []}`:                                  explain.ErrUnknown,
		"center.no-such-thing":                             explain.ErrUnknown,
		"":                                                 explain.ErrEmpty,
		" \n\t":                                            explain.ErrEmpty,
		`""`:                                               explain.ErrEmpty,
		"\xff\xfe":                                         explain.ErrBinary,
		"\x7fELF\x00\x01":                                  explain.ErrBinary,
		strings.Repeat("a", explain.Longest+1):             explain.ErrTooLarge,
	} {
		if _, err := explain.Text(text, knowledge); !errors.Is(err, want) {
			t.Errorf("%.30q: %v, want %v", text, err, want)
		}
	}
}
