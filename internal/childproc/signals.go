package childproc

import (
	"os"
	"os/signal"

	"github.com/tip-cli/tip-cli/internal/terminal"
)

// signals are those that this process gets while a child runs.
type signals chan os.Signal

// listen begins to collect signals. Those that are ignored (nohup) stay so.
func listen() signals {
	s := make(signals, 16)
	for _, sig := range passed {
		if !signal.Ignored(sig) {
			signal.Notify(s, sig)
		}
	}
	return s
}

func (s signals) close() { signal.Stop(s) }

// pass sends what arrives on to the child until it has ended.
func (s signals) pass(child *os.Process, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case sig := <-s:
			if !fromTerminal(sig) || !inForeground() {
				_ = child.Signal(sig) // it may just have ended
			}
		}
	}
}

// inForeground reports whether this process and its child are those to whom the
// terminal sends its signals.
func inForeground() bool {
	at, err := terminal.Open()
	if err != nil {
		return false
	}
	defer func() { _ = at.Close() }()
	return at.Foreground()
}
