package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tip-cli/tip-cli/internal/credserver"
	"github.com/tip-cli/tip-cli/internal/shellenv"
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
	var ended sync.WaitGroup
	ended.Go(func() {
		if failed := server.Serve(serving); failed != nil { // while the command still counts on it
			a.warn(fmt.Sprintf("the credentials endpoint: %v", failed))
		}
	})
	vars := append(shellenv.Endpoint(address, server.Token(), region), a.hiddenFiles()...)
	err = a.runChild(ctx, path, args, a.childEnviron(vars))
	stop()
	ended.Wait()
	return err
}

// childEndpoint is an endpoint with what is asked for at an address.
func (a *app) childEndpoint(l *lending) (_ *credserver.Server, address string, err error) {
	_, name, err := a.inUse()
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
	if err := server.Handle(e.path, e.source, e.route); err != nil {
		return nil, "", errors.Join(err, server.Close())
	}
	return server, server.URL(e.path), nil
}
