//go:build !linux

package childproc

import (
	"os"
	"sync/atomic"
)

// wouldEnd is not known here.
func wouldEnd(int, os.Signal) bool { return false }

// stopWith does nothing here: a child that stops itself alone leaves us running.
func stopWith(*os.Process, *atomic.Int64, <-chan struct{}) {}
