package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/terminal"
	"github.com/tip-cli/tip-cli/internal/transport"
)

// Env is what the commands need of the process.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	// Stderr must be safe for concurrent use: a browser that is opened writes to it, too.
	Stderr io.Writer
	Getenv func(string) string
	// OpenURL opens a browser. Nil honours BROWSER, then the system's browser.
	OpenURL func(ctx context.Context, url string) error
	// HTTPClient makes every request. Nil follows the environment's proxy and CA settings.
	HTTPClient *awshttp.BuildableClient
}

// OSEnv is the Env of this process.
func OSEnv() *Env {
	return &Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
}

// app is what the commands share: the environment, opened at the first use.
type app struct {
	*Env
	// contextFlag, verbosity and quiet are the flags that every command has.
	contextFlag string
	verbosity   int
	quiet       bool
	progress    progress
	told        sync.Map // what warnOnce has said
	// looking says that the state is looked at and left as it is: a diagnosis.
	looking bool
	// keyringWait bounds the wait for the keyring; 0 is the store's own.
	keyringWait time.Duration
	// refused is what is wrong with the command line of a help topic.
	refused error
	store   func() (*store.Store, error)
}

func newApp(env *Env) *app {
	a := &app{Env: env}
	a.store = sync.OnceValues(a.openStore)
	return a
}

// openStore opens the state of the chosen context.
func (a *app) openStore() (*store.Store, error) {
	home, name, err := a.inUse()
	if err != nil {
		return nil, err
	}
	return store.Open(home, name, func(o *store.Options) {
		o.Getenv, o.Notice, o.LookOnly = a.Getenv, a.warn, a.looking
		if a.keyringWait > 0 {
			o.KeyringTimeout = a.keyringWait
		}
	})
}

// home is the state directory.
func (a *app) home() (string, error) { return store.Dir(a.Getenv, os.UserHomeDir) }

// inUse is the state directory and the chosen context.
func (a *app) inUse() (home, name string, err error) {
	if home, err = a.home(); err != nil {
		return "", "", err
	}
	name, err = a.chosenContext(home)
	return home, name, err
}

// chosenContext is the context of the command line, else of the environment, else
// the one that `configure use-context` has chosen.
func (a *app) chosenContext(home string) (string, error) {
	for _, name := range []string{a.contextFlag, a.Getenv(store.ContextVariable)} {
		if name != "" {
			return name, nil
		}
	}
	return store.CurrentContext(home, func(o *store.Options) { o.Notice, o.LookOnly = a.warn, a.looking })
}

// readConfig reads the configuration of a store. With an error it has what could be read.
func readConfig(st *store.Store) (config.Config, []config.Problem, error) {
	text, err := st.LoadConfig()
	if err != nil {
		return config.Config{}, nil, err
	}
	return config.Parse(text, "")
}

// configNow is the configuration as it is now, without a word about it, and with an
// error what could be read of it.
func (a *app) configNow() (config.Config, error) {
	st, err := a.store()
	if err != nil {
		return config.Config{}, err
	}
	c, _, err := readConfig(st)
	return c, err
}

// loadConfig reads config.json and passes its warnings on.
func (a *app) loadConfig() (config.Config, error) {
	st, err := a.store()
	if err != nil {
		return config.Config{}, err
	}
	c, warnings, err := readConfig(st)
	if err != nil {
		return c, err // with what could be read
	}
	for _, w := range warnings {
		a.warnOnce(w.Error())
	}
	return c, nil
}

// validConfig is the stored configuration, fit for an exchange.
func (a *app) validConfig() (config.Config, error) {
	c, err := a.loadConfig()
	if err != nil {
		return c, err
	}
	return c, c.Validate()
}

// session is the flow for the stored configuration.
func (a *app) session() (*session.Session, error) {
	c, err := a.validConfig()
	if err != nil {
		return nil, err
	}
	return a.sessionFor(c)
}

