package session

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/tip-cli/tip-cli/internal/recursion"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// Trial is one exchange that a diagnosis looks at step by step. It is made once,
// whatever comes of it: at most one JWT is spent.
type Trial struct {
	// JWT is exchanged in the place of the person's. What comes of it is not stored, so
	// that the state of the person stays as it is; if it is the stored one after all, it
	// is marked as spent. Zero for the stored one or, if that is spent, a fresh one.
	JWT secret.Value
	// ApplicationARN is an application in the place of the configured one, whose role
	// session is not stored either; empty for the configured one.
	ApplicationARN string
	// Clients adjusts the clients of the three steps.
	Clients tipcreds.ClientOptions
}

// Try makes the exchange of a Trial. It keeps the rules of every other one: the lock, and
// the mark of a spent token before it is sent. The error is an [*tipcreds.ExchangeError]
// where a step failed, and a [*SignInRequiredError] where there is no JWT to be had.
func Try(ctx context.Context, o Options, t Trial) (*tipcreds.Session, error) {
	s, err := newTrial(o, &t)
	if err != nil {
		return nil, err
	}
	going, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	release, err := s.lock(going)
	if err != nil {
		return nil, err
	}
	defer release()
	held, foreign, err := s.onTrial(going, &t)
	if err != nil {
		return nil, err
	}
	keep := t.JWT.IsZero() && t.ApplicationARN == s.config.TokenExchangeApplicationARN
	if _, err := s.store.LoadRole(); keep && errors.Is(err, store.ErrNotRegular) {
		return nil, err
	}
	r, err := s.newTrialRenewal(held, &t, foreign, keep)
	if err != nil {
		return nil, err
	}
	return r.try(going, &t, foreign, keep)
}

// try makes the exchange, with a fresh JWT in the place of a stored one that is spent.
func (r *renewal) try(ctx context.Context, t *Trial, foreign, keep bool) (*tipcreds.Session, error) {
	if foreign {
		return r.provider.Exchange(ctx, t.JWT.Reveal())
	}
	if t.JWT.IsZero() {
		usable, err := r.usable(ctx, r.held)
		if err == nil && !usable {
			err = r.fetch(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	made, err := r.send(ctx)
	if err == nil && keep {
		_, err = r.keepRole(made)
	}
	return made, err
}

// newTrial returns a Session for a Trial. With a JWT at hand nobody needs to sign in, so
// that it does not matter then whether the identity provider is configured.
func newTrial(o Options, t *Trial) (*Session, error) {
	t.ApplicationARN = cmp.Or(t.ApplicationARN, o.Config.TokenExchangeApplicationARN)
	if t.JWT.IsZero() {
		return New(o)
	}
	if err := recursion.Check(os.Getenv, o.Store.Dir()); err != nil {
		return nil, err
	}
	cfg, err := transport.AWSConfig(o.HTTPClient, o.Regions.Region)
	if err != nil {
		return nil, err
	}
	silent := func(string) {}
	return &Session{shelf: newShelf(o.Store, o.Config), regions: o.Regions, aws: cfg, within: answerWithin, notice: silent, trace: silent}, nil
}

// newTrialRenewal is newRenewal by the application of a Trial. What is not to be kept is
// not stored on the way either, nor is a JWT marked that is not the person's.
func (s *Session) newTrialRenewal(held store.IDPToken, t *Trial, foreign, keep bool) (*renewal, error) {
	with := *s
	with.config.TokenExchangeApplicationARN = t.ApplicationARN
	return with.newRenewal(held, func(o *tipcreds.Options) {
		o.ClientOptions = t.Clients
		if foreign {
			o.BeforeCreateToken = nil
		}
		if !keep {
			o.AfterCreateToken = nil
		}
	})
}

// onTrial is the token of a Trial as a stored one; foreign says that it is not that of
// the person. A JWT that is known to be spent is refused. The lock is held.
func (s *Session) onTrial(ctx context.Context, t *Trial) (held store.IDPToken, foreign bool, err error) {
	if t.JWT.IsZero() {
		held, err = s.heldToken(ctx)
		return held, false, err
	}
	held, err = s.store.LoadIDPToken(ctx)
	if err != nil { // no matter: it is not what is looked at
		return store.IDPToken{}, true, nil //nolint:nilerr // see above
	}
	own := held.Token.Reveal() == t.JWT.Reveal()
	given := store.IDPToken{Token: t.JWT, SpentSHA256: held.SpentSHA256, RequiresRefresh: own && held.RequiresRefresh}
	if !given.Unspent() {
		return held, false, &SignInRequiredError{Reason: "the JWT was exchanged before", Fix: "get another JWT", Err: ErrSpentByOthers}
	}
	return held, !own, nil
}
