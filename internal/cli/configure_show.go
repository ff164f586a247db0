package cli

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/store"
)

func newConfigureShow(a *app) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use: "show", Short: "Show the configuration in effect, and where each value comes from",
		Long: `Shows every setting with its value and its source: config.json, a variable of the
environment, the AWS config file, or the default. Then what follows from them,
such as the redirect URIs to register at the identity provider, and what keeps
the configuration from being used. Stored secrets are not shown; what token_command,
client_secret_command and authorization_parameters hold is, as it stands there. That
there are problems does not make it fail: "usable" in the JSON says so.`,
		Example: `  tip-cli configure show
  tip-cli --context test configure show
  tip-cli configure show --output json`,
		Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			shown, err := a.shown()
			if err != nil {
				return err
			}
			if f == formatJSON {
				return a.printJSON(shown)
			}
			return a.printShown(shown)
		},
	}
	f.register(cmd)
	return cmd
}

// shownConfig is the JSON of `configure show`.
type shownConfig struct {
	Context   string         `json:"context"`
	Directory string         `json:"directory"`
	Usable    bool           `json:"usable"`
	Settings  []shownSetting `json:"settings"`
	// UnknownKeys are kept in config.json and mean nothing to this version.
	UnknownKeys []string       `json:"unknown_keys"`
	Derived     shownDerived   `json:"derived"`
	Problems    []shownProblem `json:"problems"`
	Notes       []string       `json:"notes"`
}

// shownSetting has the value in the type that config.json has.
type shownSetting struct {
	Key    string          `json:"key"`
	Value  json.RawMessage `json:"value"`
	Source string          `json:"source"`
	text   string
}

type shownProblem struct {
	Key     string `json:"key"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

// shownDerived follows from the settings; what does not is "".
type shownDerived struct {
	// Tokens says where JWTs come from: sign-in, token_command or token_file.
	Tokens       string   `json:"tokens"`
	Provider     string   `json:"provider"`
	Issuer       string   `json:"issuer"`
	ClientID     string   `json:"client_id"`
	RedirectURIs []string `json:"redirect_uris"`
	Partition    string   `json:"partition"`
	// ClientSecret is not needed, command, stored or missing.
	ClientSecret string `json:"client_secret"`
}

// The values of shownDerived.ClientSecret.
const (
	secretNotNeeded = "not needed"
	secretByCommand = "command"
	secretStored    = "stored"
	secretMissing   = "missing"
)

// shown collects what there is to show. What is wrong with the configuration is
// part of it; that there is none is an error.
func (a *app) shown() (shownConfig, error) {
	st, err := a.store()
	if err != nil {
		return shownConfig{}, err
	}
	c, err := a.loadConfig()
	unreadable, invalid := errors.AsType[*config.InvalidError](err)
	if err != nil && !invalid {
		return shownConfig{}, err
	}
	words, err := a.contextWords()
	if err != nil {
		return shownConfig{}, err
	}
	s := shownConfig{
		Context: words[len(words)-1], Directory: st.Dir(), Problems: []shownProblem{}, Notes: []string{},
		UnknownKeys: append([]string{}, slices.Sorted(maps.Keys(c.Unknown))...),
	}
	if s.Settings, err = a.settings(c); err != nil {
		return s, err
	}
	s.Derived = a.derived(st, c)
	s.Notes = append(s.Notes, notesOn(c)...)
	_, regionErr := c.Regions(a.Getenv, a.profileRegion)
	all := c.Validate()
	if invalid {
		all = unreadable
	}
	s.Problems = append(s.Problems, shownProblems(all, regionErr, &config.InvalidError{Problems: a.signInProblems()})...)
	if s.Derived.ClientSecret == secretMissing {
		s.Problems = append(s.Problems, shownProblem{"client_authentication", "the client needs a secret, and none is stored", "run: " + config.ClientSecretCommand})
	}
	s.Usable = len(s.Problems) == 0
	return s, nil
}

func shownProblems(errs ...error) []shownProblem {
	var all []shownProblem
	for _, err := range errs {
		invalid, ok := errors.AsType[*config.InvalidError](err)
		if !ok {
			continue
		}
		for _, p := range invalid.Problems {
			shown := shownProblem{p.Key, oneLine(p.Message), p.Hint}
			if !slices.Contains(all, shown) {
				all = append(all, shown)
			}
		}
	}
	return all
}

// settings are the values in effect, in the order of config.json.
func (a *app) settings(c config.Config) ([]shownSetting, error) {
	effective, sources := a.inEffect(c)
	text, err := effective.Encode()
	if err != nil {
		return nil, err
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, err
	}
	all := []shownSetting{}
	for _, key := range config.Keys() {
		value, there := values[key]
		if !there {
			continue
		}
		source := sources[key]
		switch {
		case source != "":
		case c.Get(key) != "":
			source = store.ConfigFile
		default:
			source = "default"
		}
		all = append(all, shownSetting{Key: key, Value: value, Source: source, text: effective.Get(key)})
	}
	return all, nil
}

// inEffect is c with what counts where it says nothing, and the sources of what
// comes from elsewhere.
func (a *app) inEffect(c config.Config) (config.Config, map[string]string) {
	sources := make(map[string]string)
	if r, err := c.Regions(a.Getenv, a.profileRegion); err == nil {
		if c.Region == "" {
			sources["region"] = r.Source
		}
		c.Region, c.IdentityCenterRegion = r.Region, r.IdentityCenterRegion
	}
	if c.TokenSource().IsZero() {
		if text := a.Getenv(signInVariable); text != "" {
			c.SignIn, sources["sign_in"] = strings.ToLower(text), signInVariable
		}
		c.SignIn, c.SignInMethod = string(c.SignInPolicy()), string(c.Method())
	}
	l, err := c.Login()
	if err != nil {
		return c, sources
	}
	c.RedirectHost, c.RedirectPort, c.RedirectPath = l.RedirectHost, l.RedirectPort, l.RedirectPath
	c.Scopes, c.Assertion, c.ClientAuthentication = l.Scopes, l.Assertion, l.ClientAuthentication
	return c, sources
}

// printShown prints it for people.
func (a *app) printShown(s shownConfig) error {
	var rows [][]cell
	for _, setting := range s.Settings {
		row := cells(setting.Key, setting.text, setting.Source)
		row[2].style = faint
		rows = append(rows, row)
	}
	if err := a.printTable([]string{"KEY", "VALUE", "FROM"}, rows); err != nil {
		return err
	}
	rows = [][]cell{cells("")}
	add := func(name string, values ...string) {
		for _, v := range values {
			if v != "" {
				row := cells(name, v)
				row[0].style = bold
				rows = append(rows, row)
			}
		}
	}
	add("context", s.Context)
	add("directory", s.Directory)
	add("issuer", s.Derived.Issuer)
	add("redirect URI", s.Derived.RedirectURIs...)
	add("partition", s.Derived.Partition)
	add("client secret", s.Derived.ClientSecret)
	add("unknown keys", strings.Join(s.UnknownKeys, ", "))
	add("note", s.Notes...)
	for _, p := range s.Problems {
		text := config.Problem{Key: p.Key, Message: p.Message}.Error()
		rows = append(rows, []cell{{"problem", red}, {printable(text), plain}})
		add("hint", a.inContext(p.Hint))
	}
	return a.printTable(nil, rows)
}
