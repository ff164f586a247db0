package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/credserver"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/shellenv"
	"github.com/tip-cli/tip-cli/internal/store"
)

// runServed runs the command beside an endpoint that ends with it. What ends ctx,
// such as Ctrl-C, ends neither: that is up to the command, which has the terminal:
// nobody is asked to sign in, whatever the configuration says.
func (a *app) runServed(ctx context.Context, l *lending, region, path string, args []string) (err error) {
	server, address, err := a.childEndpoint(l)
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(serving) }()
	vars := append(shellenv.Endpoint(address, server.Token(), region), a.hiddenFiles()...)
	err = a.runChild(ctx, path, args, a.childEnviron(vars))
	stop()
	if failed := <-ended; failed != nil {
		a.warn(fmt.Sprintf("the credentials endpoint: %v", failed))
	}
	return err
}

// childEndpoint is an endpoint with what is asked for at an address.
func (a *app) childEndpoint(l *lending) (_ *credserver.Server, address string, err error) {
	home, err := store.Dir(a.Getenv, os.UserHomeDir)
	if err != nil {
		return nil, "", err
	}
	name, err := a.chosenContext(home)
	if err != nil {
		return nil, "", err
	}
	e, err := a.endpointOf(name, a.contextFlag != "")
	if err != nil {
		return nil, "", err
	}
	e.always = false
	if l.s3 != "" {
		r, err := l.grant().request(l.s3)
		if err != nil {
			return nil, "", err
		}
		e.grant = &r
	}
	server, err := credserver.Listen(func(o *credserver.Options) { o.Notice, o.Status = a.warn, credentialsStatus })
	if err != nil {
		return nil, "", err
	}
	if err := server.Handle(e.path, e.source, func(r *credserver.Route) { r.Current = e.current }); err != nil {
		return nil, "", errors.Join(err, server.Close())
	}
	return server, server.URL(e.path), nil
}

// ownCredentials are settings by which a profile has credentials. SDKs look at the
// default profile before they look for an endpoint.
var ownCredentials = []string{
	"aws_access_key_id", "credential_process", "credential_source", "login_session", "role_arn", "sso_account_id", "sso_session", "web_identity_token_file",
}

// hiddenFiles hide the files from a child whose default profile has credentials.
func (a *app) hiddenFiles() []shellenv.Variable {
	var vars []shellenv.Variable
	for _, file := range []struct {
		variable string
		path     func(func(string) string, func() (string, error)) (string, error)
	}{{"AWS_CONFIG_FILE", awsprofile.Path}, {"AWS_SHARED_CREDENTIALS_FILE", awsprofile.CredentialsPath}} {
		path, err := file.path(a.Getenv, os.UserHomeDir)
		if err != nil || !hasOwnCredentials(path) {
			continue
		}
		a.warn(fmt.Sprintf("the command does not see %s, whose default profile has credentials of its own", path))
		vars = append(vars, shellenv.Variable{Name: file.variable, Value: secret.New(os.DevNull)})
	}
	return vars
}

func hasOwnCredentials(path string) bool {
	settings, err := awsprofile.Get(path, awsprofile.DefaultProfile)
	if err != nil {
		return false
	}
	for _, key := range ownCredentials {
		if settings[key] != "" {
			return true
		}
	}
	return false
}
