package session

import (
	"context"
	"errors"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/tokensource"
)

// Status is what lies on disk for a configuration, without secrets.
type Status struct {
	Token TokenStatus
	// ApplicationToken says that there is a refresh token of Identity Center.
	ApplicationToken bool
	// Role is the role session, nil if there is none of this configuration, or if it
	// cannot be read, and RoleUnread is why.
	Role       *RoleStatus
	RoleUnread error
	// S3 has the ends of the S3 credentials that have not expired; S3Unread is why they
	// cannot be read.
	S3       []time.Time
	S3Unread error
	// Failed is the last sign-in, if it failed, and RetryAt when one is begun by
	// itself again; nil, or a time that has passed, if nothing is in the way.
	Failed  *store.SignIn
	RetryAt time.Time
	// Needed is why credentials cannot be had without a person, nil if they can: a
	// *[SignInRequiredError], a *store.FileError, or a *tokensource.Error.
	Needed error
}

// TokenStatus is what is known of the identity provider's tokens.
type TokenStatus struct {
	// Stored says that there are any, and Ours that they are for this configuration.
	Stored, Ours bool
	// Claims of the ID token; nil if there is none, or if it cannot be read, and Unread
	// is why. It wraps store.ErrNotFound if there are no tokens.
	Claims *oidclogin.Claims
	Unread error
	// Spent says that the ID token was exchanged, Refreshable that there is a refresh token.
	Spent, Refreshable bool
	// ObtainedAt is when it came; zero if that is not known.
	ObtainedAt time.Time
}

// RoleStatus is what is known of a role session.
type RoleStatus struct {
	AccountID, UserID string
	Expiration        time.Time
	// Identity is whose it is; zero if that was not stored with it.
	Identity store.Identity
}

// Look tells what lies on disk for a configuration. It asks nobody but, for the
// claims of the ID token, the keyring of st, for as long as ctx lets. With keyless st
// was opened without a keyring for this, and what cannot be read is believed to be
// good. It takes no lock.
func Look(ctx context.Context, st *store.Store, c config.Config, keyless bool) Status {
	l := looker{shelf: newShelf(st, c), signInFingerprint: signInFingerprint(c), keyless: keyless}
	l.tokens(ctx)
	l.credentials()
	l.Needed = l.needed()
	return l.Status
}

// looker fills a Status.
type looker struct {
	Status
	shelf
	signInFingerprint string
	keyless           bool
	held              store.IDPToken
	application       store.ApplicationToken
}

func (l *looker) tokens(ctx context.Context) {
	t := &l.Token
	peeked, err := l.store.PeekIDPToken()
	if err != nil {
		t.Unread = err
		return
	}
	t.Stored, t.Ours = true, peeked.Fingerprint == "" || peeked.Fingerprint == l.signInFingerprint
	t.Spent, t.Refreshable, t.ObtainedAt = peeked.RequiresRefresh, peeked.Refreshable, peeked.ObtainedAt
	if l.held, t.Unread = l.store.LoadIDPToken(ctx); t.Unread != nil {
		return
	}
	t.Spent = !l.held.Unspent()
	if l.held.Token.IsZero() { // as the original may leave it beside a refresh token
		return
	}
	claims, err := oidclogin.Decode(l.held.Token)
	if t.Unread = err; err == nil {
		t.Claims = &claims
	}
}

func (l *looker) credentials() {
	role, err := l.store.LoadRole()
	if l.RoleUnread = unless(store.ErrNotFound, err); err == nil && l.ours(role.Fingerprint) {
		l.Role = &RoleStatus{AccountID: role.AccountID, UserID: role.UserID, Expiration: role.Expiration, Identity: heldIdentity(l.store, role)}
	}
	var entries []store.S3Entry
	entries, l.S3Unread = l.store.LoadS3()
	for _, e := range entries {
		if time.Until(e.Expiration) > 0 {
			l.S3 = append(l.S3, e.Expiration)
		}
	}
	if failed, err := l.store.LoadSignIn(); err == nil {
		l.Failed, l.RetryAt = &failed, failed.FailedAt.Add(signInPause)
	}
	application, err := l.store.PeekApplicationToken()
	l.application, l.ApplicationToken = application, err == nil
}

// unless returns err, or nil where it is the expected one.
func unless(expected, err error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// needed is why credentials cannot be had without a person.
func (l *looker) needed() error {
	if _, ok := l.heldRole(answer.Asked{LastGood: true}); ok {
		return nil
	}
	t := &l.Token
	for _, unread := range []error{l.RoleUnread, t.Unread} {
		if errors.Is(unread, store.ErrNotRegular) { // new ones could not be stored
			return unread
		}
	}
	if source := l.config.TokenSource(); !source.IsZero() {
		return sourceGives(source)
	}
	switch {
	case errors.Is(t.Unread, store.ErrNotFound):
		return &SignInRequiredError{Reason: "nobody has signed in yet", Err: t.Unread}
	case errors.Is(t.Unread, store.ErrKeyLost):
		return &SignInRequiredError{Reason: "the stored tokens cannot be opened", Err: t.Unread}
	case errors.Is(t.Unread, store.ErrCorrupt):
		return &SignInRequiredError{Reason: "the stored tokens are damaged", Err: t.Unread}
	case t.Unread != nil && !t.Stored:
		return t.Unread
	case t.Stored && !t.Ours:
		return &SignInRequiredError{Reason: "the last sign-in was for another configuration"}
	case errors.Is(t.Unread, store.ErrKeyUnavailable) && !l.keyless:
		return t.Unread
	case t.Refreshable, l.byToken(), errors.Is(t.Unread, store.ErrKeyUnavailable) && !t.Spent:
		return nil
	case t.Spent:
		return &SignInRequiredError{Reason: "the ID token is used up and there is no refresh token"}
	}
	return &SignInRequiredError{Reason: "the ID token has expired and there is no refresh token"}
}

// sourceGives looks whether there is a program or a file to take a JWT from. The
// program is not run.
func sourceGives(source config.TokenSource) error {
	if len(source.Command) > 0 {
		return tokensource.CheckCommand(source.Command)
	}
	_, _, err := tokensource.File(source.File)
	return err
}

// byToken reports whether the ID token at hand is worth an exchange, or serves the
// refresh token of Identity Center.
func (l *looker) byToken() bool {
	if l.Token.Claims == nil || !lasts(l.held) {
		return false
	}
	mine := l.ApplicationToken && l.application.Fingerprint == l.boundTo(l.Token.Claims.Issuer, l.Token.Claims.Subject)
	return !l.Token.Spent || mine
}
