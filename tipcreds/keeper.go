package tipcreds

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// keeper keeps the session of one user. A pool has one for each of its users, so
// that every field counts.
type keeper struct {
	*exchanger

	subject            Subject                 // of a Provider: may be zero
	owners             *owners                 // of a Pool, else nil
	dropped, signedOut atomic.Bool             // by the pool: for want of room, and by Forget
	pinned             atomic.Pointer[Subject] // of a Provider without a subject: that of the first JWT
	principal          atomic.Pointer[string]  // once somebody has asked

	application atomic.Pointer[lease]
	current     atomic.Pointer[lease]
	grant       atomic.Pointer[grant]
	spent       atomic.Pointer[spentTokens] // by retrieve; written by flights only
	flight      flight
}

// retrieve returns the credentials at hand, or those of a renewal that concurrent
// calls share. With own set, each caller has a JWT of its own, and who waited for
// a renewal that failed by the JWT of another caller begins one with its own.
func (k *keeper) retrieve(ctx context.Context, token WebTokenProvider, own bool) (aws.Credentials, error) {
	if l := k.current.Load(); !l.due(time.Now()) {
		return l.credentials, nil
	}
	return k.join(ctx, token, own)
}

func (k *keeper) join(ctx context.Context, token WebTokenProvider, own bool) (aws.Credentials, error) {
	var lost *call
	for begun := time.Now(); ; {
		if ctx.Err() != nil {
			return aws.Credentials{}, fmt.Errorf("retrieve credentials: %w", context.Cause(ctx))
		}
		c, started := k.flight.join(ctx, k.options.Timeout, func(ctx context.Context, c *call) (aws.Credentials, error) {
			return k.renew(ctx, token, c, lost)
		})
		select {
		case <-c.done:
		case <-ctx.Done():
			if l := k.current.Load(); l.usable(time.Now()) {
				return l.credentials, nil
			}
			return aws.Credentials{}, fmt.Errorf("wait for credentials: %w", context.Cause(ctx))
		}
		if c.panicked != nil && started {
			panic(c.panicked)
		}
		if c.err == nil || started || !own || !blamesToken(c.err) || time.Since(begun) >= k.options.Timeout {
			return c.credentials, c.err
		}
		lost = c
	}
}

// blamesToken reports whether another JWT of the same user might have done, or another
// source of one: that of another request may have ended with it.
func blamesToken(err error) bool {
	e, ok := errors.AsType[*ExchangeError](err)
	return ok && !errors.Is(err, ErrForgotten) && (e.Step == StepWebToken || e.FreshTokenRequired())
}

// renew is what one flight does. lost is one before it that failed by its JWT.
func (k *keeper) renew(ctx context.Context, token WebTokenProvider, c, lost *call) (aws.Credentials, error) {
	old := k.current.Load()
	if !old.due(time.Now()) {
		return old.credentials, nil // a flight landed since the caller looked
	}
	if k.signedOut.Load() {
		return aws.Credentials{}, errForgotten()
	}
	ctx, end := k.observe(ctx, OpRenew)
	m, origin, err := k.obtain(ctx, &tokenSource{fetch: token, call: c, lost: lost})
	if err == nil {
		fresh := k.newLease(m)
		k.keep(fresh, m)
		end(Outcome{Origin: origin})
		k.logRenewal(ctx, origin, m.Session)
		return fresh.credentials, nil
	}
	if now := time.Now(); old.usable(now) {
		k.current.Store(old.postponed(now))
		end(Outcome{Err: err, Origin: OriginKept})
		k.logFailure(ctx, "renewal failed, the credentials at hand are used on", err)
		return old.credentials, nil
	}
	end(Outcome{Err: err})
	k.logFailure(ctx, "no credentials", err)
	return aws.Credentials{}, err
}

// obtained is a session with what a keeper must know besides.
type obtained struct {
	*Session

	at       time.Time // by the clock of the process that got it
	webToken string    // the JWT that bought it, or the first of a row of refreshes
}

// newLease is that of a session, by the whole life that it had.
func (k *keeper) newLease(m *obtained) *lease {
	return newLease(m.Credentials, m.at, k.options.ExpiryWindow, m.ClockSkew)
}

// keep stores what a renewal brought, and drops what cannot serve the next one:
// the application role's credentials, unless they outlast these.
func (k *keeper) keep(fresh *lease, m *obtained) {
	k.owners.add(fresh.credentials.AccessKeyID, k.subject, fresh.credentials.Expires)
	k.current.Store(fresh)
	k.keepGrant(m.ApplicationRefreshToken, m.webToken)
	if l := k.application.Load(); l != nil && l.renewAt.Before(fresh.renewAt) {
		k.application.CompareAndSwap(l, nil)
	}
}

// obtain gets a session from where it costs least.
func (k *keeper) obtain(ctx context.Context, source *tokenSource) (*obtained, Origin, error) {
	if k.options.Cache == nil {
		return k.buy(ctx, source)
	}
	return k.share(ctx, source)
}

// buy gets a session from AWS: for a refresh token if one will do, else for a JWT.
func (k *keeper) buy(ctx context.Context, source *tokenSource) (*obtained, Origin, error) {
	if m, err := k.refresh(ctx); m != nil || err != nil {
		return m, OriginRefreshToken, err
	}
	m, err := k.exchangeFresh(ctx, source)
	return m, OriginExchange, err
}

// tokenSource gives a flight its JWT.
type tokenSource struct {
	fetch WebTokenProvider
	call  *call // the flight, which remembers the JWT
	lost  *call // a flight that failed by its JWT; may be nil
}

// exchangeFresh gets a JWT and exchanges it, unless it is one that was exchanged or
// refused already.
func (k *keeper) exchangeFresh(ctx context.Context, source *tokenSource) (*obtained, error) {
	webToken, err := k.fetchToken(ctx, source)
	if err != nil {
		return nil, err
	}
	if k.spent.Load().has(source.call.token) {
		return nil, &ExchangeError{Step: StepWebToken, JWTSpent: true, Err: ErrWebTokenSpent}
	}
	session, err := k.exchange(ctx, webToken, func(refreshToken string) { k.keepGrant(refreshToken, webToken) })
	if failed, ok := errors.AsType[*ExchangeError](err); err == nil || ok && failed.JWTSpent {
		k.spent.Store(k.spent.Load().with(webToken, time.Now()))
	}
	if err != nil {
		return nil, err
	}
	k.pin(webToken)
	return &obtained{Session: session, at: time.Now(), webToken: webToken}, nil
}

func (k *keeper) fetchToken(ctx context.Context, source *tokenSource) (string, error) {
	ctx, end := k.observe(ctx, Operation(StepWebToken))
	webToken, err := source.fetch(ctx)
	if err == nil && webToken != "" {
		err = k.checkSubject(webToken)
	}
	if err != nil {
		err = &ExchangeError{Step: StepWebToken, Err: redactError(err, []string{webToken})}
		end(Outcome{Err: err})
		return "", err
	}
	end(Outcome{})
	source.call.token = tokenSum(webToken)
	if source.lost != nil && source.lost.token == source.call.token {
		return "", source.lost.err
	}
	return webToken, nil
}
