package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// notableSkew is how far the local clock may be off before it is worth a word:
// AWS refuses signatures from five minutes on.
const notableSkew = 4 * time.Minute

const theProviders = "the identity provider's"

// signInFingerprint is the part of the configuration's fingerprint that tokens
// depend on: the identity provider and the client, not the application and the roles.
func signInFingerprint(c config.Config) string {
	c.TokenExchangeApplicationARN, c.OIDCRoleARN, c.IDEnhancedRoleARN = "", "", ""
	return c.Fingerprint()
}

// Reconfigure stores another configuration by calling save, and drops what was
// obtained under the one before: credentials, and the issuer that was learned.
// Tokens stay, and are of use again if the old identity provider is configured
// again; those of the original, which do not say whose they are, are marked as the
// old configuration's. Both functions are called while nobody else can reconfigure:
// change reads the configuration that is stored now and says what becomes of it.
func Reconfigure(ctx context.Context, st *store.Store, change func() (before, after config.Config, err error), save func(after config.Config) error) error {
	release, err := lock(ctx, st)
	if err != nil {
		return err
	}
	defer release()
	before, after, err := change()
	if err != nil {
		return err
	}
	if err := errors.Join(st.ClearIssuer(), st.ClearSignIn()); err != nil {
		return err
	}
	if before.Fingerprint() != after.Fingerprint() {
		if err := disown(ctx, st, before, after); err != nil {
			return err
		}
	}
	return save(after)
}

// disown parts what is stored from the configuration to come. The lock is held.
func disown(ctx context.Context, st *store.Store, before, after config.Config) error {
	if err := forgetCredentials(ctx, st); err != nil {
		return err
	}
	held, err := st.LoadIDPToken(ctx)
	// Tokens that cannot be read cannot be sent to anybody either.
	if err == nil && held.Fingerprint == "" && signInFingerprint(before) != signInFingerprint(after) {
		held.Fingerprint = signInFingerprint(before)
		return st.SaveIDPToken(ctx, held)
	}
	return nil
}

// storeWait bounds the waits for a lock that come after the work is done, when the
// time for an answer may be up already.
const storeWait = 5 * time.Second

// forgetCredentials drops credentials that may be somebody else's, also when the
// work was interrupted meanwhile. The role session goes first: without it nobody stores
// S3 credentials any more. If somebody holds on to these, they are removed all the same.
func forgetCredentials(ctx context.Context, st *store.Store) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWait)
	defer cancel()
	err := st.ClearRole()
	if _, failed := st.ClearS3(ctx, ""); failed != nil {
		err = errors.Join(err, st.RemoveS3())
	}
	return errors.Join(err, st.ClearIdentity(), st.ClearGrants(), st.ClearS3Denials(), st.ClearApplicationToken())
}

// saveToken stores tokens, also when the work was interrupted meanwhile.
func (s *Session) saveToken(ctx context.Context, t store.IDPToken) error {
	if err := s.store.SaveIDPToken(context.WithoutCancel(ctx), t); err != nil {
		return fmt.Errorf("store the tokens: %w", err)
	}
	return nil
}

// RefreshToken gets a new ID token with the refresh token, or from where the
// configuration says that tokens come from, and stores it.
func (s *Session) RefreshToken(ctx context.Context) (oidclogin.Claims, error) {
	release, err := s.lock(ctx)
	if err != nil {
		return oidclogin.Claims{}, err
	}
	defer release()
	held, err := s.heldToken(ctx)
	if err != nil {
		return oidclogin.Claims{}, err
	}
	if held, err = s.freshToken(ctx, held); err != nil {
		return oidclogin.Claims{}, err
	}
	return oidclogin.Decode(held.Token)
}

// heldToken loads what the identity provider gave, if it was for this
// configuration. Where tokens come from elsewhere, none is as good as any. The
// lock is held.
func (s *Session) heldToken(ctx context.Context) (store.IDPToken, error) {
	held, err := s.loadToken(ctx)
	if !s.config.TokenSource().IsZero() && missing(err) {
		return store.IDPToken{Fingerprint: s.signInFingerprint}, nil
	}
	return held, err
}

// missing reports whether err says that there is no token, and nothing worse.
func missing(err error) bool {
	_, needed := errors.AsType[*SignInRequiredError](err)
	return needed || errors.Is(err, store.ErrKeyUnavailable)
}

func (s *Session) loadToken(ctx context.Context) (store.IDPToken, error) {
	held, err := s.store.LoadIDPToken(ctx)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return held, &SignInRequiredError{Reason: "nobody has signed in yet", Err: err}
	case errors.Is(err, store.ErrKeyLost):
		return held, &SignInRequiredError{Reason: "the stored tokens cannot be opened", Err: err}
	case errors.Is(err, store.ErrCorrupt):
		return held, s.setAside(err)
	case err != nil:
		return held, err
	case held.Fingerprint != "" && held.Fingerprint != s.signInFingerprint:
		return held, &SignInRequiredError{Reason: "the last sign-in was for another configuration"}
	case held.Plaintext:
		return held, s.adopt(ctx, held)
	}
	return held, nil
}

