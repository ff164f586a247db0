package store

import "time"

// PeekedToken is what idp_token.json shows without the key that seals it.
type PeekedToken struct {
	// RequiresRefresh says that the token must not be exchanged (again).
	RequiresRefresh bool
	// Refreshable says that there is a refresh token.
	Refreshable bool
	// ObtainedAt is when the token came; zero in a file of the original.
	ObtainedAt time.Time
	// Fingerprint is that of the configuration the token was made for.
	Fingerprint string
}

// PeekIDPToken reads idp_token.json without asking for the key. The error wraps
// [ErrNotFound] or [ErrCorrupt] where one of them applies.
func (s *Store) PeekIDPToken() (PeekedToken, error) {
	file, err := s.readIDPToken()
	if err != nil {
		return PeekedToken{}, err
	}
	return PeekedToken{
		RequiresRefresh: file.RequiresRefresh == nil || *file.RequiresRefresh,
		Refreshable:     file.RefreshToken != "" || file.Sealed != nil && file.Sealed.RefreshToken != "",
		ObtainedAt:      file.ObtainedAt, Fingerprint: file.Fingerprint,
	}, nil
}

// PeekApplicationToken returns the fingerprint and the time of
// application_token.json without asking for the key. The error wraps [ErrNotFound]
// or [ErrCorrupt] where one of them applies.
func (s *Store) PeekApplicationToken() (ApplicationToken, error) {
	file, err := s.readApplicationToken()
	if err != nil {
		return ApplicationToken{}, err
	}
	return ApplicationToken{Fingerprint: file.Fingerprint, ObtainedAt: file.ObtainedAt}, nil
}
