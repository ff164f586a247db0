package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/store"
)

// refreshGrace is how long a refresh under way may go on after an interruption:
// the answer may hold the only refresh token that still works.
const refreshGrace = 5 * time.Second

// signInFingerprint is the part of the configuration's fingerprint that tokens
// depend on: the identity provider and the client, not the application and the roles.
func signInFingerprint(c config.Config) string {
	c.TokenExchangeApplicationARN, c.OIDCRoleARN, c.IDEnhancedRoleARN = "", "", ""
	return c.Fingerprint()
}

// SignIn has a person sign in with a browser and stores the tokens. What was
// obtained for somebody else before is dropped.
func (s *Session) SignIn(ctx context.Context) (oidclogin.Claims, error) {
	release, err := s.lock(ctx) // nobody signs in for a folder that cannot be written
	if err != nil {
		return oidclogin.Claims{}, err
	}
	release()
	tokens, err := s.login.SignIn(ctx)
	if err != nil {
		return oidclogin.Claims{}, err
	}
	if release, err = s.lock(ctx); err != nil {
		return oidclogin.Claims{}, err
	}
	defer release()
	// In this order: a crash in between leaves nobody's credentials beside
	// somebody else's tokens.
	if err := forgetCredentials(ctx, s.store); err != nil {
		return oidclogin.Claims{}, err
	}
	return tokens.Claims, s.saveToken(ctx, store.IDPToken{
		Token: tokens.IDToken, RefreshToken: tokens.RefreshToken, ObtainedAt: time.Now(), Fingerprint: s.signInFingerprint,
	})
}

// Reconfigured drops what was obtained under another configuration, before the
// new one is stored. Tokens stay, and are of use again if the old identity
// provider is configured again; those of the original, which do not say whose
// they are, are marked as the old configuration's.
func Reconfigured(ctx context.Context, st *store.Store, before, after config.Config) error {
	if before.Fingerprint() == after.Fingerprint() {
		return nil
	}
	release, err := lock(ctx, st)
	if err != nil {
		return err
	}
	defer release()
	if err := forgetCredentials(ctx, st); err != nil {
		return err
	}
	held, err := st.LoadIDPToken(ctx)
	// Tokens that cannot be read cannot be sent to anybody either.
	if err != nil || held.Fingerprint != "" || signInFingerprint(before) == signInFingerprint(after) {
		return nil
	}
	held.Fingerprint = signInFingerprint(before)
	return st.SaveIDPToken(ctx, held)
}

// forgetCredentials drops credentials that may be somebody else's.
func forgetCredentials(ctx context.Context, st *store.Store) error {
	_, err := st.ClearS3(ctx, "")
	return errors.Join(st.ClearRole(), err)
}

// saveToken stores tokens, also when the work was interrupted meanwhile.
func (s *Session) saveToken(ctx context.Context, t store.IDPToken) error {
	if err := s.store.SaveIDPToken(context.WithoutCancel(ctx), t); err != nil {
		return fmt.Errorf("store the tokens: %w", err)
	}
	return nil
}

// RefreshToken gets a new ID token with the refresh token and stores both.
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
	if held, err = s.refresh(ctx, held); err != nil {
		return oidclogin.Claims{}, err
	}
	return oidclogin.Decode(held.Token)
}

// heldToken loads what the identity provider gave, if it was for this configuration.
func (s *Session) heldToken(ctx context.Context) (store.IDPToken, error) {
	held, err := s.store.LoadIDPToken(ctx)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return held, &SignInRequiredError{Reason: "nobody has signed in yet", Err: err}
	case errors.Is(err, store.ErrKeyLost):
		return held, &SignInRequiredError{Reason: "the stored tokens cannot be opened", Err: err}
	case err != nil:
		return held, err
	case held.Fingerprint != "" && held.Fingerprint != s.signInFingerprint:
		return held, &SignInRequiredError{Reason: "the last sign-in was for another configuration"}
	}
	return held, nil
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

// refreshOnce sends the refresh token once. A rotated one is stored before
// anything else, also beside an error.
func (s *Session) refreshOnce(ctx context.Context, held store.IDPToken) (store.IDPToken, error) {
	if held.RefreshToken.IsZero() {
		return held, &SignInRequiredError{Reason: "the ID token is used up and there is no refresh token"}
	}
	previous, _ := oidclogin.Decode(held.Token) // a token that cannot be read has no subject to keep
	going, stop := withGrace(ctx, refreshGrace)
	defer stop()
	tokens, err := s.login.Refresh(going, held.RefreshToken, func(o *oidclogin.RefreshOptions) { o.Previous = previous })
	if err != nil {
		return held, s.refreshFailed(ctx, held, tokens, err)
	}
	held = store.IDPToken{
		Token: tokens.IDToken, RefreshToken: tokens.RefreshToken, ObtainedAt: time.Now(), Fingerprint: s.signInFingerprint,
		SpentSHA256: held.SpentSHA256, SpentAt: held.SpentAt,
	}
	return held, errors.Join(s.saveToken(ctx, held), ctx.Err())
}

// withGrace returns a context that ends some time after ctx does.
func withGrace(ctx context.Context, grace time.Duration) (context.Context, func()) {
	going, cancel := context.WithCancel(context.WithoutCancel(ctx))
	detach := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return going, func() { detach(); cancel() }
}

func (s *Session) refreshFailed(ctx context.Context, held store.IDPToken, tokens oidclogin.Tokens, err error) error {
	if tokens.Rotated {
		held.RefreshToken = tokens.RefreshToken
		if saveErr := s.saveToken(ctx, held); saveErr != nil {
			return errors.Join(err, saveErr)
		}
	}
	if oidclogin.KindOf(err) == oidclogin.KindInvalidGrant {
		return &SignInRequiredError{Reason: "the identity provider no longer takes the refresh token", Err: err}
	}
	return err
}
