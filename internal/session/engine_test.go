package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

func withoutRefreshToken(w *lab.World) { w.Issuers[0].Clients[0].RefreshToken = false }

// seen are the requests since the last time, without discovery and keys.
func (d *desk) seen() string {
	var names []string
	for _, o := range d.proxy.Seen() {
		if o != proxytest.Discovery && o != proxytest.Keys {
			names = append(names, string(o))
		}
	}
	d.proxy.Forget()
	return strings.Join(names, " ")
}

// signedIn is a desk whose person has signed in; nothing was exchanged yet.
func signedIn(t *testing.T, edits ...func(*lab.World)) *desk {
	t.Helper()
	d := newDesk(t, edits...)
	d.signIn(t, "analyst")
	d.proxy.Forget()
	return d
}

// expire lets the role session end.
func (d *desk) expire(t *testing.T) {
	t.Helper()
	role, err := d.store.LoadRole()
	if err != nil {
		t.Fatal(err)
	}
	role.Expiration = time.Now().Add(-time.Minute)
	if err := d.store.SaveRole(role); err != nil {
		t.Fatal(err)
	}
}

// strike meddles with the first requests of an operation, one stroke each.
func (d *desk) strike(operation proxytest.Operation, strokes ...proxytest.Hook) {
	var n atomic.Int32
	d.proxy.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) == operation {
			if i := int(n.Add(1)) - 1; i < len(strokes) {
				strokes[i](w, r, forward)
				return
			}
		}
		forward(w, r)
	})
}

