package explain

const (
	fromOAuth = "RFC 6749 sections 4.1.2.1 and 5.2"
	fromEntra = "Entra ID: authentication and authorization error codes"
)

// providerErrors are of certain identity providers.
var providerErrors = []piece{
	{
		id: "entra.redirect-uri", codes: []string{"AADSTS50011", "AADSTS500112", "AADSTS500113", "AADSTS90102"},
		title: "the redirect URI is not registered at Entra ID", means: "Entra ID compares the path exactly; of http://localhost it ignores the port. http://127.0.0.1 can be registered only in the manifest.", source: fromEntra,
		causes: []Cause{{Why: "the application has no http://localhost/callback under Authentication > Mobile and desktop applications", Check: "idp.redirect", Command: "tip-cli configure show"}, {Why: "it is registered as a Web or single-page platform"}},
	},
	{
		id: "entra.unknown-client", codes: []string{"AADSTS700016", "AADSTS90002", "AADSTS900023", "AADSTS700054"},
		title: "Entra ID does not know the application in this tenant", means: "The client id or the tenant is wrong, or the application was deleted.", source: fromEntra,
		causes: []Cause{{Why: "the tenant in the issuer, or the client id, is mistyped or of another environment", Check: "idp.client"}},
	},
	{
		id: "entra.secret-wanted", codes: []string{"AADSTS7000218"},
		title: "Entra ID wants a client secret", means: "The application is registered as a confidential one. A program on a person's machine is a public client.", source: fromEntra + "; MicrosoftDocs/azure-docs issue 25959",
		causes: []Cause{{Why: "\"Allow public client flows\" is off: App registrations > the application > Authentication", Check: "idp.client"}, {Why: "the redirect URI is registered under the platform Web: register it under Mobile and desktop applications"}, {Why: "or it is meant to be confidential: store its secret", Command: "tip-cli configure client-secret"}},
	},
	{
		id: "entra.bad-secret", codes: []string{"AADSTS7000215", "AADSTS7000222"},
		title: "the client secret is wrong or has expired", means: "Secrets of Entra ID expire. The value is needed, and not the secret's id.", source: fromEntra,
		causes: []Cause{{Why: "store a new secret", Command: "tip-cli configure client-secret"}},
	},
	{
		id: "entra.consent", codes: []string{"AADSTS65001", "AADSTS65004", "AADSTS90094"}, or: &piece{has: []string{"consent_required"}},
		title: "nobody has consented to the application's permissions", means: "Each user, or an administrator for all, must consent to openid, email, profile and offline_access once.", source: fromEntra,
		causes: []Cause{{Why: "users may not consent in this tenant: an administrator grants it under API permissions > Grant admin consent"}},
	},
	{
		id: "entra.not-signed-in", codes: []string{"AADSTS50058"}, or: &piece{has: []string{"login_required"}},
		title: "nobody is signed in, and nobody could be asked", means: "A silent sign-in found no session in the browser, or its cookies were blocked. Sign in with a visible page.", source: fromEntra,
		causes: []Cause{{Why: "the session at the provider has ended", Command: "tip-cli auth"}},
	},
	{
		id: "entra.mfa", codes: []string{"AADSTS50076", "AADSTS50079", "AADSTS50074", "AADSTS53003", "AADSTS53000", "AADSTS530003"}, or: &piece{has: []string{"interaction_required"}},
		title: "a rule of the tenant wants more than a silent sign-in", means: "Conditional access asks for a second factor, a managed device, or another network.", source: fromEntra,
		causes: []Cause{{Why: "the refresh token does not satisfy the rule any more: sign in", Command: "tip-cli auth"}, {Why: "the device or the network is not allowed: ask the tenant's administrator"}},
	},
	{
		id: "entra.not-assigned", codes: []string{"AADSTS50105"},
		title: "the person is not assigned to the application at Entra ID", means: "The enterprise application requires assignment.", source: fromEntra,
		causes: []Cause{{Why: "assign the person or a group: Enterprise applications > the application > Users and groups"}},
	},
	{
		id: "entra.refresh-ended", codes: []string{"AADSTS70008", "AADSTS700082", "AADSTS50173", "AADSTS700084", "AADSTS70043"},
		title: "the refresh token has ended", means: "It was not used for too long, the password was changed, or it was revoked. That of a single-page registration ends after 24 hours whatever happens.", source: fromEntra,
		causes: []Cause{{Why: "sign in again", Command: "tip-cli auth"}, {Why: "the redirect URI is registered for a single-page application: use Mobile and desktop applications", Check: "idp.client"}},
	},
	{
		id: "entra.code", codes: []string{"AADSTS54005", "AADSTS70000", "AADSTS70002", "AADSTS501481", "AADSTS50148"},
		title: "the authorization code is used up, or does not belong to this request", means: "A code is good once, for minutes, and with the PKCE verifier that it was asked for with.", source: fromEntra,
		causes: []Cause{{Why: "an address was pasted twice, or is of another attempt", Command: "tip-cli auth"}},
	},
	{
		id: "entra.scope", codes: []string{"AADSTS70011"},
		title: "a scope is not one that Entra ID knows", means: "openid, email, profile and offline_access are enough for tip-cli.", source: fromEntra,
		causes: []Cause{{Why: "scopes in the configuration name an API that is not there", Check: "idp.scopes"}},
	},
	{
		id: "entra.public-client", codes: []string{"AADSTS700025", "AADSTS90023"},
		title: "a client secret was sent for an application that has none", means: "Entra ID knows the application as a public client, and such a one must not send a secret.", source: fromEntra + "; harishkrupo/oauth2ms issue 19",
		causes: []Cause{{Why: "tip-cli has a client secret stored that does not belong here: remove it", Command: "tip-cli configure client-secret --help"}},
	},
	{
		id: "entra.single-page", codes: []string{"AADSTS9002327"},
		title: "the redirect URI is registered for a single-page application", means: "Codes and refresh tokens of such a registration are given to browsers only.", source: fromEntra,
		causes: []Cause{{Why: "register the redirect URI under Mobile and desktop applications: App registrations > the application > Authentication", Check: "idp.client"}},
	},
	{
		id: "entra.tenant", codes: []string{"AADSTS50020", "AADSTS50194", "AADSTS90072", "AADSTS50034"},
		title: "the person, or the application, is of another tenant of Entra ID", means: "The issuer names the tenant: https://login.microsoftonline.com/TENANT/v2.0. The person must be in it, and the application as well.", source: fromEntra,
		causes: []Cause{
			{Why: "the person was signed in in the browser with another account: sign out there, or take a private window", Command: "tip-cli auth"},
			{Why: "the issuer says common or organizations, or names another tenant", Check: "idp.issuer", Command: "tip-cli configure show"},
		},
	},
	{
		id: "entra.account", codes: []string{"AADSTS50057", "AADSTS50126", "AADSTS50053", "AADSTS50055", "AADSTS7000112"},
		title: "the account or the application is disabled or locked, or the password is wrong", means: "Entra ID says no before it looks at anything of this set-up.", source: fromEntra,
		causes: []Cause{{Why: "an administrator of the tenant sees the reason under Entra ID > Monitoring > Sign-in logs"}},
	},
	{
		id: "entra.other", has: []string{"aadsts"},
		title: "an error of Entra ID", means: "Its number is explained at https://login.microsoftonline.com/error.", source: fromEntra,
		causes: []Cause{{Why: "look the number up there, and the sign-in under Entra ID > Monitoring > Sign-in logs", Check: "idp.client"}},
	},
	{
		id: "okta.redirect-uri", has: []string{"'redirect_uri' parameter must be|redirect_uri' parameter must be"},
		title: "the redirect URI is not registered at Okta", means: "Okta compares it exactly: host, port, path, case, slash. 127.0.0.1 is not localhost.", source: "Okta: OpenID Connect API; grafana/grafana issue 88362",
		causes: []Cause{{Why: "the application lacks the address under General > Login > Sign-in redirect URIs", Check: "idp.redirect", Command: "tip-cli configure show"}, {Why: "another port was used because the usual one was taken: register the fallback ports, too", Check: "local.redirect"}},
	},
	{
		id: "okta.not-assigned", has: []string{"user is not assigned to the client application|user is not assigned to the application"},
		title: "the person is not assigned to the application at Okta", means: "Okta issues tokens only to those who are assigned.", source: "Okta: OpenID Connect API",
		causes: []Cause{{Why: "assign the person or a group: Applications > the application > Assignments"}},
	},
	{
		id: "okta.policy", has: []string{"policy evaluation failed for this request"},
		title: "no rule of Okta's authorization server lets this request pass", means: "The authorization server (such as default) needs an access policy for the client with a rule for the grant and the scopes.", source: "Okta: authorization server access policies",
		causes: []Cause{{Why: "Security > API > Authorization Servers > Access Policies has none for this client, or its rule lacks the grant (authorization code, refresh token, device) or a scope", Check: "idp.client"}},
	},
	{
		id: "okta.scope", has: []string{"scopes are not configured for resource|one or more scopes are not configured"},
		title: "a scope is not configured at the authorization server", means: "offline_access and email must be there, and be allowed.", source: "Okta: OpenID Connect API",
		causes: []Cause{{Why: "the scopes in the configuration name one that is not there", Check: "idp.scopes"}},
	},
	{
		id: "cognito.redirect-uri", has: []string{"redirect_mismatch"},
		title: "the redirect URI is not registered at Cognito", means: "Cognito compares it exactly with the allowed callback URLs of the app client. http is allowed for localhost.", source: "Cognito guide: app client settings",
		causes: []Cause{{Why: "the app client lacks http://localhost:PORT/callback among its callback URLs", Check: "idp.redirect", Command: "tip-cli configure show"}},
	},
	{
		id: "cognito.page", has: []string{"an error was encountered with the requested page"},
		title: "Cognito refuses the sign-in, and its page does not say why", means: "The address of the page does: look for error= in it, and paste it here. It is most often redirect_mismatch, invalid_scope, or unauthorized_client.", source: "Cognito guide: managed login; aws-amplify/amplify-js issue 755",
		causes: []Cause{
			{Why: "the app client lacks http://localhost:PORT/callback among its callback URLs", Check: "idp.redirect", Command: "tip-cli configure show"},
			{Why: "a scope that was asked for is not switched on for the app client", Check: "idp.scopes"},
		},
	},
}

