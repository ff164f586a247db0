package session_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// A file that holds another person's token gives that person's credentials, and
// nothing of the first one's, Identity Center's refresh token included.
func TestAnotherPersonInTheFile(t *testing.T) {
	d := newDesk(t, withApplicationToken)
	s, path := d.fromFile(t)
	write(t, path, d.jwt(t))
	analyst, err := s.RoleCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other, err := d.lab.IssueIDToken("okta", "engineer", d.config.OktaClientID)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, other)
	if claims, err := s.RefreshToken(t.Context()); err != nil || claims.Email != "engineer@example.com" {
		t.Fatalf("%v, %v", claims, err)
	}
	for range 2 {
		got, err := s.RoleCredentials(t.Context())
		if err != nil || got.UserID == analyst.UserID {
			t.Errorf("user %s after %s, %v", got.UserID, analyst.UserID, err)
		}
		d.expire(t)
	}
}

// Identity Center's refresh token of somebody else is not used, even if it is
// there.
func TestApplicationTokenOfAnother(t *testing.T) {
	d := signedIn(t, withApplicationToken)
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	analysts, err := d.store.LoadApplicationToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.signIn(t, "engineer")
	if err := d.store.SaveApplicationToken(t.Context(), analysts); err != nil {
		t.Fatal(err)
	}
	d.proxy.Forget()
	if got, err := d.RoleCredentials(t.Context()); err != nil || !strings.Contains(got.UserID, "bbbbbbbb") {
		t.Errorf("user %s, %v", got.UserID, err)
	}
}

func TestImportOfASpentToken(t *testing.T) {
	d := newDesk(t)
	jwt := secret.New(d.jwt(t))
	if _, err := d.Import(t.Context(), jwt); err != nil {
		t.Fatal(err)
	}
	first, err := d.RoleCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Import(t.Context(), jwt); !errors.Is(err, session.ErrSpentByOthers) {
		t.Errorf("again: %v", err)
	}
	if again, err := d.RoleCredentials(t.Context()); err != nil || again.AccessKeyID != first.AccessKeyID {
		t.Errorf("the credentials of before are gone: %v", err)
	}
	old := d.jwt(t, func(o *lab.IDToken) { o.IssuedAt, o.Expires = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour) })
	if _, err := d.Import(t.Context(), secret.New(old)); err == nil {
		t.Error("an expired JWT")
	}
}

// A JWT that did not come over TLS from the provider says nothing about its issuer.
func TestImportPinsNothing(t *testing.T) {
	d := newDesk(t)
	c := d.config
	c.IdP, c.CognitoDomain, c.CognitoClientID = config.Cognito, "https://tip-cli.auth.eu-west-1.amazoncognito.com", "1example23456789"
	if _, err := d.open(t, c).Import(t.Context(), secret.New(d.jwt(t))); err == nil {
		t.Error("a token of another issuer is believed")
	}
	genuine, err := d.lab.IssueIDToken("cognito", "analyst", "1example23456789")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.open(t, c).Import(t.Context(), secret.New(genuine)); err != nil {
		t.Error(err)
	}
	if _, err := d.store.LoadIssuer(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an issuer is kept: %v", err)
	}
}

// What a program prints is verified if the provider is configured.
func TestForgedSource(t *testing.T) {
	d := newDesk(t)
	path := filepath.Join(t.TempDir(), "token.jwt")
	jwt := d.jwt(t)
	write(t, path, jwt[:len(jwt)-8]+"AAAAAAAA")
	c := d.config
	c.TokenFile = path
	if _, err := d.open(t, c).RoleCredentials(t.Context()); oidclogin.KindOf(err) != oidclogin.KindVerification {
		t.Error(err)
	}
	if got := d.seen(); got != "" {
		t.Errorf("sent: %s", got)
	}
}

