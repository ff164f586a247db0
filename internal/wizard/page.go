package wizard

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"github.com/charmbracelet/x/ansi"
)

// page draws a form. Its picture never gets lower: where it would, Bubble Tea
// leaves the upper lines behind.
//
// It moves from field to field at once: huh does so by a message to itself, and
// what is typed or pasted until that arrives would go to the field before.
type page struct {
	form   *huh.Form
	fields []huh.Field
	height int // of the highest picture, in lines
	limit  int // the height of the terminal, 0 if it is not known
	width  int // and its width
}

// Init implements tea.Model.
func (p *page) Init() tea.Cmd { return p.form.Init() }

// Update implements tea.Model.
func (p *page) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if size, ok := msg.(tea.WindowSizeMsg); ok {
		return p, p.resize(size)
	}
	if pressed, ok := msg.(tea.KeyPressMsg); ok {
		return p, p.press(pressed)
	}
	_, cmd := p.form.Update(msg) // in place
	return p, cmd
}

// resize fits the form into the terminal. Where the lines of the picture are once
// the terminal has wrapped them anew is not known, so that the screen is emptied and
// the picture drawn at its top.
func (p *page) resize(size tea.WindowSizeMsg) tea.Cmd {
	_, cmd := p.form.Update(size)
	if p.width != 0 && p.width != size.Width {
		p.height = 0
		cmd = tea.Sequence(cmd, tea.Raw(ansi.EraseEntireScreen+ansi.CursorHomePosition), tea.ClearScreen)
	}
	p.width, p.limit, p.height = size.Width, size.Height, min(p.height, size.Height)
	return cmd
}

// press takes a key.
func (p *page) press(pressed tea.KeyPressMsg) tea.Cmd {
	at := slices.Index(p.fields, p.form.GetFocusedField())
	last := at == len(p.fields)-1
	switch key := pressed.String(); {
	case key == "shift+tab" && at > 0:
		return p.form.PrevField()
	case key == "enter", key == "tab" && !last:
		_, _ = p.form.Update(pressed) // which checks the answer, and wants to move
		if p.fields[at].Error() != nil {
			return nil
		}
		cmd := p.form.NextField()
		if last {
			cmd = p.form.NextGroup()
		}
		return cmd
	}
	_, cmd := p.form.Update(pressed)
	return cmd
}

// View implements tea.Model.
func (p *page) View() tea.View {
	content := p.form.View()
	lines := strings.Count(content, "\n") + 1
	p.height = max(p.height, lines)
	if p.limit > 0 {
		p.height = min(p.height, p.limit)
	}
	return tea.NewView(content + strings.Repeat("\n", max(0, p.height-lines)))
}

// erase takes the picture away. The cursor is in its last line.
func (p *page) erase() string {
	if p.height > 1 {
		return "\r" + ansi.CursorUp(p.height-1) + ansi.EraseScreenBelow
	}
	return "\r" + ansi.EraseScreenBelow
}