// lost lets the service work and loses its answer.
func lost(_ http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
	forward(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// dropped loses the request.
func dropped(http.ResponseWriter, *http.Request, http.HandlerFunc) { panic(http.ErrAbortHandler) }

func answered(status int, code string) proxytest.Hook {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error": %q, "error_description": "noise"}`, code)
	}
}

// One JWT goes to Identity Center once, unless it certainly was not used or nobody
// knows and there is no other.
func TestLostAnswers(t *testing.T) {
	const (
		once  = "AssumeRoleWithWebIdentity CreateTokenWithIAM"
		again = " CreateTokenWithIAM" // with the application role's credentials at hand
		fresh = " Token CreateTokenWithIAM"
		done  = " AssumeRole"
	)
	throttled := answered(http.StatusTooManyRequests, "ThrottlingException")
	for name, tt := range map[string]struct {
		edits   []func(*lab.World)
		strokes []proxytest.Hook
		want    string // requests
		reason  string // of a sign-in that is required; "-" for another error, "" for success
	}{
		"nothing happens":             {nil, nil, once + done, ""},
		"throttled":                   {nil, []proxytest.Hook{throttled}, once + again + done, ""},
		"answer lost":                 {nil, []proxytest.Hook{lost}, once + fresh + done, ""},
		"request lost":                {nil, []proxytest.Hook{dropped}, once + fresh + done, ""},
		"out of order":                {nil, []proxytest.Hook{answered(500, "InternalServerException")}, once + fresh + done, ""},
		"always throttled":            {nil, []proxytest.Hook{throttled, throttled, throttled}, once + again + again, "-"},
		"always lost":                 {nil, []proxytest.Hook{dropped, dropped, dropped}, once + fresh + fresh, "-"},
		"no refresh: throttled":       {[]func(*lab.World){withoutRefreshToken}, []proxytest.Hook{throttled}, once + again + done, ""},
		"no refresh: request lost":    {[]func(*lab.World){withoutRefreshToken}, []proxytest.Hook{dropped}, once + again + done, ""},
		"no refresh: answer lost":     {[]func(*lab.World){withoutRefreshToken}, []proxytest.Hook{lost}, once + again, "the ID token is used up"},
		"no refresh: always lost":     {[]func(*lab.World){withoutRefreshToken}, []proxytest.Hook{dropped, dropped}, once + again, "-"},
		"no refresh: then throttled":  {[]func(*lab.World){withoutRefreshToken}, []proxytest.Hook{dropped, throttled}, once + again + again + done, ""},
		"refused, then a fresh token": {nil, []proxytest.Hook{answered(400, "InvalidGrantException")}, once + fresh + done, ""},
		"the fresh one refused, too":  {nil, []proxytest.Hook{answered(400, "InvalidGrantException"), answered(400, "InvalidGrantException")}, once + fresh, "-"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := signedIn(t, tt.edits...)
			d.strike("CreateTokenWithIAM", tt.strokes...)
			_, err := d.RoleCredentials(t.Context())
			if diff := cmp.Diff(tt.want, d.seen()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			_, required := errors.AsType[*session.SignInRequiredError](err)
			switch tt.reason {
			case "":
				if err != nil {
					t.Error(err)
				}
			case "-":
				if err == nil || required {
					t.Errorf("%v, want an error that asks for no sign-in", err)
				}
			default:
				signInRequired(t, err, tt.reason)
			}
		})
	}
}

// What was in doubt without another token is tried again by the next process.
func TestDoubtIsKept(t *testing.T) {
	d := signedIn(t, withoutRefreshToken)
	d.strike("CreateTokenWithIAM", dropped, dropped)
	if _, err := d.RoleCredentials(t.Context()); err == nil {
		t.Fatal("an exchange without an answer")
	}
	if _, err := d.open(t, d.config).RoleCredentials(t.Context()); err != nil {
		t.Error(err)
	}
}

func withApplicationToken(w *lab.World) { w.IdentityCenter[0].Applications[0].RefreshToken = true }

func TestApplicationRefreshToken(t *testing.T) {
	const withJWT = "AssumeRoleWithWebIdentity CreateTokenWithIAM AssumeRole"
	d := signedIn(t, withApplicationToken)
	first, err := d.RoleCredentials(t.Context())
	if err != nil || d.seen() != withJWT {
		t.Fatal(err)
	}
	before, err := d.store.LoadIDPToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.expire(t)
	second, err := d.open(t, d.config).RoleCredentials(t.Context())
	if err != nil || second.AccessKeyID == first.AccessKeyID || second.UserID != first.UserID {
		t.Errorf("%+v after %+v, %v", second, first, err)
	}
	if got := d.seen(); got != withJWT { // a spent JWT is good enough for STS
		t.Errorf("requests %s", got)
	}
	after, err := d.store.LoadIDPToken(t.Context())
	if err != nil || after.Token.Reveal() != before.Token.Reveal() || after.Unspent() {
		t.Errorf("the ID token was renewed, or is unspent (%v)", err)
	}
}

// Whatever is wrong with Identity Center's refresh token, a fresh JWT is exchanged.
func TestApplicationRefreshTokenRefused(t *testing.T) {
	const whole = "AssumeRoleWithWebIdentity CreateTokenWithIAM Token CreateTokenWithIAM AssumeRole"
	for name, tt := range map[string]struct {
		strokes []proxytest.Hook
		want    string
		fails   bool
	}{
		"unknown":      {[]proxytest.Hook{answered(400, "InvalidGrantException")}, whole, false},
		"expired":      {[]proxytest.Hook{answered(400, "ExpiredTokenException")}, "AssumeRoleWithWebIdentity CreateTokenWithIAM Token AssumeRoleWithWebIdentity CreateTokenWithIAM AssumeRole", false}, // or the credentials that sign
		"grant closed": {[]proxytest.Hook{answered(400, "UnsupportedGrantTypeException")}, whole, false},
		"out of order": {slices.Repeat([]proxytest.Hook{answered(503, "InternalServerException")}, 3), "AssumeRoleWithWebIdentity CreateTokenWithIAM CreateTokenWithIAM CreateTokenWithIAM", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := signedIn(t, withApplicationToken)
			if _, err := d.RoleCredentials(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.expire(t)
			d.proxy.Forget()
			d.strike("CreateTokenWithIAM", tt.strokes...)
			_, err := d.RoleCredentials(t.Context())
			if (err != nil) != tt.fails {
				t.Error(err)
			}
			if diff := cmp.Diff(tt.want, d.seen()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// Identity Center's refresh token is on disk before the next hop is tried.
func TestApplicationRefreshTokenIsKept(t *testing.T) {
	d := signedIn(t, withApplicationToken)
	d.strike("AssumeRole", slices.Repeat([]proxytest.Hook{answered(400, "ValidationError")}, 3)...)
	if _, err := d.RoleCredentials(t.Context()); err == nil {
		t.Fatal("no error")
	}
	if held, err := d.store.LoadApplicationToken(t.Context()); err != nil || held.RefreshToken.IsZero() {
		t.Errorf("%v, %v", held, err)
	}
	d.signIn(t, "engineer") // somebody else
	if _, err := d.store.LoadApplicationToken(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another person's token stays: %v", err)
	}
}

func TestDamagedTokens(t *testing.T) {
	d := signedIn(t)
	path := filepath.Join(d.store.Dir(), store.IDPTokenFile)
	if err := os.WriteFile(path, []byte(`{"token": `), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := d.RoleCredentials(t.Context())
	signInRequired(t, err, "damaged")
	if text, err := os.ReadFile(path + ".damaged"); err != nil || string(text) != `{"token": ` {
		t.Errorf("set aside: %q, %v", text, err)
	}
	d.signIn(t, "analyst")
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Error(err)
	}
}

// The original's tokens are sealed at their first use and verified before they
// are sent.
func TestOriginalTokens(t *testing.T) {
	d := signedIn(t)
	held, err := d.store.LoadIDPToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		token string
		want  string
	}{
		"genuine": {held.Token.Reveal(), "AssumeRoleWithWebIdentity CreateTokenWithIAM AssumeRole"},
		"forged":  {held.Token.Reveal()[:len(held.Token.Reveal())-8] + "AAAAAAAA", "Token AssumeRoleWithWebIdentity CreateTokenWithIAM AssumeRole"},
	} {
		now, err := d.store.LoadIDPToken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`{"token": %q, "refresh_token": %q, "requires_refresh": false}`, tt.token, now.RefreshToken.Reveal())
		if err := os.WriteFile(filepath.Join(d.store.Dir(), store.IDPTokenFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := d.store.ClearRole(); err != nil {
			t.Fatal(err)
		}
		d.proxy.Forget()
		d.strike("AssumeRoleWithWebIdentity", func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
			if text, err := os.ReadFile(filepath.Join(d.store.Dir(), store.IDPTokenFile)); err != nil || strings.Contains(string(text), now.RefreshToken.Reveal()) {
				t.Errorf("%s: the tokens are in the clear when the request arrives (%v)", name, err)
			}
			forward(w, r)
		})
		if _, err := d.RoleCredentials(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tt.want, d.seen()); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", name, diff)
		}
	}
}

func TestSessionDuration(t *testing.T) {
	d := signedIn(t)
	d.config.SessionDuration = 900
	s := d.open(t, d.config)
	got, err := s.RoleCredentials(t.Context())
	if left := time.Until(got.Expiration); err != nil || left > 15*time.Minute || left < 14*time.Minute {
		t.Fatalf("%v left, %v", left, err)
	}
	d.proxy.Forget()
	// Short sessions are handed out from disk, too.
	if again, err := s.RoleCredentials(t.Context()); err != nil || again.AccessKeyID != got.AccessKeyID || d.seen() != "" {
		t.Errorf("a session of 15 minutes is renewed at once (%v)", err)
	}
}

func TestLogout(t *testing.T) {
	d := signedIn(t, withApplicationToken)
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	held, err := d.store.LoadIDPToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if revoked, err := d.Logout(t.Context()); err != nil || !revoked {
		t.Errorf("%v, %v", revoked, err)
	}
	entries, err := os.ReadDir(d.store.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if text, err := os.ReadFile(filepath.Join(d.store.Dir(), e.Name())); err != nil || !strings.HasSuffix(e.Name(), ".lock") && strings.TrimSpace(string(text)) != "{}" {
			t.Errorf("%s stays (%v)", e.Name(), err)
		}
	}
	// The token is of no use to whoever has copied it.
	held.RequiresRefresh = true
	if err := d.store.SaveIDPToken(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	_, err = d.RoleCredentials(t.Context())
	signInRequired(t, err, "no longer takes the refresh token")
	if revoked, err := d.Logout(t.Context()); err != nil || !revoked { // RFC 7009 section 2.2: revoked already is revoked
		t.Errorf("again: %v, %v", revoked, err)
	}
	if revoked, err := d.Logout(t.Context()); err != nil || revoked {
		t.Errorf("nobody signed in: %v, %v", revoked, err)
	}
}

// Out of reach of the provider, the state is removed all the same, and the error
// says what is left to do.
func TestLogoutWithoutNetwork(t *testing.T) {
	d := signedIn(t)
	if err := d.lab.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := d.Logout(t.Context())
	left, ok := errors.AsType[*session.RevocationError](err)
	if !ok || left.Hint() == "" || oidclogin.KindOf(err) != oidclogin.KindNetwork {
		t.Errorf("%v", err)
	}
	if _, err := d.store.LoadIDPToken(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("tokens after a logout: %v", err)
	}
}

func TestImport(t *testing.T) {
	d := newDesk(t)
	jwt := d.jwt(t)
	if claims, err := d.Import(t.Context(), secret.New(jwt)); err != nil || claims.Email != "analyst@example.com" {
		t.Fatalf("%v, %v", claims, err)
	}
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Error(err)
	}
	d.expire(t)
	_, err := d.RoleCredentials(t.Context())
	signInRequired(t, err, "used up")
	if _, err := d.Import(t.Context(), secret.New(jwt[:len(jwt)-8]+"AAAAAAAA")); oidclogin.KindOf(err) != oidclogin.KindVerification {
		t.Errorf("a forged JWT: %v", err)
	}
}

func TestTimeIsUp(t *testing.T) {
	d := signedIn(t)
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	d.strike("AssumeRoleWithWebIdentity", func(http.ResponseWriter, *http.Request, http.HandlerFunc) { <-ended })
	d.AnswerWithin(300 * time.Millisecond)
	_, err := d.RoleCredentials(t.Context())
	if up, ok := errors.AsType[*session.TimeoutError](err); !ok || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(up.Error(), "within 300ms") {
		t.Error(err)
	}
}
