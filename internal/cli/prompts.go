package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tip-cli/tip-cli/internal/config"
)

// ask prompts for everything that the provider needs.
func (a *app) ask(ctx context.Context, held config.Config, provider string) (config.Config, error) {
	in := readLines(a.Stdin)
	if provider == "" {
		if provider = held.IdP; provider == "" {
			provider = config.Okta
		}
		var err error
		if provider, err = a.askProvider(ctx, in, provider); err != nil {
			return held, err
		}
	}
	preset, _ := config.PresetFor(provider)
	next := held
	next.IdP = provider
	for _, p := range append(config.CommonPrompts(), preset.Prompts...) {
		if err := a.askFor(ctx, in, &next, p); err != nil {
			return held, err
		}
	}
	return next, nil
}

func (a *app) askProvider(ctx context.Context, in *lines, preset string) (string, error) {
	for range promptLimit {
		answer, err := a.prompt(ctx, in, "Identity provider ("+strings.Join(providerNames(), ", ")+")", preset)
		if err != nil {
			return "", err
		}
		if name, ok := providerNamed(answer); ok {
			return name, nil
		}
		a.printf("%q is none of them.", printable(answer))
	}
	return "", errors.New("no identity provider was chosen")
}

// providerNamed finds an identity provider by its name or title, however that is
// written.
func providerNamed(text string) (name string, ok bool) {
	for _, p := range config.Presets() {
		if strings.EqualFold(text, p.Name) || strings.EqualFold(text, p.Title) {
			return p.Name, true
		}
	}
	return "", false
}

// promptLimit bounds how often a question is asked again.
const promptLimit = 5

// askFor asks one question until the answer will do.
func (a *app) askFor(ctx context.Context, in *lines, c *config.Config, p config.Prompt) error {
	preset := c.Get(p.Key)
	if preset == "" {
		preset = p.Default
	}
	label := p.Label
	if p.Example != "" && preset == "" {
		label += " (such as " + p.Example + ")"
	}
	for range promptLimit {
		answer, err := a.prompt(ctx, in, label, preset)
		if err != nil {
			return err
		}
		next, err := answered(*c, p, answer)
		if err != nil {
			a.printf("%s", err)
			continue
		}
		*c = next
		return nil
	}
	return fmt.Errorf("%s: no usable answer", p.Label)
}

// answered is c with the answer to a question, or says in one line why that will not do.
func answered(c config.Config, p config.Prompt, answer string) (config.Config, error) {
	if err := c.Set(p.Key, answer); err != nil {
		return c, err
	}
	cleaned, _ := c.Clean()
	problems := cleaned.ProblemsOf(p.Key)
	if (c.Get(p.Key) != "" || p.Required) && len(problems) > 0 {
		return c, refusal(problems[0])
	}
	return c, nil
}

// refusal is a problem in one line, with what may have been meant.
func refusal(p config.Problem) error {
	message := p.Message
	for key, label := range labels() {
		message = strings.ReplaceAll(message, key, `"`+label+`"`)
	}
	if strings.HasPrefix(p.Hint, "perhaps ") {
		return fmt.Errorf("%s; %s", message, p.Hint)
	}
	return errors.New(message)
}

// labels are the questions by key: whoever answers them need not know the keys.
func labels() map[string]string {
	all := make(map[string]string)
	prompts := config.CommonPrompts()
	for _, preset := range config.Presets() {
		prompts = append(prompts, preset.Prompts...)
	}
	for _, p := range prompts {
		all[p.Key] = p.Label
	}
	return all
}

// prompt asks on stderr, so that stdout stays clean, and reads a line.
func (a *app) prompt(ctx context.Context, in *lines, label, preset string) (string, error) {
	if preset != "" {
		label += " [" + printable(preset) + "]"
	}
	if _, err := fmt.Fprintf(a.Stderr, "%s: ", label); err != nil {
		return "", err
	}
	line, err := in.next(ctx)
	if err != nil {
		a.printf("")
		return "", err
	}
	if line == "" {
		return preset, nil
	}
	return line, nil
}

// lines reads answers beside the prompts, so that Ctrl-C ends a wait for one.
type lines struct {
	in   *bufio.Reader
	read chan answer
}

type answer struct {
	text string
	err  error
}

func readLines(r io.Reader) *lines {
	return &lines{in: bufio.NewReader(r), read: make(chan answer, 1)}
}

// next returns the next line, trimmed. The input is read by nobody else: a line
// for which the wait was given up is lost with the process.
func (l *lines) next(ctx context.Context) (string, error) {
	go func() {
		text, err := l.in.ReadString('\n')
		l.read <- answer{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case got := <-l.read:
		if got.err != nil && (!errors.Is(got.err, io.EOF) || got.text == "") {
			return "", &usageError{
				err:  errors.New("the input ended before every question was answered; nothing was stored"),
				hint: "give the answers at a terminal, or with --config",
			}
		}
		return got.text, nil
	}
}
