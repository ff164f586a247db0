package store

// Issuer is the content of issuer.json: the issuer of a Cognito user pool, learned
// from the first ID token that came over TLS from the token endpoint of its domain.
type Issuer struct {
	// Issuer is the URL that ID tokens name as iss.
	Issuer string `json:"issuer"`
	// Fingerprint is that of the configuration it was learned under.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// LoadIssuer reads issuer.json. The error wraps [ErrNotFound] or [ErrCorrupt] where
// one of them applies.
func (s *Store) LoadIssuer() (Issuer, error) {
	var issuer Issuer
	if err := s.decode(IssuerFile, &issuer); err != nil {
		return Issuer{}, err
	}
	if issuer.Issuer == "" {
		return Issuer{}, s.corrupt(IssuerFile, `"issuer" is missing`)
	}
	return issuer, nil
}

// SaveIssuer replaces issuer.json.
func (s *Store) SaveIssuer(issuer Issuer) error {
	if issuer.Issuer == "" {
		return s.corrupt(IssuerFile, "refusing to write an empty issuer")
	}
	return s.encode(IssuerFile, issuer)
}

// ClearIssuer deletes issuer.json, or sets it aside if it is damaged. That there is
// none is no error.
func (s *Store) ClearIssuer() error { return s.clear(IssuerFile) }
