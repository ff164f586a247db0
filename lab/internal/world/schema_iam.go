package world

import "time"

// AccountFile is an AWS account and its IAM.
type AccountFile struct {
	// ID of 12 digits, quoted in YAML.
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
	// IAMQuotas are lower quotas of IAM than AWS's.
	IAMQuotas IAMQuotas `yaml:"iamQuotas"`
	// OIDCProviders of IAM that AssumeRoleWithWebIdentity accepts.
	OIDCProviders []OIDCProviderFile `yaml:"oidcProviders"`
	// Policies are customer managed policies.
	Policies []ManagedPolicyFile `yaml:"policies"`
	Roles    []RoleFile          `yaml:"roles"`
	Users    []IAMUserFile       `yaml:"users"`
	// Secrets of Secrets Manager.
	Secrets []SecretFile `yaml:"secrets"`
}

// IAMQuotas are how many entities of each kind an account may make through the
// API; zero for AWS's default. What a world file has is not counted against them.
type IAMQuotas struct {
	// Roles, 1,000 by default; Users 5,000; Policies 1,500; OIDCProviders 100.
	Roles         int `yaml:"roles"`
	Users         int `yaml:"users"`
	Policies      int `yaml:"policies"`
	OIDCProviders int `yaml:"oidcProviders"`
}

// OIDCProviderFile is an IAM OIDC provider.
type OIDCProviderFile struct {
	// URL as CreateOpenIDConnectProvider takes it: https, no port, no query.
	// A loopback http URL is admitted while switches.loopbackIssuers is on.
	URL         string            `yaml:"url"`
	ClientIDs   []string          `yaml:"clientIds"`
	Thumbprints []string          `yaml:"thumbprints"`
	Created     *time.Time        `yaml:"created"`
	Tags        map[string]string `yaml:"tags"`
}

// ManagedPolicyFile is a customer managed policy: its Document, or Versions.
type ManagedPolicyFile struct {
	Name string `yaml:"name"`
	// Path, "/" by default.
	Path string `yaml:"path"`
	// ID is ANPA and 12 or more capitals or digits; made up from the ARN when it is left out.
	ID          string `yaml:"id"`
	Description string `yaml:"description"`
	// Document of the one version v1.
	Document any `yaml:"document"`
	// Versions, 1 to 5, in the order of their ids.
	Versions []PolicyVersionFile `yaml:"versions"`
	// DefaultVersion is the id of the version in force; the last one when it is left out.
	DefaultVersion string `yaml:"defaultVersion"`
	// LastVersion is the number of the last version that was made, which may be
	// deleted; that of the last one there is when it is left out.
	LastVersion int `yaml:"lastVersion"`
	// Created and Updated: the start of the lab when they are left out.
	Created *time.Time        `yaml:"created"`
	Updated *time.Time        `yaml:"updated"`
	Tags    map[string]string `yaml:"tags"`
}

// PolicyVersionFile is a version of a managed policy.
type PolicyVersionFile struct {
	// ID is v and a number; v1, v2, ... when it is left out.
	ID       string     `yaml:"id"`
	Document any        `yaml:"document"`
	Created  *time.Time `yaml:"created"`
}

// RoleFile is an IAM role. Policies are IAM policy documents written as YAML.
type RoleFile struct {
	Name string `yaml:"name"`
	// Path, "/" by default. The assumed-role ARN drops it.
	Path string `yaml:"path"`
	// ID is AROA and 12 or more capitals or digits; made up from the ARN when it is left out.
	ID          string     `yaml:"id"`
	Description string     `yaml:"description"`
	Created     *time.Time `yaml:"created"`
	// MaxSessionDuration in seconds, 3600 to 43200, default 3600.
	MaxSessionDuration int32 `yaml:"maxSessionDuration"`
	// Trust is the AssumeRolePolicyDocument. Required.
	Trust any `yaml:"trust"`
	// Policies are identity policies by name.
	Policies map[string]any `yaml:"policies"`
	// ManagedPolicies are the ARNs of those attached, of the account's or of AWS.
	ManagedPolicies []string `yaml:"managedPolicies"`
	// PermissionsBoundary is the ARN of a managed policy.
	PermissionsBoundary string            `yaml:"permissionsBoundary"`
	Tags                map[string]string `yaml:"tags"`
	LastUsed            UseFile           `yaml:"lastUsed"`
	// Sessions are credentials of the role that work from the start.
	Sessions []RoleSessionFile `yaml:"sessions"`
}

// UseFile is when and for what credentials were last used.
type UseFile struct {
	At *time.Time `yaml:"at"`
	// Service is the signing name. Roles have none.
	Service string `yaml:"service"`
	Region  string `yaml:"region"`
}

// RoleSessionFile is a session of a role with its credentials, as the platform
// gives them to an instance or a notebook. AWS renews those; these do not change.
type RoleSessionFile struct {
	// Name of the session, in the ARN of the assumed role.
	Name string `yaml:"name"`
	// ID (ASIA and 12 or more capitals or digits), Secret and Token are all needed.
	ID     string `yaml:"id"`
	Secret string `yaml:"secret"`
	Token  string `yaml:"token"`
	// Lifetime in seconds from the start of the lab; zero for no end.
	Lifetime int `yaml:"lifetime"`
}

// IAMUserFile is an IAM user with long-term keys, for administrators and tests.
type IAMUserFile struct {
	Name string `yaml:"name"`
	// Path, "/" by default.
	Path string `yaml:"path"`
	// ID is AIDA and 12 or more capitals or digits; made up from the ARN when it is left out.
	ID      string     `yaml:"id"`
	Created *time.Time `yaml:"created"`
	// AccessKeys, two at most.
	AccessKeys []AccessKeyFile `yaml:"accessKeys"`
	Policies   map[string]any  `yaml:"policies"`
	// ManagedPolicies and PermissionsBoundary as of a role.
	ManagedPolicies     []string          `yaml:"managedPolicies"`
	PermissionsBoundary string            `yaml:"permissionsBoundary"`
	Tags                map[string]string `yaml:"tags"`
}

// AccessKeyFile is a long-term access key.
type AccessKeyFile struct {
	ID       string     `yaml:"id"`
	Secret   string     `yaml:"secret"`
	Inactive bool       `yaml:"inactive"`
	Created  *time.Time `yaml:"created"`
	LastUsed UseFile    `yaml:"lastUsed"`
}
