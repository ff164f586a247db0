package tokensource

import (
	"bytes"
	"io"

	"github.com/tip-cli/tip-cli/internal/recursion"
)

// maxLine is how much of a line of stderr is looked at, in bytes.
const maxLine = 8 << 10

// complaints passes on what a program writes to stderr, as it comes, but for the
// two lines of a tip-cli further down that refuses to run itself: one process of a
// chain says so, the outermost. Lines that come whole are left out; of one that
// comes in pieces the beginning has been passed on.
type complaints struct {
	out     io.Writer // nil drops everything
	line    []byte    // the present line so far
	refused bool
	hinted  bool // the hint of a refusal may come next
}

func (c *complaints) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		part := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			part = rest[:i+1]
		}
		rest = rest[len(part):]
		if err := c.take(part); err != nil {
			return len(p) - len(rest), err
		}
	}
	return len(p), nil
}

// take takes a piece of a line.
func (c *complaints) take(part []byte) error {
	c.line = append(c.line, part[:min(len(part), maxLine-len(c.line))]...)
	refusal := recursion.Reported(c.line)
	drop := refusal || c.hinted && bytes.HasPrefix(c.line, []byte("tip-cli: hint: "))
	c.refused = c.refused || refusal
	if part[len(part)-1] == '\n' {
		c.line, c.hinted = c.line[:0], refusal
	}
	if drop || c.out == nil {
		return nil
	}
	_, err := c.out.Write(part)
	return err
}

// explain puts the cause in the place of the complaint about a program that failed,
// or printed no token, because it led back to us.
func (c *complaints) explain(err error, setting string) error {
	if kind := KindOf(err); !c.refused || kind != KindFailed && kind != KindContent {
		return err
	}
	loop := &recursion.Error{Setting: setting}
	return &Error{Kind: KindConfig, Description: loop.Error(), Hint: loop.Hint(), cause: loop}
}
