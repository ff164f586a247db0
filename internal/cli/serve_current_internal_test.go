package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/credserver"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/tokensource"
)

// shelves is a state with a role session and S3 credentials, and the endpoints for both.
type shelves struct {
	home string
	*store.Store
	role, grant *endpoint
}

func stocked(t *testing.T) *shelves {
	t.Helper()
	a, home := servedApp(t, "auto", "")
	all, err := a.endpoints(&serveFlags{targets: []string{"s3://example-bucket/a/"}, permission: "READ"})
	if err != nil {
		t.Fatal(err)
	}
	s := &shelves{home, store.New(home), all[0], all[1]}
	s.stock(t, s.config(t).Fingerprint(), "analyst")
	return s
}

func (s *shelves) config(t *testing.T) config.Config {
	t.Helper()
	c, err := s.role.quiet.configNow()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// stock stores credentials of a person for a configuration.
func (s *shelves) stock(t *testing.T, fingerprint, user string) {
	t.Helper()
	role := store.RoleCredentials{
		AccessKeyID: "ASIAROLE", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"), Expiration: time.Now().Add(time.Hour),
		UserID: user, Fingerprint: fingerprint,
	}
	if err := s.SaveRole(role); err != nil {
		t.Fatal(err)
	}
	entry := store.S3Entry{
		AccessKeyID: "ASIAGRANT", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"), Expiration: time.Now().Add(time.Hour),
		Target: "s3://example-bucket/a/*", Permission: "READ", TargetType: "Prefix", Privilege: "Default", Resolved: true, Region: "eu-west-1", Identity: identityOf(s.config(t), user),
	}
	if err := s.UpsertS3(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
}

// identityOf is that of S3 credentials, as internal/session writes it.
func identityOf(c config.Config, user string) string {
	sum := sha256.Sum256([]byte(c.Fingerprint() + "\n" + user))
	return hex.EncodeToString(sum[:])
}

func (s *shelves) put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.home, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *shelves) remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(s.home, name)); err != nil {
		t.Fatal(err)
	}
}

// otherConfig is servedConfig for another role.
func otherConfig() string {
	return strings.NewReplacer("SIGN_IN", "auto", "role/tip-id-enhanced-role", "role/another-role").Replace(servedConfig)
}

// What is no longer on disk, or was made for another configuration or person, is not
// served; what cannot be read for now is.
func TestServedIsCurrent(t *testing.T) {
	for name, tt := range map[string]struct {
		change      func(*testing.T, *shelves)
		role, grant bool
	}{
		"nothing":               {func(*testing.T, *shelves) {}, true, true},
		"another configuration": {func(t *testing.T, s *shelves) { s.put(t, store.ConfigFile, otherConfig()) }, false, false},
		"the same, written anew": {func(t *testing.T, s *shelves) {
			s.put(t, store.ConfigFile, " "+strings.ReplaceAll(servedConfig, "SIGN_IN", "never"))
		}, true, true},
		"no configuration":          {func(t *testing.T, s *shelves) { s.remove(t, store.ConfigFile) }, false, false},
		"a damaged configuration":   {func(t *testing.T, s *shelves) { s.put(t, store.ConfigFile, "{") }, true, true},
		"role of another":           {func(t *testing.T, s *shelves) { s.stock(t, "another", "analyst") }, false, false},
		"another person's role":     {func(t *testing.T, s *shelves) { s.another(t) }, true, false},
		"no role":                   {func(t *testing.T, s *shelves) { s.remove(t, store.RoleFile) }, false, false},
		"a damaged role":            {func(t *testing.T, s *shelves) { s.put(t, store.RoleFile, "{") }, true, true},
		"no S3 credentials":         {func(t *testing.T, s *shelves) { s.remove(t, store.S3File) }, true, false},
		"damaged S3 credentials":    {func(t *testing.T, s *shelves) { s.put(t, store.S3File, "{") }, true, true},
		"a role that is renewed":    {func(t *testing.T, s *shelves) { s.expire(t) }, true, true},
		"a role without its making": {func(t *testing.T, s *shelves) { s.stock(t, "", "analyst") }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := stocked(t)
			tt.change(t, s)
			if got := s.role.current(credserver.Credentials{AccessKeyID: "ASIAROLE"}); got != tt.role {
				t.Errorf("role: %v", got)
			}
			if got := s.grant.current(credserver.Credentials{AccessKeyID: "ASIAGRANT"}); got != tt.grant {
				t.Errorf("grant: %v", got)
			}
		})
	}
	s := stocked(t)
	if s.role.current(credserver.Credentials{AccessKeyID: "ASIAOTHER"}) || s.grant.current(credserver.Credentials{AccessKeyID: "ASIAOTHER"}) {
		t.Error("others than those on disk")
	}
}

