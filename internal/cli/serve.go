package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/credserver"
	"github.com/tip-cli/tip-cli/internal/store"
)

// serveFlags are the flags of serve, as typed.
type serveFlags struct {
	contexts, targets []string
	all               bool
	port              int
	permission        string
	tokenFile         string
	format            serveFormat
}

func newServe(a *app) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve credentials to programs on this machine, renewed before they expire",
		Long: `Runs a container-credentials endpoint on a loopback address until Ctrl-C, and
prints the variables that lead AWS SDKs and the AWS CLI there. Credentials are
renewed before they expire for as long as a program asks for them, so that a
program can run for days. Each context has a path of its own, and so has each
path in S3.

Who has the token gets the credentials: with --token-file it stays in a file that
only you can read, which is removed at the end; a file that was there before, and
empty, is emptied then.

Where a sign-in is needed, you are asked for it when serve starts. Later a program
that asks for credentials is told so instead; run tip-cli auth in another terminal,
and serve goes on. Only with sign_in set to always does a request open a browser.`,
		Example: `  tip-cli serve
  tip-cli serve --port 9911 --token-file ~/.tip-token
  tip-cli serve --context default --context test
  tip-cli serve --s3 s3://example-bucket/prefix/ --permission READWRITE
  tip-cli serve --all-contexts --format json`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return usage(cmd, err)
			}
			return a.serve(cmd.Context(), &f)
		},
	}
	f.register(cmd)
	return cmd
}

func (f *serveFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringArrayVar(&f.contexts, "context", nil, "configuration to serve; may be repeated (default: the one in use)")
	fl.BoolVar(&f.all, "all-contexts", false, "serve every configuration that there is")
	fl.IntVar(&f.port, "port", 0, "port to listen on (default: a free one)")
	fl.StringArrayVar(&f.targets, "s3", nil, "serve credentials of S3 Access Grants for this path as well; may be repeated")
	fl.StringVar(&f.permission, "permission", "READ", "READ, WRITE or READWRITE, for --s3")
	fl.StringVar(&f.tokenFile, "token-file", "", "write the token to this file instead of printing it")
	fl.Var(&f.format, "format", "how to print the variables: "+serveFormats()+" (default: by your shell)")
}

// check wants what can be served. Contexts and the file are looked at later.
func (f *serveFlags) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case f.all && len(f.contexts) > 0:
		return errors.New("--context and --all-contexts exclude each other")
	case f.port < 0, f.port > 65535, given("port") && f.port == 0:
		return fmt.Errorf("--port %d is not between 1 and 65535", f.port)
	case given("permission") && len(f.targets) == 0:
		return errors.New("--permission is for --s3, which is not there")
	case given("token-file") && f.tokenFile == "":
		return errors.New("--token-file is empty")
	}
	for _, target := range f.targets {
		if _, err := f.grant(target); err != nil {
			return err
		}
	}
	return nil
}

// serve runs until ctx ends, which is no interruption: the exit code is 0.
func (a *app) serve(ctx context.Context, f *serveFlags) error {
	endpoints, err := a.endpoints(f)
	if err != nil {
		return err
	}
	server, err := a.listen(f.port, endpoints)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() // it is closed if it has served
	file, err := a.openTokenFile(f.tokenFile)
	if err != nil {
		return err
	}
	defer func() {
		if err := file.Close(); err != nil {
			a.warn("the token is left behind: " + err.Error())
		}
	}()
	if err := a.firstCredentials(ctx, endpoints); err != nil {
		return err
	}
	if err := file.Write(server.Token()); err != nil {
		return err
	}
	if f.format == "" {
		f.format = serveFormat(a.shell())
	}
	if err := a.printEndpoints(server, endpoints, file, f.format); err != nil {
		return err
	}
	a.say("Serving credentials at %s, until Ctrl-C.", server.URL(""))
	return server.Serve(ctx)
}

// listen makes a server for endpoints.
func (a *app) listen(port int, endpoints []*endpoint) (*credserver.Server, error) {
	server, err := credserver.Listen(func(o *credserver.Options) {
		o.Addr, o.Notice, o.Status = net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), a.warn, credentialsStatus
	})
	if err != nil {
		return nil, &portError{port: port, err: err}
	}
	for _, e := range endpoints {
		if err := server.Handle(e.path, e.source, e.route); err != nil {
			return nil, errors.Join(err, server.Close())
		}
	}
	return server, nil
}

// openTokenFile has the file for the token, nil for none, before anybody has to sign
// in.
func (a *app) openTokenFile(path string) (*credserver.TokenFile, error) {
	if path == "" {
		return nil, nil
	}
	return credserver.OpenTokenFile(path, a.onlyServer)
}

// onlyServer holds off other servers with the same file for the token. Where that
// cannot be, it is said.
func (a *app) onlyServer(path string) (release func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // one look is enough
	release, err = store.LockBeside(ctx, path)
	switch {
	case errors.Is(err, store.ErrLocked):
		return nil, credserver.ErrTokenFileTaken
	case err != nil:
		a.warn("another tip-cli serve with the same --token-file is not held off: " + err.Error())
		return func() {}, nil //nolint:nilerr // told, and no reason not to serve
	}
	return release, nil
}

// firstCredentials gets credentials for every endpoint, while a person who can sign
// in is certainly there. One endpoint of several may do without.
func (a *app) firstCredentials(ctx context.Context, endpoints []*endpoint) error {
	var failed []*endpointError
	for _, e := range endpoints {
		if err := e.begin(ctx, a); err != nil {
			failed = append(failed, &endpointError{e, err})
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if len(failed) == len(endpoints) {
		return failed[0]
	}
	for _, err := range failed {
		a.warn(err.Error() + "; " + err.Hint())
	}
	return nil
}

// credentialsStatus is what a client of the endpoint is told about an error. SDKs
// repeat a request at once after 5xx, which is of no use where a person is needed.
func credentialsStatus(err error) (status int, code string) {
	switch exitCode(err) {
	case ExitSignInRequired:
		return http.StatusForbidden, "SignInRequired"
	case ExitAccessDenied:
		return http.StatusForbidden, "AccessDenied"
	case ExitUnavailable:
		return http.StatusServiceUnavailable, "Unavailable"
	case ExitConfiguration:
		return http.StatusInternalServerError, "Configuration"
	}
	return http.StatusInternalServerError, "InternalFailure"
}

// portError says that serve cannot listen.
type portError struct {
	port int
	err  error
}

// Error implements error.
func (e *portError) Error() string { return "serve: " + e.err.Error() }

// Unwrap returns the cause.
func (e *portError) Unwrap() error { return e.err }

// Hint names the flag.
func (e *portError) Hint() string {
	if e.port == 0 {
		return "see whether something keeps programs from listening on 127.0.0.1"
	}
	return "choose another port with --port, or leave it out for a free one"
}
