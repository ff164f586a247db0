// Package session is the flow behind every command: it hands out the
// identity-enhanced role session and the S3 Access Grants credentials, from disk
// while they hold, else by refresh and exchange, and keeps what it obtains.
//
// A [Session] is safe for concurrent use, within a process and across processes:
// whatever reads, decides and writes holds the store's lock "session", and
// whoever has a person sign in holds the lock "sign-in". It prints nothing; who is
// asked to sign in, and how, is the caller's business ([Options.OnDemand]).
package session

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/recursion"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport"
)

// The locks, in the order in which they are taken.
const (
	// signInLock is held by whoever has a person sign in.
	signInLock = "sign-in"
	// sessionLock is held by whoever reads, decides and writes: tokens and role
	// credentials. It is never held while a person is waited for.
	sessionLock = "session"
)

const (
	// answerWithin bounds one answer to credential_process, waiting included. The
	// Go SDK kills the process after a minute.
	answerWithin = 50 * time.Second
	// chainedWait bounds the wait for the session lock in a process that an exchange
	// waits for: the lock's holder may wait for that very exchange.
	chainedWait = 10 * time.Second
	// tokenMargin is how much life an ID token needs to be worth an exchange.
	tokenMargin = time.Minute
)

// SignInRequiredError says that only a person can go on.
type SignInRequiredError struct {
	// Reason in a few words, without secrets.
	Reason string
	// Fix is what the person does about it; empty for a sign-in.
	Fix string
	// Err is the cause; it may be nil.
	Err error
}

// Error implements error.
func (e *SignInRequiredError) Error() string { return "sign-in required: " + e.Reason }

// Unwrap returns the cause.
func (e *SignInRequiredError) Unwrap() error { return e.Err }

// Hint is what to do, mostly the command that signs in.
func (e *SignInRequiredError) Hint() string {
	if e.Fix != "" {
		return e.Fix
	}
	return "run: tip-cli auth"
}

// Options of [New].
type Options struct {
	Store  *store.Store
	Config config.Config
	// Regions of the application and of Identity Center.
	Regions config.Regions
	// HTTPClient makes every request.
	HTTPClient *awshttp.BuildableClient
	// Login is what a sign-in needs of its surroundings; its HTTPClient is set by New.
	Login oidclogin.Env
	// OnDemand finds a person who can sign in when credentials are asked for and
	// nothing else helps; nil for nobody.
	OnDemand Finder
	// Trace receives a line about each step of the work; nil for nobody.
	Trace func(string)
	// Notice receives a line about something that went wrong without stopping the
	// work; nil for nobody.
	Notice func(string)
}

// Session is the flow for one configuration.
type Session struct {
	shelf
	// signInFingerprint is what tokens depend on.
	signInFingerprint string

	regions  config.Regions
	aws      aws.Config
	login    *oidclogin.Client // nil if the tokens come from a program or a file
	loginErr error             // why login is nil
	unpinned bool              // the issuer is learned from the first ID token
	env      oidclogin.Env
	onDemand Finder
	within   time.Duration // for one answer
	// directoryWithin is for what the identity store is asked.
	directoryWithin time.Duration
	notice          func(string)
	trace           func(string)
}

// New returns a Session. Nobody is called yet.
func New(o Options) (*Session, error) {
	if err := recursion.Check(os.Getenv, o.Store.Dir()); err != nil { // before any lock that the outer one holds
		return nil, err
	}
	for _, say := range []*func(string){&o.Notice, &o.Trace} {
		if *say == nil {
			*say = func(string) {}
		}
	}
	cfg, err := transport.AWSConfig(o.HTTPClient, o.Regions.Region)
	if err != nil {
		return nil, err
	}
	s := &Session{
		shelf: newShelf(o.Store, o.Config), signInFingerprint: signInFingerprint(o.Config),
		regions: o.Regions, aws: cfg, env: o.Login, within: answerWithin, directoryWithin: directoryWithin, onDemand: o.OnDemand, notice: o.Notice, trace: o.Trace,
	}
	if s.loginErr = s.newLogin(o.HTTPClient); s.loginErr != nil && o.Config.TokenSource().IsZero() {
		return nil, s.loginErr
	}
	return s, nil
}

func (s *Session) lock(ctx context.Context) (func(), error) { return lock(ctx, s.store) }

// lock takes the lock over the state, for a bounded time. The error is a
// [*recursion.Error] if an exchange waits for this process, and the lock was not had
// soon: two contexts whose programs use each other would wait for each other.
func lock(ctx context.Context, st *store.Store) (func(), error) {
	chained, within := recursion.Begun(os.Getenv), answerWithin
	if chained {
		within = chainedWait
	}
	waiting, cancel := context.WithTimeout(ctx, within)
	release, err := st.Lock(waiting, sessionLock)
	if err != nil {
		cancel()
		if loop := recursion.Waited(os.Getenv, st.Dir()); chained && loop != nil && ctx.Err() == nil && errors.Is(err, store.ErrLocked) {
			return nil, loop
		}
		return nil, err
	}
	return func() { release(); cancel() }, nil
}

// spread adds a little to a window at random, lest everything that got its
// credentials together renews them together.
func spread(window time.Duration) time.Duration {
	return window + rand.N(window/20+1) //nolint:gosec // nobody gains from guessing when we renew
}
