package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/diag"
	"github.com/tip-cli/tip-cli/internal/diag/explain"
)

func newDiagExplain(a *app) *cobra.Command {
	var f format
	var file string
	cmd := &cobra.Command{
		Use: "explain TEXT | -", Short: "Say what an error, a JWT or a CloudTrail event means",
		Long: `Says what a text means, and what usually causes it: an error message of AWS, of an
identity provider or of this machine, as the AWS CLI, an SDK, a browser or a log
shows it; a JWT or an identity context; one or more events of CloudTrail; an id
that diag has printed.

It works offline: nothing is sent anywhere, and neither configuration nor
credentials are needed. The signature of a JWT is not verified. Secrets in the text
are not repeated, but on a command line other processes can see them: hand tokens
over on standard input, with -, or as a file.

The exit code is 0 if the text is known, else 1.`,
		Example: `  tip-cli diag explain "An error occurred (InvalidGrantException) when calling the CreateTokenWithIAM operation: "
  get-my-jwt | tip-cli diag explain -
  tip-cli diag explain --file cloudtrail-event.json --output json
  tip-cli diag explain center.not-assigned`,
		Args: func(cmd *cobra.Command, args []string) error { return explainArgs(cmd, args, file) },
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.pasted(cmd.Context(), args, file)
			if err != nil {
				return err
			}
			return a.explainPasted(text, f)
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&file, "file", "", "read the text from a file")
	return cmd
}

// explainArgs wants one source of text. Words that were not quoted are one text.
func explainArgs(cmd *cobra.Command, args []string, file string) error {
	switch {
	case len(args) == 0 && file == "":
		return usage(cmd, errors.New("TEXT is missing"))
	case len(args) > 0 && file != "":
		return usage(cmd, errors.New("--file takes the place of TEXT"))
	}
	return nil
}

// pasted is the text to explain, of which no more is read than is looked at.
func (a *app) pasted(ctx context.Context, args []string, file string) (string, error) {
	if file == "" && (len(args) != 1 || args[0] != "-") {
		return strings.Join(args, " "), nil
	}
	type outcome struct {
		text string
		err  error
	}
	done := make(chan outcome, 1)
	go func() { // which a terminal or a pipe may keep waiting
		text, err := readPasted(a.Stdin, file)
		done <- outcome{text, err}
	}()
	select {
	case o := <-done:
		return o.text, o.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func readPasted(stdin io.Reader, path string) (string, error) {
	from, name := stdin, "standard input"
	if path != "" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }()
		from, name = f, path
	}
	text, err := io.ReadAll(io.LimitReader(from, explain.Longest+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return string(text), nil
}

// explainError says why a text could not be explained.
type explainError struct {
	err  error
	hint string
}

// Error implements error.
func (e *explainError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *explainError) Unwrap() error { return e.err }

// Hint is what to try.
func (e *explainError) Hint() string { return e.hint }

func (a *app) explainPasted(text string, f format) error {
	k := explain.Knowledge{Checks: diag.Catalogue(), Now: time.Now()}
	all, err := explain.Text(text, k)
	if err != nil {
		return &explainError{err, explainHint(err, explain.Similar(text, k))}
	}
	if f == formatJSON {
		return a.printJSON(struct {
			Version      int                   `json:"version"`
			Explanations []explain.Explanation `json:"explanations"`
		}{1, all})
	}
	t := &explainText{styled: a.colourful(a.Stdout)}
	for i := range all {
		t.explanation(&all[i])
	}
	return printed(io.WriteString(a.Stdout, t.out.String()))
}

func explainHint(err error, similar []string) string {
	switch {
	case errors.Is(err, explain.ErrTooLarge):
		return "take the part with the error, or a few events"
	case !errors.Is(err, explain.ErrUnknown):
		return "paste the error message as text, or name a file that holds it with --file"
	case len(similar) > 0:
		return "ids that are like it: " + strings.Join(similar, ", ")
	}
	return "paste the whole message, with the error code and the name of the operation; to look at everything, run: tip-cli diag"
}

// explainText writes explanations for people.
type explainText struct {
	out    strings.Builder
	styled bool
}

func (t *explainText) explanation(e *explain.Explanation) {
	if t.out.Len() > 0 {
		t.out.WriteByte('\n')
	}
	t.heading(e.Title)
	t.paragraph("  ", "  ", e.Means)
	if len(e.Facts) > 0 {
		t.heading("\nIn the text")
	}
	for _, f := range e.Facts {
		t.fact(f)
	}
	if len(e.Verdicts) > 0 {
		t.heading("\nWhat becomes of it")
	}
	for _, v := range e.Verdicts {
		mark := t.in(green, "ok   ")
		if v.Problem {
			mark = t.in(red, "WRONG")
		}
		t.paragraph("  "+mark+"  ", "         ", v.By+": "+v.Says)
	}
	t.causes(e)
	fmt.Fprintf(&t.out, "\n  %s\n", t.in(faint, visible("id: "+e.ID+"; from: "+e.Source)))
}

func (t *explainText) causes(e *explain.Explanation) {
	switch {
	case len(e.Causes) == 0:
	case e.Kind == explain.Error || e.Kind == explain.CloudTrail:
		t.heading("\nWhat usually causes it, and how to look")
	default:
		t.heading("\nWhat to do or to look at")
	}
	for i, c := range e.Causes {
		t.paragraph(fmt.Sprintf("  %d. ", i+1), "     ", c.Why)
		if c.Check != "" {
			fmt.Fprintf(&t.out, "     check: %s\n", visible(c.Check))
		}
		if c.Command != "" {
			fmt.Fprintf(&t.out, "     run: %s\n", t.in(bold, visible(c.Command)))
		}
	}
}

func (t *explainText) fact(f explain.Fact) {
	text := f.Value
	if f.Means != "" {
		text += " - " + f.Means
	}
	const column = 18
	name := visible(f.Name)
	if pad := column - utf8.RuneCountInString(name); pad > 0 {
		name += strings.Repeat(" ", pad)
	}
	t.paragraph("  "+name+"  ", strings.Repeat(" ", column+4), text)
}

func (t *explainText) heading(text string) {
	lead := ""
	if strings.HasPrefix(text, "\n") {
		lead, text = "\n", text[1:]
	}
	if text != "" {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	t.out.WriteString(lead + t.in(bold, visible(text)) + "\n")
}

// paragraph writes text in lines that a terminal shows whole: the first begins with
// lead, the others with indent.
func (t *explainText) paragraph(lead, indent, text string) {
	const width = 96
	line, used := lead, utf8.RuneCountInString(indent)
	for i, word := range strings.Fields(visible(text)) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case used+1+n > width:
			t.out.WriteString(line + "\n")
			line, used = indent, utf8.RuneCountInString(indent)
		default:
			line, used = line+" ", used+1
		}
		line, used = line+word, used+n
	}
	t.out.WriteString(strings.TrimRight(line, " ") + "\n")
}

func (t *explainText) in(s style, text string) string {
	if !t.styled {
		return text
	}
	return s.apply(text)
}
