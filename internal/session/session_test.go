package session_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// desk is somebody's session at a lab, with all that it stands on.
type desk struct {
	*session.Session
	lab     *lab.Lab
	proxy   *proxytest.Proxy
	store   *store.Store
	config  config.Config
	login   string
	browser func(ctx context.Context, address string) error
	notices []string
}

func newDesk(t *testing.T, edits ...func(*lab.World)) *desk {
	t.Helper()
	return newDeskAt(t, func(*lab.Options) {}, edits...)
}

// newDeskAt is newDesk at a lab with other options.
func newDeskAt(t *testing.T, option func(*lab.Options), edits ...func(*lab.World)) *desk {
	t.Helper()
	port := freePort(t)
	d := &desk{store: store.New(t.TempDir(), func(o *store.Options) { o.Keyring = nil }), login: "analyst"}
	d.lab = labtest.Start(t, option, labtest.Edit(func(w *lab.World) {
		w.Issuers[0].Clients[0].RedirectURIs = []string{fmt.Sprintf("http://127.0.0.1:%d/callback", port)}
		for _, edit := range edits {
			edit(w)
		}
	}))
	d.browser = d.browse
	d.proxy = proxytest.Start(t, d.lab.HTTPClient().Transport)
	d.config = config.Config{
		IdP: config.Okta, OktaURL: "https://dev-123456789.okta.com/oauth2/default", OktaClientID: "0oaTipCliEXAMPLE",
		TokenExchangeApplicationARN: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		OIDCRoleARN:                 "arn:aws:iam::444455556666:role/tip-oidc-role",
		IDEnhancedRoleARN:           "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
		Region:                      "eu-west-1", RedirectHost: "127.0.0.1", RedirectPort: port,
	}
	d.Session = d.open(t, d.config)
	return d
}

// ports counts what freePort has given out.
var ports atomic.Uint32

// freePort is a port that nobody listens on, below those that systems give to
// connections and to listeners that ask for any: none of these takes it meanwhile.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 20_000 + int((ports.Add(1)+uint32(os.Getpid())*97)%12_000)
		ln, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			_ = ln.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// open opens a session for a configuration over the same store.
