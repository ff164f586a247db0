package session

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/tipcreds"
)

const (
	// exchangeAttempts bounds how often one renewal goes to CreateTokenWithIAM.
	exchangeAttempts = 3
	// maxPause bounds the wait before another attempt, whatever Retry-After says.
	maxPause = 5 * time.Second
)

// renewal is one way from a JWT to a role session, with all its attempts.
type renewal struct {
	*Session
	// provider keeps the application role's credentials from attempt to attempt.
	provider *tipcreds.Provider
	held     store.IDPToken
	// stored says that held was there before, so that somebody else may have
	// spent it; again that it was sent a second time because nobody knows whether
	// the first time counted.
	stored, again bool
	// refused is why the last JWT would not do.
	refused error
}

func (s *Session) newRenewal(held store.IDPToken, edits ...func(*tipcreds.Options)) (*renewal, error) {
	r := &renewal{Session: s, held: held}
	var err error
	r.provider, err = tipcreds.New(s.config.IDEnhancedRoleARN, s.config.TokenExchangeApplicationARN,
		func(context.Context) (string, error) { return r.held.Token.Reveal(), nil },
		append([]func(*tipcreds.Options){func(o *tipcreds.Options) {
			o.ApplicationRoleARN = s.config.OIDCRoleARN
			o.AWSConfig = s.aws
			o.Region, o.IdentityCenterRegion = s.regions.Region, s.regions.IdentityCenterRegion
			o.ApplicationSessionName = config.ApplicationSessionName
			o.Duration = s.config.SessionLength()
			o.BeforeCreateToken = func(ctx context.Context, _ string) error {
				return s.store.SaveIDPToken(ctx, r.held.MarkSpent(time.Now()))
			}
			o.AfterCreateToken = r.keepApplicationToken
		}}, edits...)...)
	return r, err
}

// byAssertion exchanges the stored JWT if it is unspent, else a fresh one. The
// lock is held.
func (r *renewal) byAssertion(ctx context.Context) (store.RoleCredentials, error) {
	usable, err := r.usable(ctx, r.held)
	if err != nil {
		return store.RoleCredentials{}, err
	}
	if r.stored = usable; !usable {
		if err := r.fetch(ctx); err != nil {
			return store.RoleCredentials{}, err
		}
	}
	for attempt := 0; ; attempt++ {
		out, err := r.exchange(ctx)
		if err == nil || attempt == exchangeAttempts-1 {
			return out, err
		}
		if err := r.recover(ctx, err, attempt); err != nil {
			return store.RoleCredentials{}, err
		}
	}
}

// fetch gets a JWT in the place of the one at hand.
func (r *renewal) fetch(ctx context.Context) error {
	fresh, err := r.freshToken(ctx, r.held)
	if err != nil {
		return afterRefusal(err, r.refused)
	}
	if !fresh.Unspent() {
		return &SignInRequiredError{Reason: "the identity provider gives out an ID token that was exchanged before"}
	}
	r.held, r.stored, r.again = fresh, false, false
	return nil
}

// recover prepares another attempt after err, or returns the error that ends the
// renewal.
func (r *renewal) recover(ctx context.Context, err error, attempt int) error {
	failed, ok := errors.AsType[*tipcreds.ExchangeError](err)
	if !ok || ctx.Err() != nil || failed.RetryAfter > maxPause {
		return err
	}
	r.trace("the exchange failed: " + err.Error())
	switch {
	case failed.Step == tipcreds.StepCreateToken && failed.InDoubt:
		return r.inDoubt(ctx, err, attempt)
	case failed.Step == tipcreds.StepCreateToken && !failed.JWTSpent && !notStored(err):
		return pause(ctx, attempt, failed.RetryAfter)
	case !refusedToken(failed):
		return err
	case r.again: // the first time it did count
		return r.usedUp(err)
	case !r.stored:
		return err
	}
	r.refused, r.held = err, r.held.MarkSpent(time.Now())
	return r.fetch(ctx)
}

// inDoubt goes on after an answer that was lost. A fresh JWT is beyond doubt;
// where there is none to be had, the same one is sent once more.
func (r *renewal) inDoubt(ctx context.Context, err error, attempt int) error {
	doubtful := r.held
	if err := pause(ctx, attempt, 0); err != nil {
		return err
	}
	if !r.again && (!r.config.TokenSource().IsZero() || !doubtful.RefreshToken.IsZero()) {
		r.refused, r.held = err, doubtful.MarkSpent(time.Now())
		fetchErr := r.fetch(ctx)
		if _, needed := errors.AsType[*SignInRequiredError](fetchErr); !needed || !lasts(doubtful) {
			return fetchErr
		}
	}
	if r.again {
		return err
	}
	r.held, r.again = doubtful, true
	return nil
}

// usedUp asks for another token than the one that was sent twice.
func (r *renewal) usedUp(err error) error {
	if source := r.config.TokenSource(); !source.IsZero() {
		return sourceFails(source, ErrSpentByOthers.Error(), errors.Join(ErrSpentByOthers, err))
	}
	return &SignInRequiredError{Reason: "the ID token is used up and there is no other (" + err.Error() + ")", Err: err}
}

