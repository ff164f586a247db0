package world

import (
	"cmp"
	"errors"
	"slices"
)

// Statuses of a stack that the world itself looks at.
const (
	StackDeleted = "DELETE_COMPLETE"
	// StackReview is that of a stack of which there is a change set only.
	StackReview = "REVIEW_IN_PROGRESS"
)

// MaxStacks is the quota of stacks per account and region (CloudFormation user
// guide, "Understand CloudFormation quotas").
const MaxStacks = 2_000

// Errors of changes to stacks.
var (
	ErrStackExists = errors.New("a stack of that name exists")
	ErrStackQuota  = errors.New("too many stacks")
	ErrNoStack     = errors.New("there is no such stack")
)

// stacks are all stacks, by id and by where they are.
type stacks struct {
	byID map[string]*Stack
	// places has the ids of the stacks of an account and region, deleted ones
	// included, in the order in which they were made; names has those that live.
	places map[string][]string
	names  map[string]string
}

func newStacks() stacks {
	return stacks{byID: map[string]*Stack{}, places: map[string][]string{}, names: map[string]string{}}
}

func (s *Stack) place() string { return s.Account + " " + s.Region }

// add stores a stack that is not there yet.
func (t *stacks) add(s *Stack) error {
	key := s.place() + " " + s.Name
	if _, taken := t.names[key]; taken && s.Status != StackDeleted || t.byID[s.ID] != nil {
		return ErrStackExists
	}
	t.byID[s.ID] = s
	t.places[s.place()] = append(t.places[s.place()], s.ID)
	if s.Status != StackDeleted {
		t.names[key] = s.ID
	}
	return nil
}

// Stack returns a stack of an account and region by its id, or by its name
// unless it was deleted.
func (w *World) Stack(account, region, nameOrID string) (*Stack, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	id := cmp.Or(w.stacks.names[account+" "+region+" "+nameOrID], nameOrID)
	s, ok := w.stacks.byID[id]
	if !ok || s.Account != account || s.Region != region {
		return nil, false
	}
	return s, true
}

// StackByID returns a stack by its id.
func (w *World) StackByID(id string) (*Stack, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	s, ok := w.stacks.byID[id]
	return s, ok
}

// Stacks returns the stacks of an account and region, deleted ones included, the
// newest first.
func (w *World) Stacks(account, region string) []*Stack {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var all []*Stack
	for _, id := range slices.Backward(w.stacks.places[account+" "+region]) {
		all = append(all, w.stacks.byID[id])
	}
	return all
}

// AddStack stores a new stack. The error is [ErrStackExists] or [ErrStackQuota].
func (w *World) AddStack(s *Stack) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	living := 0
	for _, id := range w.stacks.places[s.place()] {
		if w.stacks.byID[id].Status != StackDeleted {
			living++
		}
	}
	if living >= MaxStacks {
		return ErrStackQuota
	}
	return w.stacks.add(s)
}

// ChangeStack has change edit a copy of a stack, stores it, and returns it.
// Nobody else changes it meanwhile, and who holds the old one goes on reading
// that. change may append to slices of the copy, and otherwise must not touch what
// they hold, only replace them. The error is that of change, or [ErrNoStack].
func (w *World) ChangeStack(id string, change func(*Stack) error) (*Stack, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	old, ok := w.stacks.byID[id]
	if !ok {
		return nil, ErrNoStack
	}
	edited := *old
	if err := change(&edited); err != nil {
		return nil, err
	}
	w.stacks.byID[id] = &edited
	if edited.Status == StackDeleted {
		delete(w.stacks.names, edited.place()+" "+edited.Name)
	}
	return &edited, nil
}
