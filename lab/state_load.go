package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/tip-cli/tip-cli/lab/internal/datadir"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// load reads the directory; nil for a new one.
func (k *keeper) load() (*keptState, error) {
	text, err := k.dir.Read(mainFile)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var main struct {
		Generation string          `json:"generation"`
		World      json.RawMessage `json:"world"`
	}
	if err := json.Unmarshal(text, &main); err != nil {
		return nil, k.damaged(mainFile, err)
	}
	if k.generation = main.Generation; main.Generation == "" || strings.ContainsAny(main.Generation, `/\`) {
		return nil, k.damaged(mainFile, errors.New("it names no generation"))
	}
	s := &keptState{}
	if s.file, err = world.ParseJSON(main.World, k.endpoint); err != nil {
		return nil, k.damaged(mainFile, err)
	}
	for _, step := range []func(*keptState) error{k.loadRuntime, k.loadObjects, k.loadTrail} {
		if err := step(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (k *keeper) damaged(name string, err error) error {
	return &datadir.DamagedError{Path: name + " in " + k.dir.Path(), Reason: err.Error()}
}

func (k *keeper) loadRuntime(s *keptState) error {
	name := datadir.File(runtimePart + k.generation)
	text, err := k.dir.Read(name)
	if err != nil {
		return k.absent(name, err)
	}
	var f runtimeFile
	if err := json.Unmarshal(world.ShowEndpoint(text, k.endpoint), &f); err != nil {
		return k.damaged(name, err)
	}
	if f.World == nil || f.IDP == nil {
		return k.damaged(name, errors.New("a part is missing"))
	}
	s.runtime, s.idp = f.World, f.IDP
	return nil
}

// absent makes an error of a file that has to be there.
func (k *keeper) absent(name string, err error) error {
	if missing(err) {
		return k.damaged(name, errors.New("it is missing"))
	}
	return err
}

func (k *keeper) loadTrail(s *keptState) error {
	name := datadir.File(trailPart + k.generation)
	lines, err := k.dir.Lines(name)
	if err != nil {
		return err
	}
	seen := map[string]bool{} // an event may stand twice that came while the file was cut
	for _, line := range lines {
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return k.damaged(name, err)
		}
		if !seen[e.EventID] {
			s.events = append(s.events, e)
		}
		seen[e.EventID] = true
	}
	return nil
}

// eventBuffer holds events until they are written. It is safe for concurrent use.
type eventBuffer struct {
	mu      sync.Mutex
	pending []Event
	written int // lines, since the trail was last cut
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
		return err
	}
	if k.events.written += len(events); k.events.written < world.TrailLength {
		return nil
	}
	return k.trimTrail()
}

// trimTrail writes the trail anew, as long as the world remembers it.
func (k *keeper) trimTrail() error {
	k.events.take() // they are in the world's trail, too
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, e := range k.front.world.Events() {
		if err := enc.Encode(&e); err != nil {
			return fmt.Errorf("event %s: %w", e.EventName, err)
		}
	}
	k.events.written = 0
	return k.dir.ReplaceLines(datadir.File(trailPart+k.generation), lines.Bytes())
}

// dropOthers removes what former worlds have left.
func (k *keeper) dropOthers() error {
	names, err := k.dir.Names()
	if err != nil {
		return err
	}
	keep := []string{mainFile, initialFile, caFile}
	for _, part := range []string{runtimePart, objectsPart, trailPart} {
		keep = append(keep, datadir.File(part+k.generation))
	}
	for _, name := range names {
		if !slices.Contains(keep, name) {
			if err := k.dir.Remove(name); err != nil {
				return err
			}
		}
	}
	return k.dropBlobs()
}

// dropBlobs removes the bodies that no object has any more.
func (k *keeper) dropBlobs() error {
	keep := map[string]bool{}
	for _, name := range k.blobs {
		keep[name] = true
	}
	return k.dir.KeepBlobs(keep)
}
