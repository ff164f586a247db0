package world

// UserFile is a user of the identity store.
type UserFile struct {
	// ID: a UUID, optionally behind 10 hex digits and a dash.
	ID          string           `yaml:"id"`
	UserName    string           `yaml:"userName"`
	DisplayName string           `yaml:"displayName"`
	Email       string           `yaml:"email"`
	ExternalIDs []ExternalIDFile `yaml:"externalIds"`
	// Disabled users cannot exchange tokens.
	Disabled bool `yaml:"disabled"`
}

// ExternalIDFile is an identifier that the provisioning IdP gave to a user.
type ExternalIDFile struct {
	Issuer string `yaml:"issuer"`
	ID     string `yaml:"id"`
}

// GroupFile is a flat group of the identity store.
type GroupFile struct {
	ID          string `yaml:"id"`
	DisplayName string `yaml:"displayName"`
	// Members are user names.
	Members []string `yaml:"members"`
}
