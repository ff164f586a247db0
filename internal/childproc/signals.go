package childproc

import (
	"os"
	"os/signal"
	"sync/atomic"
	"time"

	"github.com/tip-cli/tip-cli/internal/terminal"
)

// signals are those that this process gets while a child runs.
type signals chan os.Signal

// listen begins to collect signals, but for those that are ignored. Of those that a
// process can be started with ignored, Go keeps SIGHUP and SIGINT so (nohup, a job
// in the background of a script); others are delivered.
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

// reaction is how long a child is given to end by what a terminal has sent it.
const reaction = 200 * time.Millisecond

// pass sends what arrives on to the child until it has ended, and counts how often
// this process was continued.
func (s signals) pass(child *os.Process, continued *atomic.Int64, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case sig := <-s:
			switch {
			case isContinue(sig):
				continued.Add(1)
				resume(child)
			case !fromTerminal(sig) || !inForeground():
				_ = child.Signal(sig) // it may just have ended
			default:
				go passLate(child, sig, done)
			}
		}
	}
}

// passLate sends on a signal that seems to be from the terminal, where it cannot have
// reached the child: it would have ended it. A child that catches the signal may
// have it already, and is not sent it again: a second Ctrl-C means another thing.
func passLate(child *os.Process, sig os.Signal, done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(reaction):
		if wouldEnd(child.Pid, sig) {
			_ = child.Signal(sig)
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
