package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"runtime"
	"slices"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/terminal"
	"github.com/tip-cli/tip-cli/internal/wizard"
)

// Variables that ask for questions in plain lines, as screen readers want them.
// The second one is that of other programs with forms.
const (
	accessibleVariable      = "TIP_CLI_ACCESSIBLE"
	otherAccessibleVariable = "ACCESSIBLE"
)

// showsForms reports whether forms can be shown: to a person at a terminal that can
// draw them, and who has not asked for plain lines.
func (a *app) showsForms() bool {
	term := a.Getenv("TERM")
	draws := term != "dumb" && (term != "" || runtime.GOOS == "windows")
	return a.atTerminal() && draws && a.Getenv(accessibleVariable) == "" && a.Getenv(otherAccessibleVariable) == ""
}

// atTerminal reports whether a person reads the questions and types the answers.
func (a *app) atTerminal() bool { return terminal.IsTerminal(a.Stdin) && terminal.IsTerminal(a.Stderr) }

// setup is a configuration on its way through the forms.
type setup struct {
	*app
	screen *wizard.Screen
	draft  config.Config
	// noCheck leaves the identity provider alone.
	noCheck bool
}

// setUp asks for a configuration by forms. Nothing is stored: leaving them loses
// what was typed and nothing else.
func (a *app) setUp(ctx context.Context, held config.Config, provider string, noCheck bool) (config.Config, error) {
	s := &setup{app: a, draft: held, noCheck: noCheck, screen: a.screen()}
	err := s.ask(ctx, provider)
	if errors.Is(err, context.Canceled) {
		a.printf("Nothing was stored.")
	}
	return s.draft, err
}

func (a *app) screen() *wizard.Screen {
	return &wizard.Screen{In: a.Stdin, Out: a.Stderr, Plain: !a.colourful(a.Stderr), Environ: os.Environ()}
}

// ask goes from page to page.
func (s *setup) ask(ctx context.Context, provider string) error {
	s.say("Your identity provider comes first, then AWS. Nothing is stored before the end.")
	if err := s.askIdentity(ctx, provider); err != nil {
		return err
	}
	if err := s.askAWS(ctx); err != nil {
		return err
	}
	for {
		again, err := s.review(ctx)
		if err != nil || again == nil {
			return err
		}
		if err := again(ctx); err != nil {
			return err
		}
	}
}

// askIdentity asks for the provider, unless it is given, and for its keys, until
// the person is content with what a look at it shows.
func (s *setup) askIdentity(ctx context.Context, provider string) error {
	if provider == "" {
		var choices []wizard.Choice
		for _, p := range config.Presets() {
			choices = append(choices, wizard.Choice{Value: p.Name, Label: p.Title, About: "Asks for: " + wanted(p)})
		}
		var err error
		if provider, err = s.screen.Choose(ctx, "Identity provider", "", choices, cmp.Or(s.draft.IdP, config.Okta)); err != nil {
			return err
		}
	}
	s.draft.IdP = provider
	preset, _ := config.PresetFor(provider)
	for {
		if err := s.askPage(ctx, preset.Title, preset.Prompts); err != nil {
			return err
		}
		if content, err := s.contentWith(ctx); content || err != nil {
			return err
		}
	}
}

// wanted are the labels of what a provider needs to be known.
func wanted(p config.Preset) string {
	var labels []string
	for _, prompt := range p.Prompts {
		labels = append(labels, prompt.Label)
	}
	return joined(labels)
}

// joined is a list in words.
func joined(words []string) string {
	text := ""
	for i, word := range words {
		switch {
		case i == 0:
			text = word
		case i == len(words)-1:
			text += " and " + word
		default:
			text += ", " + word
		}
	}
	return text
}

