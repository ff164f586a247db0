package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/lab/internal/datadir"
	"github.com/tip-cli/tip-cli/lab/internal/idp"
	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
	"github.com/tip-cli/tip-cli/lab/internal/tlsca"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Files of a data directory. Those with a generation belong to one world: the
// main file names the generation, so that a world that replaces another does so at
// once with all that belongs to it.
var (
	mainFile    = datadir.File("world")
	initialFile = datadir.File("initial")
	caFile      = datadir.File("authority")
	// startFile is there from the first moment of a new directory until it has a
	// world: where neither is, the world has been lost.
	startFile = datadir.File("beginning")
)

// Parts of the names of files with a generation.
const (
	runtimePart = "sessions-"
	objectsPart = "objects-"
	trailPart   = "trail-"
)

// Times of the saver in the background.
const (
	// saveEvery is how long sessions, tokens, objects and events wait for it.
	saveEvery = 200 * time.Millisecond
	// savePause is how much longer than the last save it rests after it, so that a
	// world of many sessions leaves time for requests.
	savePause = 2
	// retryAfter is how long a directory that cannot be written is left alone.
	retryAfter = time.Second
)

// keeper keeps a lab in a data directory. A change of what the world file describes
// is on disk before its answer is sent: many requests share one write. Sessions,
// tokens, objects and events follow in the background.
type keeper struct {
	dir      *datadir.Dir
	endpoint string
	log      *slog.Logger
	report   func(error)

	// mu is held while something is written.
	mu         sync.Mutex
	front      *front // that is kept
	generation string
	blobs      map[*store.Blob]string
	events     *eventBuffer
	// runtime, people and objects are the numbers of the states that are on disk.
	runtime, people, objects uint64

	kept  atomic.Pointer[front] // the same front, to look at without mu
	saved atomic.Uint64         // number of the world's state that is on disk
	// worldFailure is of the world, restFailure of everything else.
	worldFailure, restFailure atomic.Pointer[failure]

	closed bool // the directory may be another lab's
	stop   chan struct{}
	done   sync.WaitGroup
}

// errClosed is the answer to a change of the world of a lab that has ended.
var errClosed = errors.New("the lab has been closed")

// keptState is what a data directory had.
type keptState struct {
	file    *world.File
	runtime *world.Runtime
	idp     *idp.State
	objects []store.BucketState
	events  []Event
}

// runtimeFile is the file with sessions, tokens and signing keys.
type runtimeFile struct {
	World *world.Runtime `json:"world"`
	IDP   *idp.State     `json:"idp"`
}

// openKeeper takes possession of a data directory. state is nil if it is new.
func openKeeper(path, endpoint string, opts *Options) (_ *keeper, state *keptState, err error) {
	dir, err := datadir.Open(path, mainFile, ownFile)
	if err != nil {
		return nil, nil, fmt.Errorf("data directory: %w", err)
	}
	k := &keeper{
		dir: dir, endpoint: endpoint, log: opts.Log, report: opts.OnDataDir,
		blobs: map[*store.Blob]string{}, events: &eventBuffer{}, stop: make(chan struct{}),
	}
	state, err = k.load()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("data directory: %w", err), dir.Close())
	}
	return k, state, nil
}

// authority is what proves that answers are the lab's and lets people in: its CA,
// and the seed of the administrators' keys.
type authority struct {
	CA   string `json:"ca"` // PEM, with the private keys
	Seed []byte `json:"administrators"`
}

// authority returns that of the directory, or a new one that is put there; one
// that has a world must have it.
func (k *keeper) authority(restored bool) (*tlsca.CA, []byte, error) {
	kept := authority{Seed: administratorSeed()}
	text, err := k.dir.Read(caFile)
	if err == nil {
		if err = json.Unmarshal(text, &kept); err != nil {
			err = k.damaged(caFile, err)
		}
	}
	if restored {
		err = k.absent(caFile, err)
	}
	if err != nil && !missing(err) {
		return nil, nil, fmt.Errorf("data directory: %w", err)
	}
	if err == nil {
		ca, err := tlsca.Parse([]byte(kept.CA))
		if err == nil {
			return ca, kept.Seed, nil
		}
		if !errors.Is(err, tlsca.ErrOld) {
			return nil, nil, fmt.Errorf("data directory: %w", k.damaged(caFile, err))
		}
	}
	ca, err := tlsca.New()
	if err != nil {
		return nil, nil, err
	}
	return ca, kept.Seed, k.saveAuthority(ca, kept.Seed)
}

