package config

// Preset is what is peculiar to one kind of identity provider, as data.
type Preset struct {
	// Name is the value of the key idp, Title how people call it.
	Name, Title string
	// Prompts are the questions of `configure idp` for this provider.
	Prompts []Prompt
	// Optional are its keys that no question asks for.
	Optional []string
	// Scopes are asked for unless the configuration has its own.
	Scopes []string
	// Parameters are those of the authorization request that the provider needs
	// beyond the protocol's; the configuration may replace them.
	Parameters map[string]string
	// ClientAuthentication is what the provider wants even of native clients, or "".
	ClientAuthentication string
	// Issuer returns the OIDC issuer, or "" if the configuration does not have it.
	Issuer func(Config) string
	// ClientID returns the OAuth 2.0 client id.
	ClientID func(Config) string
	// Endpoints returns the authorization and token endpoints where they need no
	// discovery; it is nil where discovery gives them.
	Endpoints func(Config) (authorization, token string)
	// Revocation returns the RFC 7009 endpoint likewise, or is nil.
	Revocation func(Config) string
	// AccessToken returns what keeps this provider's access tokens from being sent
	// to AWS; nil means that nothing is known to.
	AccessToken func(Config) []Problem
	// Keys are the keys of config.json behind Issuer, ClientID and Endpoints.
	Keys   LoginKeys
	Quirks Quirks
}

// LoginKeys are the keys of config.json behind the settings of a sign-in.
type LoginKeys struct {
	// Issuer has one key, several that make the issuer together or in place of each
	// other, or none where the issuer is always the same.
	Issuer []string
	// IssuerDerived says that no key holds the issuer as it is.
	IssuerDerived bool
	// ClientID is the key of the OAuth 2.0 client id.
	ClientID string
	// Endpoints is the key behind both endpoints, or "" where discovery gives them.
	Endpoints string
}

// Prompt is one question of `configure idp`.
type Prompt struct {
	// Key is the key of config.json that the answer goes to.
	Key string
	// Label is the question.
	Label string
	// Required says that an empty answer does not do.
	Required bool
	// Default is the answer that Return gives, or "".
	Default string
	// Example shows the form.
	Example string
	// About says in a line what is meant and where it is found, or is "".
	About string
}

// Quirks are departures from what an OIDC provider usually does.
type Quirks struct {
	// LoopbackPortIgnored: any port of a registered http://localhost redirect will
	// do (RFC 8252 section 7.3).
	LoopbackPortIgnored bool
	// OfflineAccessUnknown: the scope offline_access is refused; the code grant
	// gives a refresh token anyway.
	OfflineAccessUnknown bool
	// RefreshTokenStays: answers to the refresh grant carry no new refresh token
	// (unless rotation is switched on).
	RefreshTokenStays bool
	// NoDeviceGrant: there is no RFC 8628 endpoint.
	NoDeviceGrant bool
	// NoRevocation: there is no RFC 7009 endpoint.
	NoRevocation bool
	// TokenIDClaim is the claim that names a token: jti, or another.
	TokenIDClaim string
}

// Presets returns the known providers, the original's first, in its order.
func Presets() []Preset {
	return []Preset{
		oktaPreset(), entraPreset(), cognitoPreset(), oidcPreset(),
		keycloakPreset(), auth0Preset(), googlePreset(), pingPreset(),
	}
}

// PresetFor returns the provider that the key idp names.
func PresetFor(name string) (Preset, bool) {
	for _, preset := range Presets() {
		if preset.Name == name {
			return preset, true
		}
	}
	return Preset{}, false
}

// CommonPrompts returns the questions that come before the provider's, in the
// original's order.
func CommonPrompts() []Prompt {
	return []Prompt{
		{
			Key: "token_exchange_application_arn", Label: "IAM Identity Center customer managed application ARN", Required: true,
			Example: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
			About:   "made for tip-cli in IAM Identity Center: Applications, Customer managed; its page shows the ARN",
		},
		{
			Key: "oidc_role_arn", Label: "IAM role ARN for the token exchange (AssumeRoleWithWebIdentity)", Required: true,
			Example: "arn:aws:iam::444455556666:role/OIDCRole",
			About:   "the first role: trusts the identity provider, and may ask Identity Center for the exchange",
		},
		{
			Key: "id_enhanced_role_arn", Label: "IAM role ARN for the identity-enhanced session", Required: true,
			Example: "arn:aws:iam::444455556666:role/IdEnhancedRole",
			About:   "the second role: the first one assumes it, and your tools work with its permissions",
		},
	}
}
