package world

import (
	"fmt"
	"reflect"
	"sync"
)

// exportCache keeps what [World.ExportJSON] wrote of the large parts of a world
// that have not changed since: the issuers with their people, and directories.
type exportCache struct {
	mu          sync.Mutex
	issuers     []byte
	directories map[string]*writtenDirectory // by the instance's ARN
}

// writtenDirectory is a directory as it was written, and the lists that it had
// then: a change puts others in their place.
type writtenDirectory struct {
	users       *[]*User
	groups      *[]*Group
	memberships *[]*Membership

	userText, groupText []byte
}

// same reports whether a directory is still what was written.
func (d *writtenDirectory) same(other *writtenDirectory) bool {
	return d != nil && d.users == other.users && d.groups == other.groups && d.memberships == other.memberships
}

// lists are the directory's lists of now. [World.mu] is held.
func (d *directory) lists() *writtenDirectory {
	d.users.list()
	d.groups.list()
	d.memberships.list()
	return &writtenDirectory{users: d.users.made.Load(), groups: d.groups.made.Load(), memberships: d.memberships.made.Load()}
}

// ExportJSON is the JSON of [World.Export], see [File.JSON]. A world of many people
// costs little as long as they stay as they are.
func (w *World) ExportJSON(endpoint string) ([]byte, error) {
	w.exports.mu.Lock()
	defer w.exports.mu.Unlock()
	s := &schemaWriter{raw: map[any][]byte{}}
	directories := map[*InstanceFile]*writtenDirectory{}
	w.mu.RLock()
	f := w.exportRest(func(in *Instance, to *InstanceFile) {
		now := in.lists()
		if before := w.exports.directories[in.ARN]; before.same(now) {
			now, to.DirectoryQuotas = before, in.quotas
		} else {
			w.exportDirectory(in, to)
		}
		directories[to] = now
	})
	issuers := w.issuers // which do not change
	w.mu.RUnlock()
	if err := w.writeLarge(s, f, issuers, directories); err != nil {
		return nil, fmt.Errorf("world file: %w", err)
	}
	text, err := s.json(nil, reflect.ValueOf(f).Elem())
	if err != nil {
		return nil, fmt.Errorf("world file: %w", err)
	}
	return hideEndpoint(text, endpoint), nil
}

// writeLarge writes those of the large parts that have changed, and gives all to s
// as they are written.
func (w *World) writeLarge(s *schemaWriter, f *File, issuers []*Issuer, directories map[*InstanceFile]*writtenDirectory) (err error) {
	if w.exports.issuers == nil && len(issuers) > 0 {
		if w.exports.issuers, err = s.json(nil, reflect.ValueOf(exportIssuers(issuers))); err != nil {
			return err
		}
	}
	s.raw[&f.Issuers] = w.exports.issuers
	w.exports.directories = map[string]*writtenDirectory{}
	for in, d := range directories {
		if d.userText == nil {
			if d.userText, err = s.json([]byte{}, reflect.ValueOf(in.Users)); err != nil {
				return err
			}
			if d.groupText, err = s.json([]byte{}, reflect.ValueOf(in.Groups)); err != nil {
				return err
			}
		}
		s.raw[&in.Users], s.raw[&in.Groups] = d.userText, d.groupText
		w.exports.directories[in.ARN] = d
	}
	return nil
}
