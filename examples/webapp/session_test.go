package main

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

func (p *person) cookies() []*http.Cookie {
	u, _ := url.Parse(p.site.url)
	return p.Jar.Cookies(u)
}

// setCookie puts a cookie into the browser.
func (p *person) setCookie(value string) {
	u, _ := url.Parse(p.site.url)
	p.Jar.SetCookies(u, []*http.Cookie{{Name: sessionCookie, Value: value, Path: "/"}})
}

const analystReports = "s3://tip-demo-data/reports/"

func TestSessionCookieCannotBeMadeUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	got := analyst.cookies()
	if len(got) != 1 || got[0].Name != sessionCookie || len(got[0].Value) < 26 {
		t.Fatalf("the browser has %v", got)
	}
	value := got[0].Value
	for _, wrong := range []string{"", "x", value[:len(value)-1], value + "A", strings.ToLower(value), "A" + value[1:] + "A", "../" + value} {
		other := s.person()
		other.setCookie(wrong)
		page := other.browse(t, analystReports)
		page.want(t, http.StatusUnauthorized, "Please sign in")
		if challenge := page.header.Get("WWW-Authenticate"); challenge == "" {
			t.Error("no challenge")
		}
	}
	copied := s.person()
	copied.setCookie(value)
	copied.browse(t, analystReports).want(t, http.StatusOK, "summary.txt")
}

// A session that somebody else has put into the browser is not signed in by a sign-in.
func TestSessionIsNewAfterSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	victim := s.person()
	victim.setCookie("CHOSENBYSOMEBODYELSE234567")
	victim.signIn(t, "analyst", "/sign-in").want(t, http.StatusOK, "Your files")
	attacker := s.person()
	attacker.setCookie("CHOSENBYSOMEBODYELSE234567")
	attacker.get(t, "/").wantNot(t, "Analyst")

	// And the session before is over when somebody else signs in with the same browser.
	before := victim.cookies()[0].Value
	victim.signIn(t, "engineer", "/sign-in?again=1").want(t, http.StatusOK, "Engineer")
	attacker.setCookie(before)
	attacker.browse(t, analystReports).want(t, http.StatusUnauthorized)
}

func TestSessionCookieAttributes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		secure bool
		want   string
	}{
		{false, "session=X; Path=/; HttpOnly; SameSite=Lax"},
		{true, "__Host-session=X; Path=/; HttpOnly; Secure; SameSite=Lax"},
	} {
		w := httptest.NewRecorder()
		st := newSessions(tt.secure)
		st.begin(w, httptest.NewRequest(http.MethodGet, "/", nil), &session{})
		set := w.Result().Cookies()[0]
		value := set.Value
		set.Value, set.Raw = "X", ""
		if diff := cmp.Diff(tt.want, set.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: set.Name, Value: value})
		if st.of(r) == nil {
			t.Error("the session is not found")
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		after, again time.Duration // how long after the beginning it is used, and used again
		want         bool
	}{
		"in use":    {50 * time.Minute, 100 * time.Minute, true},
		"idle":      {50 * time.Minute, 111 * time.Minute, false},
		"too long":  {0, sessionTime + time.Second, false},
		"very idle": {0, 61 * time.Minute, false},
	} {
		now := time.Now()
		st := newSessions(false)
		st.now = func() time.Time { return now }
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		st.begin(w, r, &session{})
		r.AddCookie(w.Result().Cookies()[0])
		begun := now
		if name == "too long" {
			for now.Sub(begun) < sessionTime-30*time.Minute {
				now = now.Add(30 * time.Minute)
				st.of(r)
			}
		}
		if now = begun.Add(max(tt.after, now.Sub(begun))); st.of(r) == nil {
			t.Errorf("%s: over after %v", name, now.Sub(begun))
		}
		now = begun.Add(tt.again)
		if got := st.of(r) != nil; got != tt.want {
			t.Errorf("%s: %v after %v, want %v", name, got, tt.again, tt.want)
		}
		if len(st.found) != map[bool]int{true: 1, false: 0}[tt.want] {
			t.Errorf("%s: %d sessions are kept", name, len(st.found))
		}
	}
}

func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	st := newSessions(false)
	st.now, st.room = func() time.Time { return now }, 3
	var requests []*http.Request
	begin := func() {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		st.begin(w, r, &session{})
		r.AddCookie(w.Result().Cookies()[0])
		requests = append(requests, r)
		now = now.Add(time.Minute)
	}
	for range 3 {
		begin()
	}
	st.of(requests[0]) // so that the second one is the oldest
	begin()
	var got []bool
	for _, r := range requests {
		got = append(got, st.of(r) != nil)
	}
	if diff := cmp.Diff([]bool{true, false, true, true}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	now = now.Add(sessionTime)
	begin()
	if len(st.found) != 1 {
		t.Errorf("%d sessions are kept after all but one are over", len(st.found))
	}
}

// Away for too long, and back where one was.
func TestSessionExpiry(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	s.later(idleTime + time.Minute)
	page := analyst.browse(t, analystReports)
	page.want(t, http.StatusUnauthorized, "Please sign in", "/sign-in?next=")
	analyst.get(t, "/").want(t, http.StatusOK, "Sign in with your company account")
	next := signInLink.FindStringSubmatch(page.body)
	if next == nil {
		t.Fatalf("no link to sign in: %s", page.body)
	}
	back := analyst.get(t, next[1]) // the identity provider remembers them
	back.want(t, http.StatusOK, "summary.txt")
	if got := back.url.RequestURI(); got != link("/browse", analystReports) {
		t.Errorf("back at %s", got)
	}
}

