package world

// InstanceFile is an IAM Identity Center instance with its directory.
type InstanceFile struct {
	Account string `yaml:"account"`
	Region  string `yaml:"region"`
	// ARN: arn:aws:sso:::instance/ssoins-{16 characters}.
	ARN string `yaml:"arn"`
	// IdentityStoreID: d-{10 hex digits} or a UUID.
	IdentityStoreID     string                   `yaml:"identityStoreId"`
	Users               []UserFile               `yaml:"users"`
	Groups              []GroupFile              `yaml:"groups"`
	TrustedTokenIssuers []TrustedTokenIssuerFile `yaml:"trustedTokenIssuers"`
	Applications        []ApplicationFile        `yaml:"applications"`
}

// TrustedTokenIssuerFile is a trusted token issuer of type OIDC_JWT.
type TrustedTokenIssuerFile struct {
	Name string `yaml:"name"`
	// ARN is made up from the name when it is left out.
	ARN string `yaml:"arn"`
	// IssuerURL as CreateTrustedTokenIssuer takes it.
	IssuerURL string `yaml:"issuerUrl"`
	// ClaimAttributePath is the claim of the JWT.
	ClaimAttributePath string `yaml:"claimAttributePath"`
	// IdentityStoreAttributePath is userName, emails.value or externalIds.value.
	IdentityStoreAttributePath string `yaml:"identityStoreAttributePath"`
}

// ApplicationFile is a customer managed application of Identity Center.
type ApplicationFile struct {
	Name string `yaml:"name"`
	// ARN: arn:aws:sso::{account}:application/{ssoins-…}/apl-{16 characters}.
	ARN      string `yaml:"arn"`
	Disabled bool   `yaml:"disabled"`
	// AssignmentRequired is true when left out, as on a new application.
	AssignmentRequired *bool `yaml:"assignmentRequired"`
	// AssignedUsers (user names) and AssignedGroups (display names).
	AssignedUsers  []string `yaml:"assignedUsers"`
	AssignedGroups []string `yaml:"assignedGroups"`
	// JWTBearer lists the trusted token issuers of the jwt-bearer grant with the audiences they may be for.
	JWTBearer []AuthorizedIssuerFile `yaml:"jwtBearer"`
	// RefreshToken switches the refresh_token grant on.
	RefreshToken bool `yaml:"refreshToken"`
	// RefreshTokenLifetime of what that grant takes, in seconds up to ten years;
	// default 28800. Without the grant it is refused.
	RefreshTokenLifetime int `yaml:"refreshTokenLifetime"`
	// ActorPolicy is the authentication method of type IAM. Without it nobody may call CreateTokenWithIAM.
	ActorPolicy any         `yaml:"actorPolicy"`
	Scopes      []ScopeFile `yaml:"scopes"`
}

// AuthorizedIssuerFile is an entry of AuthorizedTokenIssuers.
type AuthorizedIssuerFile struct {
	// Issuer is the name of a trusted token issuer of this instance.
	Issuer    string   `yaml:"issuer"`
	Audiences []string `yaml:"audiences"`
}

// ScopeFile is an access scope of an application.
type ScopeFile struct {
	Scope   string   `yaml:"scope"`
	Targets []string `yaml:"targets"`
}
