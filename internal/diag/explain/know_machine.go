package explain

const fromSDKs = "AWS SDKs and Tools reference guide"

// inNoCredentials are the last words of chains of providers.
const inNoCredentials = "unable to locate credentials|no ec2 imds role found|could not load credentials from any providers|unable to load credentials from any of the providers|" +
	"unable to load aws credentials from any provider|unable to load credentials from service endpoint|unable to connect to instance metadata|no valid credential sources|nocredentialproviders|partial credentials found"

// machineErrors are of a person's machine and the way from there: the text is the
// system's, a proxy's or an SDK's.
var machineErrors = []piece{
	{
		id: "machine.unknown-authority", has: []string{"certificate signed by unknown authority|unable to get local issuer certificate|self signed certificate|self-signed certificate|self_signed_cert|unable_to_get_issuer_cert|unable_to_verify_leaf_signature|certificate_verify_failed|certificate verify failed|unable to find valid certification path"},
		title: "a certificate is not trusted", means: "Mostly a proxy of the company's opens TLS and shows a certificate of its own. The JWT and the keys would pass through its hands.", source: fromSDKs + ": ca_bundle",
		causes: []Cause{
			{Why: "the proxy's CA certificate is not known to the program: name its file in AWS_CA_BUNDLE (REQUESTS_CA_BUNDLE for other tools)", Check: "local.authorities", Command: "AWS_CA_BUNDLE=FILE tip-cli status"},
			{Why: "the identity provider has a private certificate: then AWS cannot verify it either, unless the provider's thumbprint is in IAM", Check: "idp.discovery"},
		},
	},
	{
		id: "machine.wrong-host", has: []string{"certificate is valid for|x509: cannot validate certificate for|certificate is not valid for any names|hostname mismatch|doesn't match either of"},
		title: "a certificate is for another host", means: "What answered is not the host that was asked: a captive portal, a proxy, or a wrong name in the settings.", source: "RFC 6125",
		causes: []Cause{{Why: "an endpoint is overridden, or the name resolves to something else here", Check: "local.endpoints"}, {Why: "the network wants a sign-in first (hotel, guest network)"}},
	},
	{
		id: "machine.certificate-time", has: []string{"certificate has expired or is not yet valid|certificate has expired"},
		title: "a certificate has expired, or this clock is wrong", means: "If it happens with AWS, it is the clock.", source: "RFC 5280",
		causes: []Cause{{Why: "the clock of this machine is wrong", Check: "local.clock"}, {Why: "the provider's certificate has ended", Check: "idp.discovery"}},
	},
	{
		id: "machine.clock", has: []string{"signature not yet current|signature expired:|is now earlier than|difference between the request time and the current time is too large"}, or: &piece{codes: []string{"RequestTimeTooSkewed", "RequestExpired"}},
		title: "the clock of this machine is wrong", means: "AWS takes signatures for five minutes (S3 for fifteen) around its own time.", source: "AWS general reference: Signature Version 4",
		causes: []Cause{{Why: "the clock is not synchronized", Check: "local.clock"}},
	},
	{
		id: "machine.proxy-refuses", has: []string{"proxy authentication required|407 proxy|tunnel connection failed|proxyconnect|failed to connect to proxy"},
		title: "the proxy does not let the connection pass", means: "What answered is the proxy that HTTPS_PROXY names, and not AWS.", source: fromSDKs + ": HTTP proxies",
		causes: []Cause{{Why: "the proxy wants a name and a password, or does not allow the host", Check: "local.proxy"}, {Why: "HTTPS_PROXY names a host or port where no proxy is", Check: "local.proxy"}},
	},
	{
		id: "machine.callback", has: []string{"localhost|127.0.0.1|[::1]", "err_connection_refused|connection refused|econnrefused|actively refused|refused to connect|unable to connect|can't connect|can't reach this page", "8090|callback|code="},
		title: "the browser came back, and nobody was waiting", means: "After the sign-in the browser calls tip-cli on this machine. tip-cli had ended, waits on another port, or runs on another machine than the browser.", source: "RFC 8252 section 7.3",
		causes: []Cause{
			{Why: "tip-cli runs on a remote machine: paste the address from the browser's address bar where it asks, or sign in with a code", Check: "local.browser", Command: "tip-cli auth --help"},
			{Why: "the time for the sign-in was up, or it was interrupted", Command: "tip-cli auth"},
			{Why: "a firewall, a container or a VM stands between the browser and tip-cli"},
		},
	},
	{
		id: "machine.port", has: []string{"address already in use|only one usage of each socket address"},
		title: "the port for the sign-in is taken", means: "Another program, or another tip-cli, listens on the port of the redirect (8090, or the configured one).", source: "RFC 8252 section 7.3",
		causes: []Cause{{Why: "another program has the port", Check: "local.redirect", Command: "tip-cli configure show"}},
	},
	{
		id: "machine.name", has: []string{"no such host|could not resolve host|name or service not known|temporary failure in name resolution|getaddrinfo|unknownhostexception|nodename nor servname|could not connect to the endpoint url"},
		title: "a name could not be resolved, or its host not be reached", means: "There is no network, no DNS, or the name is wrong: a region that does not exist makes one, too.", source: fromSDKs,
		causes: []Cause{{Why: "the region is mistyped, so that there is no such endpoint", Check: "local.configuration"}, {Why: "no network, or one that needs a proxy", Check: "local.proxy"}, {Why: "an endpoint is overridden (AWS_ENDPOINT_URL)", Check: "local.endpoints"}},
	},
	{
		id: "machine.no-answer", has: []string{"i/o timeout|tls handshake timeout|etimedout|econnreset|econnrefused|timed out|actively refused|connect timeout|read timeout|connection timed out|context deadline exceeded|client.timeout exceeded|connection reset by peer|no route to host|network is unreachable|connection refused"},
		title: "no answer came", means: "The network, a firewall or a proxy stands between, or the service is slow. If CreateTokenWithIAM was under way, its JWT may be spent.", source: fromSDKs,
		causes: []Cause{{Why: "a firewall drops the connection, or a proxy is needed", Check: "local.proxy"}, {Why: "it was a passing thing: try again", Command: "tip-cli auth refresh-token"}},
	},
	{
		id: "machine.profile", has: []string{"the config profile|failed to get shared config profile|profile not found|the specified profile"},
		title: "there is no such AWS profile", means: "In the config file a profile is [profile NAME], in the credentials file [NAME].", source: fromSDKs + ": shared config and credentials files",
		causes: []Cause{{Why: "its name is mistyped, or AWS_CONFIG_FILE names another file", Check: "local.profiles", Command: "tip-cli auth set-aws-profile --profile NAME"}},
	},
	{
		id: "machine.old-cli", has: []string{"invalid choice|unknown options:|unknown command", "aws: error|--authentication-method|sso-admin|s3control|create-access-grant|create-token-with-iam"},
		title: "the AWS CLI is too old for this command", means: "The AWS CLI knows trusted identity propagation and S3 Access Grants since the end of November 2023, parts of it later.", source: "AWS CLI: changelog",
		causes: []Cause{{Why: "see which one the shell finds, and update it", Command: "aws --version"}},
	},
	{
		id: "machine.region", has: []string{"you must specify a region|missing region|invalid configuration: missing region"},
		title: "no region is set", means: "Neither the program's profile nor AWS_REGION names one.", source: fromSDKs + ": AWS Region",
		causes: []Cause{{Why: "the profile has no region", Check: "local.profiles", Command: "tip-cli auth set-aws-profile --profile NAME"}},
	},
}