// pause waits before another attempt: as long as the service asks for, else a
// little longer each time.
func pause(ctx context.Context, attempt int, asked time.Duration) error {
	wait := min(asked, maxPause)
	if wait <= 0 {
		wait = 200*time.Millisecond<<attempt + rand.N(100*time.Millisecond) //nolint:gosec // nobody gains from guessing
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// afterRefusal adds to a request to sign in why the stored ID token would not do.
func afterRefusal(err, refused error) error {
	signIn, ok := errors.AsType[*SignInRequiredError](err)
	if refused == nil || !ok {
		return err
	}
	return &SignInRequiredError{Reason: signIn.Reason + " (" + refused.Error() + ")", Fix: signIn.Fix, Err: signIn.Err}
}

// usable reports whether the stored ID token can be exchanged. One that the
// original left in the clear was never verified, and is now. Of a provider whose
// issuer is not known yet, only tokens that came from it by TLS are believed.
func (s *Session) usable(ctx context.Context, held store.IDPToken) (bool, error) {
	if !held.Unspent() || !lasts(held) {
		return false, nil
	}
	if !held.Plaintext && !held.Unverified {
		return true, nil
	}
	if s.login == nil || s.unpinned {
		return false, nil
	}
	switch _, err := s.login.Verify(ctx, held.Token); oidclogin.KindOf(err) {
	case oidclogin.KindNetwork, oidclogin.KindInterrupted, oidclogin.KindTimeout, oidclogin.KindConfig:
		return false, err
	default:
		return err == nil, nil
	}
}

// lasts reports whether a stored ID token is worth a call. What cannot be read has
// the zero time and counts as expired.
func lasts(held store.IDPToken) bool {
	claims, _ := oidclogin.Decode(held.Token)
	return time.Until(claims.Expiry) >= tokenMargin
}

// refusedToken reports whether AWS refused the JWT itself: it was exchanged
// before, or is too old by AWS's clock.
func refusedToken(failed *tipcreds.ExchangeError) bool {
	switch failed.Step {
	case tipcreds.StepCreateToken:
		return failed.Code == "InvalidGrantException" || failed.Code == "ExpiredTokenException"
	case tipcreds.StepAssumeApplicationRole:
		return failed.Code == "ExpiredTokenException" || failed.Code == "ExpiredToken"
	}
	return false
}

// exchange turns the ID token at hand into a role session and stores it. The token
// is marked as spent, durably, before it is sent to Identity Center.
func (r *renewal) exchange(ctx context.Context) (store.RoleCredentials, error) {
	made, err := r.send(ctx)
	if err != nil {
		return store.RoleCredentials{}, err
	}
	return r.keepRole(made)
}

// send is exchange without storing what comes of it.
func (r *renewal) send(ctx context.Context) (*tipcreds.Session, error) {
	r.trace("exchanging the ID token")
	made, err := r.provider.Exchange(ctx, r.held.Token.Reveal())
	if err != nil {
		return nil, r.unlessSent(ctx, r.held, err)
	}
	return made, nil
}

// keepRole stores a role session. By a clock that is behind AWS's it would seem to
// last longer than it does. One that is ahead is not made up for on disk: if it is set
// right meanwhile, expired credentials would pass for good ones.
func (s *Session) keepRole(made *tipcreds.Session) (store.RoleCredentials, error) {
	s.sayClockSkew(made.ClockSkew, "AWS's")
	out := store.RoleCredentials{
		AccessKeyID: made.Credentials.AccessKeyID, SecretAccessKey: secret.New(made.Credentials.SecretAccessKey),
		SessionToken: secret.New(made.Credentials.SessionToken), Expiration: localExpiry(made.ExpiresAt, made.ClockSkew),
		AccountID: made.Credentials.AccountID, UserID: made.UserID, Fingerprint: s.fingerprint,
		ClockAhead: max(0, -made.ClockSkew),
	}
	out.ObtainedAt, out.RenewBefore = time.Now(), spread(answer.Window(Length(s.config)))
	out, _ = s.presented(out)
	if err := s.store.SaveRole(out); err != nil {
		return store.RoleCredentials{}, fmt.Errorf("store the role session: %w", err)
	}
	s.keepIdentity(made)
	return out, nil
}

// localExpiry is when credentials end by the local clock, and never later than by
// AWS's, which is ahead of it by skew.
func localExpiry(expires time.Time, skew time.Duration) time.Time {
	return expires.Add(-max(0, skew))
}

// unlessSent takes the mark of a spent token back if the token was certainly not
// used (it never left this machine, or the service was too busy to look at it), and
// if nobody knows and there is no other.
func (s *Session) unlessSent(ctx context.Context, held store.IDPToken, err error) error {
	failed, ok := errors.AsType[*tipcreds.ExchangeError](err)
	if !ok || failed.Step != tipcreds.StepCreateToken || notStored(err) {
		return err
	}
	other := len(s.config.TokenSource().Command) > 0 || !held.RefreshToken.IsZero()
	if failed.JWTSpent && (!failed.InDoubt || other) {
		return err
	}
	if saveErr := s.saveToken(ctx, held); saveErr != nil {
		return errors.Join(err, saveErr)
	}
	return err
}

// notStored reports whether it was the mark itself that could not be stored.
func notStored(err error) bool {
	_, file := errors.AsType[*store.FileError](err)
	return file
}
