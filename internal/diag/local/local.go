// Package local is the section "local" of a diagnosis: what is wrong on this machine,
// before anybody is asked anything.
//
// It looks at the configuration, the files of the state and their key, locks, ports,
// browser, proxy, clock and AWS profiles, and changes nothing: [Repair] does, for
// whoever asks for it. Neither is safe for concurrent use of one Chain.
package local

import (
	"context"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/store"
)

// machine is what the section asks the operating system; tests replace parts of it.
type machine struct {
	system   string // GOOS
	root     fs.FS
	lookPath func(string) (string, error)
	environ  func() []string
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	home     func() (string, error)
	program  func() (string, error)
	now      func() time.Time
	// patience is how long a lock may be held by another process before it is worth a word.
	patience time.Duration
}

func thisMachine() machine {
	return machine{
		system: runtime.GOOS, root: os.DirFS("/"), lookPath: exec.LookPath, environ: os.Environ, dial: new(net.Dialer).DialContext,
		home: os.UserHomeDir, program: os.Executable, now: time.Now, patience: 2 * time.Second,
	}
}

// section is one look at the machine.
type section struct {
	*chain.Chain
	machine
	log *finding.Log
	// login is a sign-in under way in another process.
	login bool
	// aws is the clock of AWS, nil if AWS did not tell.
	aws *reading
}

// Run looks at it.
func Run(ctx context.Context, c *chain.Chain) []finding.Result { return look(ctx, c, thisMachine()) }

func look(ctx context.Context, c *chain.Chain, m machine) []finding.Result {
	s := &section{Chain: c, machine: m, log: finding.NewLog(finding.Local, Checks())}
	s.chosen()
	s.configuration()
	s.variables()
	s.directory()
	s.files()
	s.sealing(ctx)
	s.locks(ctx)
	s.pause()
	s.authorities()
	s.proxy(ctx)
	s.endpoints(ctx)
	s.clock(ctx)
	s.redirect(ctx)
	s.browser()
	s.profiles()
	return s.log.Results()
}

// noState is why checks of files are skipped where there is no state directory.
const noState = "which state directory is in use is not known, see local.context"

// runs takes a hint of another package apart: the command to run, if it is one, and else
// what to do. Commands get the context under diagnosis.
func (s *section) runs(hint string) finding.Fix {
	command, is := strings.CutPrefix(hint, "run: ")
	if !is {
		return finding.Fix{Who: finding.You, Does: hint, Console: "in this shell or file"}
	}
	if rest, own := strings.CutPrefix(command, "tip-cli "); own && s.Asked.Context != "" && !strings.Contains(command, "--context") {
		command = chain.Quoted("tip-cli", "--context", s.Asked.Context) + " " + rest
	}
	return finding.Fix{Who: finding.You, Does: "set it right", Command: command}
}

// set is the fix for an environment variable, which no command of a child can mend.
func set(variable, does string) finding.Fix {
	return finding.Fix{Who: finding.You, Does: does, Console: "in the shell that runs tip-cli, or its startup file: " + variable}
}

// signsIn reports whether a person signs in with this configuration, and why not.
func (s *section) signsIn() (bool, string) {
	switch {
	case s.Store == nil, s.LoginErr == nil && s.Login.Issuer == "" && !s.Login.IssuerUnknown:
		return false, "nothing to sign in to is configured"
	case !s.Config.TokenSource().IsZero():
		return false, "tokens come from token_command or token_file: nobody signs in"
	case s.LoginErr != nil:
		return false, "there is nothing to sign in with, see local.configuration"
	}
	return true, ""
}

// policy is who may begin a sign-in.
func (s *section) policy() config.SignInPolicy {
	if text := s.Getenv(signInVariable); text != "" {
		return config.SignInPolicy(strings.ToLower(text))
	}
	return s.Config.SignInPolicy()
}

// looking is a store that changes nothing and waits a short time for the keyring.
func (s *section) looking() (*store.Store, error) {
	return store.Open(s.Home, s.ContextName, func(o *store.Options) {
		o.Getenv, o.KeyringTimeout, o.LookOnly = s.Getenv, keyringPatience, true
	})
}
