package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"regexp"

	"golang.org/x/oauth2"
)

// signIn sends the browser to the identity provider.
func (a *app) signIn(w http.ResponseWriter, r *http.Request) {
	t := newAttempt(localPath(r.URL.Query().Get("next")))
	cookie := a.sessions.cookie(attemptCookie(t.state()), t.cookieValue())
	cookie.MaxAge = 600 // seconds
	http.SetCookie(w, cookie)
	http.Redirect(w, r, a.idp.address(t, r.URL.Query().Has("again")), http.StatusSeeOther) //nolint:gosec // the identity provider's address; next stays in the cookie
}

// errorCode is what RFC 6749 section 4.1.2.1 lets an identity provider say.
var errorCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// callback is where the identity provider sends the browser back to.
func (a *app) callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	state := q.Get("state")
	name := attemptCookie(state)
	t := readAttempt(a.sessions.read(r, name))
	if t.secret == "" || subtle.ConstantTimeCompare([]byte(t.state()), []byte(state)) != 1 {
		a.show(w, r, problemNotBegun)
		return
	}
	a.sessions.drop(w, name)
	if iss := q.Get("iss"); iss != "" && iss != a.idp.issuer { // RFC 9207
		a.show(w, r, problemNotBegun)
		return
	}
	if code := q.Get("error"); code != "" {
		p := problemSignInRefused
		if errorCode.MatchString(code) {
			p.Text += " It says: " + code + "."
		}
		a.show(w, r, p)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	s, err := a.idp.redeem(ctx, q.Get("code"), t)
	if err != nil {
		a.log.Warn("a sign-in failed", "err", withoutAnswer(err))
		a.show(w, r, problemSignInFailed)
		return
	}
	a.sessions.begin(w, r, s)
	a.log.Info("signed in", "user", s.subject.String())
	http.Redirect(w, r, t.next, http.StatusSeeOther)
}

// withoutAnswer shortens an error of package oauth2, whose text has the whole answer of
// the identity provider in it.
func withoutAnswer(err error) error {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return errors.New("the identity provider refused the code: " + refused.ErrorCode)
	}
	return err
}

// signOut ends the session here, at AWS as far as that can be done, and at the
// identity provider.
func (a *app) signOut(w http.ResponseWriter, r *http.Request) {
	s := a.sessions.of(r)
	a.sessions.end(w, r)
	if s != nil {
		ctx, cancel := context.WithTimeout(r.Context(), pageTime)
		defer cancel()
		principal := a.pool.For(s.subject, a.webToken(s)).Principal()
		if err := a.pool.Forget(ctx, s.subject); err != nil {
			a.log.Warn("the cache keeps credentials of somebody who signed out", "user", s.subject.String(), "err", err)
		}
		a.plugin.Forget(principal) // after the pool, which has nothing vended for them from now on
		if err := a.idp.revoke(ctx, s); err != nil {
			a.log.Warn("a refresh token was not revoked", "user", s.subject.String(), "err", err)
		}
		a.log.Info("signed out", "user", s.subject.String())
	}
	http.Redirect(w, r, "/signed-out", http.StatusSeeOther)
}
