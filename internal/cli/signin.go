package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/recursion"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/terminal"
	"github.com/tip-cli/tip-cli/internal/tokensource"
)

// signInVariable overrides the key sign_in: auto, never or always.
const signInVariable = "TIP_CLI_SIGN_IN"

// signInFlags are the flags of auth.
type signInFlags struct {
	device, noBrowser, paste bool
	tokenFile                string
	set                      func(name string) bool
}

func (f *signInFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	f.set = fl.Changed
	fl.BoolVar(&f.device, "device", false, "sign in on another device with a code (device authorization grant)")
	fl.BoolVar(&f.noBrowser, "no-browser", false, "print the address and open nothing; the browser must reach this machine (ssh -L)")
	fl.BoolVar(&f.paste, "paste", false, "print the address, and read the one that the browser ends at")
	fl.StringVar(&f.tokenFile, "token-file", "", "take a JWT from a file, or with - from standard input, in place of a sign-in")
}

// check wants one way to sign in at most, and one that there is.
func (f *signInFlags) check(c config.Config) error {
	var given []string
	for _, flag := range []struct {
		name string
		is   bool
	}{{"--device", f.device}, {"--no-browser", f.noBrowser}, {"--paste", f.paste}, {"--token-file", f.set("token-file")}} {
		if flag.is {
			given = append(given, flag.name)
		}
	}
	switch source := c.TokenSource(); {
	case f.set("token-file") && f.tokenFile == "":
		return errors.New("--token-file is empty")
	case len(given) > 1:
		return fmt.Errorf("%s exclude each other", strings.Join(given, " and "))
	case f.method() == "" || source.IsZero():
		return nil
	case source.File != "":
		return fmt.Errorf("%s: tokens come from the file %s (token_file)", given[0], source.File)
	default:
		return fmt.Errorf("%s: tokens come from the program %s (token_command)", given[0], source.Command[0])
	}
}

// method is what the flags ask for, "" for nothing.
func (f *signInFlags) method() config.Method {
	switch {
	case f.device:
		return config.MethodDevice
	case f.noBrowser:
		return config.MethodNoBrowser
	case f.paste:
		return config.MethodPaste
	}
	return ""
}

// signIn gets a token for the person at the command line.
func (a *app) signIn(ctx context.Context, s *session.Session, c config.Config, f *signInFlags) (oidclogin.Claims, error) {
	switch {
	case f.tokenFile != "":
		return a.importToken(ctx, s, f.tokenFile)
	case f.method() == "" && !c.TokenSource().IsZero():
		defer a.progress.begin("getting a token")()
		return s.RefreshToken(ctx)
	}
	defer a.progress.end()
	method := f.method()
	if method == "" {
		method = c.Method()
	}
	in, leave := a.here(method)
	defer leave()
	return s.SignIn(ctx, in.options(method, a.place()))
}

// here is the person at the command line: at a terminal, where long addresses can
// be pasted, or somebody who may have piped an answer in.
func (a *app) here(method config.Method) (p *person, leave func()) {
	if terminal.IsTerminal(a.Stdin) {
		if at, err := terminal.Open(); err == nil {
			return a.newPerson(a.Stderr).at(at), func() { _ = at.Close() }
		}
	}
	p = a.newPerson(a.Stderr)
	if method == config.MethodPaste {
		p.readLine = readLines(a.Stdin).next
	}
	return p, func() {}
}

func (a *app) newPerson(out io.Writer) *person {
	return &person{out: out, busy: func(doing string) {
		if a.progress.end(); doing != "" {
			a.progress.begin(doing)
		}
	}}
}

// at has the person sit at a terminal, and type.
func (p *person) at(t *terminal.Terminal) *person {
	p.interactive, p.readLine = true, func(ctx context.Context) (string, error) { return t.ReadPaste(ctx, "") }
	return p
}

func (a *app) place() terminal.Place {
	p := terminal.Detect(a.Getenv, os.DirFS("/"))
	p.BrowserSet = p.BrowserSet || a.OpenURL != nil
	return p
}

// importToken stores a JWT that was obtained elsewhere.
func (a *app) importToken(ctx context.Context, s *session.Session, from string) (oidclogin.Claims, error) {
	raw, err := a.readToken(ctx, from)
	if err != nil {
		return oidclogin.Claims{}, err
	}
	jwt, err := tokensource.JWT(raw)
	if err != nil {
		return oidclogin.Claims{}, err
	}
	return s.Import(ctx, jwt)
}

func (a *app) readToken(ctx context.Context, from string) (secret.Value, error) {
	if from == "-" {
		return tokensource.Read(ctx, a.Stdin)
	}
	raw, note, err := tokensource.File(from)
	if note != "" {
		a.warn(note)
	}
	return raw, err
}

