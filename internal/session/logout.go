package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// RevocationError says that the state on this machine is gone, but the identity
// provider still takes the refresh token.
type RevocationError struct{ Err error }

// Error implements error.
func (e *RevocationError) Error() string {
	return fmt.Sprintf("signed out on this machine, but the refresh token was not revoked: %v", e.Err)
}

// Unwrap returns the cause.
func (e *RevocationError) Unwrap() error { return e.Err }

// Hint says what is left to do.
func (e *RevocationError) Hint() string {
	return "end the session at the identity provider, or let the token run out"
}

// Logout removes tokens and credentials from this machine, whatever happens, and
// then has the identity provider revoke the refresh token. revoked is false if
// there was none, or the provider has no revocation (RFC 7009). The configuration
// and the secret of a confidential client stay.
func (s *Session) Logout(ctx context.Context) (revoked bool, err error) {
	release, err := s.lock(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	held, loadErr := s.store.LoadIDPToken(ctx)
	forgetErr := forget(ctx, s.store)
	defer func() { err = errors.Join(err, forgetErr) }()
	switch ours := held.Fingerprint == "" || held.Fingerprint == s.signInFingerprint; {
	case loadErr != nil && !errors.Is(loadErr, store.ErrNotFound):
		return false, &RevocationError{Err: loadErr}
	case loadErr != nil || held.RefreshToken.IsZero() || s.login == nil:
		return false, nil
	case !ours:
		return false, &RevocationError{Err: errors.New("it is of another configuration")}
	}
	return s.revoke(ctx, held.RefreshToken)
}

func (s *Session) revoke(ctx context.Context, token secret.Value) (bool, error) {
	err := s.login.Revoke(ctx, token)
	switch {
	case errors.Is(err, oidclogin.ErrNoRevocation):
		return false, nil
	case err != nil:
		return false, &RevocationError{Err: err}
	}
	return true, nil
}

// forget removes tokens and credentials, and the keys that seal nothing any more.
// The lock is held.
func forget(ctx context.Context, st *store.Store) error {
	ctx = context.WithoutCancel(ctx)
	return errors.Join(forgetCredentials(ctx, st), st.ClearSignIn(), st.ClearIDPToken(ctx), st.ClearKeys(ctx))
}

// Forget removes what [Session.Logout] removes, for a configuration that cannot be
// used any more.
func Forget(ctx context.Context, st *store.Store) error {
	release, err := lock(ctx, st)
	if err != nil {
		return err
	}
	defer release()
	return forget(ctx, st)
}
