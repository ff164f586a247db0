package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
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

// printJSON writes v as one JSON document, in one piece.
func (a *app) printJSON(v any) error {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(a.Stdout, text.String())
	return err
}

// cell is a text in a table, and how it looks where there is colour.
type cell struct {
	text  string
	style style
}

// cells are unstyled ones. What could steer a terminal is taken out.
func cells(texts ...string) []cell {
	row := make([]cell, len(texts))
	for i, text := range texts {
		row[i] = cell{text: printable(text)}
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
	_, err := io.WriteString(a.Stdout, out.String())
	return err
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
