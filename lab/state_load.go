package lab

import (
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/lab/internal/datadir"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// load reads the directory; nil for a new one.
func (k *keeper) load() (*keptState, error) {
	text, err := k.dir.Read(mainFile)
	if missing(err) {
		return nil, k.begin()
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
	if k.generation = main.Generation; !generationName(main.Generation) {
		return nil, k.damaged(mainFile, errors.New("it names no generation"))
	}
	s := &keptState{}
	if s.file, err = world.ParseJSON(main.World, k.endpoint); err != nil {
		return nil, k.damaged(mainFile, err)
	}
	for _, step := range []func(*keptState) error{k.loadRuntime, k.loadObjects} {
		if err := step(s); err != nil {
			return nil, err
		}
	}
	k.loadTrail(s)
	return s, nil
}

// begin marks a directory without a world as a new one, until it has one. It is
// damaged if there are parts of a world, and not of one whose first start was cut off.
func (k *keeper) begin() error {
	_, err := k.dir.Read(startFile)
	if err == nil || !missing(err) {
		return err
	}
	names, err := k.dir.Names()
	if err != nil {
		return err
	}
	left, err := k.dir.HasBlobs()
	if err != nil {
		return err
	}
	for _, name := range names {
		left = left || generationFile(name)
	}
	if left {
		return k.absent(mainFile, fs.ErrNotExist)
	}
	return k.dir.Write(startFile, nil)
}

// generationFile reports whether a file of that name belongs to a generation.
func generationFile(name string) bool {
	for _, part := range []string{runtimePart, objectsPart, trailPart} {
		rest, ok := strings.CutPrefix(name, part)
		generation, _, _ := strings.Cut(rest, ".")
		if ok && generationName(generation) && name == datadir.File(part+generation) {
			return true
		}
	}
	return false
}

// generationName reports whether a generation can be called that.
func generationName(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// ownFile reports whether a data directory has files of that name.
func ownFile(name string) bool {
	if slices.Contains([]string{mainFile, initialFile, caFile, startFile}, name) {
		return true
	}
	return generationFile(name)
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
