package fastpath_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/fastpath"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// state is what the answer depends on: the command line, the environment and the files.
type state struct {
	t    *testing.T
	home string // of the state
	args []string
	env  map[string]string
}

var configured = config.Config{
	IdP: config.Okta, OktaURL: "https://dev-123456789.okta.com/oauth2/default", OktaClientID: "0oaTipCliEXAMPLE",
	TokenExchangeApplicationARN: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
	OIDCRoleARN:                 "arn:aws:iam::444455556666:role/tip-oidc-role",
	IDEnhancedRoleARN:           "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
	Region:                      "eu-west-1",
}

// newState is one in which the fast path answers, in a directory of its own.
func newState(t *testing.T, home string) *state {
	t.Helper()
	s := &state{t: t, home: home, args: []string{"tip-cli", "auth", "get-iam-credentials"}, env: map[string]string{"AWS_TIP_CLI": home}}
	s.fill("")
	return s
}

// fill writes a configuration and credentials for a context.
func (s *state) fill(context string) {
	s.t.Helper()
	text, err := configured.Encode()
	s.check(err)
	st := s.store(context)
	s.check(st.SaveConfig(text))
	role := s.role("ASIA"+strings.ToUpper(context), text)
	role.S3Identity, role.S3Region = identity(role), configured.Region
	s.check(st.SaveRole(role))
}

func (s *state) store(context string) *store.Store {
	s.t.Helper()
	st, err := store.Open(s.home, context, func(o *store.Options) { o.Keyring = nil })
	s.check(err)
	return st
}

func (s *state) role(key string, text []byte) store.RoleCredentials {
	now := time.Now().Truncate(time.Second)
	return store.RoleCredentials{
		AccessKeyID: key, SecretAccessKey: secret.New("wJalr/K7+MDENG="), SessionToken: secret.New("IQoJb3Jp=="),
		Expiration: now.Add(50 * time.Minute), ObtainedAt: now, RenewBefore: 15 * time.Minute,
		AccountID: "444455556666", UserID: "a1b2", Fingerprint: configured.Fingerprint(), ConfigDigest: answer.Digest(text),
	}
}

// alter changes the credentials.
func (s *state) alter(change func(*store.RoleCredentials)) {
	s.t.Helper()
	held, err := s.store("").LoadRole()
	s.check(err)
	change(&held)
	s.check(s.store("").SaveRole(held))
}

// replace changes the text of a file.
func (s *state) replace(name, old, with string) {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	s.check(err)
	if !bytes.Contains(text, []byte(old)) {
		s.t.Fatalf("%s has no %s", name, old)
	}
	s.check(os.WriteFile(s.path(name), bytes.Replace(text, []byte(old), []byte(with), 1), 0o600))
}

func (s *state) path(name string) string { return filepath.Join(s.home, name) }