// adopt seals the original's tokens at their first use. Credentials that we have
// stored are older than they, and may be another person's.
func (s *Session) adopt(ctx context.Context, held store.IDPToken) error {
	if role, err := s.store.LoadRole(); err == nil && role.Fingerprint != "" {
		if err := forgetCredentials(ctx, s.store); err != nil {
			return err
		}
	}
	return s.saveToken(ctx, held)
}

// setAside moves damaged tokens out of the way.
func (s *Session) setAside(damage error) error {
	if _, err := s.store.SetAside(store.IDPTokenFile); err != nil {
		return errors.Join(damage, err)
	}
	return &SignInRequiredError{Reason: "the stored tokens were damaged", Err: damage}
}

// freshToken gets a token that was not exchanged yet and stores it: from the
// configured program or file, else with the refresh token. The lock is held.
func (s *Session) freshToken(ctx context.Context, held store.IDPToken) (store.IDPToken, error) {
	if source := s.config.TokenSource(); !source.IsZero() {
		return s.fromSource(ctx, source, held)
	}
	return s.refresh(ctx, held)
}

// refresh uses the refresh token. If it is refused, somebody who does not take
// our lock (the original, say) may have used it and stored the next one: that is
// worth one more attempt. The lock is held.
func (s *Session) refresh(ctx context.Context, held store.IDPToken) (store.IDPToken, error) {
	fresh, err := s.refreshOnce(ctx, held)
	if oidclogin.KindOf(err) != oidclogin.KindInvalidGrant {
		return fresh, err
	}
	now, loadErr := s.heldToken(ctx)
	if loadErr != nil || now.RefreshToken.IsZero() || now.RefreshToken.Reveal() == held.RefreshToken.Reveal() {
		return fresh, err
	}
	return s.refreshOnce(ctx, now)
}

// refreshOnce sends the refresh token. A rotated one is stored before anything else
// is done with the answer.
func (s *Session) refreshOnce(ctx context.Context, held store.IDPToken) (store.IDPToken, error) {
	if held.RefreshToken.IsZero() {
		return held, &SignInRequiredError{Reason: "the ID token is used up and there is no refresh token"}
	}
	previous, _ := oidclogin.Decode(held.Token) // a token that cannot be read has no subject to keep
	// The answer may hold the only refresh token that still works: a disk that is
	// full or read-only has to show before it is asked for.
	if err := s.saveToken(ctx, held); err != nil {
		return held, err
	}
	s.trace("refreshing the ID token")
	going, stop := withGrace(ctx, refreshGrace)
	defer stop()
	sent := held.RefreshToken
	tokens, err := s.login.Refresh(going, sent, func(o *oidclogin.RefreshOptions) {
		o.Previous = previous
		o.Rotated = func(fresh secret.Value) error {
			held.RefreshToken = fresh
			return s.saveToken(ctx, held)
		}
	})
	if err != nil {
		return held, refreshFailed(err)
	}
	held = store.IDPToken{
		Token: tokens.Assertion, RefreshToken: tokens.RefreshToken, ObtainedAt: time.Now(), Fingerprint: s.signInFingerprint,
		SpentSHA256: held.SpentSHA256, SpentAt: held.SpentAt,
	}
	if err := errors.Join(s.saveToken(ctx, held), s.pin(tokens.Claims), ctx.Err()); err != nil {
		return held, err
	}
	s.sayClockSkew(tokens.ClockSkew, theProviders)
	return held, nil
}

// refreshGrace is how long a refresh under way may go on after an interruption:
// the answer may hold the only refresh token that still works.
const refreshGrace = 5 * time.Second

// withGrace returns a context that ends some time after ctx does.
func withGrace(ctx context.Context, grace time.Duration) (context.Context, func()) {
	going, cancel := context.WithCancel(context.WithoutCancel(ctx))
	detach := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return going, func() { detach(); cancel() }
}

func refreshFailed(err error) error {
	switch oidclogin.KindOf(err) {
	case oidclogin.KindInvalidGrant:
		return &SignInRequiredError{Reason: "the identity provider no longer takes the refresh token", Err: err}
	case oidclogin.KindNoIDToken:
		return &SignInRequiredError{Reason: "the identity provider refreshes without giving an ID token", Err: err}
	}
	return err
}

// sayClockSkew warns of a clock with which AWS will refuse signatures.
func (s *Session) sayClockSkew(skew time.Duration, whose string) {
	if skew.Abs() < notableSkew {
		return
	}
	direction := "behind"
	if skew < 0 {
		direction = "ahead of"
	}
	s.notice("the local clock is " + skew.Abs().Round(time.Second).String() + " " + direction + " " + whose +
		"; AWS refuses requests that are five minutes off: set the clock of this machine")
}