// contentWith looks at the identity provider and has the person decide about what
// is wrong there.
func (s *setup) contentWith(ctx context.Context) (bool, error) {
	for !s.noCheck {
		draft, _ := s.draft.Clean()
		g, ok, err := s.look(ctx, draft, "")
		if err != nil || !ok {
			return err == nil, err
		}
		for _, r := range g.remarks {
			s.warn(r.String())
		}
		if !g.grave() {
			s.say("%s", offers(g))
			return true, nil
		}
		verdict, err := s.screen.Choose(ctx, "What now?", "", []wizard.Choice{
			{Value: "edit", Label: "Change the answers"},
			{Value: "again", Label: "Look again"},
			{Value: "anyway", Label: "Go on all the same"},
			{Value: "quit", Label: "Quit, and store nothing"},
		}, "edit")
		switch {
		case err != nil:
			return false, err
		case verdict == "quit":
			return false, wizard.ErrLeft
		case verdict != "again":
			return verdict == "anyway", nil
		}
	}
	return true, nil
}

// offers says what a provider can do.
func offers(g glance) string {
	can := []string{"sign-in with a browser"}
	if g.found.DeviceEndpoint != "" && !g.login.Quirks.NoDeviceGrant {
		can = append(can, "sign-in with a code")
	}
	if g.found.RevocationEndpoint != "" || g.login.RevocationEndpoint != "" {
		can = append(can, "revocation")
	}
	return "Found " + g.login.Issuer + ". It offers " + joined(can) + "."
}

// askAWS asks for the application, the roles and the regions.
func (s *setup) askAWS(ctx context.Context) error {
	if err := s.askPage(ctx, "AWS", config.CommonPrompts()); err != nil {
		return err
	}
	return s.askRegions(ctx)
}

// askPage asks for some keys of the configuration.
func (s *setup) askPage(ctx context.Context, title string, prompts []config.Prompt) error {
	values := make([]string, len(prompts))
	fields := make([]wizard.Field, len(prompts))
	for i, p := range prompts {
		values[i] = cmp.Or(s.draft.Get(p.Key), p.Default)
		fields[i] = wizard.Field{
			Label: p.Label, About: aboutOf(p), Example: p.Example, Value: &values[i],
			Check: func(text string) error {
				_, err := answered(s.withAll(prompts[:i], values), p, text)
				return err
			},
		}
	}
	if err := s.screen.Fill(ctx, title, fields); err != nil {
		return err
	}
	s.draft = s.withAll(prompts, values)
	return nil
}

// withAll is the draft with answers. What cannot be stored is left out: its own
// line refuses it.
func (s *setup) withAll(prompts []config.Prompt, values []string) config.Config {
	c := s.draft
	for i, p := range prompts {
		next := c
		if next.Set(p.Key, values[i]) == nil {
			c = next
		}
	}
	return c
}

func aboutOf(p config.Prompt) string {
	switch {
	case p.Required:
		return p.About
	case p.About == "":
		return "may be left empty"
	}
	return p.About + "; may be left empty"
}

// review shows everything and returns the page to go back to, or nil to store it.
func (s *setup) review(ctx context.Context) (func(context.Context) error, error) {
	draft, _ := s.draft.Clean()
	s.printSummary(draft)
	choices := []wizard.Choice{
		{Value: "save", Label: "Save"},
		{Value: "identity", Label: "Change the identity provider"},
		{Value: "aws", Label: "Change the application, the roles or the regions"},
		{Value: "quit", Label: "Quit, and store nothing"},
	}
	preset := "save"
	if invalid, ok := errors.AsType[*config.InvalidError](draft.Validate()); ok {
		for _, p := range invalid.Problems {
			s.warn(p.Error())
		}
		choices, preset = slices.Delete(choices, 0, 1), "aws"
	}
	verdict, err := s.screen.Choose(ctx, "Is this right?", "", choices, preset)
	switch {
	case err != nil:
		return nil, err
	case verdict == "identity":
		return func(ctx context.Context) error { return s.askIdentity(ctx, "") }, nil
	case verdict == "aws":
		return s.askAWS, nil
	case verdict == "quit":
		return nil, wizard.ErrLeft
	}
	return nil, nil
}
