package local

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// bare is a machine with nothing but a home directory, and a chain in it that nobody has
// configured.
func bare(t *testing.T) (*chain.Chain, machine) {
	t.Helper()
	home := t.TempDir()
	state := filepath.Join(home, ".aws_tip_cli")
	environ := map[string]string{store.KeyringVariable: "off"}
	c := &chain.Chain{Home: state, ContextName: store.DefaultContext, Getenv: func(name string) string { return environ[name] }}
	var err error
	if c.Store, err = store.Open(state, c.ContextName, func(o *store.Options) { o.Getenv, o.LookOnly = c.Getenv, true }); err != nil {
		t.Fatal(err)
	}
	_, c.ConfigErr = c.Store.LoadConfig()
	m := thisMachine()
	m.root, m.home, m.environ = fstest.MapFS{}, func() (string, error) { return home, nil }, func() []string { return nil }
	m.patience = 10 * time.Millisecond
	return c, m
}

// having returns the result with an id.
func having(t *testing.T, results []finding.Result, id string) finding.Result {
	t.Helper()
	var all []string
	for i := range results {
		if results[i].ID == id {
			return results[i]
		}
		all = append(all, results[i].ID+": "+results[i].Seen)
	}
	t.Fatalf("%s is not among:\n%s", id, strings.Join(all, "\n"))
	return finding.Result{}
}

// A machine that nobody has used yet has one thing wrong with it.
func TestNotConfigured(t *testing.T) {
	t.Parallel()
	c, m := bare(t)
	results := look(t.Context(), c, m)
	r := having(t, results, "local.not-configured")
	if r.Fixes[0].Command != "tip-cli configure idp" || r.Culprit != c.Store.Path(store.ConfigFile) {
		t.Errorf("%+v", r)
	}
	for _, r := range results {
		if r.ID != "local.not-configured" && (r.Status == finding.Fail || r.Status == finding.Warn) {
			t.Errorf("%+v", r)
		}
	}
	if _, err := os.Lstat(c.Home); err == nil {
		t.Error("the look has made the state directory")
	}
	c, m = bare(t)
	c.Asked.JWT, c.Asked.ApplicationARN = secret.New("x.y.z"), "arn:aws:sso::111122223333:application/ssoins-1/apl-1"
	if r := having(t, look(t.Context(), c, m), "local.configuration"); r.Status != finding.Skipped {
		t.Errorf("with -j and -a: %+v", r)
	}
}

// What stands in the place of config.json is told, with what moves it away.
func TestConfigurationUnreadable(t *testing.T) {
	t.Parallel()
	c, m := bare(t)
	if err := os.MkdirAll(c.Store.Path(store.ConfigFile), 0o700); err != nil {
		t.Fatal(err)
	}
	_, c.ConfigErr = c.Store.LoadConfig()
	r := having(t, look(t.Context(), c, m), "local.configuration-unreadable")
	want := chain.Quoted("mv", r.Culprit, r.Culprit+".damaged")
	if !strings.Contains(r.Seen, "a directory") || r.Fixes[0].Command != want {
		t.Errorf("%+v", r)
	}
}

// Another user's files and an unwritable directory cannot be made by everybody who runs tests.
func TestForeign(t *testing.T) {
	t.Parallel()
	c, m := bare(t)
	s := &section{Chain: c, machine: m, log: finding.NewLog(finding.Local, Checks())}
	s.file(store.Flaw{Kind: store.FlawForeign, Path: "/state/idp_token.json"})
	r := having(t, s.log.Results(), "local.file-foreign")
	if !strings.Contains(r.Fixes[0].Console, "chown") || r.Culprit != "/state/idp_token.json" {
		t.Errorf("%+v", r)
	}
}

