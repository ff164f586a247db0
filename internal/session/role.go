package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/store"
)

// RoleCredentials returns the identity-enhanced role session: the stored one
// while it has more than 15 minutes left, else a new one. If renewal fails, the
// stored one is returned as long as it has more than a minute left. It gives an
// answer, or none, within 50 seconds.
func (s *Session) RoleCredentials(ctx context.Context) (store.RoleCredentials, error) {
	return s.RoleCredentialsLasting(ctx, 0)
}

// RoleCredentialsLasting is RoleCredentials for whoever needs the session for some
// time: the stored one is returned if it has more than least left as well, whether
// renewal fails or not. Else the error is a [*TooShortError] around the cause if a
// shorter session is at hand.
func (s *Session) RoleCredentialsLasting(ctx context.Context, least time.Duration) (store.RoleCredentials, error) {
	fresh, lastGood := answer.Asked{MinTTL: least}, answer.Asked{MinTTL: least, LastGood: true}
	if held, ok := s.heldRole(fresh); ok {
		return held, nil
	}
	s.trace("no stored credentials last long enough")
	going, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	renewed, err := s.renewed(going, fresh)
	if need, ok := errors.AsType[*SignInRequiredError](err); ok {
		if held, ok := s.heldRole(lastGood); ok { // nobody is asked before it must be
			return s.lastGood(held, err), nil
		}
		renewed, err = s.signInOnDemand(going, need, fresh)
	}
	if ctx.Err() != nil {
		return renewed, err
	}
	if err == nil {
		return renewed, longEnough(renewed, least)
	}
	if held, ok := s.heldRole(lastGood); ok {
		return s.lastGood(held, err), nil
	}
	return renewed, s.tooShort(least, s.inTime(going, err))
}

// TooShortError says that credentials do not last as long as was asked for.
type TooShortError struct {
	// Asked is how much life was asked for, and Left how much there is.
	Asked, Left time.Duration
	// Err is why they could not be renewed; nil if they are new.
	Err error
}

// Error implements error.
func (e *TooShortError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("new credentials last %s, and %s were asked for", e.Left, e.Asked)
	}
	return fmt.Sprintf("the stored credentials last %s more, %s were asked for, and renewal failed: %v", e.Left, e.Asked, e.Err)
}

// Unwrap returns why renewal failed.
func (e *TooShortError) Unwrap() error { return e.Err }

// tooShort adds to err what there is instead, if more was asked for.
func (s *Session) tooShort(least time.Duration, err error) error {
	held, ok := s.heldRole(answer.Asked{LastGood: true})
	if least == 0 || !ok {
		return err
	}
	return &TooShortError{Asked: least, Left: time.Until(held.Expiration).Round(time.Second), Err: err}
}

// longEnough refuses new credentials that fall short of what was asked for by more
// than the making of them takes.
func longEnough(renewed store.RoleCredentials, least time.Duration) error {
	if left := time.Until(renewed.Expiration); left < least-answerWithin {
		return &TooShortError{Asked: least, Left: left.Round(time.Second)}
	}
	return nil
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
func (s *Session) renewed(ctx context.Context, fresh answer.Asked) (store.RoleCredentials, error) {
	started := time.Now().Truncate(time.Second) // as files have it
	release, err := s.lock(ctx)
	if err != nil {
		return store.RoleCredentials{}, err
	}
	defer release()
	held, ok := s.heldRole(fresh)
	if !ok && fresh.MinTTL > 0 && !held.ObtainedAt.Before(started) && longEnough(held, fresh.MinTTL) == nil {
		fresh.MinTTL = 0 // a new one would last no longer
		held, ok = s.heldRole(fresh)
	}
	if ok {
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
