package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/childproc"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/shellenv"
	"github.com/tip-cli/tip-cli/internal/store"
)

func newExec(a *app) *cobra.Command {
	var l lending
	var server bool
	cmd := &cobra.Command{
		Use: "exec [flags] -- COMMAND [ARGUMENT...]", Short: "Run a command that has your credentials in its environment",
		Long: `Runs a command with the credentials of the identity-enhanced role session, or of
S3 Access Grants with --s3, in its environment: AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION,
AWS_ACCOUNT_ID and the region. What an AWS SDK would take before them, such as
AWS_PROFILE, is removed. The configured region comes before that of the
environment; --region comes before both.

The command gets this terminal, and its exit code is the one of tip-cli: 128 and
the number of the signal that ended it, 127 if it was not found, 126 if it cannot
be run. Other errors before it starts have tip-cli's codes. On Windows and with
--server tip-cli stays beside the command, else the command takes its place.

Credentials in an environment end, at the latest after an hour, and nobody can
renew them there. For a command that runs longer, --server keeps an endpoint on
this machine, by which its SDK gets credentials that are always fresh. It ends
with the command, and never asks for a sign-in. A default profile with credentials
of its own, which would come before the endpoint, is hidden from the command, and
so is a file that cannot be read, and one of boto with keys in it.

With --server these signals are passed on to the command: HUP, INT, QUIT, TERM,
USR1, USR2, WINCH and, where it is in a group of its own, CONT. At a terminal the
command has INT and QUIT from there, with Ctrl-C; those that kill sends to tip-cli
alone then reach it on Linux only, and only if they would end it: TERM always does.

The flags of tip-cli end where the command begins; -- may be left out.`,
		Example: `  tip-cli exec -- aws sts get-caller-identity
  tip-cli exec --s3 s3://example-bucket/prefix/ -- aws s3 ls s3://example-bucket/prefix/
  tip-cli exec --server -- jupyter lab
  tip-cli --context test exec -- bash`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || args[0] == "" {
				return &usageError{errors.New("the command is missing"), "for example: tip-cli exec -- aws sts get-caller-identity"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.execute(cmd, &l, server, args) },
	}
	l.register(cmd)
	cmd.Flags().BoolVar(&server, "server", false, "hand over an endpoint with fresh credentials in place of keys that end")
	cmd.Flags().SetInterspersed(false)
	return cmd
}

// execute gets credentials and runs the command, which it returns from only where
// this process stays.
func (a *app) execute(cmd *cobra.Command, l *lending, server bool, args []string) error {
	if err := l.check(cmd); err != nil {
		return err
	}
	if server && l.minTTL != 0 {
		return usage(cmd, errors.New("--min-ttl is for keys: --server renews them before they end"))
	}
	path, err := childproc.Look(args[0])
	if err != nil {
		return err // before anybody signs in
	}
	region, err := a.lentRegion(cmd, l)
	if err != nil {
		return err
	}
	c, err := a.lend(cmd.Context(), l)
	if err != nil {
		return err
	}
	a.progress.end()
	if server {
		return a.runServed(cmd.Context(), l, region, path, args)
	}
	return a.become(cmd.Context(), path, args, a.childEnviron(shellenv.Keys(c, region)))
}

// childEnviron is the environment of this process with vars applied. A tip-cli
// that the child runs has the state and the context of this one.
func (a *app) childEnviron(vars []shellenv.Variable) []string {
	environ := os.Environ()
	vars = append(vars, shellenv.Bearers(environ)...)
	if dir := a.Getenv(store.HomeVariable); dir != "" { // the child may be elsewhere before it runs tip-cli
		if path, err := filepath.Abs(dir); err == nil {
			vars = append(vars, shellenv.Variable{Name: store.HomeVariable, Value: secret.New(path)})
		}
	}
	if a.contextFlag != "" {
		vars = append(vars, shellenv.Variable{Name: store.ContextVariable, Value: secret.New(a.contextFlag)})
	}
	return shellenv.Apply(environ, vars)
}

// become makes this process the command where the system can and the streams are
// the process's own; else it runs the command and waits for it.
func (a *app) become(ctx context.Context, path string, args, environ []string) error {
	if a.Stdin == os.Stdin && a.Stdout == os.Stdout && a.Stderr == os.Stderr {
		if err := childproc.Replace(ctx, path, args, environ); !errors.Is(err, childproc.ErrUnsupported) {
			return err
		}
	}
	return a.runChild(ctx, path, args, environ)
}

// runChild runs the command and waits for it. The error says how it ended.
func (a *app) runChild(ctx context.Context, path string, args, environ []string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	child := &exec.Cmd{Path: path, Args: args, Env: environ, Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr}
	code, err := childproc.Run(child)
	if err == nil && code != 0 {
		return &childExit{code}
	}
	return err
}

// childExit is how a command has ended that we ran. It has said itself what there
// was to say.
type childExit struct{ code int }

// Error implements error.
func (e *childExit) Error() string { return "the command has failed" }

// childCode is the exit code that a command has left to us.
func childCode(err error) (code int, ok bool) {
	if exit, ok := errors.AsType[*childExit](err); ok {
		return exit.code, true
	}
	return 0, false
}