// A token without another one behind it outlives an attempt that was cut short.
func TestCutShort(t *testing.T) {
	for name, tt := range map[string]struct {
		strokes []proxytest.Hook
		within  time.Duration
	}{
		"the last attempt": {[]proxytest.Hook{answered(429, "ThrottlingException"), answered(429, "ThrottlingException"), dropped}, time.Minute},
		"the time was up":  {[]proxytest.Hook{hangs}, 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := signedIn(t, withoutRefreshToken)
			d.strike("CreateTokenWithIAM", tt.strokes...)
			d.AnswerWithin(tt.within)
			if _, err := d.RoleCredentials(t.Context()); err == nil {
				t.Fatal("no error")
			}
			if _, err := d.open(t, d.config).RoleCredentials(t.Context()); err != nil {
				t.Errorf("the next process: %v", err)
			}
		})
	}
}

func hangs(_ http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { <-r.Context().Done() }

// Nobody waits for ever for a lock that a stopped process holds.
func TestStoppedHolderOfTheCache(t *testing.T) {
	d := signedIn(t)
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	release, err := d.store.Lock(t.Context(), store.S3File)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	d.AnswerWithin(time.Second)
	start := time.Now()
	got, err := d.DataAccess(t.Context(), session.GrantRequest{Target: "s3://tip-demo-data/reports/", Permission: types.PermissionRead})
	if err != nil || got.AccessKeyID == "" || len(d.notices) == 0 {
		t.Errorf("%v, %q", err, d.notices)
	}
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A provider that is out of order after the person was asked bothers them once.
func TestOneTabWhileOutOfOrder(t *testing.T) {
	d := newDesk(t)
	var tabs atomic.Int32
	d.browser = func(ctx context.Context, address string) error {
		tabs.Add(1)
		return d.redirect(ctx, address, "server_error")
	}
	for range 3 {
		s := d.onDemand(t, asked(new(atomic.Int32)))
		if _, err := s.RoleCredentials(t.Context()); err == nil {
			t.Fatal("no error")
		}
	}
	if tabs.Load() != 1 {
		t.Errorf("%d tabs", tabs.Load())
	}
}

// A refresh token is not sent where its successor could not be stored.
func TestNothingIsSentThatCannotBeKept(t *testing.T) {
	d := signedIn(t)
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.expire(t)
	d.proxy.Forget()
	path := filepath.Join(d.store.Dir(), store.IDPTokenFile)
	moved := filepath.Join(t.TempDir(), "moved")
	if err := errors.Join(os.Rename(path, moved), os.Symlink(moved, path)); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if _, err := d.RoleCredentials(t.Context()); err == nil {
		t.Error("no error")
	}
	if got := d.seen(); got != "" {
		t.Errorf("sent: %s", got)
	}
}

// Somebody who has signed in is not sent again because another process renews.
func TestSignInOutlastsARenewal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	browse := d.browser
	d.browser = func(ctx context.Context, address string) error {
		release, err := d.store.Lock(ctx, "session")
		if err != nil {
			return err
		}
		time.AfterFunc(6*time.Second, release)
		return browse(ctx, address)
	}
	d.signIn(t, "analyst")
}

// Of two first sign-ins at once, the second accepts no other issuer than the first.
func TestTwoFirstSignIns(t *testing.T) {
	d := newDesk(t, func(w *lab.World) {
		for i := range w.Issuers {
			if w.Issuers[i].Name == "cognito" {
				w.Issuers[i].Clients[0].RedirectURIs = w.Issuers[0].Clients[0].RedirectURIs
			}
		}
	})
	d.config.IdP, d.config.CognitoDomain, d.config.CognitoClientID = config.Cognito, "https://tip-cli.auth.eu-west-1.amazoncognito.com", "1example23456789"
	early := d.open(t, d.config)
	d.Session = d.open(t, d.config)
	d.signIn(t, "analyst")
	pinned, err := d.store.LoadIssuer()
	if err != nil {
		t.Fatal(err)
	}
	genuine := pinned.Issuer
	pinned.Issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Another"
	if err := d.store.SaveIssuer(pinned); err != nil {
		t.Fatal(err)
	}
	_, err = early.SignIn(t.Context())
	changed, ok := errors.AsType[*session.IssuerChangedError](err)
	if !ok || changed.Shown != genuine || !strings.Contains(changed.Hint(), "tip-cli configure idp") {
		t.Errorf("%v", err)
	}
}
