package lab

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/tip-cli/tip-cli/lab/internal/datadir"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
	"github.com/tip-cli/tip-cli/lab/internal/tlsca"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// exportLimit bounds the bodies of objects in a world file, in bytes.
const exportLimit = 64 << 20

// importLimit bounds a world file that [Lab.Import] takes and [Lab.Export] makes, in bytes.
const importLimit = 128 << 20

// errLongFile is the answer to a longer one.
var errLongFile = fmt.Errorf("the world file is larger than %d MiB", importLimit>>20)

// ErrLarge says that the objects of a lab are too large for a world file; an
// export without them is possible.
var ErrLarge = s3.ErrLarge

// Errors of [Start] about a DataDir; its text says more.
var (
	// ErrDataDirLocked: another lab uses it.
	ErrDataDirLocked = datadir.ErrLocked
	// ErrDataDirForeign: it holds something else.
	ErrDataDirForeign = datadir.ErrForeign
	// ErrDataDirNewer: a lab of another version wrote it.
	ErrDataDirNewer = datadir.ErrVersion
	// ErrDataDirDamaged: a file was cut off, changed or removed. Nothing was changed.
	ErrDataDirDamaged = datadir.ErrDamaged
)

// ExportOptions say what an export holds.
type ExportOptions struct {
	// WithoutObjects leaves the objects of buckets out.
	WithoutObjects bool
}

// openState takes possession of the data directory, if there is to be one, and
// returns what it has: nothing if it is new. The lab gets its CA.
func (l *Lab) openState() (*keptState, error) {
	var err error
	if l.opts.DataDir == "" {
		l.seed = administratorSeed()
		l.ca, err = tlsca.New()
		return nil, err
	}
	k, state, err := openKeeper(l.opts.DataDir, l.addr, &l.opts)
	if err != nil {
		return nil, err
	}
	if l.ca, l.seed, err = k.authority(state != nil); err != nil {
		return nil, errors.Join(err, k.dir.Close())
	}
	l.keeper = k
	return state, nil
}

// firstFront is the front with which a lab begins: of the world that was kept, or of
// that of the options.
func (l *Lab) firstFront(state *keptState) (*front, error) {
	if state == nil {
		file, err := l.initialFile()
		if err != nil {
			return nil, err
		}
		if err := l.keepInitial(file); err != nil {
			return nil, err
		}
		f, err := l.frontOf(file)
		if err != nil || l.keeper == nil {
			return f, err
		}
		return f, l.keeper.adopt(f, false)
	}
	l.restored = true
	w, err := world.New(state.file, l.opts.Now)
	if err == nil {
		err = w.Restore(state.runtime)
	}
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	w.RestoreEvents(state.events)
	f, err := newFront(l, w, &l.opts, state)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return f, l.keeper.adopt(f, true)
}

// Restored reports whether the lab went on with the world of its DataDir, and not
// with that of the options.
func (l *Lab) Restored() bool { return l.restored }

// initialFile is the world file that the options say.
func (l *Lab) initialFile() (*world.File, error) {
	file, err := world.Parse(l.opts.World, l.addr)
	if err != nil {
		return nil, err
	}
	if l.opts.Edit != nil {
		l.opts.Edit(file)
	}
	return file, nil
}

// keepInitial keeps a world file for a reset in a later run.
func (l *Lab) keepInitial(file *world.File) error {
	if l.keeper == nil {
		return nil
	}
	text, err := file.JSON(l.addr)
	if err != nil {
		return err
	}
	if err := l.keeper.dir.Write(initialFile, text); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// frontOf makes a world of a file, and the services for it.
func (l *Lab) frontOf(file *world.File) (*front, error) {
	w, err := world.New(file, l.opts.Now)
	if err != nil {
		return nil, err
	}
	return newFront(l, w, &l.opts, &keptState{})
}

// Export is the world of the lab as a world file, from which [Options].World or
// [Lab.Import] makes the same world: what its APIs have made is in it, with ids,
// ARNs, times and the objects of buckets, and so are all secrets. Sessions, tokens,
// signing keys, uploads under way and the audit trail are not. The error is
// [ErrLarge] if the objects have more than 64 MiB together, or the file more than 128.
func (l *Lab) Export(edits ...func(*ExportOptions)) ([]byte, error) {
	var o ExportOptions
	for _, edit := range edits {
		edit(&o)
	}
	f := l.current()
	file := f.world.Export()
	if !o.WithoutObjects {
		if err := f.objects.ExportTo(file, l.addr, exportLimit); err != nil {
			return nil, fmt.Errorf("export the world: %w", err)
		}
	}
	text, err := file.YAML(l.addr)
	if err != nil {
		return nil, fmt.Errorf("export the world: %w", err)
	}
	if len(text) > importLimit {
		return nil, fmt.Errorf("export the world: %w: it would have more than %d MiB", ErrLarge, importLimit>>20)
	}
	return text, nil
}

// Import puts the world of a file in the place of the lab's, at once and whole: on
// an error nothing changes. Requests under way end in the old world. Sessions,
// sign-ins, signing keys and the audit trail begin anew, as in a new lab; its
// address, its CA, its clock, its faults and its counts stay. A file of more than
// 128 MiB is refused.
func (l *Lab) Import(document []byte) error {
	if len(document) > importLimit {
		return fmt.Errorf("import the world: %w", errLongFile)
	}
	file, err := world.Parse(document, l.addr)
	if err != nil {
		return fmt.Errorf("import the world: %w", err)
	}
	if err := l.replaceWorld(file); err != nil {
		return fmt.Errorf("import the world: %w", err)
	}
	return nil
}

// Reset is [Lab.Import] of the world that the lab was started with: that of
// [Options], whose Edit is called again, or the one that a DataDir began with.
func (l *Lab) Reset() error {
	file, err := l.originalFile()
	if err == nil {
		err = l.replaceWorld(file)
	}
	if err != nil {
		return fmt.Errorf("reset the world: %w", err)
	}
	return nil
}

func (l *Lab) originalFile() (*world.File, error) {
	if l.keeper == nil {
		return l.initialFile()
	}
	text, err := l.keeper.dir.Read(initialFile)
	if err != nil {
		return nil, l.keeper.absent(initialFile, err)
	}
	return world.ParseJSON(text, l.addr)
}

func (l *Lab) replaceWorld(file *world.File) error {
	l.swapping.Lock()
	defer l.swapping.Unlock()
	if l.closed {
		return errClosed
	}
	f, err := l.frontOf(file)
	if err != nil {
		return err
	}
	if l.keeper != nil {
		if err := l.keeper.adopt(f, false); err != nil {
			f.close()
			return err
		}
	}
	old := l.front.Swap(f)
	l.replays.Add(int64(old.world.Replays()))
	old.close()
	return nil
}

// durableWriter sends nothing of an answer before what was changed for it is on disk.
type durableWriter struct {
	http.ResponseWriter
	commit  func()
	started bool
}

// Unwrap is for http.ResponseController.
func (w *durableWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *durableWriter) WriteHeader(status int) {
	w.start()
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *durableWriter) Write(p []byte) (int, error) {
	w.start()
	return w.ResponseWriter.Write(p)
}

func (w *durableWriter) start() {
	if !w.started {
		w.started = true
		w.commit()
	}
}
