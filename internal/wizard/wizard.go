// Package wizard asks a person at a terminal by forms: a list to choose from, or
// lines to fill in that are checked while they are typed.
//
// A Screen shows one form at a time, below what the terminal shows already, and
// takes it away again when it is answered; what the answers were is the caller's
// to print. It is not for concurrent use. It stores nothing and knows nothing of
// what the answers mean.
//
// Every form ends with an error that matches [context.Canceled] when the person
// leaves it (Ctrl-C, Esc) or when ctx ends, and the terminal is then as it was.
package wizard

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
)

// ErrLeft is the error of a form that the person left.
var ErrLeft = fmt.Errorf("the form was left: %w", context.Canceled)

// Screen is the terminal that forms are shown at.
type Screen struct {
	// In and Out are the terminal, as *os.File.
	In  io.Reader
	Out io.Writer
	// Environ is the environment that says what the terminal can show, in the form of
	// os.Environ: TERM, COLORTERM, NO_COLOR.
	Environ []string
	// Plain leaves out all colour, bold and faint text.
	Plain bool
}

// Choice is one line of a list.
type Choice struct {
	// Value is the answer that it stands for.
	Value string
	// Label is what is shown.
	Label string
	// About is shown while the line is the one that Return takes.
	About string
}

// Field is one line to fill in.
type Field struct {
	// Label is the question.
	Label string
	// About is a line below it, or "".
	About string
	// Example shows the form, or is "".
	Example string
	// Value holds the answer, and before that what is offered.
	Value *string
	// Check refuses what cannot be right, in one line; nil takes everything.
	Check func(text string) error
}

// Choose shows a list and returns the Value of the line that was taken; the one
// with the value preset is offered.
func (s *Screen) Choose(ctx context.Context, title, about string, choices []Choice, preset string) (string, error) {
	taken := &chosen{Value: preset}
	options := make([]huh.Option[string], len(choices))
	abouts := make(map[string]string)
	for i, c := range choices {
		options[i] = huh.NewOption(c.Label, c.Value)
		abouts[c.Value] = c.About
	}
	list := huh.NewSelect[string]().Title(title).Options(options...).Accessor(taken)
	list.Description(about)
	if slices.ContainsFunc(choices, func(c Choice) bool { return c.About != "" }) {
		list.DescriptionFunc(func() string { return strings.TrimPrefix(about+"\n"+abouts[taken.Get()], "\n") }, &taken.Value)
	}
	err := s.run(ctx, "", list)
	return taken.Get(), err
}

// chosen is the line of a list that is pointed at. huh asks for what is said about
// it beside the loop that moves the pointer.
type chosen struct {
	mu    sync.Mutex
	Value string
}

// Get implements huh.Accessor.
func (c *chosen) Get() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Value
}

// Set implements huh.Accessor.
func (c *chosen) Set(value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Value = value
}

// Fill shows lines to fill in, all on one page.
func (s *Screen) Fill(ctx context.Context, title string, fields []Field) error {
	inputs := make([]huh.Field, len(fields))
	for i, f := range fields {
		input := huh.NewInput().Title(f.Label).Description(f.description()).Prompt("> ").Value(f.Value)
		if f.Check != nil {
			input.Validate(f.Check)
		}
		inputs[i] = input
	}
	return s.run(ctx, title, inputs...)
}

// description is what stands below the question. The example is no placeholder:
// without colour that could be taken for an answer.
func (f Field) description() string {
	if f.About != "" && f.Example != "" {
		return f.About + "\nsuch as " + f.Example
	}
	if f.Example != "" {
		return "such as " + f.Example
	}
	return f.About
}

// environ says what the terminal can show. NO_COLOR counts with any value here
// (https://no-color.org); Bubble Tea wants it to be true.
func (s *Screen) environ() []string {
	if s.Plain {
		return append(slices.Clone(s.Environ), "NO_COLOR=1")
	}
	return s.Environ
}

// run shows a form until it is answered.
func (s *Screen) run(ctx context.Context, title string, fields ...huh.Field) error {
	form := huh.NewForm(huh.NewGroup(fields...).Title(title)).WithKeyMap(keys()).WithTheme(s.theme())
	form.SubmitCmd, form.CancelCmd = tea.Quit, tea.Interrupt
	p := &page{form: form, fields: fields}
	_, err := tea.NewProgram(p, tea.WithContext(ctx), tea.WithInput(s.In), tea.WithOutput(s.Out), tea.WithEnvironment(s.environ()),
		tea.WithoutSignalHandler(), // ctx ends by them
	).Run()
	_, _ = io.WriteString(s.Out, p.erase()) // nowhere left to complain
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case form.State == huh.StateAborted:
		return ErrLeft
	case err != nil:
		return fmt.Errorf("show a form: %w", err)
	}
	return nil
}

// keys are huh's, but that Esc leaves too and nothing filters.
func keys() *huh.KeyMap {
	k := huh.NewDefaultKeyMap()
	k.Quit = key.NewBinding(key.WithKeys("ctrl+c", "esc"))
	k.Select.Filter.SetEnabled(false)
	k.Select.Submit.SetHelp("enter", "choose • esc quit")
	k.Input.Submit.SetHelp("enter", "go on • esc quit")
	k.Input.Next.SetHelp("enter", "next • esc quit")
	return k
}
