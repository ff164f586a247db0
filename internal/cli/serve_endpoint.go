package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/credserver"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// endpoint is one path of serve: a context's role session, or its S3 credentials.
type endpoint struct {
	context string
	path    string
	grant   *session.GrantRequest // nil for the role session
	several bool                  // there are other contexts
	// asking may have a person sign in, quiet never does.
	asking, quiet *app
	// always says that requests may open a browser, by the configuration.
	always bool
}

// endpoints are the paths to serve, contexts first.
func (a *app) endpoints(f *serveFlags) ([]*endpoint, error) {
	names, err := a.servedContexts(f)
	if err != nil {
		return nil, err
	}
	var all []*endpoint
	for _, name := range names {
		e, err := a.endpointOf(name, len(f.contexts) > 0 || f.all)
		if err != nil {
			return nil, err
		}
		e.several = len(names) > 1
		all = append(all, e)
		for i, target := range f.targets {
			r, err := f.grant(target)
			if err != nil {
				return nil, err
			}
			of := *e
			of.grant, of.path = &r, e.path+"/s3/"+strconv.Itoa(i+1)
			all = append(all, &of)
		}
	}
	return all, nil
}

// servedContexts are those of the command line, else the one in use.
func (a *app) servedContexts(f *serveFlags) ([]string, error) {
	home, err := a.home()
	switch {
	case err != nil:
		return nil, err
	case f.all:
		names, err := store.Contexts(home)
		if err == nil && len(names) == 0 {
			names = []string{store.DefaultContext} // and its error
		}
		return names, err
	case len(f.contexts) > 0:
		for _, name := range f.contexts {
			if err := store.ValidContext(name); err != nil {
				return nil, err // an empty one, too, which is the one in use elsewhere
			}
		}
		return slices.Compact(slices.Sorted(slices.Values(f.contexts))), nil
	}
	name, err := a.chosenContext(home)
	return []string{name}, err
}

// grant is the request for the S3 credentials of a path.
func (f *serveFlags) grant(target string) (session.GrantRequest, error) {
	g := grantFlags{permission: f.permission, privilege: "Default"}
	return g.request(target)
}

// endpointOf wants a context that can be served. named says that the command line
// names contexts; hints then do so, too.
func (a *app) endpointOf(name string, named bool) (*endpoint, error) {
	e := &endpoint{context: name, path: "/contexts/" + name, asking: a.forContext(name, a.Getenv), quiet: a.forContext(name, a.neverAsking())}
	if !named {
		e.asking.contextFlag = a.contextFlag
	}
	c, err := e.asking.validConfig()
	if err != nil {
		return nil, e.about(err)
	}
	e.asking.told.Range(func(text, _ any) bool { e.quiet.told.Store(text, true); return true })
	if _, err := e.asking.finder(c); err != nil {
		return nil, e.about(err)
	}
	if text := a.Getenv(signInVariable); text != "" {
		c.SignIn = strings.ToLower(text)
	}
	e.always = c.SignInPolicy() == config.SignInAlways
	return e, nil
}

// forContext is this app for another context, with the flags of this one.
func (a *app) forContext(name string, getenv func(string) string) *app {
	env := *a.Env
	env.Getenv = getenv
	other := newApp(&env)
	other.contextFlag, other.verbosity, other.quiet = name, a.verbosity, a.quiet
	return other
}

// neverAsking is the environment of somebody who does not want to be asked.
func (a *app) neverAsking() func(string) string {
	return func(name string) string {
		if name == signInVariable {
			return string(config.SignInNever)
		}
		return a.Getenv(name)
	}
}

// begin gets the first credentials. A person is asked to sign in as with any other
// command.
func (e *endpoint) begin(ctx context.Context, a *app) error {
	e.asking.progress.out = a.progress.out
	defer func() { e.asking.progress.end(); e.asking.progress.out = nil }()
	_, err := e.credentials(ctx, e.asking, credserver.Demand{})
	return err
}

// source implements [credserver.Source].
func (e *endpoint) source(ctx context.Context) (credserver.Credentials, error) {
	demand := credserver.DemandOf(ctx)
	c, err := e.credentials(ctx, e.asks(demand), demand)
	return c, e.about(err)
}

