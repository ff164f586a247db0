package world

import "time"

// UserFile is a user of the identity store.
type UserFile struct {
	// ID: a UUID, optionally behind 10 hex digits and a dash.
	ID          string `yaml:"id"`
	UserName    string `yaml:"userName"`
	DisplayName string `yaml:"displayName,omitempty"`
	// Email is the short form of Emails: of type work, and primary.
	Email string `yaml:"email,omitempty"`
	// Emails has one entry at most, and none beside Email.
	Emails      []ContactFile    `yaml:"emails,omitempty"`
	ExternalIDs []ExternalIDFile `yaml:"externalIds,omitempty"`
	// Disabled users cannot exchange tokens.
	Disabled    bool `yaml:"disabled,omitempty"`
	ProfileFile `yaml:",inline"`
	StampFile   `yaml:",inline"`
}

// ProfileFile are the attributes of a user that the lab keeps and gives back, and
// decides nothing by. Texts have 1 to 1024 characters.
type ProfileFile struct {
	Name              NameFile      `yaml:"name,omitempty"`
	NickName          string        `yaml:"nickName,omitempty"`
	ProfileURL        string        `yaml:"profileUrl,omitempty"`
	Addresses         []AddressFile `yaml:"addresses,omitempty"`
	PhoneNumbers      []ContactFile `yaml:"phoneNumbers,omitempty"`
	UserType          string        `yaml:"userType,omitempty"`
	Title             string        `yaml:"title,omitempty"`
	PreferredLanguage string        `yaml:"preferredLanguage,omitempty"`
	Locale            string        `yaml:"locale,omitempty"`
	Timezone          string        `yaml:"timezone,omitempty"`
	Photos            []PhotoFile   `yaml:"photos,omitempty"`
	Website           string        `yaml:"website,omitempty"`
	// Birthdate as YYYY-MM-DD.
	Birthdate string        `yaml:"birthdate,omitempty"`
	Roles     []ContactFile `yaml:"roles,omitempty"`
	// Enterprise is the extension aws:identitystore:enterprise.
	Enterprise EnterpriseFile `yaml:"enterprise,omitempty"`
}

// NameFile are the parts of a user's name.
type NameFile struct {
	Formatted       string `yaml:"formatted,omitempty"`
	FamilyName      string `yaml:"familyName,omitempty"`
	GivenName       string `yaml:"givenName,omitempty"`
	MiddleName      string `yaml:"middleName,omitempty"`
	HonorificPrefix string `yaml:"honorificPrefix,omitempty"`
	HonorificSuffix string `yaml:"honorificSuffix,omitempty"`
}

// ContactFile is an e-mail address, a telephone number or a role of a user.
type ContactFile struct {
	Value   string `yaml:"value,omitempty"`
	Type    string `yaml:"type,omitempty"`
	Primary bool   `yaml:"primary,omitempty"`
}

// AddressFile is a postal address of a user.
type AddressFile struct {
	StreetAddress string `yaml:"streetAddress,omitempty"`
	Locality      string `yaml:"locality,omitempty"`
	Region        string `yaml:"region,omitempty"`
	PostalCode    string `yaml:"postalCode,omitempty"`
	Country       string `yaml:"country,omitempty"`
	Formatted     string `yaml:"formatted,omitempty"`
	Type          string `yaml:"type,omitempty"`
	Primary       bool   `yaml:"primary,omitempty"`
}

// PhotoFile is a picture of a user: Value is where it is.
type PhotoFile struct {
	Value   string `yaml:"value"`
	Type    string `yaml:"type,omitempty"`
	Display string `yaml:"display,omitempty"`
	Primary bool   `yaml:"primary,omitempty"`
}

// EnterpriseFile are the attributes of the enterprise extension (RFC 7643, 4.3).
type EnterpriseFile struct {
	EmployeeNumber string      `yaml:"employeeNumber,omitempty"`
	CostCenter     string      `yaml:"costCenter,omitempty"`
	Organization   string      `yaml:"organization,omitempty"`
	Division       string      `yaml:"division,omitempty"`
	Department     string      `yaml:"department,omitempty"`
	Manager        ManagerFile `yaml:"manager,omitempty"`
}

// ManagerFile names somebody's manager by the id of a user.
type ManagerFile struct {
	Value string `yaml:"value,omitempty"`
}

// StampFile says when and by whom something was made and changed. The API leaves
// out what is left out here.
type StampFile struct {
	Created *time.Time `yaml:"created,omitempty"`
	Updated *time.Time `yaml:"updated,omitempty"`
	// CreatedBy and UpdatedBy are ARNs of callers.
	CreatedBy string `yaml:"createdBy,omitempty"`
	UpdatedBy string `yaml:"updatedBy,omitempty"`
}

// ExternalIDFile is an identifier that the provisioning IdP gave to a user or group.
type ExternalIDFile struct {
	Issuer string `yaml:"issuer"`
	ID     string `yaml:"id"`
}

// GroupFile is a flat group of the identity store.
type GroupFile struct {
	ID          string           `yaml:"id"`
	DisplayName string           `yaml:"displayName"`
	Description string           `yaml:"description,omitempty"`
	ExternalIDs []ExternalIDFile `yaml:"externalIds,omitempty"`
	// Members are user names.
	Members []string `yaml:"members,omitempty"`
	// Memberships are further members, with what is known of their membership.
	Memberships []MembershipFile `yaml:"memberships,omitempty"`
	StampFile   `yaml:",inline"`
}

// MembershipFile is the membership of a user in a group.
type MembershipFile struct {
	// User is a user name.
	User string `yaml:"user"`
	// ID is made up from those of the group and the user when it is left out.
	ID        string `yaml:"id,omitempty"`
	StampFile `yaml:",inline"`
}

// DirectoryQuotas are lower quotas of an identity store than AWS's 200,000 users
// and 100,000 groups.
type DirectoryQuotas struct {
	MaxUsers  int `yaml:"maxUsers,omitempty"`
	MaxGroups int `yaml:"maxGroups,omitempty"`
}
