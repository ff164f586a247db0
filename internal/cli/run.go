package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport"
	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// Exit codes.
const (
	ExitOK             = 0
	ExitError          = 1
	ExitUsage          = 2
	ExitSignInRequired = 3
	ExitAccessDenied   = 4
	ExitConfiguration  = 5
	ExitUnavailable    = 6
	ExitInterrupted    = 130
)

// Run runs one command line (without the program's name) and returns its exit
// code. Stdout carries the answer or nothing; errors are a line on stderr and,
// where there is something to do about it, a second line with the hint.
func Run(ctx context.Context, args []string, env *Env) int {
	a := newApp(env)
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitOK
	}
	if ctx.Err() != nil {
		err = errors.Join(context.Canceled, err)
	}
	code := exitCode(err)
	if code == ExitInterrupted {
		a.printf("tip-cli: interrupted")
		return code
	}
	a.printf("tip-cli: error: %s", oneLine(err.Error()))
	if hint := hintOf(err); hint != "" {
		a.printf("tip-cli: hint: %s", oneLine(hint))
	}
	return code
}

// usageError is a wrong command line.
type usageError struct {
	err  error
	hint string
}

// Error implements error.
func (e *usageError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *usageError) Unwrap() error { return e.err }

// Hint is the help to look at.
func (e *usageError) Hint() string { return e.hint }

func usage(cmd *cobra.Command, err error) error {
	return &usageError{err: err, hint: "run: " + cmd.CommandPath() + " --help"}
}

// exitCode maps an error to the exit code that scripts rely on.
func exitCode(err error) int {
	var (
		wrongUsage *usageError
		signIn     *session.SignInRequiredError
		exchange   *tipcreds.ExchangeError
		access     *s3agcreds.DataAccessError
		invalid    *config.InvalidError
		problem    config.Problem
		file       *store.FileError
		profile    *awsprofile.Error
		ca         *transport.CAError
		option     *s3agcreds.OptionError
		option2    *tipcreds.OptionError
	)
	switch {
	case errors.Is(err, context.Canceled), oidclogin.KindOf(err) == oidclogin.KindInterrupted:
		return ExitInterrupted
	case errors.As(err, &wrongUsage), errors.As(err, &option), errors.Is(err, s3agcreds.ErrTarget):
		return ExitUsage
	case errors.As(err, &signIn):
		return ExitSignInRequired
	case errors.As(err, &exchange):
		return exchangeCode(exchange)
	case errors.As(err, &access):
		return accessCode(access)
	case errors.As(err, &invalid), errors.As(err, &problem), errors.As(err, &ca), errors.As(err, &option2), errors.As(err, &profile):
		return ExitConfiguration
	case errors.As(err, &file):
		return fileCode(err)
	}
	return loginCode(err)
}

func exchangeCode(e *tipcreds.ExchangeError) int {
	switch {
	case e.HTTPStatus == 0 || e.HTTPStatus >= 500 || e.HTTPStatus == 429:
		return ExitUnavailable
	case strings.HasPrefix(e.Code, "AccessDenied"):
		return ExitAccessDenied
	case e.Code == "InvalidGrantException":
		return ExitSignInRequired
	}
	return ExitError
}

func accessCode(e *s3agcreds.DataAccessError) int {
	switch e.Kind {
	case s3agcreds.KindNoGrant, s3agcreds.KindNotAuthorized, s3agcreds.KindLocationRole:
		return ExitAccessDenied
	case s3agcreds.KindUnavailable:
		return ExitUnavailable
	}
	if strings.HasPrefix(e.Code, "AccessDenied") {
		return ExitAccessDenied
	}
	return ExitError
}

// fileCode: nothing configured yet is a matter of configuration, like a file that cannot be read.
func fileCode(err error) int {
	if errors.Is(err, store.ErrLocked) || errors.Is(err, fs.ErrPermission) {
		return ExitError
	}
	return ExitConfiguration
}

func loginCode(err error) int {
	switch oidclogin.KindOf(err) {
	case oidclogin.KindNetwork:
		return ExitUnavailable
	case oidclogin.KindInvalidGrant, oidclogin.KindTimeout, oidclogin.KindNoIDToken:
		return ExitSignInRequired
	case oidclogin.KindDenied:
		return ExitAccessDenied
	case oidclogin.KindConfig, oidclogin.KindPortInUse:
		return ExitConfiguration
	}
	return ExitError
}

// hintOf returns the first hint in an error's tree.
func hintOf(err error) string {
	var login *oidclogin.Error
	if errors.As(err, &login) && login.Hint != "" {
		if h := hinted(err); h != "" {
			return h
		}
		return login.Hint
	}
	return hinted(err)
}

func hinted(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// oneLine keeps an error to one line.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// printf writes a line to stderr.
func (a *app) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.Stderr, format+"\n", args...) // nowhere left to complain
}

func (a *app) warn(text string) { a.printf("tip-cli: warning: %s", oneLine(text)) }
