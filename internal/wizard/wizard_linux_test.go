// Without the race detector: Bubble Tea 2.0.2 looks at the size of the terminal
// beside its own loop (checkResize in its tty.go), which it takes offence at.

//go:build !race

package wizard_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
	"github.com/tip-cli/tip-cli/internal/wizard"
)

// sitter is a person before a screen.
type sitter struct {
	*wizard.Screen
	t       *testing.T
	keys    *os.File
	line    *os.File
	changed chan struct{}
	mu      sync.Mutex
	seen    bytes.Buffer
}

func sit(t *testing.T, columns, rows uint16) *sitter {
	t.Helper()
	s := &sitter{t: t, changed: make(chan struct{}, 1)}
	s.keys, s.line = ptytest.Open(t, 0)
	s.resize(columns, rows)
	s.Screen = &wizard.Screen{In: s.line, Out: s.line, Environ: []string{"TERM=xterm-256color"}}
	var done sync.WaitGroup
	done.Go(s.watch)
	t.Cleanup(func() { _ = s.keys.Close(); _ = s.line.Close(); done.Wait() })
	return s
}

func (s *sitter) resize(columns, rows uint16) {
	s.t.Helper()
	if err := unix.IoctlSetWinsize(int(s.line.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sitter) watch() {
	buffer := make([]byte, 4096)
	for {
		n, err := s.keys.Read(buffer)
		s.mu.Lock()
		s.seen.Write(buffer[:n])
		s.mu.Unlock()
		select {
		case s.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (s *sitter) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

// reads waits for a text on the screen.
func (s *sitter) reads(text string) {
	s.t.Helper()
	late := time.After(20 * time.Second)
	for !strings.Contains(s.shown(), text) {
		select {
		case <-s.changed:
		case <-late:
			s.t.Errorf("%q does not show: %q", text, s.shown())
			return
		}
	}
}

func (s *sitter) types(keys string) {
	s.t.Helper()
	if _, err := s.keys.WriteString(keys); err != nil {
		s.t.Error(err)
	}
}

// mode is what a program may have changed of the terminal.
func (s *sitter) mode() unix.Termios {
	s.t.Helper()
	mode, err := unix.IoctlGetTermios(int(s.line.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	return *mode
}

// meanwhile plays the person while do runs.
func (s *sitter) meanwhile(play, do func()) {
	s.t.Helper()
	before := s.mode()
	var done sync.WaitGroup
	done.Go(play)
	do()
	done.Wait()
	if diff := cmp.Diff(before, s.mode()); diff != "" {
		s.t.Errorf("the terminal is not as it was (-before +after):\n%s", diff)
	}
	s.reads("\x1b[?25h") // the cursor is back
}

var fruit = []wizard.Choice{{Value: "a", Label: "Apple", About: "grows here"}, {Value: "b", Label: "Banana", About: "comes by ship"}}

func TestChoose(t *testing.T) {
	for name, tt := range map[string]struct{ preset, keys, want string }{
		"the preset":  {"b", "\r", "b"},
		"the next":    {"a", "\x1b[B\r", "b"},
		"by letter":   {"b", "k\r", "a"},
		"none preset": {"", "\r", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sit(t, 80, 24)
			s.meanwhile(func() { s.reads("Banana"); s.types(tt.keys) }, func() {
				if got, err := s.Choose(t.Context(), "Which?", "of two", fruit, tt.preset); got != tt.want || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			})
			s.reads("of two")
		})
	}
}

// What is typed at once ends up where it belongs: the fields follow one another
// without delay.
func TestFillTypedAhead(t *testing.T) {
	s := sit(t, 80, 24)
	one, two := "offered", ""
	s.meanwhile(func() { s.reads("Second"); s.types(" one\rtwo\x1b[Z!\r?\r") }, func() {
		err := s.Fill(t.Context(), "Page", []wizard.Field{{Label: "First", Value: &one, Example: "1", About: "about it"}, {Label: "Second", Value: &two, Example: "2"}})
		if one != "offered one!" || two != "two?" || err != nil {
			t.Errorf("%q, %q, %v", one, two, err)
		}
	})
	s.reads("such as 1")
	s.reads("such as 2")
}

func TestFillRefuses(t *testing.T) {
	s := sit(t, 80, 24)
	one, two := "", ""
	check := func(text string) error {
		if text != "right" {
			return errors.New("that is wrong")
		}
		return nil
	}
	s.meanwhile(func() {
		s.reads("First")
		s.types("left\r")
		s.reads("that is wrong")
		s.types("\x15right\r\r")
	}, func() {
		if err := s.Fill(t.Context(), "", []wizard.Field{{Label: "First", Value: &one, Check: check}, {Label: "Second", Value: &two}}); one != "right" || err != nil {
			t.Errorf("%q, %v", one, err)
		}
	})
}

// Whoever leaves is told apart from a program that ends.
func TestLeft(t *testing.T) {
	for name, key := range map[string]string{"Ctrl-C": "\x03", "Esc": "\x1b"} {
		t.Run(name, func(t *testing.T) {
			s := sit(t, 80, 24)
			s.meanwhile(func() { s.reads("Banana"); s.types(key) }, func() {
				if _, err := s.Choose(t.Context(), "Which?", "", fruit, ""); !errors.Is(err, wizard.ErrLeft) || !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		})
	}
	s := sit(t, 80, 24)
	ctx, cancel := context.WithCancel(t.Context())
	s.meanwhile(func() { s.reads("Banana"); cancel() }, func() {
		if _, err := s.Choose(ctx, "Which?", "", fruit, ""); !errors.Is(err, context.Canceled) || errors.Is(err, wizard.ErrLeft) {
			t.Error(err)
		}
	})
}

// The picture goes away again, all of it, and nothing above it.
func TestErased(t *testing.T) {
	s := sit(t, 80, 24)
	s.meanwhile(func() { s.reads("Banana"); s.types("\r") }, func() {
		if _, err := s.Choose(t.Context(), "Which?", "", []wizard.Choice{fruit[0], {Value: "b", Label: "Banana"}}, ""); err != nil {
			t.Error(err)
		}
	})
	// title, description, two lines, an empty one and the help
	s.reads("\x1b[?2004l\r\x1b[5A\x1b[J")
	if after := s.shown(); !strings.HasSuffix(after, "\r\x1b[5A\x1b[J") {
		t.Errorf("%q", after)
	}
}

func TestPlain(t *testing.T) {
	for name, plain := range map[string]bool{"colour": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			s := sit(t, 40, 12)
			s.Plain = plain
			value := ""
			s.meanwhile(func() { s.reads("First"); s.types("x\r") }, func() {
				if err := s.Fill(t.Context(), "Page", []wizard.Field{{Label: "First", Value: &value}}); err != nil {
					t.Error(err)
				}
			})
			if styled := strings.Contains(s.shown(), "\x1b[1m") || strings.Contains(s.shown(), "\x1b[32m"); styled == plain {
				t.Errorf("%q", s.shown())
			}
		})
	}
}

// A terminal that gets narrower has wrapped the picture: all is drawn again.
func TestResize(t *testing.T) {
	s := sit(t, 80, 24)
	s.meanwhile(func() {
		s.reads("Banana")
		s.types("\x1b[B") // drawn, so that the size is known
		s.reads("comes by ship")
		s.resize(30, 24)
		if err := unix.Kill(unix.Getpid(), unix.SIGWINCH); err != nil {
			t.Error(err)
		}
		s.reads("\x1b[2J")
		s.types("\r")
	}, func() {
		if got, err := s.Choose(t.Context(), "Which?", "", fruit, ""); got != "b" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}
