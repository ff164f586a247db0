package idp

import "github.com/tip-cli/tip-cli/internal/diag/finding"

// Checks returns what the section looks at.
func Checks() []finding.Check {
	return append(append(discoveryChecks(), keyChecks()...), clientChecks()...)
}

func discoveryChecks() []finding.Check {
	return []finding.Check{
		{ID: "idp.reachable", Title: "identity provider", Why: "You, STS and Identity Center all ask it.", Kinds: []finding.Kind{
			{ID: "idp.unreachable", Status: finding.Fail, Title: "the identity provider does not answer", Why: "Nobody can sign in; if AWS does not reach it either, STS says IDPCommunicationError or \"Couldn't retrieve verification key from your identity provider\"."},
			{ID: "idp.untrusted", Status: finding.Fail, Title: "the certificate of the identity provider is not trusted", Why: "tip-cli ends the connection before anything is sent: the certificate may be that of a proxy that looks into TLS."},
			{ID: "idp.slow", Status: finding.Warn, Title: "the identity provider answers slowly", Why: "STS gives up after about 5 seconds and says InvalidIdentityToken: \"Couldn't retrieve verification key from your identity provider\"."},
		}},
		{ID: "idp.discovery", Title: "discovery document", Why: "It tells everybody where the provider's endpoints and keys are.", Kinds: []finding.Kind{
			{ID: "idp.no-discovery", Status: finding.Fail, Title: "there is no discovery document at the issuer", Why: "tip-cli cannot sign in, STS says \"Couldn't retrieve verification key from your identity provider\", and Identity Center invalid_grant."},
		}},
		{ID: "idp.issuer", Title: "issuer", Why: "It must be the same to the letter in the configuration, the token, IAM and Identity Center.", Kinds: []finding.Kind{
			{ID: "idp.issuer-mismatch", Status: finding.Fail, Title: "the provider calls itself by another issuer", Why: "Issuers are compared letter by letter, the trailing slash included: tip-cli refuses the sign-in, STS says \"No OpenIDConnect provider found in your account\", Identity Center invalid_grant."},
			{ID: "idp.issuer-insecure", Status: finding.Fail, Title: "the issuer is not an https URL", Why: "IAM takes only https issuers, and AWS reaches no issuer on your machine's loopback."},
		}},
		{ID: "idp.metadata", Title: "members of the discovery document that STS wants", Why: "STS reads them before it looks for a key.", Kinds: []finding.Kind{
			{ID: "idp.metadata-incomplete", Status: finding.Fail, Title: "the discovery document lacks members that STS wants", Why: "STS says InvalidIdentityToken: \"Couldn't retrieve verification key from your identity provider\", though the provider answers."},
		}},
		{ID: "idp.algorithms", Title: "signing algorithms", Why: "Identity Center takes RS256 and no other.", Kinds: []finding.Kind{
			{ID: "idp.no-rs256", Status: finding.Fail, Title: "the provider does not offer RS256", Why: "STS takes ES256 and others, and Identity Center then says invalid_grant: it takes RS256 only."},
		}},
		{ID: "idp.pkce", Title: "PKCE with S256", Why: "tip-cli signs in with PKCE S256 and nothing less.", Kinds: []finding.Kind{
			{ID: "idp.no-s256", Status: finding.Fail, Title: "the provider does not offer PKCE with S256", Why: "The sign-in ends with invalid_request in the browser, or the code with invalid_grant."},
		}},
	}
}

