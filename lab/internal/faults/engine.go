package faults

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// ErrTaken says that another fault has the name.
var ErrTaken = errors.New("the name is taken")

// Request is what an engine is told of a request. What is not known is empty.
type Request struct {
	// Service by botocore's name, or [ProviderService]; Operation as the API names it.
	Service, Operation string
	// Account and AccessKey of the caller; RoleARN of an assumed role; Person that the
	// session carries.
	Account, AccessKey, RoleARN, Person string
	// Region that the request is for.
	Region string
	// Issuer is the name of the OIDC provider.
	Issuer string
}

// Status is a fault that is set, and what it has done.
type Status struct {
	Fault
	// Matched counts the requests that its selectors were true of, Struck those that
	// it struck.
	Matched int `json:"matched"`
	Struck  int `json:"struck"`
	// Left is how often it will still strike at most, nil where there is no limit.
	Left *int `json:"left,omitempty"`
}

// Engine holds the faults that are set. Make one with [New].
type Engine struct {
	now     func() time.Time
	over    chan struct{} // closed by Close
	closing sync.Once
	serves  Catalogue

	mu   sync.Mutex // guards changes of set, and named
	made int        // names made up so far
	// set are the faults in their order; nil for none.
	set atomic.Pointer[[]*armed]
}

// New returns an engine without faults. now is the clock of time windows.
func New(now func() time.Time) *Engine { return &Engine{now: now, over: make(chan struct{})} }

// SetCatalogue says what there is to strike: faults for anything else are refused from
// then on. It must be called before the engine is used.
func (e *Engine) SetCatalogue(c Catalogue) { e.serves = c }

// Close ends the delays under way, and those to come.
func (e *Engine) Close() { e.closing.Do(func() { close(e.over) }) }

// Armed reports whether any fault is set. It costs the read of a pointer.
func (e *Engine) Armed() bool { return e.set.Load() != nil }

// Add sets faults behind those that are set, all of them or none, and returns their
// names. The error says which one is wrong, or is [ErrTaken].
func (e *Engine) Add(list ...Fault) ([]string, error) {
	if err := checkAll(list); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	set := slices.Clone(e.current())
	names := make([]string, 0, len(list))
	for i, f := range list {
		if f.Name != "" && find(set, f.Name) >= 0 {
			return nil, fmt.Errorf("%s: %w", f.title(i), ErrTaken)
		}
		for f.Name == "" || find(set, f.Name) >= 0 || i < len(list) && clashes(list, i, f.Name) {
			e.made++
			f.Name = "fault-" + strconv.Itoa(e.made)
		}
		a, err := e.arm(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", list[i].title(i), err)
		}
		set, names = append(set, a), append(names, f.Name)
	}
	e.store(set)
	return names, nil
}

// arm makes a fault ready, and refuses one that could never strike.
func (e *Engine) arm(f Fault) (*armed, error) {
	if err := e.serves.check(&f); err != nil {
		return nil, err
	}
	return newArmed(f, e.now())
}

// clashes reports whether a name that was made up is that of a later one of the list.
func clashes(list []Fault, i int, name string) bool {
	return slices.ContainsFunc(list[i+1:], func(f Fault) bool { return f.Name == name })
}

func find(set []*armed, name string) int {
	return slices.IndexFunc(set, func(a *armed) bool { return a.Name == name })
}

func (e *Engine) current() []*armed {
	if set := e.set.Load(); set != nil {
		return *set
	}
	return nil
}

// store replaces the set. e.mu is held.
func (e *Engine) store(set []*armed) {
	if len(set) == 0 {
		e.set.Store(nil)
		return
	}
	e.set.Store(&set)
}

// List returns the faults that are set, in their order.
func (e *Engine) List() []Status {
	list := []Status{}
	for _, a := range e.current() {
		list = append(list, a.status())
	}
	return list
}

// Remove takes a fault away and reports whether there was one of that name.
// Requests that it has struck already are not helped.
func (e *Engine) Remove(name string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := find(e.current(), name)
	if i < 0 {
		return false
	}
	e.store(slices.Delete(slices.Clone(e.current()), i, i+1))
	return true
}

// Clear takes all faults away and returns how many there were.
func (e *Engine) Clear() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.current())
	e.store(nil)
	return n
}

// Strike returns what happens to a request, nil for nothing. The faults are asked
// in their order, up to the first one that decides the answer.
func (e *Engine) Strike(r *Request) *Strike {
	set := e.set.Load()
	if set == nil {
		return nil
	}
	var s *Strike
	for _, a := range *set {
		if !a.strikes(r, e.now()) {
			continue
		}
		if s == nil {
			s = &Strike{over: e.over}
		}
		s.Faults = append(s.Faults, &a.Fault)
		if a.Do.refuses() {
			break
		}
	}
	return s
}
