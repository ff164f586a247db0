package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tip-cli/tip-cli/lab/internal/datadir"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// loadTrail reads the events that can be read. No world is refused for its trail.
func (k *keeper) loadTrail(s *keptState) {
	name := datadir.File(trailPart + k.generation)
	lines, err := k.dir.Lines(name)
	if err != nil {
		k.log.Warn("the audit trail of the data directory cannot be read", "dir", k.dir.Path(), "file", name, "error", err)
	}
	seen := map[string]bool{} // an event may stand twice that came while the file was cut
	for _, line := range lines {
		var e Event
		if err := json.Unmarshal(line, &e); err != nil || e.EventID == "" {
			k.log.Warn("an event of the data directory cannot be read", "dir", k.dir.Path(), "file", name, "error", err)
			continue
		}
		if !seen[e.EventID] {
			s.events = append(s.events, e)
		}
		seen[e.EventID] = true
	}
}

// eventBuffer holds events until they are written. It is safe for concurrent use.
type eventBuffer struct {
	mu      sync.Mutex
	pending []Event
	written int // lines, since the trail was last cut
	// torn says that the file may end with a part of a line. The keeper's mu is for it.
	torn bool
}

func (b *eventBuffer) add(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = append(b.pending, e)
}

func (b *eventBuffer) empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.pending) == 0
}

func (b *eventBuffer) take() []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.pending
	b.pending = nil
	return taken
}

// putBack returns what could not be written, as far as the trail has room.
func (b *eventBuffer) putBack(events []Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = slices.Concat(events, b.pending)
	b.pending = b.pending[max(0, len(b.pending)-world.TrailLength):]
}

// saveTrail appends the new events, and cuts the file when it has grown twice as
// long as the trail.
func (k *keeper) saveTrail() error {
	if k.events.torn {
		return k.trimTrail()
	}
	events := k.events.take()
	if len(events) == 0 {
		return nil
	}
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for i := range events {
		if err := enc.Encode(&events[i]); err != nil {
			return fmt.Errorf("event %s: %w", events[i].EventName, err)
		}
	}
	if err := k.dir.Append(datadir.File(trailPart+k.generation), lines.Bytes()); err != nil {
		k.events.putBack(events)
		k.events.torn = errors.Is(err, datadir.ErrTorn)
		return err
	}
	if k.events.written += len(events); k.events.written < world.TrailLength {
		return nil
	}
	return k.trimTrail()
}

// trimTrail writes the trail anew, as long as the world remembers it.
func (k *keeper) trimTrail() error {
	k.events.torn = true
	k.events.take() // they are in the world's trail, too
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, e := range k.front.world.Events() {
		if err := enc.Encode(&e); err != nil {
			return fmt.Errorf("event %s: %w", e.EventName, err)
		}
	}
	if err := k.dir.ReplaceLines(datadir.File(trailPart+k.generation), lines.Bytes()); err != nil {
		return err
	}
	k.events.written, k.events.torn = 0, false
	return nil
}
