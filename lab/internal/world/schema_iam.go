package world

// AccountFile is an AWS account and its IAM.
type AccountFile struct {
	// ID of 12 digits, quoted in YAML.
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
	// OIDCProviders of IAM that AssumeRoleWithWebIdentity accepts.
	OIDCProviders []OIDCProviderFile `yaml:"oidcProviders"`
	Roles         []RoleFile         `yaml:"roles"`
	Users         []IAMUserFile      `yaml:"users"`
	// Secrets of Secrets Manager.
	Secrets []SecretFile `yaml:"secrets"`
}

// OIDCProviderFile is an IAM OIDC provider.
type OIDCProviderFile struct {
	// URL as CreateOpenIDConnectProvider takes it: https, no port, no query.
	// A loopback http URL is admitted while switches.loopbackIssuers is on.
	URL         string   `yaml:"url"`
	ClientIDs   []string `yaml:"clientIds"`
	Thumbprints []string `yaml:"thumbprints"`
}

// RoleFile is an IAM role. Policies are IAM policy documents written as YAML.
type RoleFile struct {
	Name string `yaml:"name"`
	// Path, "/" by default. The assumed-role ARN drops it.
	Path string `yaml:"path"`
	// MaxSessionDuration in seconds, 3600 to 43200, default 3600.
	MaxSessionDuration int32 `yaml:"maxSessionDuration"`
	// Trust is the AssumeRolePolicyDocument. Required.
	Trust any `yaml:"trust"`
	// Policies are identity policies by name.
	Policies map[string]any `yaml:"policies"`
	// Sessions are credentials of the role that work from the start.
	Sessions []RoleSessionFile `yaml:"sessions"`
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
	Name       string          `yaml:"name"`
	AccessKeys []AccessKeyFile `yaml:"accessKeys"`
	Policies   map[string]any  `yaml:"policies"`
}

// AccessKeyFile is a long-term access key.
type AccessKeyFile struct {
	ID     string `yaml:"id"`
	Secret string `yaml:"secret"`
}
