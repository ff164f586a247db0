package store

// Identity is the content of identity.json: whose session role_creds.json holds, as
// IAM Identity Center and STS named it. It is no secret. It is not in role_creds.json
// itself, which the fast path reads whole.
type Identity struct {
	// AccessKeyID is that of the role session that this is about.
	AccessKeyID string `json:"access_key_id"`
	// AssumedRoleARN is the ARN of the session at STS.
	AssumedRoleARN string `json:"assumed_role_arn,omitempty"`
	// IdentityStoreID and IdentityStoreARN name the directory of the user.
	IdentityStoreID  string `json:"identity_store_id,omitempty"`
	IdentityStoreARN string `json:"identity_store_arn,omitempty"`
	// InstanceARN and ApplicationARN are those of Identity Center.
	InstanceARN    string `json:"instance_arn,omitempty"`
	ApplicationARN string `json:"application_arn,omitempty"`
	// TrustedTokenIssuerARN is that of the issuer that vouched for the user.
	TrustedTokenIssuerARN string `json:"trusted_token_issuer_arn,omitempty"`
	// CredentialID is what CloudTrail shows for calls with a bearer token.
	CredentialID string `json:"credential_id,omitempty"`
}

// LoadIdentity reads identity.json. The error wraps [ErrNotFound] or [ErrCorrupt]
// where one of them applies.
func (s *Store) LoadIdentity() (Identity, error) {
	var identity Identity
	if err := s.decode(IdentityFile, &identity); err != nil {
		return Identity{}, err
	}
	if identity.AccessKeyID == "" {
		return Identity{}, s.corrupt(IdentityFile, `"access_key_id" is missing`)
	}
	return identity, nil
}

// SaveIdentity replaces identity.json.
func (s *Store) SaveIdentity(identity Identity) error {
	if identity.AccessKeyID == "" {
		return s.corrupt(IdentityFile, "refusing to write an identity of no session")
	}
	return s.encode(IdentityFile, identity)
}

// ClearIdentity deletes identity.json, or sets it aside if it is damaged. That there
// is none is no error.
func (s *Store) ClearIdentity() error { return s.clear(IdentityFile) }
