package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// format is how something to read is printed.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
)

// register adds --output to a command that prints something to read.
func (f *format) register(cmd *cobra.Command) {
	*f = formatTable
	cmd.Flags().VarP(f, "output", "o", "table for people, json for programs")
	_ = cmd.RegisterFlagCompletionFunc("output", // the flag is there
		cobra.FixedCompletions([]cobra.Completion{string(formatTable), string(formatJSON)}, cobra.ShellCompDirectiveNoFileComp))
}

// String implements pflag.Value.
func (f *format) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *format) Type() string { return "FORMAT" }

// Set implements pflag.Value.
func (f *format) Set(s string) error {
	if known := []format{formatTable, formatJSON}; !slices.Contains(known, format(s)) {
		return fmt.Errorf("must be table or json, not %q", s)
	}
	*f = format(s)
	return nil
}

// printJSON writes v as one JSON document, in one piece. What could steer a terminal
// is escaped, so that the values are whole.
func (a *app) printJSON(v any) error {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	lines := strings.Split(text.String(), "\n") // that stand between strings
	for i := range lines {
		lines[i] = visible(lines[i])
	}
	return printed(io.WriteString(a.Stdout, strings.Join(lines, "\n")))
}

// visible spells out, as JSON does, what is not printable: it could steer a terminal, and
// without it texts that differ would look the same.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// known is a text of which JSON says null where it is not known, and thus empty.
type known string

// MarshalJSON implements json.Marshaler.
func (k known) MarshalJSON() ([]byte, error) {
	if k == "" {
		return []byte("null"), nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(string(k))
	return bytes.TrimSpace(text.Bytes()), err
}

// cell is a text in a table, and how it looks where there is colour.
type cell struct {
	text  string
	style style
}

// cells are unstyled ones. What could steer a terminal is spelt out.
func cells(texts ...string) []cell {
	row := make([]cell, len(texts))
	for i, text := range texts {
		row[i] = cell{text: visible(text)}
	}
	return row
}

// printTable writes rows below a header in columns, in one piece. Without a header the
// first column is one of names.
func (a *app) printTable(header []string, rows [][]cell) error {
	styled := a.colourful(a.Stdout)
	if len(header) > 0 {
		first := cells(header...)
		for i := range first {
			first[i].style = bold
		}
		rows = append([][]cell{first}, rows...)
	}
	widths := columnWidths(rows)
	var out strings.Builder
	for _, row := range rows {
		for i, c := range row {
			text := c.text
			if styled {
				text = c.style.apply(text)
			}
			out.WriteString(text)
			if i < len(row)-1 {
				out.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+columnGap))
			}
		}
		out.WriteByte('\n')
	}
	return printed(io.WriteString(a.Stdout, out.String()))
}

// columnGap is the space between two columns, in characters.
const columnGap = 2

func columnWidths(rows [][]cell) []int {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	return widths
}
