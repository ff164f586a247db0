package world

import (
	"sync"
	"sync/atomic"
)

// guard is the lock of a world. It counts what is done under it, so that a saver
// learns without looking whether there is anything to save: every [guard.Unlock]
// counts as a change of what the world file describes, every [guard.UnlockRuntime]
// as one of sessions and tokens.
type guard struct {
	sync.RWMutex
	changes, runtime atomic.Uint64
}

// Unlock ends a change of what the world file describes.
func (g *guard) Unlock() {
	g.changes.Add(1)
	g.RWMutex.Unlock()
}

// UnlockRuntime ends a change of sessions, spent tokens or refresh tokens.
func (g *guard) UnlockRuntime() {
	g.runtime.Add(1)
	g.RWMutex.Unlock()
}

// Changes numbers the states of what [World.Export] tells: while the number stays,
// so does the answer, though not the other way round.
func (w *World) Changes() uint64 { return w.mu.changes.Load() }

// RuntimeChanges numbers the states of what [World.Runtime] tells.
func (w *World) RuntimeChanges() uint64 { return w.mu.runtime.Load() }