// roleCredentialsFor gets the role session, from disk without ado if it is there, for
// whoever needs at least minTTL of life left.
func (a *app) roleCredentialsFor(ctx context.Context, minTTL time.Duration) (store.RoleCredentials, error) {
	st, err := a.store()
	if err != nil {
		return store.RoleCredentials{}, err
	}
	c, err := a.validConfig()
	if err != nil {
		return store.RoleCredentials{}, err
	}
	if longest := session.Length(c); minTTL > longest {
		return store.RoleCredentials{}, tooLong(minTTL, longest, "a session has", "raise session_duration (3600 at most)")
	}
	if held, ok := session.HeldRole(st, c, minTTL); ok {
		return held, nil
	}
	s, err := a.sessionFor(c)
	if err != nil {
		return store.RoleCredentials{}, err
	}
	defer a.progress.begin("getting credentials")()
	return s.RoleCredentialsLasting(ctx, minTTL)
}

// dataAccess gets S3 credentials, from disk without ado if they are there.
func (a *app) dataAccess(ctx context.Context, r session.GrantRequest) (store.S3Entry, error) {
	st, err := a.store()
	if err != nil {
		return store.S3Entry{}, err
	}
	c, err := a.validConfig()
	if err != nil {
		return store.S3Entry{}, err
	}
	if r.Region, err = a.grantRegion(c, r.Region); err != nil {
		return store.S3Entry{}, err
	}
	if held, ok, err := a.heldGrant(st, c, r); ok || err != nil {
		return held, err
	}
	s, err := a.sessionFor(c)
	if err != nil {
		return store.S3Entry{}, err
	}
	defer a.progress.begin("asking S3 Access Grants")()
	e, err := s.DataAccess(ctx, r)
	return e, a.advised(err, &r)
}

// grantRegion checks the region that was given for an Access Grants instance. The
// configured one is the same as none.
func (a *app) grantRegion(c config.Config, region string) (string, error) {
	if region == "" || region == c.Region {
		return "", nil
	}
	return region, a.plausible(c, region, "tip-cli s3ag get-data-access --help")
}

// plausible refuses a --region that the configuration does not go with.
func (a *app) plausible(c config.Config, region, help string) error {
	c.Region, c.IdentityCenterRegion = region, ""
	if _, err := c.Regions(a.Getenv, nil); err != nil {
		return &usageError{err: fmt.Errorf("--region: %w", err), hint: "run: " + help}
	}
	return nil
}

func (a *app) sessionFor(c config.Config) (*session.Session, error) {
	regions, err := c.Regions(a.Getenv, a.profileRegion)
	if err != nil {
		return nil, err
	}
	onDemand, err := a.finder(c)
	if err != nil {
		return nil, err
	}
	return a.newSession(session.Options{Config: c, Regions: regions, Login: oidclogin.Env{OpenURL: a.openURL()}, OnDemand: onDemand})
}

// newSession fills in what every session takes.
func (a *app) newSession(o session.Options) (_ *session.Session, err error) {
	if o.HTTPClient, err = a.httpClient(); err != nil {
		return nil, err
	}
	if o.Store, err = a.store(); err != nil {
		return nil, err
	}
	o.Login.Stderr, o.Notice, o.Trace = a.Stderr, a.warn, a.steps()
	return session.New(o)
}

func (a *app) httpClient() (*awshttp.BuildableClient, error) {
	if a.HTTPClient != nil {
		return a.HTTPClient, nil
	}
	return transport.New(a.Getenv)
}

func (a *app) openURL() func(ctx context.Context, url string) error {
	if a.OpenURL != nil {
		return a.OpenURL
	}
	getenv := a.browserOf(a.place())
	return func(ctx context.Context, url string) error {
		return oidclogin.DefaultOpenURL(getenv, a.Stderr, a.browserEntry(ctx)...)(ctx, url)
	}
}

// browserOf is the environment with a BROWSER where the system's own way to open
// one does not work: in a WSL, whose browser is that of Windows.
func (a *app) browserOf(place terminal.Place) func(string) string {
	command, ok := "", false
	if place.Interop && !place.BrowserSet {
		command, ok = terminal.WindowsBrowser(exec.LookPath)
	}
	return func(name string) string {
		if ok && name == "BROWSER" {
			return command
		}
		return a.Getenv(name)
	}
}

// profileRegion is the region of the ambient profile, the only thing ever read of it.
func (a *app) profileRegion() string {
	path, err := awsprofile.Path(a.Getenv, os.UserHomeDir)
	if err != nil {
		return ""
	}
	for _, name := range []string{awsprofile.Ambient(a.Getenv), awsprofile.DefaultProfile} {
		if settings, err := awsprofile.Get(path, name); err == nil && settings["region"] != "" {
			return settings["region"]
		}
	}
	return ""
}
