package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/config"
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
// renewal fails or not. A new one may fall short of least by what getting it took, 50
// seconds at most. The error is a [*TooShortError] if a new one falls short of it by
// more, and around the cause if renewal failed and a shorter session is at hand.
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
		return renewed, longEnough(s.config, renewed, least)
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
	// Length is how long new ones are to last, and Setting what says so; ""
	// for session_duration.
	Length  time.Duration
	Setting string
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

// Hint is what to do where new credentials are too short: what was asked for was within
// the session's length, so that AWS gave less, or the clock moved meanwhile. Where
// renewal failed, it is for the cause to say.
func (e *TooShortError) Hint() string {
	if e.Err != nil {
		return ""
	}
	subject, setting := "a session is", "session_duration"
	if e.Setting != "" {
		subject, setting = "they are", e.Setting
	}
	return fmt.Sprintf("%s to last %s here: look at the clock of this machine and at %s, or ask for less than %s", subject, e.Length, setting, e.Left)
}

// Unwrap returns why renewal failed.
func (e *TooShortError) Unwrap() error { return e.Err }

// tooShort adds to err what there is instead, if more was asked for.
func (s *Session) tooShort(least time.Duration, err error) error {
	held, ok := s.heldRole(answer.Asked{LastGood: true})
	if least == 0 || !ok {
		return err
	}
	return &TooShortError{Asked: least, Left: time.Until(held.Expiration).Round(time.Second), Length: Length(s.config), Err: err}
}

// gettingTakes is how much of its life a new session may have lost before it is handed
// out: an answer is given within that time, or none.
const gettingTakes = answerWithin

// longEnough refuses new credentials that fall short of what was asked for by more
// than getting them takes. They are judged by AWS's clock: by one ahead of it they
// would always seem too short.
func longEnough(c config.Config, renewed store.RoleCredentials, least time.Duration) error {
	if left := time.Until(renewed.Expiration) + renewed.ClockAhead; left < least-gettingTakes {
		return &TooShortError{Asked: least, Left: left.Round(time.Second), Length: Length(c)}
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
	now := time.Now()
	lasts := "that expire in " + held.Expiration.Sub(now).Round(time.Second).String()
	if held.Judged().ClockBack(now) {
		lasts = "whose end is not known, for the clock of this machine was set back since they were stored"
	}
	s.notice(fmt.Sprintf("renewal failed, handing out credentials %s: %v", lasts, err))
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
	if !ok && fresh.MinTTL > 0 && !held.ObtainedAt.Before(started) && longEnough(s.config, held, fresh.MinTTL) == nil {
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
// where there is one, else with a JWT. Nothing is spent where it could not be stored.
// The lock is held.
func (s *Session) renew(ctx context.Context) (store.RoleCredentials, error) {
	if _, err := s.store.LoadRole(); errors.Is(err, store.ErrNotRegular) {
		return store.RoleCredentials{}, err
	}
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
