package session

import (
	"context"
	"errors"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/store"
)

// Status is what lies on disk for a configuration, without secrets.
type Status struct {
	Token TokenStatus
	// ApplicationToken says that there is a refresh token of Identity Center.
	ApplicationToken bool
	// Role is the role session, nil if there is none of this configuration.
	Role *RoleStatus
	// S3 has the ends of the S3 credentials that have not expired.
	S3 []time.Time
	// Failed is the last sign-in, if it failed, and RetryAt when one is begun by
	// itself again; nil, or a time that has passed, if nothing is in the way.
	Failed  *store.SignIn
	RetryAt time.Time
	// Needed is why credentials cannot be had without a person, nil if they can: a
	// *[SignInRequiredError], or a *store.FileError.
	Needed error
}

// TokenStatus is what is known of the identity provider's tokens.
type TokenStatus struct {
	// Stored says that there are any, and Ours that they are for this configuration.
	Stored, Ours bool
	// Claims of the ID token; nil if it cannot be read, and Unread is why.
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
	claims, err := oidclogin.Decode(l.held.Token)
	if t.Unread = err; err == nil {
		t.Claims = &claims
	}
}

func (l *looker) credentials() {
	if role, err := l.store.LoadRole(); err == nil && l.ours(role.Fingerprint) {
		l.Role = &RoleStatus{AccountID: role.AccountID, UserID: role.UserID, Expiration: role.Expiration, Identity: heldIdentity(l.store, role)}
	}
	entries, _ := l.store.LoadS3() // what cannot be read is none
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

// needed is why credentials cannot be had without a person.
func (l *looker) needed() error {
	if _, ok := l.heldRole(answer.Asked{LastGood: true}); ok || !l.config.TokenSource().IsZero() {
		return nil
	}
	t := &l.Token
	switch {
	case errors.Is(t.Unread, store.ErrNotFound):
		return &SignInRequiredError{Reason: "nobody has signed in yet", Err: t.Unread}
	case errors.Is(t.Unread, store.ErrKeyLost):
		return &SignInRequiredError{Reason: "the stored tokens cannot be opened", Err: t.Unread}
	case errors.Is(t.Unread, store.ErrCorrupt):
		return &SignInRequiredError{Reason: "the stored tokens are damaged", Err: t.Unread}
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

// byToken reports whether the ID token at hand is worth an exchange, or serves the
// refresh token of Identity Center.
func (l *looker) byToken() bool {
	if l.Token.Claims == nil || !lasts(l.held) {
		return false
	}
	mine := l.ApplicationToken && l.application.Fingerprint == l.boundTo(l.Token.Claims.Issuer, l.Token.Claims.Subject)
	return !l.Token.Spent || mine
}
