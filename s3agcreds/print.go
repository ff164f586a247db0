package s3agcreds

import (
	"fmt"
	"io"
	"log/slog"
)

// What is printed of a plugin, and of what it puts into clients: no secret of the
// configuration, whatever the verb.
var (
	_ fmt.Formatter  = Plugin{}
	_ slog.LogValuer = Plugin{}
	_ fmt.Formatter  = provider{}
	_ fmt.Formatter  = sessions{}
	_ fmt.Formatter  = control{}
)

// String implements fmt.Stringer without secrets.
func (p Plugin) String() string {
	if p.core == nil {
		return "s3agcreds.Plugin{}"
	}
	return fmt.Sprintf("s3agcreds.Plugin{%s, %d grants}", p.base.Region, p.grants.Stats().Entries)
}

// GoString implements fmt.GoStringer without secrets.
func (p Plugin) GoString() string { return p.String() }

// Format implements fmt.Formatter: every verb prints String.
func (p Plugin) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// LogValue implements slog.LogValuer without secrets.
func (p Plugin) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Format implements fmt.Formatter: no verb prints a secret.
func (provider) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "s3agcreds.Plugin") }

// Format implements fmt.Formatter: no verb prints a secret.
func (sessions) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "s3agcreds.Plugin") }

// Format implements fmt.Formatter: no verb prints a secret.
func (control) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "s3agcreds.control") }
