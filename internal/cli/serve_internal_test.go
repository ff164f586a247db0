package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/credserver"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/shellenv"
	"github.com/tip-cli/tip-cli/internal/store"
)

const servedConfig = `{"idp": "okta", "okta_url": "https://dev-123456789.okta.com", "okta_client_id": "0oaTipCliEXAMPLE",
 "token_exchange_application_arn": "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
 "oidc_role_arn": "arn:aws:iam::444455556666:role/tip-oidc-role", "id_enhanced_role_arn": "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
 "session_duration": 1800, "sign_in": "SIGN_IN"}`

// served is an app whose configuration says sign_in, in an environment that does or does not.
func servedApp(t *testing.T, signIn, variable string) (*app, string) {
	t.Helper()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "config.json"), []byte(strings.ReplaceAll(servedConfig, "SIGN_IN", signIn)), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{"AWS_TIP_CLI": home, "TIP_CLI_KEYRING": "off", "AWS_REGION": "eu-west-1", signInVariable: variable}
	env := &Env{Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer), Getenv: func(name string) string { return settings[name] }}
	return newApp(env), home
}

// Only `always` has requests open a browser, and nothing has renewal ahead do it.
func TestServeAsks(t *testing.T) {
	for _, tt := range []struct {
		signIn, variable string
		want             bool
	}{
		{"auto", "", false}, {"never", "", false}, {"always", "", true}, {"auto", "always", true}, {"auto", "Always", true},
		{"always", "never", false}, {"always", "auto", false},
	} {
		a, _ := servedApp(t, tt.signIn, tt.variable)
		all, err := a.endpoints(&serveFlags{})
		if err != nil {
			t.Fatal(err)
		}
		e := all[0]
		if e.always != tt.want {
			t.Errorf("sign_in %s, variable %q: %v", tt.signIn, tt.variable, e.always)
		}
		if e.quiet.Getenv(signInVariable) != string(config.SignInNever) || e.asking.Getenv(signInVariable) != tt.variable {
			t.Errorf("quiet %q, asking %q", e.quiet.Getenv(signInVariable), e.asking.Getenv(signInVariable))
		}
		for background, want := range map[bool]*app{false: map[bool]*app{false: e.quiet, true: e.asking}[tt.want], true: e.quiet} {
			if e.asks(credserver.Demand{Background: background}) != want {
				t.Errorf("sign_in %s, variable %q, background %v: the wrong one", tt.signIn, tt.variable, background)
			}
		}
	}
	a, _ := servedApp(t, "auto", "sometimes")
	if _, err := a.endpoints(&serveFlags{}); exitCode(err) != ExitConfiguration {
		t.Errorf("%v", err)
	}
}

func TestLifeFor(t *testing.T) {
	a, home := servedApp(t, "auto", "")
	for _, tt := range []struct {
		demand credserver.Demand
		want   time.Duration
	}{
		{credserver.Demand{Life: time.Hour}, 0},
		{credserver.Demand{Background: true, Life: time.Hour}, 15 * time.Minute},
		{credserver.Demand{Background: true, Life: time.Minute}, time.Minute},
	} {
		if got := lifeFor(a, tt.demand); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.demand, got, tt.want)
		}
	}
	for _, text := range []string{"{", ""} {
		if err := os.WriteFile(filepath.Join(home, "config.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := lifeFor(a, credserver.Demand{Background: true, Life: time.Hour}); got != 0 {
			t.Errorf("%s with a damaged configuration", got)
		}
	}
}

func TestCredentialsStatus(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		code   string
	}{
		{&session.SignInRequiredError{}, 403, "SignInRequired"},
		{&session.TimeoutError{Err: errors.New("x")}, 503, "Unavailable"},
		{&store.FileError{Err: store.ErrNotFound}, 500, "Configuration"},
		{errors.New("x"), 500, "InternalFailure"},
		{&endpointError{&endpoint{}, &session.SignInRequiredError{}}, 403, "SignInRequired"},
	} {
		if status, code := credentialsStatus(tt.err); status != tt.status || code != tt.code {
			t.Errorf("%v: %d %s", tt.err, status, code)
		}
	}
}

func TestPrintEndpoints(t *testing.T) {
	server, err := credserver.Listen(func(o *credserver.Options) { o.Token = secret.New(strings.Repeat("t", 32)) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	a, _ := servedApp(t, "auto", "")
	opened, err := credserver.OpenTokenFile(filepath.Join(t.TempDir(), "a b"), func(string) (func(), error) { return func() {}, nil })
	if err != nil {
		t.Fatal(err)
	}
	one := []*endpoint{{context: "work", path: "/contexts/work"}}
	two := append(one, &endpoint{context: "work", path: "/contexts/work/s3/1", grant: &session.GrantRequest{Target: "s3://b/\x1b[2J*"}})
	for _, tt := range []struct {
		format    shellenv.Format
		endpoints []*endpoint
		file      bool
		want      []string
	}{
		{shellenv.Sh, one, false, []string{"export AWS_CONTAINER_CREDENTIALS_FULL_URI='URL/contexts/work'", "export AWS_CONTAINER_AUTHORIZATION_TOKEN='TOKEN'"}},
		{shellenv.Sh, one, true, []string{"export AWS_CONTAINER_CREDENTIALS_FULL_URI='URL/contexts/work'", "export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='FILE'", "unset AWS_CONTAINER_AUTHORIZATION_TOKEN"}},
		{shellenv.Cmd, two, false, []string{"rem context work", `set "AWS_CONTAINER_CREDENTIALS_FULL_URI=URL/contexts/work"`, "rem context work, s3://b/[2J*", `set "AWS_CONTAINER_CREDENTIALS_FULL_URI=URL/contexts/work/s3/1"`}},
		{shellenv.DotEnv, two, false, []string{"# context work", "AWS_CONTAINER_CREDENTIALS_FULL_URI=URL/contexts/work", "AWS_CONTAINER_AUTHORIZATION_TOKEN=TOKEN", ""}},
	} {
		out := a.Stdout.(*bytes.Buffer)
		out.Reset()
		var file *credserver.TokenFile
		if tt.file {
			file = opened
		}
		if err := a.printEndpoints(server, tt.endpoints, file, serveFormat(tt.format)); err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer(server.URL(""), "URL", server.Token().Reveal(), "TOKEN", opened.Path(), "FILE").Replace(out.String())
		lines := strings.Split(text, "\n")
		for _, want := range tt.want {
			if !strings.Contains("\n"+text, "\n"+want+"\n") {
				t.Errorf("%s: %q is not among\n%s", tt.format, want, text)
			}
		}
		if tt.file && strings.Contains(text, "TOKEN'") || len(lines) < 3 {
			t.Errorf("%s:\n%s", tt.format, text)
		}
	}
}

// Names may be given twice, and everything is refused before anything is served.
func TestServedContexts(t *testing.T) {
	a, _ := servedApp(t, "auto", "")
	names, err := a.servedContexts(&serveFlags{contexts: []string{"b", "a", "b"}})
	if diff := cmp.Diff([]string{"a", "b"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, name := range []string{"", "../b"} {
		if names, err := a.servedContexts(&serveFlags{contexts: []string{"b", name}}); exitCode(err) != ExitConfiguration || names != nil {
			t.Errorf("%q: %v, %v", name, names, err)
		}
	}
	if err := a.serve(context.Background(), &serveFlags{contexts: []string{"default", "b"}}); exitCode(err) != ExitConfiguration {
		t.Errorf("%v", err)
	}
}