func (s *state) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// states are changes to that state, and whether the fast path answers then.
var states = []struct {
	name   string
	change func(*state)
	want   bool
}{
	{"as it should be", func(*state) {}, true},

	{"another program's name", func(s *state) { s.args[0] = "/usr/bin/tip" }, true},
	{"the context default", func(s *state) { s.asks("--context", "default", "auth", "get-iam-credentials") }, true},
	{"a context", func(s *state) { s.fill("prod"); s.asks("--context", "prod", "auth", "get-iam-credentials") }, true},
	{"a context, in one word", func(s *state) { s.fill("prod"); s.asks("--context=prod", "auth", "get-iam-credentials") }, true},
	{"a context of the environment", func(s *state) { s.fill("prod"); s.env["TIP_CLI_CONTEXT"] = "prod" }, true},
	{"the flag before the environment", func(s *state) {
		s.env["TIP_CLI_CONTEXT"] = "prod"
		s.asks("--context", "default", "auth", "get-iam-credentials")
	}, true},
	{"the chosen context", func(s *state) { s.fill("prod"); s.check(store.SetCurrentContext(s.home, "prod")) }, true},
	{"the environment before the chosen", func(s *state) {
		s.fill("prod")
		s.check(store.SetCurrentContext(s.home, "prod"))
		s.env["TIP_CLI_CONTEXT"] = "default"
	}, true},
	{"a context that is not there", func(s *state) { s.asks("--context", "prod", "auth", "get-iam-credentials") }, false},
	{"no name for a context", func(s *state) { s.asks("--context", "..", "auth", "get-iam-credentials") }, false},
	{"no context after all", func(s *state) { s.asks("--context=", "auth", "get-iam-credentials") }, false},
	{"a context that is gone", func(s *state) { s.check(os.WriteFile(s.path("current_context"), []byte("gone\n"), 0o600)) }, false},
	{"a damaged choice", func(s *state) { s.check(os.WriteFile(s.path("current_context"), []byte("prod\nx\n"), 0o600)) }, false},

	{"another command", func(s *state) { s.asks("auth", "--help") }, false},
	{"another flag", func(s *state) { s.asks("auth", "get-iam-credentials", "--min-ttl", "1m") }, false},
	{"one argument more", func(s *state) { s.asks("auth", "get-iam-credentials", "x") }, false},
	{"nothing", func(s *state) { s.asks() }, false},
	{"switched off", func(s *state) { s.env["TIP_CLI_FASTPATH"] = "off" }, false},
	{"switched on", func(s *state) { s.env["TIP_CLI_FASTPATH"] = "on" }, true},

	{"a relative directory", func(s *state) { s.env["AWS_TIP_CLI"] = "." }, false},
	{"a directory with ..", func(s *state) { s.env["AWS_TIP_CLI"] = s.home + "/../" + filepath.Base(s.home) }, false},
	{"nothing there", func(s *state) { s.check(os.RemoveAll(s.home)) }, false},

	{"expired", func(s *state) { s.alter(func(c *store.RoleCredentials) { c.Expiration = time.Now() }) }, false},
	{"within the margin", func(s *state) {
		s.alter(func(c *store.RoleCredentials) { c.Expiration = time.Now().Add(14 * time.Minute) })
	}, false},
	{"stored tomorrow", func(s *state) {
		s.alter(func(c *store.RoleCredentials) { c.ObtainedAt = time.Now().Add(24 * time.Hour) })
	}, false},
	{"without an account", func(s *state) { s.alter(func(c *store.RoleCredentials) { c.AccountID = "" }) }, true},
	{"for another configuration", func(s *state) { s.replace("config.json", "tip-oidc-role", "tip-other-role") }, false},
	{"for the same, written otherwise", func(s *state) { s.replace("config.json", "{\n", "{\n\n") }, false},
	{"for the same, with an unknown key", func(s *state) { s.replace("config.json", "{\n", "{\n\"of_tomorrow\": 1,\n") }, false},
	{"for an invalid configuration", func(s *state) { s.replace("config.json", "eu-west-1", "nowhere") }, false},
	{"of a version without a fast path", func(s *state) {
		s.alter(func(c *store.RoleCredentials) {
			c.ConfigDigest, c.S3Identity, c.RenewBefore, c.ObtainedAt = "", "", 0, time.Time{}
		})
	}, false},
	{"of the original", func(s *state) {
		s.alter(func(c *store.RoleCredentials) {
			*c = store.RoleCredentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken, Expiration: c.Expiration}
		})
	}, false},
	{"with a member of tomorrow", func(s *state) { s.replace("role_creds.json", "{\n", "{\n\"of_tomorrow\": [1],\n") }, false},
	{"with characters that are escaped", func(s *state) {
		s.alter(func(c *store.RoleCredentials) { c.SessionToken = secret.New("a<b>&\"\u2028") })
	}, false},
	{"in other letters", func(s *state) { s.replace("role_creds.json", "session_token", "SESSION_TOKEN") }, false},
	{"damaged", func(s *state) { s.replace("role_creds.json", "{", "") }, false},
	{"logged out", func(s *state) { s.check(s.store("").ClearRole()) }, false},
	{"not configured", func(s *state) { s.check(os.Remove(s.path("config.json"))) }, false},
	{"a configuration too large", func(s *state) { s.replace("config.json", "{", "{"+strings.Repeat(" ", 1<<16)) }, false},
	{"credentials too large", func(s *state) {
		s.alter(func(c *store.RoleCredentials) { c.SessionToken = secret.New(strings.Repeat("x", 1<<14)) })
	}, false},
	{"a directory for a file", func(s *state) {
		s.check(os.Remove(s.path("role_creds.json")))
		s.check(os.Mkdir(s.path("role_creds.json"), 0o700))
	}, false},
}

func (s *state) asks(args ...string) { s.args = append(s.args[:1:1], args...) }

func (s *state) document() ([]byte, bool) {
	return fastpath.Document(s.args, func(name string) string { return s.env[name] }, time.Now())
}

func TestDocument(t *testing.T) {
	for _, tt := range append(states, systemStates...) {
		t.Run(tt.name, func(t *testing.T) {
			s := newState(t, filepath.Join(t.TempDir(), "state"))
			tt.change(s)
			if got, ok := s.document(); ok != tt.want {
				t.Errorf("%v: %s", ok, got)
			}
		})
	}
}

// Without AWS_TIP_CLI the state is in the home directory.
func TestHome(t *testing.T) {
	home := t.TempDir()
	s := newState(t, filepath.Join(home, ".aws_tip_cli"))
	s.env = map[string]string{userHome: home}
	if _, ok := s.document(); !ok {
		t.Error("no answer")
	}
	s.env = nil
	if _, ok := s.document(); ok {
		t.Error("an answer without a home directory")
	}
}

// A test that links the package is not answered, nor a process without a name.
func TestOfTests(t *testing.T) {
	s := newState(t, filepath.Join(t.TempDir(), "state"))
	for _, name := range []string{"fastpath.test", `C:\x.test.exe`} {
		s.args[0] = name
		if _, ok := s.document(); ok {
			t.Errorf("an answer for %s", name)
		}
	}
	s.args = nil
	if _, ok := s.document(); ok {
		t.Error("an answer without arguments")
	}
}