// wrapperErrors are what SDKs say around an error. They come after all that may stand in
// it: with credential_process, the error of the exchange is in the middle of such a text.
var wrapperErrors = []piece{
	{
		id: "machine.process", has: []string{"error when retrieving credentials from custom-process|process provider error|credential_process|processcreds|error in credential_process|command returned non-zero exit value"},
		title: "the program of credential_process gave no credentials", means: "The profile runs a program, such as tip-cli, and it failed. Its own message is mostly in the text.", source: fromSDKs + ": process credentials",
		causes: []Cause{
			{Why: "nobody is signed in: run it by hand", Command: "tip-cli auth get-iam-credentials"},
			{Why: "the path of the program is wrong, or has spaces without quotes", Check: "local.profiles"},
			{Why: "it waits for a sign-in for longer than the SDK waits", Command: "tip-cli auth"},
		},
	},
	{
		id: "machine.no-credentials", has: []string{inNoCredentials},
		title: "the program has found no credentials", means: "No variable, profile or endpoint gave any; the last that an SDK tries is the metadata of an EC2 instance, which is what the text often ends with.", source: fromSDKs + ": standardized credential providers",
		causes: []Cause{
			{Why: "the profile is not named: AWS_PROFILE or --profile", Check: "local.profiles", Command: "tip-cli auth set-aws-profile --profile NAME"},
			{Why: "tip-cli, which the profile runs, could not give any: run it by hand", Command: "tip-cli auth get-iam-credentials"},
		},
	},
	{
		id: "machine.no-refresh", has: []string{"failed to refresh cached credentials|get credentials: "},
		title: "the program could not get credentials", means: "The text goes on with the reason.", source: fromSDKs + ": standardized credential providers",
		causes: []Cause{
			{Why: "paste what follows in the text by itself"},
			{Why: "tip-cli, which the profile runs, could not give any: run it by hand", Command: "tip-cli auth get-iam-credentials"},
		},
	},
}

