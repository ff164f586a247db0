package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// configureFlags are those of `configure` and `configure idp`, in every spelling
// that the original's documentation or code has.
type configureFlags struct {
	idp, provider, config string
	noCheck               bool
}

func (f *configureFlags) register(cmd *cobra.Command) {
	names := strings.Join(providerNames(), ", ")
	cmd.Flags().StringVar(&f.provider, "provider", "", "identity provider: "+names)
	cmd.Flags().StringVar(&f.idp, "idp", "", "the same as --provider")
	cmd.Flags().StringVar(&f.config, "config", "", "the configuration as JSON, or a file with it, in place of prompts")
	cmd.Flags().BoolVar(&f.noCheck, "no-check", false, "do not look whether the identity provider answers")
}

func newConfigure(a *app) *cobra.Command {
	var f configureFlags
	cmd := &cobra.Command{
		Use: "configure", Short: "Tell tip-cli about your identity provider and AWS",
		Long: `Asks for everything that an exchange needs: the same as tip-cli configure idp.
Where nobody is at a terminal to ask, and without --config, this is shown.`,
		Example: `  tip-cli configure
  tip-cli configure idp
  tip-cli configure --idp okta --config file.json
  tip-cli configure show`,
		Args: subcommandOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f == (configureFlags{}) && !cmd.Flags().Changed("config") && !a.atTerminal() {
				return cmd.Help()
			}
			return a.configure(cmd, &f)
		},
	}
	f.register(cmd)
	cmd.AddCommand(newConfigureIdP(a), newConfigureShow(a), newGenerateTemplate(a), newClientSecret(a), newUseContext(a), newListContexts(a), newDeleteContext(a))
	return cmd
}

func newConfigureIdP(a *app) *cobra.Command {
	var f configureFlags
	cmd := &cobra.Command{
		Use: "idp", Short: "Set the identity provider, the Identity Center application and the roles",
		Long: `Asks for everything that an exchange needs, or takes it from --config as JSON or
from a file. What is configured already is offered as the default.

At a terminal the questions are forms, and the next steps are offered. With
TIP_CLI_ACCESSIBLE or ACCESSIBLE set, or TERM=dumb, they are plain lines; so they
are where answers are piped in.

The identity provider is asked for its discovery document. That it does not
answer, or lacks something, is told, and keeps nothing from being stored;
--no-check leaves it alone.`,
		Example: `  tip-cli configure idp
  tip-cli configure idp --provider okta --config '{"okta_url": "https://dev-123456789.okta.com/oauth2/default", ...}'
  tip-cli configure idp --provider okta --config file.json`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.configure(cmd, &f) },
	}
	f.register(cmd)
	return cmd
}

func providerNames() []string {
	var names []string
	for _, p := range config.Presets() {
		names = append(names, p.Name)
	}
	return names
}

// configure takes the configuration from --config or from prompts, and stores it whole or not at all.
func (a *app) configure(cmd *cobra.Command, f *configureFlags) error {
	provider, err := f.chosen(cmd)
	if err != nil {
		return err
	}
	if cmd.Flags().Changed("config") && f.config == "" {
		return usage(cmd, errors.New("--config is empty"))
	}
	if _, err := a.store(); err != nil { // before any question is asked
		return err
	}
	held, damaged, err := a.heldConfig()
	if err != nil {
		return err
	}
	if f.config == "" && a.showsForms() {
		return a.configureByForms(cmd, f, held, provider, damaged)
	}
	var next config.Config
	if f.config != "" {
		next, err = a.fromArg(held, f.config, provider)
	} else {
		next, err = a.ask(cmd.Context(), held, provider)
	}
	if err == nil && !f.noCheck {
		err = a.checkProvider(cmd.Context(), held, next)
	}
	if err != nil {
		return err
	}
	return a.saveConfig(cmd, held, next, damaged)
}

func (a *app) configureByForms(cmd *cobra.Command, f *configureFlags, held config.Config, provider string, damaged bool) error {
	next, err := a.setUp(cmd.Context(), held, provider, f.noCheck)
	if err != nil {
		return err
	}
	next, noSecret, err := a.storeConfig(cmd, held, next, damaged)
	if err != nil {
		return err
	}
	st, err := a.store()
	if err != nil {
		return err
	}
	a.say("Saved %s.", st.Path(store.ConfigFile))
	return a.whatNext(cmd.Context(), next, noSecret)
}

func (f *configureFlags) chosen(cmd *cobra.Command) (string, error) {
	provider := f.provider
	if provider == "" {
		provider = f.idp
	}
	if f.provider != "" && f.idp != "" && f.provider != f.idp {
		return "", usage(cmd, fmt.Errorf("--provider %s and --idp %s contradict each other", f.provider, f.idp))
	}
	if provider == "" {
		return "", nil
	}
	name, ok := providerNamed(provider)
	if !ok {
		return "", usage(cmd, fmt.Errorf("provider %q is none of %s", provider, strings.Join(providerNames(), ", ")))
	}
	return name, nil
}

