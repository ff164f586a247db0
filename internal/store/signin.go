package store

import "time"

// SignInPause is how long nobody is asked again by itself after a failed sign-in.
const SignInPause = 5 * time.Minute

// SignIn is the content of sign_in.json: the last sign-in that did not succeed,
// so that automatic ones can pause for a while.
type SignIn struct {
	// FailedAt is when the attempt ended.
	FailedAt time.Time `json:"failed_at"`
	// Reason says why in a few words, without secrets.
	Reason string `json:"reason,omitempty"`
}

// LoadSignIn reads sign_in.json. The error wraps [ErrNotFound] if the last
// sign-in succeeded or there was none.
func (s *Store) LoadSignIn() (SignIn, error) {
	var signIn SignIn
	if err := s.decode(SignInFile, &signIn); err != nil {
		return SignIn{}, err
	}
	return signIn, nil
}

// SaveSignIn records a failed sign-in.
func (s *Store) SaveSignIn(signIn SignIn) error {
	signIn.FailedAt = signIn.FailedAt.UTC()
	return s.encode(SignInFile, signIn)
}

// ClearSignIn forgets a failed sign-in; a damaged file is set aside. That there is
// none is no error.
func (s *Store) ClearSignIn() error { return s.clear(SignInFile) }
