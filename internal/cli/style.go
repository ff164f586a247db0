package cli

import "github.com/tip-cli/tip-cli/internal/terminal"

// style is an SGR parameter of ECMA-48; "" changes nothing.
type style string

const (
	plain  style = ""
	bold   style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

// apply puts text into the style.
func (s style) apply(text string) string {
	if s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// colourful reports whether w shows styles: a terminal that can, whose user has not
// set NO_COLOR (https://no-color.org).
func (a *app) colourful(w any) bool {
	return a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb" && terminal.IsTerminal(w)
}
