package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// Limits of sessions.
const (
	// maxSessions are kept; beyond, the one that was seen longest ago ends.
	maxSessions = 10_000
	// idleTime ends a session that nobody uses.
	idleTime = time.Hour
	// sessionTime ends every session.
	sessionTime = 12 * time.Hour
)

// session is somebody who has signed in with a browser. Nothing of it is in the
// cookie but the name under which it is found.
type session struct {
	subject tipcreds.Subject
	name    string
	begun   time.Time
	seen    time.Time // guarded by sessions

	// turn is held by who uses the tokens: it waits for the network, and gives up
	// with its context.
	turn turn
	// idToken has not been exchanged: Identity Center takes each one once, so that it
	// is handed out once and forgotten.
	idToken        string
	idTokenExpires time.Time
	// refreshToken gets the next ID token from the identity provider.
	refreshToken string
}

// turn is a lock whose waiters give up when their context ends.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) give() { <-t }

// sessions finds sessions by cookies. It is safe for concurrent use.
type sessions struct {
	secure bool
	room   int
	now    func() time.Time

	mu sync.Mutex
	// by the digest of the cookie, so that how long a look-up takes tells nothing
	// about the cookies that there are.
	found map[[sha256.Size]byte]*session
}

func newSessions(secure bool) *sessions {
	return &sessions{secure: secure, room: maxSessions, now: time.Now, found: map[[sha256.Size]byte]*session{}}
}

// cookie is one that scripts cannot read and other sites' forms do not bring. With
// https nobody else can set it either (__Host-, RFC 6265bis section 4.1.3).
func (st *sessions) cookie(name, value string) *http.Cookie {
	if st.secure {
		name = "__Host-" + name
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: st.secure, SameSite: http.SameSiteLaxMode}
}

// read returns the value of a cookie, empty if there is none.
func (st *sessions) read(r *http.Request, name string) string {
	c, err := r.Cookie(st.cookie(name, "").Name)
	if err != nil {
		return ""
	}
	return c.Value
}

// drop takes a cookie from the browser.
func (st *sessions) drop(w http.ResponseWriter, name string) {
	c := st.cookie(name, "")
	c.MaxAge = -1
	http.SetCookie(w, c)
}

const sessionCookie = "session"

// begin gives the browser a session, always under a new name: a name that somebody
// else has put there is worth nothing.
func (st *sessions) begin(w http.ResponseWriter, r *http.Request, s *session) {
	name := rand.Text()
	s.begun, s.seen, s.turn = st.now(), st.now(), newTurn()
	st.mu.Lock()
	delete(st.found, sha256.Sum256([]byte(st.read(r, sessionCookie))))
	st.makeRoom()
	st.found[sha256.Sum256([]byte(name))] = s
	st.mu.Unlock()
	http.SetCookie(w, st.cookie(sessionCookie, name))
}

// makeRoom drops the sessions that are over and, if that is not enough, the one that
// was seen longest ago.
func (st *sessions) makeRoom() {
	var oldest [sha256.Size]byte
	for key, s := range st.found {
		if st.over(s) {
			delete(st.found, key)
			continue
		}
		if o := st.found[oldest]; o == nil || s.seen.Before(o.seen) {
			oldest = key
		}
	}
	if len(st.found) >= st.room {
		delete(st.found, oldest)
	}
}

func (st *sessions) over(s *session) bool {
	now := st.now()
	return now.Sub(s.seen) > idleTime || now.Sub(s.begun) > sessionTime
}

// of returns the session of a request, nil if there is none.
func (st *sessions) of(r *http.Request) *session {
	key := sha256.Sum256([]byte(st.read(r, sessionCookie)))
	st.mu.Lock()
	defer st.mu.Unlock()
	s := st.found[key]
	if s == nil || st.over(s) {
		delete(st.found, key)
		return nil
	}
	s.seen = st.now()
	return s
}

// end ends the session of a request.
func (st *sessions) end(w http.ResponseWriter, r *http.Request) {
	st.mu.Lock()
	delete(st.found, sha256.Sum256([]byte(st.read(r, sessionCookie))))
	st.mu.Unlock()
	st.drop(w, sessionCookie)
}
