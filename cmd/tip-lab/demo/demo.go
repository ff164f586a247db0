// Package demo tells how one person's identity travels from sign-in to an object
// in S3: it starts a lab, runs the real tip-cli against it, prints every hop, and
// checks that each step gave what it should.
package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/labfile"
	"github.com/tip-cli/tip-cli/lab"
)

// Options of [Run].
type Options struct {
	// Program is tip-lab itself, which runs tip-cli as "PROGRAM tip-cli ...".
	Program string
	// Browser has a person sign in, in a browser window.
	Browser bool
	Out     io.Writer
	// Environ is the environment that clients inherit, in the form of os.Environ.
	Environ []string
	// Edit changes the demo's world before it starts; nil for no change.
	Edit func(*lab.World)
}

// The cast of the default world.
const (
	region      = "eu-west-1"
	application = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	oidcRole    = "arn:aws:iam::444455556666:role/tip-oidc-role"
	accessRole  = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"
	issuer      = "https://dev-123456789.okta.com/oauth2/default"
	clientID    = "0oaTipCliEXAMPLE"
	bucket      = "tip-demo-data"

	analystID  = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
	engineerID = "1234567890-bbbbbbbb-2222-4bbb-8bbb-bbbbbbbbbbbb"
)

// story is a demo under way.
type story struct {
	Options
	lab  *lab.Lab
	dir  string
	port int
	step int

	mu   sync.Mutex
	hops []*lab.Exchange
}

// person is somebody with a state folder of their own.
type person struct {
	login, userID, home string
}

// Run runs the demo. The error says which step did not give what it should.
func Run(ctx context.Context, o Options) (err error) {
	began := time.Now()
	s := &story{Options: o}
	if s.dir, err = os.MkdirTemp("", "tip-lab-demo-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	if err := s.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.lab.Close()) }()
	s.printf("One person's identity, from sign-in to an object in S3.\nThe lab listens on %s and verifies every step; tip-cli is the real program.\n", s.lab.Endpoint())
	analyst := &person{"analyst", analystID, filepath.Join(s.dir, "analyst")}
	engineer := &person{"engineer", engineerID, filepath.Join(s.dir, "engineer")}
	for _, part := range []func(context.Context, *person) error{
		s.configure, s.signIn, s.exchange, s.whoAmI, s.allowedRead, s.deniedWrite, s.deniedDirectly, s.deniedReplay,
	} {
		if err := part(ctx, analyst); err != nil {
			return err
		}
	}
	if err := s.otherPerson(ctx, engineer); err != nil {
		return err
	}
	if err := s.auditTrail(); err != nil {
		return err
	}
	s.printf("\nEvery step gave what it should, in %s.\n", time.Since(began).Round(10*time.Millisecond))
	return nil
}

func (s *story) start(ctx context.Context) error {
	port, err := lab.FreePort(ctx)
	if err != nil {
		return err
	}
	s.port = port
	s.lab, err = lab.Start(ctx, lab.Options{OnExchange: s.observe, Edit: s.prepare})
	if err != nil {
		return err
	}
	_, err = labfile.Write(s.dir, s.lab)
	return err
}

// prepare registers the redirect at the world's issuers, then lets the caller change the world.
func (s *story) prepare(w *lab.World) {
	for i := range w.Issuers {
		for j := range w.Issuers[i].Clients {
			c := &w.Issuers[i].Clients[j]
			c.RedirectURIs = append(c.RedirectURIs, fmt.Sprintf("http://localhost:%d/callback", s.port))
		}
	}
	if s.Edit != nil {
		s.Edit(w)
	}
}

func (s *story) observe(x *lab.Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hops = append(s.hops, x)
}

// since returns the exchanges from the n-th on.
func (s *story) since(n int) []*lab.Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*lab.Exchange(nil), s.hops[n:]...)
}

func (s *story) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.hops)
}

func (s *story) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Out, format, args...)
}

func (s *story) heading(title string) {
	s.step++
	s.printf("\n%d. %s\n", s.step, title)
}

// environ leads a client of p into the lab.
func (s *story) environ(p *person) []string {
	vars := append(s.lab.Environ(lab.ProxyDoor, filepath.Join(s.dir, "ca.pem")),
		lab.Variable{Name: "AWS_TIP_CLI", Value: p.home},
		lab.Variable{Name: "TIP_CLI_KEYRING", Value: "off"},
		lab.Variable{Name: "TIP_CLI_SIGN_IN", Value: "never"},
		lab.Variable{Name: "BROWSER", Value: s.browser(p)},
		lab.Variable{Name: "AWS_CONFIG_FILE", Value: filepath.Join(s.dir, "aws-config")},
	)
	return lab.Apply(s.Environ, vars)
}

func (s *story) browser(p *person) string {
	if s.Browser {
		return fmt.Sprintf(`"%s" browse --dir "%s" %%s`, s.Program, s.dir)
	}
	return fmt.Sprintf(`"%s" sign-in --as %s %%s`, s.Program, p.login)
}

// tipCLI runs tip-cli as p and returns what it printed.
func (s *story) tipCLI(ctx context.Context, p *person, args ...string) (stdout, stderr string, code int, err error) {
	cmd := s.command(ctx, p, args...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out.String(), complaints.String(), exit.ExitCode(), nil
	}
	return out.String(), complaints.String(), 0, err
}

func (s *story) command(ctx context.Context, p *person, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.Program, append([]string{"tip-cli"}, args...)...)
	cmd.Env = s.environ(p)
	return cmd
}

// mustRun runs tip-cli and wants exit code 0.
func (s *story) mustRun(ctx context.Context, p *person, args ...string) (string, error) {
	s.printf("   $ tip-cli %s\n", strings.Join(args, " "))
	stdout, stderr, code, err := s.tipCLI(ctx, p, args...)
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d: %s", code, strings.TrimSpace(stderr))
	}
	if err != nil {
		return "", fmt.Errorf("step %d: tip-cli %s: %w", s.step, strings.Join(args, " "), err)
	}
	return stdout, nil
}

// expect checks a claim of the story and prints it.
func (s *story) expect(ok bool, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if !ok {
		return fmt.Errorf("step %d: not as it should be: %s", s.step, text)
	}
	s.printf("   ok   %s\n", text)
	return nil
}

func (s *story) configuration() string {
	values := []string{
		`"okta_url":` + strconv.Quote(issuer), `"okta_client_id":` + strconv.Quote(clientID),
		`"token_exchange_application_arn":` + strconv.Quote(application),
		`"oidc_role_arn":` + strconv.Quote(oidcRole), `"id_enhanced_role_arn":` + strconv.Quote(accessRole),
		`"region":` + strconv.Quote(region), fmt.Sprintf(`"redirect_port":%d`, s.port),
	}
	return "{" + strings.Join(values, ",") + "}"
}