// What may not be read although its owner may is somebody else's: no chmod of ours helps. The
// system says so to everybody but the administrator, who runs some tests.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes")
	}
	c, m := bare(t)
	s := &section{Chain: c, machine: m, log: finding.NewLog(finding.Local, Checks())}
	path := filepath.Join(t.TempDir(), "idp_token.json")
	for mode, want := range map[os.FileMode]string{0o600: "chown", 0o000: "chmod 0600"} {
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		if fix := s.moveAway(path); !strings.Contains(fix.Command+fix.Console, want) {
			t.Errorf("%04o: %+v", mode, fix)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// A port that is the administrator's: where everybody may have every port, the errors do.
func TestPorts(t *testing.T) {
	t.Parallel()
	if inUse(syscall.EACCES) || !inUse(&os.SyscallError{Syscall: "bind", Err: syscall.EADDRINUSE}) {
		t.Error("errors of bind are mixed up")
	}
	c, m := bare(t)
	c.Login = config.Login{Issuer: "https://idp.example.com", RedirectHost: "127.0.0.1", RedirectPort: 80, RedirectPath: "/callback"}
	s := &section{Chain: c, machine: m, log: finding.NewLog(finding.Local, Checks())}
	s.forbidden(t.Context(), &os.SyscallError{Syscall: "bind", Err: syscall.EACCES})
	r := having(t, s.log.Results(), "local.port-forbidden")
	if !strings.Contains(r.Fixes[0].Command, `"redirect_port": 80`) || r.Culprit != "http://127.0.0.1:80/callback" {
		t.Errorf("%+v", r)
	}
}

// at answers with a clock that is off.
func at(t *testing.T, ahead time.Duration) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Whose clock is off is told by the one that agrees with AWS.
func TestClock(t *testing.T) {
	for name, tt := range map[string]struct {
		aws, provider time.Duration
		want          string
	}{
		"all agree":       {0, 0, "local.clock"},
		"a second":        {-2 * time.Second, time.Second, "local.clock"},
		"ours drifts":     {90 * time.Second, 90 * time.Second, "local.clock-drifts"},
		"ours is wrong":   {-6 * time.Minute, -6 * time.Minute, "local.clock-off"},
		"the provider's":  {0, -3 * time.Minute, "local.provider-clock-off"},
		"ours and theirs": {time.Hour, 0, "local.clock-off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ENDPOINT_URL_STS", at(t, tt.aws))
			c, m := bare(t)
			c.HTTP, c.Regions.Region, c.Login.Issuer = awshttp.NewBuildableClient(), "eu-west-1", at(t, tt.provider)
			having(t, look(t.Context(), c, m), tt.want)
		})
	}
}

func TestClockUnknown(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
	t.Setenv(store.KeyringVariable, "off")
	c, m := bare(t)
	c.Getenv = os.Getenv
	c.HTTP, c.Regions.Region, c.Login.Issuer = awshttp.NewBuildableClient(), "eu-west-1", "http://127.0.0.1:9"
	results := look(t.Context(), c, m)
	having(t, results, "local.clock.unread")
	if r := having(t, results, "local.endpoint-unreachable"); r.Culprit != "AWS_ENDPOINT_URL_STS http://127.0.0.1:9" || r.Seen != "connection refused" || !strings.Contains(r.Fixes[0].Does, "unset it") {
		t.Errorf("%+v", r)
	}
}

// AWS's own endpoint, which no test reaches.
func TestAWSDoesNotAnswer(t *testing.T) {
	t.Parallel()
	c, m := bare(t)
	c.Regions.Region = "eu-west-1"
	for text, err := range map[string]error{
		"HTTPS_PROXY":   &url.Error{Op: "Post", URL: "https://sts.eu-west-1.amazonaws.com/", Err: context.DeadlineExceeded},
		"AWS_CA_BUNDLE": &url.Error{Op: "Post", URL: "https://sts.eu-west-1.amazonaws.com/", Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}},
	} {
		s := &section{Chain: c, machine: m, log: finding.NewLog(finding.Local, Checks())}
		s.unanswered(err)
		if r := having(t, s.log.Results(), "local.endpoint-unreachable"); r.Culprit != "https://sts.eu-west-1.amazonaws.com" || !strings.Contains(r.Fixes[0].Console, text) {
			t.Errorf("%+v", r)
		}
	}
}

// Addresses of proxies as people write them; what the HTTP client would ignore is none.
func TestProxyAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http://proxy.example.com:3128": "http://proxy.example.com:3128", "proxy.example.com:3128": "http://proxy.example.com:3128", "proxy": "http://proxy",
		"socks5://[::1]:1080": "socks5://[::1]:1080", "http://u:p@proxy:1": "http://u:xxxxx@proxy:1",
		"socks4://proxy": "", "ftp://proxy": "", "http://": "", "http://[::1": "", "%": "", "://": "", "http://proxy:port": "",
	} {
		address, err := proxyAddress(text)
		got := ""
		if err == nil {
			got = address.Redacted()
		}
		if got != want {
			t.Errorf("%q: %s, want %q (%v)", text, got, want, err)
		}
	}
}

// Whatever stands in a variable is an address with a host, or refused.
func FuzzProxyAddress(f *testing.F) {
	for _, text := range []string{"", "proxy:3128", "http://u:p@[::1]:1", "socks5://x", "a://b", "%zz", "http://\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if address, err := proxyAddress(text); err == nil && address.Hostname() == "" {
			t.Errorf("%q: %v", text, address)
		}
	})
}