// later turns the clock of the sessions.
func (s *site) later(d time.Duration) {
	s.app.sessions.mu.Lock()
	defer s.app.sessions.mu.Unlock()
	s.app.sessions.now = func() time.Time { return time.Now().Add(d) }
}

// sessionOf is the session behind the cookie of a browser.
func (p *person) sessionOf(t *testing.T) *session {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, p.site.url, nil)
	for _, c := range p.cookies() {
		r.AddCookie(c)
	}
	s := p.site.app.sessions.of(r)
	if s == nil {
		t.Fatal("nobody is signed in")
	}
	return s
}

// The first JWT is spent: when the pool asks for another one, the identity provider
// gives it, for a refresh token that is another one each time.
func TestRefreshAtTheIdentityProvider(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	session := analyst.sessionOf(t)
	tokens := map[string]bool{session.refreshToken: true}
	for i := range 3 {
		analyst.get(t, "/").want(t, http.StatusOK, analystReports)
		counts := s.Counts()
		if counts.Codes.Granted != 1 || counts.Refreshes.Granted != i || counts.Exchanges.Granted != i+1 || counts.Replays != 0 {
			t.Errorf("round %d: %+v", i, counts)
		}
		if tokens[session.refreshToken] = true; len(tokens) != i+1 {
			t.Errorf("round %d: %d refresh tokens", i, len(tokens))
		}
		if err := s.app.pool.Forget(t.Context(), session.subject); err != nil { // as after an hour
			t.Fatal(err)
		}
	}

	// An administrator ends all sessions at the identity provider.
	if err := s.EndSignIns("okta"); err != nil {
		t.Fatal(err)
	}
	analyst.get(t, "/").want(t, http.StatusUnauthorized, "Please sign in again", "has ended this session")
	analyst.get(t, "/").want(t, http.StatusOK, "Sign in with your company account")
}

// An ID token that was not needed until it was too old is not handed out.
func TestExpiredTokenIsRefreshed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	session := analyst.sessionOf(t)
	if err := s.app.pool.Forget(t.Context(), session.subject); err != nil {
		t.Fatal(err)
	}
	session.idToken, session.idTokenExpires = "too old", time.Now().Add(expiryMargin/2)
	analyst.get(t, "/").want(t, http.StatusOK, analystReports)
	if got := s.Counts().Refreshes.Granted; got != 1 {
		t.Errorf("%d refreshes", got)
	}
}

// Tokens of another person do not come into a session, whatever the identity provider says.
func TestRefreshedTokenOfAnotherPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst, engineer := s.signedIn(t, "analyst"), s.signedIn(t, "engineer")
	mine := analyst.sessionOf(t)
	mine.refreshToken = engineer.sessionOf(t).refreshToken
	if err := s.app.pool.Forget(t.Context(), mine.subject); err != nil {
		t.Fatal(err)
	}
	page := analyst.get(t, "/")
	page.want(t, http.StatusServiceUnavailable, "Reference")
	page.wantNot(t, "pipelines")
	if err := mine.turn.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	if token, err := s.app.idp.refresh(t.Context(), mine); token != "" || err == nil || !strings.Contains(err.Error(), "of another person") {
		t.Errorf("%q, %v", token, err)
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	session, value := analyst.sessionOf(t), analyst.cookies()[0].Value
	page := analyst.post(t, "/sign-out", "application/x-www-form-urlencoded", nil)
	page.want(t, http.StatusOK, "You are signed out", "/sign-in?again=1")
	if left := analyst.cookies(); len(left) > 0 {
		t.Errorf("the browser keeps %v", left)
	}
	thief := s.person()
	thief.setCookie(value)
	thief.browse(t, analystReports).want(t, http.StatusUnauthorized, "Please sign in")
	if got := s.Counts().Revocations.Granted; got != 1 {
		t.Errorf("%d revocations", got)
	}
	if session.refreshToken != "" || session.idToken != "" || s.app.pool.Stats().Users != 0 {
		t.Error("something of them is kept")
	}
	// Somebody else at the same machine is not signed in as the person before.
	analyst.signIn(t, "engineer", "/sign-in?again=1").want(t, http.StatusOK, "Engineer")
	// Signing out twice is no error.
	s.person().post(t, "/sign-out", "application/x-www-form-urlencoded", nil).want(t, http.StatusOK, "You are signed out")
}

func TestTurnEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	held := &session{turn: newTurn(), subject: tipcreds.Subject{Issuer: "i", ID: "s"}}
	if err := held.turn.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextThatEnds(t)
	defer cancel()
	if _, err := s.app.webToken(held)(ctx); err == nil {
		t.Error("a token without the turn")
	}
	if err := s.app.idp.revoke(ctx, held); err == nil {
		t.Error("revoked without the turn")
	}
}

// Cookies are kept as digests.
func TestSessionsKeepNoCookies(t *testing.T) {
	t.Parallel()
	st := newSessions(false)
	w := httptest.NewRecorder()
	st.begin(w, httptest.NewRequest(http.MethodGet, "/", nil), &session{})
	if st.found[sha256.Sum256([]byte(w.Result().Cookies()[0].Value))] == nil {
		t.Error("the session is not under the digest of its cookie")
	}
}
