package local

import (
	"context"
	"fmt"
	"time"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// The locks of a context (internal/session): over sign-ins, which last as long as a
// person takes, and over the exchange.
const (
	signInLock  = "sign-in"
	sessionLock = "session"
)

// locks looks whether another process holds a lock, and for longer than an exchange takes.
// A lock that nobody holds is free: the kernel frees those of killed processes.
func (s *section) locks(ctx context.Context) {
	const check = "local.lock"
	if s.Store == nil {
		s.log.Skip(check, noState)
		return
	}
	before := len(s.log.Results())
	for _, name := range []string{sessionLock, signInLock} {
		s.lock(ctx, name)
	}
	if len(s.log.Results()) == before {
		s.log.OK(check, "free")
	}
}

func (s *section) lock(ctx context.Context, name string) {
	path := s.Store.Path(name + ".lock")
	held, err := s.heldFor(ctx, name)
	switch {
	case err != nil:
		s.log.Found("local.lock-impossible", path, cause(err), s.moveAway(path))
	case held:
		s.login = s.login || name == signInLock
		seen, does := "another process has held it for "+s.patience.String(), "wait for the other tip-cli (perhaps it waits for a sign-in in the browser), or end it"
		if who := holder(s.root, path); who != "" {
			seen, does = who+" has held it for "+s.patience.String(), does+": "+who
		}
		s.log.Found("local.locked", path, seen, finding.Fix{Who: finding.You, Does: does, Console: "in the terminal or the AWS tool that started it (Ctrl-C)"})
	}
}

// heldFor reports whether a lock stays held for as long as is worth a word.
func (s *section) heldFor(ctx context.Context, name string) (bool, error) {
	for end := s.now().Add(s.patience); ; {
		held, err := s.Store.Locked(name)
		if err != nil || !held || s.now().After(end) || ctx.Err() != nil {
			return held, err
		}
		pause(ctx, 100*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// process words a process for a person.
func process(id int, name string) string {
	if name == "" {
		return fmt.Sprintf("process %d", id)
	}
	return fmt.Sprintf("process %d (%s)", id, name)
}