// A keyring that cannot be asked: the key is unknown then, and not lost.
func TestKeyUnavailable(t *testing.T) {
	t.Parallel()
	c, m := bare(t)
	st := store.New(c.Home, func(o *store.Options) { o.Keyring = keyring{new(string)} })
	if err := st.SaveIDPToken(t.Context(), store.IDPToken{Token: secret.New("a.b.c")}); err != nil {
		t.Fatal(err)
	}
	r := having(t, look(t.Context(), c, m), "local.key.unread")
	if r.Status != finding.Unknown || !strings.Contains(r.Seen, "TIP_CLI_KEYRING=off") || strings.Contains(r.Seen, "a.b.c") {
		t.Errorf("%+v", r)
	}
}

// keyring keeps one key.
type keyring struct{ key *string }

func (k keyring) Get(string, string) (string, error) { return *k.key, nil }
func (k keyring) Set(_, _, key string) error         { *k.key = key; return nil }
func (k keyring) Delete(string, string) error        { return nil }

// Files that nobody expects give one line each, and no panic.
// Whoever runs tests as administrator is let in everywhere: the error is made up, the modes
// are not.
func TestContextUnreadable(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes")
	}
	for name, c := range map[string]struct {
		home, file os.FileMode
		want       []string
	}{
		"a directory of somebody else": {0o700, 0, []string{"run as administrator: chown -R " + strconv.Itoa(os.Geteuid()) + " HOME", "AWS_TIP_CLI"}},
		"a file of somebody else":      {0o700, 0o600, []string{"run as administrator: chown " + strconv.Itoa(os.Geteuid()) + " HOME/current_context", "AWS_TIP_CLI"}},
		"a closed directory":           {0o600, 0, []string{"chmod u+rwx HOME"}},
		"a closed file":                {0o700, 0o200, []string{"chmod u+r HOME/current_context"}},
		"no way to the directory":      {0, 0, []string{"AWS_TIP_CLI"}},
	} {
		t.Run(name, func(t *testing.T) {
			ch, m := bare(t)
			path := ch.Store.Path("current_context")
			if c.home != 0 {
				if err := os.Mkdir(ch.Home, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if c.file != 0 {
				if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, c.file)); err != nil {
					t.Fatal(err)
				}
			}
			if c.home != 0 {
				if err := os.Chmod(ch.Home, c.home); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.Chmod(ch.Home, 0o700) })
			}
			ch.Store, ch.StoreErr = nil, &store.FileError{Path: path, Err: fs.ErrPermission, Fix: "check that you may read it"}
			fixes := having(t, look(t.Context(), ch, m), "local.context-unusable").Fixes
			if len(fixes) != len(c.want) {
				t.Fatalf("%+v", fixes)
			}
			for i, want := range c.want {
				if got := strings.ReplaceAll(fixes[i].Command+fixes[i].Console, ch.Home, "HOME"); !strings.HasSuffix(got, want) {
					t.Errorf("%s", got)
				}
			}
		})
	}
}

// Of thousands of unknown keys the first are told.
func TestManyOddities(t *testing.T) {
	t.Parallel()
	c, m := bare(t)
	c.ConfigErr = nil
	for n := range 3000 {
		c.Warnings = append(c.Warnings, config.Problem{Key: fmt.Sprintf("k%d", n), Message: "is not known"})
	}
	var odd []string
	for _, r := range look(t.Context(), c, m) {
		if r.Check == "local.configuration" {
			odd = append(odd, r.Seen)
		}
	}
	if len(odd) != mostOdd+1 || odd[mostOdd] != "and 2980 more" {
		t.Errorf("%d: %q", len(odd), odd)
	}
}

func TestHostileFiles(t *testing.T) {
	t.Parallel()
	for _, content := range []string{
		"", "null", "[]", "[1, 2]", "{}", `"text"`, `{"token": ["a"]}`, `{"sealed": []}`, `{"sealed": {"version": 99}}`, `{"sealed": {"version": 1, "key": "file", "key_id": "../../etc/passwd"}}`,
		`{"failed_at": 1e999}`, `{"failed_at": "9999-12-31T23:59:59Z"}`, `{"creds": null}`, strings.Repeat("[", 100_000), strings.Repeat("x", store.MaxFileSize+1), "\x00\xff\xfe",
	} {
		c, m := bare(t)
		if err := os.MkdirAll(c.Home, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{store.IDPTokenFile, store.RoleFile, store.S3File, store.SignInFile, store.ApplicationTokenFile, store.ClientSecretFile, store.IdentityFile, store.GrantsFile} {
			if err := os.WriteFile(c.Store.Path(name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range look(t.Context(), c, m) {
			if strings.Contains(r.Seen, "\n") || len(r.Seen) > 2100 {
				t.Errorf("%.40q: %+v", content, r)
			}
		}
	}
}

// A repair that is none changes nothing and says so.
func TestRepairRefuses(t *testing.T) {
	t.Parallel()
	c, _ := bare(t)
	if err := Repair(context.Background(), c.Store, &finding.Fix{Repair: "drop everything"}); err == nil {
		t.Error("no error")
	}
}