// asks chooses whether a person may be asked. That some program wants credentials
// is no reason to open a browser before somebody who does something else, unless
// the configuration says so; renewal ahead of time never is.
func (e *endpoint) asks(demand credserver.Demand) *app {
	if e.always && !demand.Background {
		return e.asking
	}
	return e.quiet
}

func (e *endpoint) credentials(ctx context.Context, a *app, demand credserver.Demand) (credserver.Credentials, error) {
	if e.grant == nil {
		c, err := a.roleCredentialsFor(ctx, lifeFor(a, demand))
		return credserver.Credentials(lentRole(c)), err
	}
	c, err := a.dataAccess(ctx, e.request(demand))
	return credserver.Credentials(lentGrant(c)), err
}

// request is what S3 Access Grants is asked for.
func (e *endpoint) request(demand credserver.Demand) session.GrantRequest {
	r := *e.grant
	r.Force = demand.Background // those that are stored are the ones to renew
	return r
}

// lifeFor is how much life renewal ahead of time asks for: more than the stored
// credentials have left by then. Whoever waits takes what is valid.
func lifeFor(a *app, demand credserver.Demand) time.Duration {
	if !demand.Background {
		return 0
	}
	c, err := a.configNow()
	if err != nil {
		return 0
	}
	return min(demand.Life, session.Length(c)/2)
}

// route tells a server about the endpoint.
func (e *endpoint) route(r *credserver.Route) {
	r.Current, r.Mark, r.Refrain = e.current, e.mark, refrain
}

// current reports whether credentials are those on disk, and made for the present
// configuration. After a sign-out, a sign-in as somebody else or another configuration
// they are not. What cannot be read for now says nothing.
func (e *endpoint) current(c credserver.Credentials) bool {
	st, err := e.quiet.store()
	if err != nil {
		return true
	}
	now, err := e.quiet.configNow()
	if err != nil {
		return !errors.Is(err, store.ErrNotFound)
	}
	var same bool
	if e.grant == nil {
		same, err = session.CurrentRole(st, now, c.AccessKeyID)
	} else {
		same, err = e.quiet.currentGrant(st, now, *e.grant, c.AccessKeyID)
	}
	if err != nil {
		return !errors.Is(err, store.ErrNotFound)
	}
	return same
}

// mark stands for the files that a sign-in or another configuration changes.
func (e *endpoint) mark() string {
	st, err := e.quiet.store()
	if err != nil {
		return ""
	}
	files := []string{store.ConfigFile, store.IDPTokenFile, store.ClientSecretFile, store.RoleFile}
	if e.grant != nil {
		files = append(files, store.S3File)
	}
	var mark strings.Builder
	for _, name := range files {
		if info, err := os.Stat(st.Path(name)); err == nil {
			fmt.Fprintf(&mark, "%s %d %d\n", name, info.ModTime().UnixNano(), info.Size())
		}
	}
	return mark.String()
}

// refrain is how long a program that asks again gets the same error, at most: botocore
// asks three times, whatever the status, and each attempt may be a whole exchange.
func refrain(err error) time.Duration {
	switch exitCode(err) {
	case ExitSignInRequired: // found out on this machine
		return 500 * time.Millisecond
	case ExitUnavailable: // which may pass
		return 5 * time.Second
	}
	return time.Minute
}

// about puts the context into an error and its hint.
func (e *endpoint) about(err error) error {
	if err == nil {
		return nil
	}
	return &endpointError{of: e, err: err}
}

// endpointError is an error of one endpoint.
type endpointError struct {
	of  *endpoint
	err error
}

// Error implements error.
func (e *endpointError) Error() string {
	switch {
	case e.of.grant != nil && e.of.several:
		return fmt.Sprintf("context %s, %s: %v", e.of.context, printable(e.of.grant.Target), e.err)
	case e.of.grant != nil:
		return fmt.Sprintf("%s: %v", printable(e.of.grant.Target), e.err)
	case e.of.several:
		return fmt.Sprintf("context %s: %v", e.of.context, e.err)
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *endpointError) Unwrap() error { return e.err }

// Hint names the context in the commands of the cause's hint.
func (e *endpointError) Hint() string {
	hint := hintOf(e.err)
	if hint == "" {
		hint = usualHints[exitCode(e.err)]
	}
	return e.of.asking.inContext(hint)
}
