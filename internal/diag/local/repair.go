package local

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/store"
)

// The repairs, as the first word of finding.Fix.Repair; the rest is what each is about.
const (
	repairTighten = "tighten"
	repairAside   = "set-aside"
	repairSeal    = "seal"
	repairPause   = "forget-sign-in"
	repairRun     = "run"
)

// repairWait bounds the wait for the lock of another process.
const repairWait = 10 * time.Second

// Runs returns the command line that a repair consists of, where it is one of tip-cli's
// own; else "". Who repairs runs it.
func Runs(fix *finding.Fix) string {
	if fix.Repair == repairRun {
		return fix.Command
	}
	return ""
}

// Says words what a repair will do, in a line.
func Says(fix *finding.Fix) string {
	verb, about, _ := strings.Cut(fix.Repair, " ")
	switch verb {
	case repairTighten:
		return "close " + about + " to other users"
	case repairAside:
		return "set " + about + " aside, under another name"
	case repairSeal:
		return "seal the tokens; they stay the same"
	case repairPause:
		return "forget the failed sign-in, so that the next one begins at once"
	}
	return fix.Does + ": " + fix.Command
}

// Repair does what a fix says that diag --fix does about it, under the lock of the store
// and whole or not at all. Nothing is deleted, and no token is lost. st is an ordinary
// store of the context under diagnosis.
func Repair(ctx context.Context, st *store.Store, fix *finding.Fix) error {
	verb, about, _ := strings.Cut(fix.Repair, " ")
	waiting, cancel := context.WithTimeout(ctx, repairWait)
	defer cancel()
	release, err := st.Lock(waiting, sessionLock)
	if err != nil {
		return err
	}
	defer release()
	switch verb {
	case repairTighten:
		return st.Tighten(about)
	case repairAside:
		_, err = st.SetAside(about)
		return err
	case repairSeal:
		return seal(ctx, st)
	case repairPause:
		return st.ClearSignIn()
	}
	return errors.New("diag: no repair is called " + chain.Quoted(verb))
}

// seal writes the tokens back, which seals them. They are read under the lock: whoever
// renews them meanwhile waits.
func seal(ctx context.Context, st *store.Store) error {
	token, err := st.LoadIDPToken(ctx)
	if errors.Is(err, store.ErrNotFound) || err == nil && !token.Plaintext {
		return nil // somebody else has done it
	}
	if err != nil {
		return err
	}
	return st.SaveIDPToken(ctx, token)
}
