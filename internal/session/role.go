package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
)

// RoleCredentials returns the identity-enhanced role session: the stored one
// while it has more than 15 minutes left, else a new one. If renewal fails, the
// stored one is returned as long as it has more than a minute left. It gives an
// answer, or none, within 50 seconds.
func (s *Session) RoleCredentials(ctx context.Context) (store.RoleCredentials, error) {
	if held, ok := s.heldRole(s.margin()); ok {
		return held, nil
	}
	s.trace("no stored credentials last long enough")
	going, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	renewed, err := s.renewed(going)
	if need, ok := errors.AsType[*SignInRequiredError](err); ok {
		if held, ok := s.heldRole(usableFor); ok { // nobody is asked before it must be
			return s.lastGood(held, err), nil
		}
		renewed, err = s.signInOnDemand(going, need)
	}
	if err == nil || ctx.Err() != nil {
		return renewed, err
	}
	if held, ok := s.heldRole(usableFor); ok {
		return s.lastGood(held, err), nil
	}
	return renewed, s.inTime(going, err)
}

// TimeoutError says that the time was up in which an answer is of use.
type TimeoutError struct {
	After time.Duration
	Err   error
}

// Error implements error.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("no answer within %s: %v", e.After, e.Err)
}

// Unwrap returns what was being done.
func (e *TimeoutError) Unwrap() error { return e.Err }

// inTime names the time that was up, where that is why err came.
func (s *Session) inTime(going context.Context, err error) error {
	_, needed := errors.AsType[*SignInRequiredError](err)
	if err == nil || needed || !errors.Is(going.Err(), context.DeadlineExceeded) || errors.Is(err, store.ErrLocked) {
		return err
	}
	return &TimeoutError{After: s.within, Err: err}
}

// lastGood says why credentials are handed out that should have been renewed.
func (s *Session) lastGood(held store.RoleCredentials, err error) store.RoleCredentials {
	left := time.Until(held.Expiration).Round(time.Second)
	s.notice(fmt.Sprintf("renewal failed, handing out credentials that expire in %s: %v", left, err))
	return held
}

// renewed returns a new role session, or the one that another process has just made.
func (s *Session) renewed(ctx context.Context) (store.RoleCredentials, error) {
	release, err := s.lock(ctx)
	if err != nil {
		return store.RoleCredentials{}, err
	}
	defer release()
	if held, ok := s.heldRole(s.margin()); ok {
		s.trace("another process has renewed the credentials")
		return held, nil
	}
	return s.renew(ctx)
}

// renew makes a role session and stores it: with Identity Center's refresh token
// where there is one, else with a JWT. The lock is held.
func (s *Session) renew(ctx context.Context) (store.RoleCredentials, error) {
	held, err := s.heldToken(ctx)
	if err != nil {
		return store.RoleCredentials{}, err
	}
	r, err := s.newRenewal(held)
	if err != nil {
		return store.RoleCredentials{}, err
	}
	if renewed, ok, err := r.byApplicationToken(ctx); ok || err != nil {
		return renewed, err
	}
	return r.byAssertion(ctx)
}
