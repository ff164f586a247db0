package wizard

import (
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
)

// The colours are those that the person has chosen for the terminal (the first of
// ECMA-48's), so that they show on light and on dark ones.
var (
	red   = lipgloss.Color("1")
	green = lipgloss.Color("2")
)

// theme is the look of every form.
func (s *Screen) theme() huh.Theme {
	return huh.ThemeFunc(func(isDark bool) *huh.Styles {
		t := huh.ThemeBase(isDark)
		t.Help.ShortKey, t.Help.ShortDesc, t.Help.ShortSeparator = lipgloss.NewStyle(), lipgloss.NewStyle(), lipgloss.NewStyle()
		t.Focused.ErrorMessage = lipgloss.NewStyle()
		if !s.Plain {
			paint(t)
		}
		blurred := t.Focused
		blurred.Base = t.Blurred.Base
		t.Blurred = blurred
		return t
	})
}

func paint(t *huh.Styles) {
	faint := lipgloss.NewStyle().Faint(true)
	t.Group.Title = lipgloss.NewStyle().Bold(true)
	t.Focused.Title = lipgloss.NewStyle().Bold(true)
	t.Focused.Description = faint
	t.Focused.TextInput.Prompt = lipgloss.NewStyle().Foreground(green)
	t.Focused.SelectSelector = t.Focused.SelectSelector.Foreground(green)
	t.Focused.ErrorMessage = lipgloss.NewStyle().Foreground(red)
	t.Help.ShortKey, t.Help.ShortDesc, t.Help.ShortSeparator = faint, faint, faint
}
