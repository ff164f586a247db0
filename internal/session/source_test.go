package session_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/lab"
)

// jwt is a fresh one of the analyst.
func (d *desk) jwt(t *testing.T, edits ...func(*lab.IDToken)) string {
	t.Helper()
	jwt, err := d.lab.IssueIDToken("okta", "analyst", d.config.OktaClientID, edits...)
	if err != nil {
		t.Fatal(err)
	}
	return jwt
}

// fromFile opens a session whose tokens come from a file, with no identity provider.
func (d *desk) fromFile(t *testing.T) (s *session.Session, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "token.jwt")
	return d.open(t, config.Config{
		TokenExchangeApplicationARN: d.config.TokenExchangeApplicationARN, OIDCRoleARN: d.config.OIDCRoleARN,
		IDEnhancedRoleARN: d.config.IDEnhancedRoleARN, TokenFile: path,
	}), path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestTokenFile(t *testing.T) {
	d := newDesk(t)
	s, path := d.fromFile(t)
	write(t, path, d.jwt(t)+"\n")
	first, err := s.RoleCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.expire(t)
	_, err = s.RoleCredentials(t.Context())
	need, ok := errors.AsType[*session.SignInRequiredError](err)
	if !ok || !errors.Is(err, session.ErrSpentByOthers) || !strings.Contains(need.Hint(), path) {
		t.Errorf("the same JWT again: %v", err)
	}
	write(t, path, `{"id_token": "`+d.jwt(t)+`"}`)
	if second, err := s.RoleCredentials(t.Context()); err != nil || second.AccessKeyID == first.AccessKeyID {
		t.Errorf("a fresh JWT: %v", err)
	}
	if _, err := s.SignIn(t.Context()); err == nil {
		t.Error("a sign-in without an identity provider")
	}
}

func TestExpiredTokenFile(t *testing.T) {
	d := newDesk(t)
	s, path := d.fromFile(t)
	write(t, path, d.jwt(t, func(o *lab.IDToken) { o.IssuedAt, o.Expires = time.Unix(999_999_000, 0), time.Unix(1_000_000_000, 0) }))
	_, err := s.RoleCredentials(t.Context())
	if need, ok := errors.AsType[*session.SignInRequiredError](err); !ok || !strings.Contains(need.Reason, "its JWT expired at 2001-09-09") {
		t.Error(err)
	}
	if d.seen() != "" {
		t.Error("an expired JWT was sent")
	}
}

func TestTokenCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the test's program is a shell script")
	}
	d := newDesk(t)
	dir := t.TempDir()
	jwts, program := filepath.Join(dir, "jwts"), filepath.Join(dir, "next")
	write(t, jwts, d.jwt(t)+"\n"+d.jwt(t)+"\n")
	// Each call prints one line and drops it.
	write(t, program, "#!/bin/sh\nhead -n 1 '"+jwts+"'\ntail -n +2 '"+jwts+"' > '"+jwts+".new'\nmv '"+jwts+".new' '"+jwts+"'\n")
	c := d.config
	c.TokenCommand = []string{program}
	s := d.open(t, c)
	for range 2 {
		if _, err := s.RoleCredentials(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.expire(t)
	}
	if _, err := s.RoleCredentials(t.Context()); err == nil || errors.As(err, new(*session.TimeoutError)) {
		t.Errorf("a program that prints nothing: %v", err)
	}
}

// An answer that is lost costs another run of the program.
func TestTokenCommandInDoubt(t *testing.T) {
	d := newDesk(t)
	s, path := d.fromFile(t)
	write(t, path, d.jwt(t))
	d.strike("CreateTokenWithIAM", lost)
	_, err := s.RoleCredentials(t.Context())
	if !errors.Is(err, session.ErrSpentByOthers) {
		t.Errorf("a file with the same JWT: %v", err)
	}
}
