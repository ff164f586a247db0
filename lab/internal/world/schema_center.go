package world

import "time"

// InstanceFile is an IAM Identity Center instance with its directory.
type InstanceFile struct {
	Account string `yaml:"account"`
	Region  string `yaml:"region,omitempty"`
	// ARN: arn:aws:sso:::instance/ssoins-{16 characters}.
	ARN string `yaml:"arn"`
	// Name of the instance, up to 255 letters, digits or +=,.@_-; may be left out.
	Name string `yaml:"name,omitempty"`
	// AccountInstance says that it is an account instance though its account is the
	// organization's management account or a delegated administrator.
	AccountInstance bool `yaml:"accountInstance,omitempty"`
	// Created is when the lab starts unless it is set.
	Created *time.Time `yaml:"created,omitempty"`
	// KMSKeyARN of a customer managed key; left out for AWS's own.
	KMSKeyARN string            `yaml:"kmsKeyArn,omitempty"`
	Tags      map[string]string `yaml:"tags,omitempty"`
	// IdentityStoreID: d-{10 hex digits} or a UUID.
	IdentityStoreID     string `yaml:"identityStoreId"`
	DirectoryQuotas     `yaml:",inline"`
	Users               []UserFile               `yaml:"users,omitempty"`
	Groups              []GroupFile              `yaml:"groups,omitempty"`
	TrustedTokenIssuers []TrustedTokenIssuerFile `yaml:"trustedTokenIssuers,omitempty"`
	// MaxApplications is a lower quota than AWS's 7,000, for what the API makes.
	MaxApplications int               `yaml:"maxApplications,omitempty"`
	Applications    []ApplicationFile `yaml:"applications,omitempty"`
}

// TrustedTokenIssuerFile is a trusted token issuer of type OIDC_JWT.
type TrustedTokenIssuerFile struct {
	Name string `yaml:"name"`
	// ARN is made up from the name when it is left out.
	ARN string `yaml:"arn,omitempty"`
	// IssuerURL as CreateTrustedTokenIssuer takes it.
	IssuerURL string `yaml:"issuerUrl"`
	// ClaimAttributePath is the claim of the JWT.
	ClaimAttributePath string `yaml:"claimAttributePath"`
	// IdentityStoreAttributePath is userName, emails.value or externalIds.value.
	IdentityStoreAttributePath string            `yaml:"identityStoreAttributePath"`
	Tags                       map[string]string `yaml:"tags,omitempty"`
}

// ApplicationFile is a customer managed application of Identity Center.
type ApplicationFile struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description,omitempty"`
	// ARN: arn:aws:sso::{account}:application/{ssoins-…}/apl-{16 characters}.
	ARN string `yaml:"arn"`
	// Account that made the application; by default the instance's.
	Account string `yaml:"account,omitempty"`
	// Created is when the lab starts unless it is set.
	Created  *time.Time        `yaml:"created,omitempty"`
	Disabled bool              `yaml:"disabled,omitempty"`
	Portal   PortalFile        `yaml:"portal,omitempty"`
	Tags     map[string]string `yaml:"tags,omitempty"`
	// AssignmentRequired is true when left out, as on a new application.
	AssignmentRequired *bool `yaml:"assignmentRequired,omitempty"`
	// AssignedUsers (user names) and AssignedGroups (display names).
	AssignedUsers  []string `yaml:"assignedUsers,omitempty"`
	AssignedGroups []string `yaml:"assignedGroups,omitempty"`
	// JWTBearer lists the trusted token issuers of the jwt-bearer grant with the
	// audiences they may be for. An empty list is a grant that authorizes nobody.
	JWTBearer AuthorizedIssuersFile `yaml:"jwtBearer,omitempty"`
	// RefreshToken switches the refresh_token grant on.
	RefreshToken bool `yaml:"refreshToken,omitempty"`
	// RefreshTokenLifetime of what that grant takes, in seconds up to ten years;
	// default 28800. Without the grant it is refused.
	RefreshTokenLifetime int `yaml:"refreshTokenLifetime,omitempty"`
	// TokenExchange switches the token-exchange grant on, which the lab keeps and does not serve.
	TokenExchange bool `yaml:"tokenExchange,omitempty"`
	// AuthorizationCode are redirect URIs of the authorization_code grant, 1 to 10;
	// only with the switch authorizationCodeGrant.
	AuthorizationCode []string `yaml:"authorizationCode,omitempty"`
	// ActorPolicy is the authentication method of type IAM. Without it nobody may call CreateTokenWithIAM.
	ActorPolicy any         `yaml:"actorPolicy,omitempty"`
	Scopes      []ScopeFile `yaml:"scopes,omitempty"`
	// BackgroundSessions says whether user background sessions are enabled; true when left out.
	BackgroundSessions *bool `yaml:"backgroundSessions,omitempty"`
}

// PortalFile says how the access portal shows an application.
type PortalFile struct {
	// Origin of a sign-in: IDENTITY_CENTER or APPLICATION, which needs a URL.
	Origin string `yaml:"origin,omitempty"`
	URL    string `yaml:"url,omitempty"`
	Hidden bool   `yaml:"hidden,omitempty"`
}

// AuthorizedIssuersFile is a jwt-bearer grant; nil is none, an empty one authorizes nobody.
type AuthorizedIssuersFile []AuthorizedIssuerFile

// IsZero tells yaml what to leave out: not the grant that is empty.
func (f AuthorizedIssuersFile) IsZero() bool { return f == nil }

// AuthorizedIssuerFile is an entry of AuthorizedTokenIssuers.
type AuthorizedIssuerFile struct {
	// Issuer is the name of a trusted token issuer of this instance, or the ARN of
	// one that is there no more.
	Issuer    string   `yaml:"issuer"`
	Audiences []string `yaml:"audiences"`
}

// ScopeFile is an access scope of an application.
type ScopeFile struct {
	Scope   string   `yaml:"scope"`
	Targets []string `yaml:"targets,omitempty"`
}