// person is somebody to sign in, and how to talk to them.
type person struct {
	// interactive says that they can type an answer.
	interactive bool
	out         io.Writer
	readLine    func(ctx context.Context) (string, error)
	busy        func(doing string) // what goes on while nothing is asked of them
}

// options chooses how to sign in. Where no method is set, the place decides: a
// browser that opens on this machine is of use to nobody who sits at another.
func (p *person) options(method config.Method, place terminal.Place) func(*oidclogin.SignInOptions) {
	if method == config.MethodAuto {
		switch {
		case place.CanOpenBrowser(), place.BrowserSet: // whoever sets BROWSER means it, in a CI job too
			method = config.MethodBrowser
		case p.interactive:
			method = config.MethodPaste
			_, _ = fmt.Fprintf(p.out, "You seem to be %s, so no browser is opened here (sign_in_method in the configuration says otherwise).\n", place)
		default:
			method = config.MethodNoBrowser
		}
	}
	return func(o *oidclogin.SignInOptions) {
		o.Out, o.Method, o.Busy = p.out, methods[method], p.busy
		if p.interactive || method == config.MethodPaste {
			o.ReadLine = p.readLine
		}
	}
}

var methods = map[config.Method]oidclogin.Method{
	config.MethodBrowser: oidclogin.MethodBrowser, config.MethodNoBrowser: oidclogin.MethodNoBrowser,
	config.MethodDevice: oidclogin.MethodDevice, config.MethodPaste: oidclogin.MethodPaste,
}

// finder looks for a person when credentials are asked for and nobody is signed
// in. SDKs capture stderr and have no use for a prompt on it, so that the person is
// spoken to at the controlling terminal, and nobody is asked where there is none.
func (a *app) finder(c config.Config) (session.Finder, error) {
	if text := a.Getenv(signInVariable); text != "" {
		c.SignIn = strings.ToLower(text)
	}
	switch policy := c.SignInPolicy(); policy {
	case config.SignInNever:
		return nil, nil
	case config.SignInAuto, config.SignInAlways:
		return func() (session.Person, error) { return a.findPerson(c, policy) }, nil
	}
	return nil, &config.InvalidError{Problems: a.signInProblems()}
}

// signInProblems is what is wrong with the variable that overrides the key sign_in.
func (a *app) signInProblems() []config.Problem {
	switch config.SignInPolicy(strings.ToLower(a.Getenv(signInVariable))) {
	case "", config.SignInNever, config.SignInAuto, config.SignInAlways:
		return nil
	}
	return []config.Problem{{
		Key: signInVariable, Message: "must be auto, never or always", Hint: "unset " + signInVariable + ", or set it to one of them",
	}}
}

func (a *app) findPerson(c config.Config, policy config.SignInPolicy) (session.Person, error) {
	place := a.place()
	if policy != config.SignInAlways && place.CI {
		return session.Person{}, errors.New("nobody is asked in a CI job")
	}
	at, err := terminal.Open()
	if err == nil && !at.Foreground() {
		err = errors.Join(errors.New("this process is in the background of its terminal"), at.Close())
	}
	switch {
	case err == nil:
		return session.Person{Options: a.newPerson(at).at(at).options(c.Method(), place), Close: func() {
			_ = at.Close()
			a.progress.begin("getting credentials") // the conversation is over; whoever waits ends this
		}}, nil
	case policy == config.SignInAlways:
		return session.Person{
			Options: a.newPerson(a.Stderr).options(c.Method(), place),
			Close:   func() { a.progress.begin("getting credentials") },
		}, nil
	}
	return session.Person{}, fmt.Errorf("nobody can be asked here: %w", err)
}

// readSecret reads a line that is not to be seen, or what a pipe holds.
func (a *app) readSecret(ctx context.Context, prompt string) (secret.Value, error) {
	if !terminal.IsTerminal(a.Stdin) {
		value, err := tokensource.Read(ctx, bufio.NewReader(a.Stdin))
		return value, err
	}
	at, err := terminal.Open()
	if err != nil {
		return secret.Value{}, err
	}
	text, err := at.ReadSecret(ctx, prompt)
	return secret.New(strings.TrimSpace(text)), errors.Join(err, at.Close())
}

// signInLasts is how long a sign-in is waited for where nothing says so.
const signInLasts = 10 * time.Minute

// browserEntry marks what BROWSER starts, so that it cannot begin the sign-in again
// that waits for it. A browser stays when that is over; what it starts then is free.
func (a *app) browserEntry(ctx context.Context) []string {
	st, err := a.store()
	if err != nil {
		return nil // then nobody signs in
	}
	until := time.Now().Add(signInLasts)
	if end, bounded := ctx.Deadline(); bounded {
		until = end
	}
	return []string{recursion.Entry(a.Getenv, "BROWSER", st.Dir(), until)}
}
