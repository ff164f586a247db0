package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// signInPause is how long nobody is asked again after a failed sign-in on demand.
const signInPause = store.SignInPause

// Person is somebody who can sign in now.
type Person struct {
	// Options say how.
	Options func(*oidclogin.SignInOptions)
	// Close ends what Options hold, such as a terminal.
	Close func()
}

// Finder finds a person. The error says in a few words why nobody was found.
type Finder func() (Person, error)

// SignIn has a person sign in and stores the tokens. What was obtained for
// somebody else before is dropped. If another process is waiting for a sign-in
// already, its end is waited for first, lest two tabs ask for one person.
func (s *Session) SignIn(ctx context.Context, optFns ...func(*oidclogin.SignInOptions)) (oidclogin.Claims, error) {
	if s.login == nil {
		return oidclogin.Claims{}, s.loginErr
	}
	release, err := s.waitForSignIn(ctx)
	if err != nil {
		return oidclogin.Claims{}, err
	}
	defer release()
	if err := s.begin(ctx); err != nil {
		return oidclogin.Claims{}, err
	}
	if err := s.store.ClearSignIn(); err != nil { // one's own wish trips nothing
		return oidclogin.Claims{}, err
	}
	return s.signIn(ctx, optFns...)
}

// waitForSignIn takes the lock over sign-ins and says so if that takes a while.
func (s *Session) waitForSignIn(ctx context.Context) (func(), error) {
	release, ok, err := s.store.TryLock(signInLock)
	if err != nil || ok {
		return release, err
	}
	s.notice("another tip-cli is waiting for a sign-in; this one goes on when that has ended")
	return s.store.Lock(ctx, signInLock) // as long as the person there takes
}

// signIn signs in and stores. The lock over sign-ins is held.
func (s *Session) signIn(ctx context.Context, optFns ...func(*oidclogin.SignInOptions)) (oidclogin.Claims, error) {
	tokens, err := s.login.SignIn(ctx, optFns...)
	if err != nil {
		return oidclogin.Claims{}, err
	}
	s.sayClockSkew(tokens.ClockSkew, theProviders)
	return tokens.Claims, s.keep(ctx, tokens, s.pin)
}

// begin notes that a sign-in has begun. Nobody signs in for a folder that cannot
// be written, and one that ends with the process counts as failed.
func (s *Session) begin(ctx context.Context) error {
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	return s.store.SaveSignIn(store.SignIn{FailedAt: time.Now(), Reason: "it was cut short"})
}

// keep stores what a sign-in gave in the place of what was there. pin keeps the
// issuer, where the tokens have shown it.
func (s *Session) keep(ctx context.Context, tokens oidclogin.Tokens, pin func(oidclogin.Claims) error) error {
	wait := answerWithin
	if end, bounded := ctx.Deadline(); bounded {
		wait = max(time.Until(end), storeWait)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait) // a person has gone through it: Ctrl-C comes too late
	defer cancel()
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	before, _ := s.store.LoadIDPToken(ctx) // what cannot be read has no mark to keep
	fresh := store.IDPToken{
		Token: tokens.Assertion, RefreshToken: tokens.RefreshToken, ObtainedAt: time.Now(), Fingerprint: s.signInFingerprint,
		SpentSHA256: before.SpentSHA256, SpentAt: before.SpentAt,
	}
	if !fresh.Unspent() && fresh.RefreshToken.IsZero() {
		return &SignInRequiredError{Reason: ErrSpentByOthers.Error(), Fix: "get a fresh JWT", Err: ErrSpentByOthers}
	}
	// In this order: a crash in between leaves nobody's credentials beside
	// somebody else's tokens.
	if err := errors.Join(forgetCredentials(ctx, s.store), pin(tokens.Claims)); err != nil {
		return err
	}
	return s.saveToken(ctx, fresh)
}

