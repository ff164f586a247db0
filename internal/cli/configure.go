package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/store"
)

// configureFlags are those of `configure` and `configure idp`, in every spelling
// that the original's documentation or code has.
type configureFlags struct{ idp, provider, config string }

func (f *configureFlags) register(cmd *cobra.Command) {
	names := strings.Join(providerNames(), ", ")
	cmd.Flags().StringVar(&f.provider, "provider", "", "identity provider: "+names)
	cmd.Flags().StringVar(&f.idp, "idp", "", "the same as --provider")
	cmd.Flags().StringVar(&f.config, "config", "", "the configuration as JSON, or a file with it, in place of prompts")
}

func newConfigure(a *app) *cobra.Command {
	var f configureFlags
	cmd := &cobra.Command{
		Use: "configure", Short: "Tell tip-cli about your identity provider and AWS",
		Example: `  tip-cli configure idp
  tip-cli configure --idp okta --config file.json`,
		Args: subcommandOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f == (configureFlags{}) {
				return cmd.Help()
			}
			return a.configure(cmd, &f)
		},
	}
	f.register(cmd)
	cmd.AddCommand(newConfigureIdP(a))
	return cmd
}

func newConfigureIdP(a *app) *cobra.Command {
	var f configureFlags
	cmd := &cobra.Command{
		Use: "idp", Short: "Set the identity provider, the Identity Center application and the roles",
		Long: `Asks for everything that an exchange needs, or takes it from --config as JSON or
from a file. What is configured already is offered as the default.`,
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
	held, err := a.heldConfig()
	if err != nil {
		return err
	}
	var next config.Config
	if f.config != "" {
		next, err = a.fromArg(held, f.config, provider)
	} else {
		next, err = a.ask(held, provider)
	}
	if err != nil {
		return err
	}
	return a.saveConfig(cmd, held, next)
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
	if _, ok := config.PresetFor(provider); !ok {
		return "", usage(cmd, fmt.Errorf("provider %q is none of %s", provider, strings.Join(providerNames(), ", ")))
	}
	return provider, nil
}

// heldConfig is the present configuration, or an empty one.
func (a *app) heldConfig() (config.Config, error) {
	c, err := a.loadConfig()
	if errors.Is(err, store.ErrNotFound) {
		return config.Config{}, nil
	}
	return c, err
}

// fromArg takes --config over what is configured already for the same provider.
func (a *app) fromArg(held config.Config, arg, provider string) (config.Config, error) {
	c, warnings, err := config.FromArg(arg, provider)
	if err != nil {
		return c, err
	}
	for _, w := range warnings {
		a.warn(w.Error())
	}
	if c.IdP == "" {
		c.IdP = provider
	}
	if provider != "" && c.IdP != provider {
		return c, fmt.Errorf("the configuration is for %s, not for %s", c.IdP, provider)
	}
	return held.Merge(c), nil
}

func (a *app) saveConfig(cmd *cobra.Command, held, next config.Config) error {
	next, notices := next.Clean()
	for _, n := range notices {
		a.warn(n.Error())
	}
	if err := next.Validate(); err != nil {
		return err
	}
	text, err := next.Encode()
	if err != nil {
		return err
	}
	st, err := a.store()
	if err != nil {
		return err
	}
	if held.Fingerprint() != next.Fingerprint() {
		if err := forget(cmd, st); err != nil {
			return err
		}
	}
	if err := st.SaveConfig(text); err != nil {
		return err
	}
	a.printf("Saved %s. Next: tip-cli auth", st.Path(store.ConfigFile))
	return nil
}

// forget drops credentials that were made for another configuration. The tokens
// stay: they carry their own fingerprint, and a refresh token is not to be lost.
func forget(cmd *cobra.Command, st *store.Store) error {
	if err := st.ClearRole(); err != nil {
		return err
	}
	_, err := st.ClearS3(cmd.Context(), "")
	return err
}

// ask prompts for everything that the provider needs.
func (a *app) ask(held config.Config, provider string) (config.Config, error) {
	in := bufio.NewReader(a.Stdin)
	if provider == "" {
		if provider = held.IdP; provider == "" {
			provider = config.Okta
		}
		var err error
		if provider, err = a.askProvider(in, provider); err != nil {
			return held, err
		}
	}
	preset, _ := config.PresetFor(provider)
	next := held
	next.IdP = provider
	for _, p := range append(config.CommonPrompts(), preset.Prompts...) {
		if err := a.askFor(in, &next, p); err != nil {
			return held, err
		}
	}
	return next, nil
}

func (a *app) askProvider(in *bufio.Reader, preset string) (string, error) {
	for range promptLimit {
		answer, err := a.prompt(in, "Identity provider ("+strings.Join(providerNames(), ", ")+")", preset)
		if err != nil {
			return "", err
		}
		if _, ok := config.PresetFor(answer); ok {
			return answer, nil
		}
		a.printf("%q is none of them.", printable(answer))
	}
	return "", errors.New("no identity provider was chosen")
}

// promptLimit bounds how often a question is asked again.
const promptLimit = 5

// askFor asks one question until the answer will do.
func (a *app) askFor(in *bufio.Reader, c *config.Config, p config.Prompt) error {
	preset := c.Get(p.Key)
	if preset == "" {
		preset = p.Default
	}
	label := p.Label
	if p.Example != "" && preset == "" {
		label += " (such as " + p.Example + ")"
	}
	for range promptLimit {
		answer, err := a.prompt(in, label, preset)
		if err != nil {
			return err
		}
		next := *c
		if err := next.Set(p.Key, answer); err != nil {
			a.printf("%s", err)
			continue
		}
		cleaned, _ := next.Clean()
		problems := cleaned.ProblemsOf(p.Key)
		if (answer != "" || p.Required) && len(problems) > 0 {
			a.printf("%s", problems[0].Message)
			continue
		}
		*c = next
		return nil
	}
	return fmt.Errorf("%s: no usable answer", p.Label)
}

// prompt asks on stderr, so that stdout stays clean, and reads a line.
func (a *app) prompt(in *bufio.Reader, label, preset string) (string, error) {
	if preset != "" {
		label += " [" + printable(preset) + "]"
	}
	if _, err := fmt.Fprintf(a.Stderr, "%s: ", label); err != nil {
		return "", err
	}
	line, err := in.ReadString('\n')
	line = strings.TrimSpace(line)
	if err != nil && (!errors.Is(err, io.EOF) || line == "") {
		a.printf("")
		return "", &usageError{err: errors.New("the input ended before every question was answered"), hint: "give the answers at a terminal, or with --config"}
	}
	if line == "" {
		return preset, nil
	}
	return line, nil
}