func keyChecks() []finding.Check {
	return []finding.Check{
		{ID: "idp.keys", Title: "signing keys (JWKS)", Why: "AWS verifies tokens with them, and fetches them itself.", Kinds: []finding.Kind{
			{ID: "idp.keys-unreachable", Status: finding.Fail, Title: "the signing keys cannot be fetched", Why: "STS says \"Couldn't retrieve verification key from your identity provider\", and Identity Center invalid_grant."},
			{ID: "idp.no-rsa-key", Status: finding.Fail, Title: "there is no key for RS256 among the signing keys", Why: "Nobody can verify a token that Identity Center would take: STS says InvalidIdentityToken, Identity Center invalid_grant."},
			{ID: "idp.too-many-keys", Status: finding.Fail, Title: "there are more signing keys than STS takes", Why: "STS takes at most 100 RSA and 100 EC keys and says InvalidIdentityToken beyond that."},
			{ID: "idp.keys-without-id", Status: finding.Warn, Title: "several signing keys have no id", Why: "A token names its key by kid: without ids whoever verifies has to guess, and some do not."},
		}},
		{ID: "idp.endpoints", Title: "endpoints", Why: "The sign-in goes through them.", Kinds: []finding.Kind{
			{ID: "idp.endpoint-missing", Status: finding.Fail, Title: "the discovery document lacks an endpoint", Why: "tip-cli does not know where to sign in."},
			{ID: "idp.endpoint-insecure", Status: finding.Fail, Title: "an endpoint is not https", Why: "Codes and tokens would travel in the clear: tip-cli refuses to sign in."},
			{ID: "idp.endpoint-unreachable", Status: finding.Fail, Title: "an endpoint does not answer", Why: "The sign-in or the renewal of tokens stops there."},
		}},
	}
}

func clientChecks() []finding.Check {
	return []finding.Check{
		{ID: "idp.client", Title: "client", Why: "Tokens are made for it, and AWS knows it as the audience.", Kinds: []finding.Kind{
			{ID: "idp.unknown-client", Status: finding.Fail, Title: "the provider does not know the client", Why: "The sign-in ends on an error page in the browser, or with invalid_client; it never comes back to tip-cli."},
			{ID: "idp.client-authentication", Status: finding.Fail, Title: "the provider wants the client to authenticate in another way", Why: "The browser says that all is well, and then the token endpoint says invalid_client."},
			{ID: "idp.grant-not-allowed", Status: finding.Fail, Title: "the client may not use the authorization code grant", Why: "The provider says unauthorized_client at sign-in."},
		}},
		{ID: "idp.redirect", Title: "redirect URI", Why: "The browser comes back to tip-cli by it.", Kinds: []finding.Kind{
			{ID: "idp.redirect-not-registered", Status: finding.Fail, Title: "the redirect URI is not registered", Why: "The provider shows an error page (redirect_uri mismatch) and the browser never comes back: tip-cli waits in vain."},
		}},
		{ID: "idp.scopes", Title: "scopes", Why: "They decide which claims the token has.", Kinds: []finding.Kind{
			{ID: "idp.scope-refused", Status: finding.Fail, Title: "the provider refuses the scopes that are asked for", Why: "The sign-in comes back with invalid_scope."},
			{ID: "idp.scope-unlisted", Status: finding.Warn, Title: "the provider does not list a scope that is asked for", Why: "A scope that is ignored leaves its claims out: without email in the token, Identity Center may find no user and say access_denied or invalid_grant."},
		}},
		{ID: "idp.refresh", Title: "refresh token", Why: "Identity Center takes each JWT once: a refresh token gets the next one without a browser.", Kinds: []finding.Kind{
			{ID: "idp.no-offline-access", Status: finding.Warn, Title: "offline_access is not asked for, and there is no refresh token", Why: "Each renewal of credentials, once an hour or more often, wants a sign-in in the browser."},
			{ID: "idp.no-refresh-token", Status: finding.Warn, Title: "the provider gave no refresh token", Why: "Each renewal of credentials, once an hour or more often, wants a sign-in in the browser."},
		}},
		{ID: "idp.device", Title: "device authorization grant", Why: "With sign_in_method device, the code to sign in with is from there.", Kinds: []finding.Kind{
			{ID: "idp.no-device-grant", Status: finding.Fail, Title: "the provider has no device authorization grant", Why: "sign_in_method is device, and there is no endpoint to get a code from."},
		}},
	}
}