func (d *desk) open(t *testing.T, c config.Config) *session.Session {
	t.Helper()
	s, err := session.New(session.Options{
		Store: d.store, Config: c, Regions: config.Regions{Region: "eu-west-1", IdentityCenterRegion: "eu-west-1"}, HTTPClient: d.client(t),
		Notice: func(n string) { d.notices = append(d.notices, n) },
		Login:  oidclogin.Env{OpenURL: func(ctx context.Context, address string) error { return d.browser(ctx, address) }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// client makes requests by the proxy.
func (d *desk) client(t *testing.T) *awshttp.BuildableClient {
	t.Helper()
	through, err := url.Parse(d.proxy.URL())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(d.proxy.CA())
	return awshttp.NewBuildableClient().WithTimeout(5 * time.Second).WithTransportOptions(func(tr *http.Transport) {
		tr.Proxy, tr.TLSClientConfig = http.ProxyURL(through), &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	})
}

// browse signs d.login in without a person.
func (d *desk) browse(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"&"+url.Values{"lab_login": {d.login}, "lab_password": {d.login}}.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := d.lab.HTTPClient().Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func (d *desk) signIn(t *testing.T, login string) {
	t.Helper()
	d.login = login
	claims, err := d.SignIn(t.Context())
	if err != nil || claims.Email != login+"@example.com" {
		t.Fatalf("%v, %v", claims, err)
	}
}

func TestAnotherPersonGetsNothingOfTheFirst(t *testing.T) {
	d := newDesk(t)
	d.signIn(t, "analyst")
	reports := session.GrantRequest{Target: "s3://tip-demo-data/reports/", Permission: types.PermissionRead, Privilege: types.PrivilegeDefault}
	if _, err := d.DataAccess(t.Context(), reports); err != nil {
		t.Fatal(err)
	}
	entries, err := d.store.LoadS3()
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	analyst, err := d.store.LoadRole()
	if err != nil {
		t.Fatal(err)
	}
	d.signIn(t, "engineer")
	if _, err := d.store.LoadRole(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("role credentials after another sign-in: %v", err)
	}
	// A process of the analyst that ends late writes its answer after all.
	if err := d.store.SaveS3(entries); err != nil {
		t.Fatal(err)
	}
	engineer, err := d.RoleCredentials(t.Context())
	if err != nil || engineer.UserID == analyst.UserID || engineer.UserID == "" {
		t.Errorf("user %q after %q, %v", engineer.UserID, analyst.UserID, err)
	}
	if _, err := d.DataAccess(t.Context(), reports); err == nil {
		t.Error("the engineer got what was granted to the analyst")
	}
}

// The grant is asked for with credentials of this exchange, not with those of before.
func TestGrantWithFreshCredentials(t *testing.T) {
	d := newDesk(t)
	d.signIn(t, "analyst")
	old, err := d.RoleCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old.Expiration = time.Now().Add(-time.Minute)
	old.SessionToken = secret.New("no longer valid")
	if err := d.store.SaveRole(old); err != nil {
		t.Fatal(err)
	}
	if _, err := d.DataAccess(t.Context(), session.GrantRequest{Target: "s3://tip-demo-data/reports/", Permission: types.PermissionRead}); err != nil {
		t.Error(err)
	}
}

// Concurrent callers in one process make one exchange, too.
func TestConcurrentCallers(t *testing.T) {
	d := newDesk(t)
	d.signIn(t, "analyst")
	keys := make(chan string, 10)
	for range cap(keys) {
		go func() {
			c, err := d.RoleCredentials(context.Background())
			if err != nil {
				t.Error(err)
			}
			keys <- c.AccessKeyID
		}()
	}
	first := <-keys
	for range cap(keys) - 1 {
		if key := <-keys; key != first {
			t.Errorf("key %s beside %s", key, first)
		}
	}
	if n := len(d.lab.Events()); n != 3 {
		t.Errorf("%d requests to AWS", n)
	}
}

func TestOtherConfigurations(t *testing.T) {
	d := newDesk(t)
	d.signIn(t, "analyst")
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	otherRole, otherClient := d.config, d.config
	otherRole.IDEnhancedRoleARN = "arn:aws:iam::444455556666:role/another"
	otherClient.OktaClientID = "0oaOther"
	if _, err := d.open(t, otherRole).RoleCredentials(t.Context()); err == nil || errors.As(err, new(*session.SignInRequiredError)) {
		t.Errorf("another role: %v, want the exchange's own refusal", err)
	}
	var signIn *session.SignInRequiredError
	if _, err := d.open(t, otherClient).RoleCredentials(t.Context()); !errors.As(err, &signIn) || signIn.Hint() != "run: tip-cli auth" {
		t.Errorf("another client: %v", err)
	}
}

func TestReconfigured(t *testing.T) {
	other := func(c config.Config) config.Config { c.OktaClientID = "0oaOther"; return c }
	for name, test := range map[string]struct {
		after    func(config.Config) config.Config
		role     bool // stays
		stranger bool // the original's tokens are marked as somebody else's
	}{
		"the same":       {func(c config.Config) config.Config { return c }, true, false},
		"another region": {func(c config.Config) config.Config { c.Region = "us-east-1"; return c }, true, false},
		"another role":   {func(c config.Config) config.Config { c.IDEnhancedRoleARN += "2"; return c }, false, false},
		"another client": {other, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			if err := d.store.SaveIDPToken(t.Context(), store.IDPToken{Token: secret.New("a"), RefreshToken: secret.New("b")}); err != nil {
				t.Fatal(err)
			}
			if err := d.store.SaveRole(store.RoleCredentials{AccessKeyID: "a", SecretAccessKey: secret.New("b"), SessionToken: secret.New("c"), Expiration: time.Now()}); err != nil {
				t.Fatal(err)
			}
			change := func() (before, after config.Config, err error) { return d.config, test.after(d.config), nil }
			if err := session.Reconfigure(t.Context(), d.store, change, func(config.Config) error { return nil }); err != nil {
				t.Fatal(err)
			}
			if _, err := d.store.LoadRole(); (err == nil) != test.role {
				t.Errorf("role credentials: %v", err)
			}
			held, err := d.store.LoadIDPToken(t.Context())
			if err != nil || held.RefreshToken.Reveal() != "b" || (held.Fingerprint != "") != test.stranger {
				t.Errorf("tokens of %q, %v", held.Fingerprint, err)
			}
		})
	}
}

// What is to become of the configuration is asked under the lock, and an error leaves
// everything as it is.
func TestReconfiguredUnderLock(t *testing.T) {
	d := newDesk(t)
	if err := d.store.SaveRole(store.RoleCredentials{AccessKeyID: "a", SecretAccessKey: secret.New("b"), SessionToken: secret.New("c"), Expiration: time.Now()}); err != nil {
		t.Fatal(err)
	}
	wrong := errors.New("changed meanwhile")
	change := func() (before, after config.Config, err error) {
		if _, free, err := d.store.TryLock("session"); free || err != nil {
			t.Errorf("the lock is free: %v, %v", free, err)
		}
		return d.config, config.Config{}, wrong
	}
	save := func(config.Config) error { t.Error("something was saved"); return nil }
	if err := session.Reconfigure(t.Context(), d.store, change, save); !errors.Is(err, wrong) {
		t.Error(err)
	}
	if _, err := d.store.LoadRole(); err != nil {
		t.Error(err)
	}
}

// A wait for the lock ends with its context.
func TestLockIsBounded(t *testing.T) {
	d := newDesk(t)
	release, err := d.store.Lock(t.Context(), "session")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for name, call := range map[string]func() error{
		"role":    func() error { _, err := d.RoleCredentials(ctx); return err },
		"refresh": func() error { _, err := d.RefreshToken(ctx); return err },
		"sign-in": func() error { _, err := d.SignIn(ctx); return err },
	} {
		if err := call(); !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), "session.lock") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Good credentials are handed out without a lock, and by a lab that is gone.
func TestWarmNeedsNothing(t *testing.T) {
	d := newDesk(t)
	d.signIn(t, "analyst")
	want, err := d.RoleCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release, err := d.store.Lock(t.Context(), "session")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if err := d.lab.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := d.RoleCredentials(t.Context())
	if diff := cmp.Diff(want.AccessKeyID, got.AccessKeyID); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if len(d.notices) > 0 {
		t.Errorf("notices %q", d.notices)
	}
}