// oauthErrors are those that every identity provider may give.
var oauthErrors = []piece{
	{
		id: "idp.redirect-uri", has: []string{"redirect_uri|redirect uri|redirect url|callback url|redirection uri", "mismatch|not match|invalid parameter: redirect|invalid redirect|invalid_redirect|redirect_uri is invalid|redirect uri is invalid|invalid value for 'redirect_uri'|not registered|not allowed|not in the list of allowed|whitelisted"},
		title: "the redirect URI is not registered at the identity provider", means: "It must be registered exactly as tip-cli sends it: scheme, host, port and path.", source: fromOAuth,
		causes: []Cause{{Why: "another port or path is registered, or 127.0.0.1 in place of localhost", Check: "idp.redirect", Command: "tip-cli configure show"}},
	},
	{
		id: "idp.invalid-client", has: []string{"invalid_client|deleted_client|client authentication failed|invalid client secret|invalid client credentials|client_secret is missing|missing client_secret|client secret is missing|missing required parameter: client_secret|client_secret is required|unable to verify secret hash"},
		title: "the identity provider does not know the client, or its secret", means: "Either the client id is wrong, or the provider expects a secret that was not sent, or another one.", source: fromOAuth,
		causes: []Cause{{Why: "the application is a confidential one (Web): make it a native, public one with PKCE", Check: "idp.client"}, {Why: "the client id is mistyped, or of another tenant", Check: "idp.client"}, {Why: "the stored secret is old", Command: "tip-cli configure client-secret"}},
	},
	{
		id: "idp.unauthorized-client", has: []string{"unauthorized_client"},
		title: "the client may not use this grant at the identity provider", means: "tip-cli uses the authorization code with PKCE, refresh tokens, and on wish the device grant.", source: fromOAuth,
		causes: []Cause{{Why: "the grant type is off in the application's settings at the provider", Check: "idp.client"}},
	},
	{
		id: "idp.unsupported-grant", has: []string{"unsupported_grant_type"},
		title: "the identity provider does not offer this grant", means: "Most often it is the device grant, which not all have (Cognito has none).", source: fromOAuth,
		causes: []Cause{{Why: "sign_in_method is device, and the provider has no such grant", Check: "idp.device", Command: `tip-cli configure idp --config '{"sign_in_method": "browser"}'`}},
	},
	{
		id: "idp.invalid-scope", has: []string{"invalid_scope"},
		title: "the client may not ask for one of the scopes", means: "openid is needed; email or profile for the claim that is mapped; offline_access for a refresh token, where the provider wants it.", source: fromOAuth,
		causes: []Cause{{Why: "the provider, or the application there, lacks one of the configured scopes", Check: "idp.scopes"}},
	},
	{
		id: "idp.invalid-grant", has: []string{"invalid_grant|invalid refresh token|refresh token has been revoked|refresh token has expired|refresh token is invalid|authorization code is invalid or has expired|pkce verification failed"},
		title:  "a refresh token, a code or a JWT was not taken (invalid_grant)",
		means:  "OAuth has one word for it. From the identity provider it means that the refresh token or the code has ended, was used or was revoked; from Identity Center (InvalidGrantException) that the JWT was not taken.",
		source: fromOAuth,
		causes: []Cause{
			{Why: "the refresh token has ended: sign in again", Check: "idp.refresh", Command: "tip-cli auth"},
			{Why: "rotating refresh tokens: another machine or program has used this one, and the provider has revoked them all", Command: "tip-cli auth"},
			{Why: "from Identity Center: paste the whole error, with its operation"},
		},
	},
	{
		id: "idp.access-denied", has: []string{"error=access_denied|\"access_denied\"|access_denied:|answered access_denied|403: access_denied"},
		title: "the identity provider has refused the sign-in", means: "The person has pressed cancel, or is not allowed to use the application.", source: fromOAuth,
		causes: []Cause{{Why: "the person is not assigned to the application at the identity provider"}, {Why: "a rule of the provider denies it: its log says which"}, {Why: "from Identity Center (AccessDeniedException): paste the whole error, with its operation", Check: "center.assignment"}},
	},
	{
		id: "idp.device", has: []string{"authorization_pending|authorization_declined|bad_verification_code|expired_token"},
		title: "the sign-in with a code on another device was not completed", means: "authorization_pending is no error: nobody has entered the code yet. The others mean that it was declined, mistyped, or is too old.", source: "RFC 8628 section 3.5",
		causes: []Cause{{Why: "begin again, and enter the code in time", Command: "tip-cli auth"}},
	},
	{
		id: "idp.state", has: []string{"state mismatch|state does not match|invalid state|nonce mismatch|nonce does not match|invalid nonce|not the sign-in that is running"},
		title: "the answer of the browser is not that to this sign-in", means: "An old tab was reloaded, two sign-ins run at once, or somebody is trying something. The answer was ignored.", source: "RFC 6749 section 10.12",
		causes: []Cause{{Why: "close the old tab, and use the address that is printed now", Command: "tip-cli auth"}},
	},
	{
		id: "idp.issuer", has: []string{"issuer did not match|issuer mismatch|the issuer does not match|issued by a different provider"},
		title: "the provider calls itself otherwise than it is configured", means: "The issuer in the discovery document must equal the configured one, character by character, as AWS compares it, too.", source: "OpenID Connect Discovery 1.0 section 4.3",
		causes: []Cause{{Why: "a slash at the end, a custom domain, or the common tenant of Entra ID", Check: "idp.issuer"}},
	},
}