// heldConfig is the present configuration, or an empty one. A damaged file is
// what this command is to mend; it is set aside when the new one is stored.
func (a *app) heldConfig() (c config.Config, damaged bool, err error) {
	c, err = a.loadConfig()
	if damaged = isDamaged(err); damaged {
		a.warn("the present configuration is damaged, and what cannot be read counts for nothing: " + err.Error())
	}
	return c, damaged, unlessMendable(err)
}

// isDamaged reports whether an error of reading the configuration is about what the
// file holds. What could be read of it is beside the error.
func isDamaged(err error) bool {
	_, invalid := errors.AsType[*config.InvalidError](err)
	return invalid || errors.Is(err, store.ErrCorrupt)
}

// unlessMendable returns an error of reading the configuration that storing another
// one does not mend: not that there is none, nor that it is damaged.
func unlessMendable(err error) error {
	if errors.Is(err, store.ErrNotFound) || isDamaged(err) {
		return nil
	}
	return err
}

// fromArg takes --config over what is configured already for the same provider.
func (a *app) fromArg(held config.Config, arg, provider string) (config.Config, error) {
	c, warnings, err := config.FromArg(arg, provider)
	if err == nil && c.IdP == "" { // the bare keys in it are those of the present provider
		c, warnings, err = config.FromArg(arg, held.IdP)
	}
	if err != nil {
		return c, err
	}
	for _, w := range warnings {
		a.warnOnce(w.Error())
	}
	next := held.Merge(c)
	if next.IdP == "" {
		next.IdP = c.ProviderOfKeys()
	}
	return next, nil
}

// saveConfig stores a configuration and says what comes next.
func (a *app) saveConfig(cmd *cobra.Command, held, next config.Config, damaged bool) error {
	next, noSecret, err := a.storeConfig(cmd, held, next, damaged)
	if err != nil {
		return err
	}
	st, err := a.store()
	if err != nil {
		return err
	}
	a.say("Saved %s. Next: %s", st.Path(store.ConfigFile), a.nextStep(next, noSecret))
	return nil
}

// storeConfig stores a configuration, as it returns it, or nothing. noSecret says
// that there is no client secret.
func (a *app) storeConfig(cmd *cobra.Command, held, next config.Config, damaged bool) (_ config.Config, noSecret bool, err error) {
	st, err := a.store()
	if err != nil {
		return next, false, err
	}
	_, secretErr := st.LoadClientSecret(cmd.Context())
	if secretErr == nil && next.ClientAuth() == config.ClientAuthNone && next.ClientAuthentication == "" {
		next.ClientAuthentication = config.ClientAuthBasic
	}
	next, notices := next.Clean()
	for _, n := range notices {
		a.warn(n.Error())
	}
	if err := next.Validate(); err != nil {
		return next, false, err
	}
	change := func() (before, after config.Config, err error) {
		now, broken, err := currentConfig(st)
		if err != nil {
			return now, next, err
		}
		next, err = onto(now, held, next, broken && !damaged)
		return now, next, err
	}
	end := a.progress.begin(waitingForOthers)
	err = session.Reconfigure(cmd.Context(), st, change, func(after config.Config) error { return a.writeConfig(st, after) })
	end()
	if err != nil {
		return next, false, err
	}
	if _, err := next.Regions(a.Getenv, a.profileRegion); err != nil {
		a.warn(err.Error())
	}
	return next, errors.Is(secretErr, store.ErrNotFound), nil
}

// currentConfig reads config.json again, without a word; broken says that it is damaged,
// and that c has what can be read of it.
func currentConfig(st *store.Store) (c config.Config, broken bool, err error) {
	c, _, err = readConfig(st)
	return c, isDamaged(err), unlessMendable(err)
}

// onto makes the changes from held to next in what is stored now, which another
// process may have changed since held was read.
func onto(now, held, next config.Config, broken bool) (config.Config, error) {
	if broken {
		return next, &meanwhileError{errors.New("it is damaged now")}
	}
	after, _ := now.Rebase(held, next).Clean()
	if err := after.Validate(); err != nil {
		return next, &meanwhileError{err}
	}
	return after, nil
}

// meanwhileError says that what another process has stored does not go with what was
// to be stored.
type meanwhileError struct{ err error }

// Error implements error.
func (e *meanwhileError) Error() string {
	return store.ConfigFile + " was changed meanwhile, and nothing was stored: " + e.err.Error()
}

// Hint says what to do.
func (e *meanwhileError) Hint() string { return "run it again" }

// writeConfig stores a configuration. One that cannot be read is moved out of the way.
func (a *app) writeConfig(st *store.Store, c config.Config) error {
	text, err := c.Encode()
	if err != nil {
		return err
	}
	_, err = st.SetAside(store.ConfigFile, func(text []byte) error {
		_, _, err := config.Parse(text, "")
		return err
	})
	if err != nil {
		return err
	}
	return st.SaveConfig(text)
}

// nextStep is the command that follows a configuration.
func (a *app) nextStep(c config.Config, noSecret bool) string {
	flag := a.contextWord()
	l, err := c.Login()
	if err == nil && noSecret && needsSecret(l) {
		return "tip-cli " + flag + "configure client-secret"
	}
	return "tip-cli " + flag + "auth"
}