// Import stores a JWT that was obtained elsewhere in the place of a sign-in. It is
// verified if the configuration names the identity provider, and can be exchanged
// once: there is no refresh token with it.
func (s *Session) Import(ctx context.Context, jwt secret.Value) (oidclogin.Claims, error) {
	claims, err := oidclogin.Decode(jwt)
	if err == nil && s.login != nil {
		claims, err = s.login.Verify(ctx, jwt)
	}
	if err == nil && time.Until(claims.Expiry) < tokenMargin {
		err = &SignInRequiredError{Reason: "the JWT expired at " + claims.Expiry.UTC().Format(time.RFC3339), Fix: "get a fresh JWT"}
	}
	if err != nil {
		return claims, err
	}
	// What did not come over TLS from the provider shows no issuer to keep.
	return claims, s.keep(ctx, oidclogin.Tokens{Assertion: jwt, Claims: claims}, func(oidclogin.Claims) error { return nil })
}

// signInOnDemand has a person sign in, once for all processes that need it, and
// renews. It gives up when ctx ends.
func (s *Session) signInOnDemand(ctx context.Context, need *SignInRequiredError, fresh answer.Asked) (store.RoleCredentials, error) {
	if s.onDemand == nil || s.login == nil || !s.config.TokenSource().IsZero() {
		return store.RoleCredentials{}, need
	}
	release, err := s.store.Lock(ctx, signInLock)
	if errors.Is(err, store.ErrLocked) && errors.Is(err, context.DeadlineExceeded) {
		return store.RoleCredentials{}, needed(need, "another tip-cli waits for it", err)
	}
	if err != nil {
		return store.RoleCredentials{}, err
	}
	defer release()
	renewed, err := s.renewed(ctx, fresh) // whoever had the lock may have done it
	again, still := errors.AsType[*SignInRequiredError](err)
	if !still {
		return renewed, err
	}
	if err := s.breaker(again); err != nil {
		return store.RoleCredentials{}, err
	}
	if err := s.ask(ctx, again); err != nil {
		return store.RoleCredentials{}, err
	}
	return s.renewed(ctx, fresh)
}

// breaker refuses a sign-in on demand for some minutes after one that failed.
func (s *Session) breaker(need *SignInRequiredError) error {
	failed, _ := s.store.LoadSignIn() // what cannot be read was long ago, and stops nobody
	ago := time.Since(failed.FailedAt).Round(time.Second)
	if ago < 0 || ago >= signInPause {
		return nil
	}
	return needed(need, fmt.Sprintf("the sign-in %s ago did not succeed (%s), and none is begun by itself for another %s", ago, failed.Reason, signInPause-ago), nil)
}

// ask finds a person and has them sign in.
func (s *Session) ask(ctx context.Context, need *SignInRequiredError) error {
	person, err := s.onDemand()
	if err != nil {
		return needed(need, err.Error(), nil)
	}
	if person.Close != nil {
		defer person.Close()
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	said := &noting{}
	_, err = s.signIn(ctx, person.Options, func(o *oidclogin.SignInOptions) {
		said.to = cmp.Or[io.Writer](o.Out, s.env.Stderr)
		o.Out = said
	})
	switch {
	case err == nil:
		return s.store.ClearSignIn()
	case oidclogin.KindOf(err) == oidclogin.KindTimeout, errors.Is(err, store.ErrLocked):
		return errors.Join(needed(need, "nobody signed in within "+s.within.String(), err), s.store.ClearSignIn())
	case !said.anything.Load(): // nobody was bothered
		return errors.Join(err, s.store.ClearSignIn())
	}
	s.trip(err)
	return err
}

// noting passes on what is said to a person, and remembers that something was.
type noting struct {
	to       io.Writer
	anything atomic.Bool
}

// Write implements io.Writer.
func (n *noting) Write(p []byte) (int, error) {
	n.anything.Store(true)
	if n.to == nil {
		return len(p), nil
	}
	return n.to.Write(p)
}

// trip remembers a sign-in on demand that failed.
func (s *Session) trip(err error) {
	failed := store.SignIn{FailedAt: time.Now(), Reason: reasonOf(err)}
	if err := s.store.SaveSignIn(failed); err != nil {
		s.notice("that the sign-in failed could not be stored: " + err.Error())
	}
}

// reasonOf words a failed sign-in for the next process.
func reasonOf(err error) string {
	if kind := oidclogin.KindOf(err); kind != oidclogin.KindUnknown {
		return kind.String()
	}
	return "it could not be stored"
}

func needed(need *SignInRequiredError, why string, err error) error {
	if err == nil {
		err = need.Err
	}
	return &SignInRequiredError{Reason: need.Reason + "; " + why, Fix: need.Fix, Err: err}
}
