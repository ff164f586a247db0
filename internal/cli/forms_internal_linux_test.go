package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
)

// Forms are for people at terminals that can draw them, and who have not asked for
// plain lines.
func TestShowsForms(t *testing.T) {
	_, line := ptytest.Open(t, 0)
	for name, tt := range map[string]struct {
		stdin  io.Reader
		stderr io.Writer
		vars   map[string]string
		want   bool
	}{
		"at a terminal":           {line, line, map[string]string{"TERM": "xterm"}, true},
		"stdin is none":           {strings.NewReader(""), line, map[string]string{"TERM": "xterm"}, false},
		"stderr is none":          {line, io.Discard, map[string]string{"TERM": "xterm"}, false},
		"a terminal that is dumb": {line, line, map[string]string{"TERM": "dumb"}, false},
		"one without a name":      {line, line, nil, false},
		"plain lines":             {line, line, map[string]string{"TERM": "xterm", "TIP_CLI_ACCESSIBLE": "1"}, false},
		"as other programs say":   {line, line, map[string]string{"TERM": "xterm", "ACCESSIBLE": "1"}, false},
	} {
		a := newApp(&Env{Stdin: tt.stdin, Stderr: tt.stderr, Getenv: func(name string) string { return tt.vars[name] }})
		if got := a.showsForms(); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