// generalErrors are those that any service gives.
var generalErrors = []piece{
	{
		id: "session.not-authorized", has: []string{"is not authorized to perform"},
		title:  "a policy does not allow this call",
		means:  "The text names who called (look whether it is the session that you meant), what, and on what. \"because no ... policy allows\" means that nobody has allowed it; \"with an explicit deny\" that somebody has forbidden it.",
		source: "IAM guide: access denied error messages",
		causes: []Cause{
			{Why: "the call was made by another session than the one you meant: variables of the environment come before profiles", Command: "tip-cli whoami"},
			{Why: "the role's policy lacks the action or the resource", Check: "iam.services"},
		},
	},
	{
		id: "aws.session-expired", codes: []string{"ExpiredToken", "ExpiredTokenException"}, or: &piece{has: []string{"security token included in the request is expired|the provided token has expired"}},
		title: "the credentials have expired", means: "The session token that the request was signed with is past its end. This is not about the JWT: that error speaks of the expiration date/time.", source: "STS API: common errors",
		causes: []Cause{
			{Why: "the credentials were copied into variables or the credentials file, where nobody renews them", Check: "local.profiles", Command: "tip-cli exec --server -- COMMAND"},
			{Why: "the program keeps credentials of credential_process beyond their expiration"},
			{Why: "nobody is signed in any more, so that none could be fetched", Command: "tip-cli auth"},
		},
	},
	{
		id: "aws.unknown-key", codes: []string{"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidTokenId", "InvalidToken"},
		title: "AWS does not know the credentials", means: "The key is of another partition, was deleted, or goes without its session token: the three values of temporary credentials belong together.", source: "STS API: common errors",
		causes: []Cause{
			{Why: "AWS_SESSION_TOKEN is missing, or left over from other credentials", Check: "local.profiles", Command: `eval "$(tip-cli env)"`},
			{Why: "the credentials are of another partition (aws-cn, aws-us-gov), or the region is not enabled", Check: "regions.partition"},
			{Why: "the role was deleted while the session was there"},
		},
	},
	{
		id: "aws.signature", codes: []string{"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "IncompleteSignatureException"},
		title: "the signature is wrong", means: "The secret key is not that of the key id, the request was changed on its way, or it was signed for another region or service.", source: "AWS general reference: Signature Version 4",
		causes: []Cause{{Why: "values of two sets of credentials are mixed: a file and variables", Check: "local.profiles"}, {Why: "the region does not fit the host (\"Credential should be scoped to a valid region\")", Check: "regions.environment"}, {Why: "a proxy changes requests", Check: "local.proxy"}},
	},
	{
		id: "aws.unsigned", codes: []string{"MissingAuthenticationToken", "MissingAuthenticationTokenException"},
		title: "the request was not signed", means: "The program sent it without credentials.", source: "AWS general reference",
		causes: []Cause{{Why: "the program has no credentials, or was told not to sign"}},
	},
	{
		id: "aws.throttled", codes: []string{"ThrottlingException", "Throttling", "TooManyRequestsException", "SlowDown", "RequestLimitExceeded", "ThrottledException", "PriorRequestNotComplete"},
		title: "too many requests", means: "It passes by itself. Of Identity Center: ten exchanges a second for all of an instance, twenty administrative calls.", source: "IAM Identity Center guide: quotas",
		causes: []Cause{{Why: "many programs start at once, each with its own exchange: have them share credentials", Command: "tip-cli serve --help"}},
	},
	{
		id: "aws.down", codes: []string{"InternalServerException", "InternalError", "InternalFailure", "ServiceUnavailable", "ServiceUnavailableException", "ServerError"},
		title: "the service is out of order", means: "It is AWS's, and passes. If CreateTokenWithIAM was under way, its JWT is spent: a fresh one is needed.", source: "AWS: common errors",
		causes: []Cause{{Why: "look at health.aws.amazon.com, and try again", Command: "tip-cli auth refresh-token"}},
	},
	{
		id: "aws.denied-bare", codes: []string{"AccessDeniedException", "AccessDenied"}, lacks: "java.nio.file.accessdeniedexception",
		title: "access denied, and nothing more", means: "Without the operation it cannot be told what denied it. Of CreateTokenWithIAM it is the bare answer to a missing assignment or actor policy; of S3 a missing right to the object.", source: "IAM Identity Center OIDC API; S3 guide",
		causes: []Cause{{Why: "CreateTokenWithIAM: the user is not assigned to the application", Check: "center.assignment"}, {Why: "CreateTokenWithIAM: the actor policy does not name the application role", Check: "center.actor"}, {Why: "S3: no grant covers the object", Check: "grants.grant"}, {Why: "paste the whole error, with the operation"}},
	},
	{
		id: "aws.not-found", codes: []string{"ResourceNotFoundException", "NoSuchEntity", "NoSuchEntityException", "EntityNotFoundException"},
		title: "what was asked for is not there", means: "Its name or ARN is mistyped, it was deleted, or it is in another region or account than was asked.", source: "AWS: common errors",
		causes: []Cause{{Why: "the region or the profile is that of another account", Check: "regions.center"}, {Why: "it was deleted, or never made"}},
	},
	{
		id: "aws.validation", codes: []string{"ValidationError", "ValidationException", "InvalidParameterValue", "InvalidParameterException", "MalformedInput", "InvalidRequest"},
		title: "a parameter is not as the service wants it", means: "The text says which. It is the program's or the configuration's mistake, not one of rights.", source: "AWS: common errors",
		causes: []Cause{{Why: "an ARN, an id or a number in the configuration has a wrong form", Check: "local.configuration"}},
	},
	{
		id: "aws.policy", codes: []string{"MalformedPolicyDocument", "MalformedPolicyDocumentException"},
		title: "a policy is not well-formed", means: "It is no JSON, has an unknown element, or names a principal that does not exist.", source: "IAM guide: grammar of the JSON policy language",
		causes: []Cause{{Why: "a role in Principal does not exist (yet), or in another account of that number"}},
	},
	{
		id: "machine.tip-cli-sign-in", has: []string{"run: tip-cli auth"},
		title: "tip-cli needs somebody to sign in", means: "There is no token, or the refresh token has ended.", source: "tip-cli",
		causes: []Cause{{Why: "sign in", Command: "tip-cli auth"}, {Why: "it happens each hour: the provider gives no refresh token", Check: "idp.refresh"}},
	},
}