// another has signed in and has a role session, and nothing of S3 yet.
func (s *shelves) another(t *testing.T) {
	t.Helper()
	held, err := s.LoadRole()
	if err == nil {
		held.UserID = "somebody else"
		err = s.SaveRole(held)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// expire has the role session end soon.
func (s *shelves) expire(t *testing.T) {
	t.Helper()
	held, err := s.LoadRole()
	if err == nil {
		held.Expiration = time.Now().Add(2 * time.Minute)
		err = s.SaveRole(held)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The mark changes with what a sign-in or a configuration changes.
func TestServedMark(t *testing.T) {
	s := stocked(t)
	for _, name := range []string{store.ConfigFile, store.IDPTokenFile, store.ClientSecretFile, store.RoleFile, store.S3File} {
		role, grant := s.role.mark(), s.grant.mark()
		if role != s.role.mark() || grant != s.grant.mark() {
			t.Errorf("%s: the mark changes by itself", name)
		}
		s.put(t, name, strings.Repeat(" ", 5000))
		if (role != s.role.mark()) != (name != store.S3File) || grant == s.grant.mark() {
			t.Errorf("%s: %q, %q", name, role, grant)
		}
	}
}

func TestServedRefrain(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want time.Duration
	}{
		{&session.SignInRequiredError{}, 500 * time.Millisecond},
		{&endpointError{&endpoint{}, &session.SignInRequiredError{}}, 500 * time.Millisecond},
		{&session.TimeoutError{Err: errors.New("x")}, 5 * time.Second},
		{&tokensource.Error{Kind: tokensource.KindContent}, time.Minute},
		{errors.New("x"), time.Minute},
	} {
		if got := refrain(tt.err); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.err, got, tt.want)
		}
	}
}

// S3 credentials are renewed although the stored ones would serve; whoever waits takes
// those.
func TestServedRequest(t *testing.T) {
	s := stocked(t)
	for _, background := range []bool{false, true} {
		r := s.grant.request(credserver.Demand{Background: background})
		if r.Force != background || r.Target != s.grant.grant.Target || r.Permission != "READ" || s.grant.grant.Force {
			t.Errorf("background %v: %+v", background, r)
		}
	}
}

// The server is told all of it.
func TestServedRoute(t *testing.T) {
	var r credserver.Route
	stocked(t).role.route(&r)
	if r.Current == nil || r.Mark == nil || r.Refrain == nil || r.Refrain(&session.SignInRequiredError{}) != 500*time.Millisecond {
		t.Errorf("%+v", r)
	}
}

// A warning about the configuration is not said again with each attempt.
func TestServedWarnsOnce(t *testing.T) {
	a, home := servedApp(t, "auto", "")
	text := strings.Replace(strings.ReplaceAll(servedConfig, "SIGN_IN", "auto"), "{", `{"unheard_of": 1, `, 1)
	if err := os.WriteFile(filepath.Join(home, "config.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := a.endpoints(&serveFlags{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for _, demand := range []credserver.Demand{{}, {Background: true}} {
			if _, err := all[0].credentials(t.Context(), all[0].asks(demand), demand); exitCode(err) != ExitSignInRequired {
				t.Fatal(err)
			}
		}
	}
	if said := a.Stderr.(interface{ String() string }).String(); strings.Count(said, "unheard_of") != 1 {
		t.Errorf("%s", said)
	}
}

// The hint names the context whose file is missing.
func TestServedHint(t *testing.T) {
	a, _ := servedApp(t, "auto", "")
	err := a.serve(t.Context(), &serveFlags{contexts: []string{"default", "b"}})
	if hint := hintOf(err); !strings.Contains(hint, "--context b") || a.contextFlag != "" {
		t.Errorf("%v: %q", err, hint)
	}
}