func (k *keeper) saveAuthority(ca *tlsca.CA, seed []byte) error {
	pem, err := ca.Marshal()
	if err != nil {
		return err
	}
	text, err := json.Marshal(authority{CA: string(pem), Seed: seed})
	if err != nil {
		return err
	}
	if err := k.dir.Write(caFile, text); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// adopt writes everything of a front, under a new generation unless it was loaded
// from here, and keeps it from now on. After an error the one before is kept; that
// something of former worlds is left is none.
func (k *keeper) adopt(f *front, loaded bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return errClosed
	}
	before := *k.snapshot()
	k.front = f
	if !loaded {
		k.generation = uuid.NewString()
		k.events = &eventBuffer{}
	}
	k.runtime, k.people, k.objects = unsaved, unsaved, unsaved
	err := errors.Join(k.saveObjects(), k.saveRuntime())
	if err == nil {
		err = k.saveWorld()
	}
	if err == nil && before.front == nil {
		err = k.dir.Remove(startFile)
	}
	if err != nil {
		k.restore(&before)
		return fmt.Errorf("data directory: %w", err)
	}
	k.kept.Store(f)
	f.world.OnEvent(k.events.add)
	k.leftOver(errors.Join(k.dropOthers(), k.trimTrail()))
	return nil
}

// leftOver notes that something was not removed that nobody needs. It is removed
// another time.
func (k *keeper) leftOver(err error) {
	if err != nil {
		k.log.Warn("the data directory was not tidied up", "dir", k.dir.Path(), "error", err)
	}
}

// unsaved is no state's number.
const unsaved = ^uint64(0)

// position is what adopt changes before it knows that it can.
type position struct {
	front                    *front
	generation               string
	blobs                    map[*store.Blob]string
	events                   *eventBuffer
	runtime, people, objects uint64
}

func (k *keeper) snapshot() *position {
	return &position{k.front, k.generation, k.blobs, k.events, k.runtime, k.people, k.objects}
}

func (k *keeper) restore(p *position) {
	k.front, k.generation, k.blobs, k.events = p.front, p.generation, p.blobs, p.events
	k.runtime, k.people, k.objects = p.runtime, p.people, p.objects
	k.saved.Store(unsaved) // the main file may be the one that was to replace it
}

// commit makes sure that the world of a front is on disk as it is now. One that is
// not kept any more is nobody's concern.
func (k *keeper) commit(f *front) {
	if k.kept.Load() != f || k.saved.Load() == f.world.Changes() {
		return
	}
	if k.worldFailure.Load().recent() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.front == f {
		k.outcome(k.saveWorld(), k.restFailure.Load())
	}
}

// save writes whatever has changed.
func (k *keeper) save() {
	k.mu.Lock()
	defer k.mu.Unlock()
	rest := errors.Join(k.saveObjects(), k.saveRuntime())
	world := k.saveWorld()
	k.outcome(world, failureOf(errors.Join(rest, k.saveTrail())))
}

// run saves in the background until close.
func (k *keeper) run() {
	k.done.Go(func() {
		pause := saveEvery
		for {
			select {
			case <-k.stop:
				return
			case <-time.After(pause):
			}
			began := time.Now()
			if !k.worldFailure.Load().recent() && !k.restFailure.Load().recent() {
				k.save()
			}
			pause = max(saveEvery, savePause*time.Since(began))
		}
	})
}

// close saves what is left and gives the directory up: nothing is written from then
// on, as another lab may have it.
func (k *keeper) close() error {
	close(k.stop)
	k.done.Wait()
	k.save()
	var err error
	if failed := k.failed(); failed != nil {
		err = fmt.Errorf("data directory: not everything was saved: %w", failed.err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed, k.front = true, nil
	k.kept.Store(nil)
	return errors.Join(err, k.dir.Close())
}

// settled reports whether everything is on disk.
func (k *keeper) settled() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.front
	return f != nil && k.saved.Load() == f.world.Changes() && k.runtime == f.world.RuntimeChanges() && k.people == f.idp.Changes() &&
		k.objects == f.objects.Changes() && k.events.empty() && !k.events.torn
}

func (k *keeper) saveWorld() error {
	changes := k.front.world.Changes()
	if k.kept.Load() == k.front && k.saved.Load() == changes {
		return nil
	}
	text, err := k.front.world.ExportJSON(k.endpoint)
	if err != nil {
		return err
	}
	head, err := json.Marshal(k.generation)
	if err != nil {
		return err
	}
	if err := k.dir.Write(mainFile, bytes.Join([][]byte{[]byte(`{"generation":`), head, []byte(`,"world":`), text, []byte("}\n")}, nil)); err != nil {
		return err
	}
	k.saved.Store(changes)
	return nil
}

func (k *keeper) saveRuntime() error {
	f := k.front
	runtime, people := f.world.RuntimeChanges(), f.idp.Changes()
	if k.runtime == runtime && k.people == people {
		return nil
	}
	state, err := f.idp.State()
	if err != nil {
		return err
	}
	text, err := json.Marshal(&runtimeFile{World: f.world.Runtime(), IDP: state})
	if err != nil {
		return err
	}
	if err := k.dir.Write(datadir.File(runtimePart+k.generation), world.HideEndpoint(text, k.endpoint)); err != nil {
		return err
	}
	k.runtime, k.people = runtime, people
	return nil
}
