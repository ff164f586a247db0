package world

import (
	"errors"
	"slices"
	"strings"
)

// ErrNoPolicy says that a role or user is about to get a managed policy that is not
// there, or not any more.
var ErrNoPolicy = errors.New("there is no such policy")

// byName are the entities of one kind by account, in the order of their names.
type byName[T any] struct {
	of  func(*T) (account, name string)
	all map[string]*ordered[T]
}

func newByName[T any](of func(*T) (account, name string)) *byName[T] {
	return &byName[T]{of, map[string]*ordered[T]{}}
}

// put stores an entity in the place of the one of its name.
func (b *byName[T]) put(e *T) {
	account, _ := b.of(e)
	o, ok := b.all[account]
	if !ok {
		o = newOrdered(func(e *T) string {
			_, name := b.of(e)
			return name
		})
		b.all[account] = o
	}
	o.put(e)
}

func (b *byName[T]) remove(e *T) {
	account, name := b.of(e)
	if o, ok := b.all[account]; ok {
		o.remove(name)
	}
}

// list is shared: nobody may change it.
func (b *byName[T]) list(account string) []*T {
	o, ok := b.all[account]
	if !ok {
		return nil
	}
	return o.list()
}

// SortName is what lists of IAM are in the order of: the name, whatever its case.
func (e *Entity) SortName() string { return strings.ToLower(e.Name) }

// SortName is what lists of IAM are in the order of: the name, whatever its case,
// and then the ARN, for AWS and an account may have policies of the same name.
func (p *ManagedPolicy) SortName() string { return strings.ToLower(p.Name) + "\x00" + p.arn }

func ofRole(r *Role) (account, name string)            { return r.Account, r.SortName() }
func ofUser(u *IAMUser) (account, name string)         { return u.Account, u.SortName() }
func ofPolicy(p *ManagedPolicy) (account, name string) { return p.Account, p.SortName() }

// Roles returns the roles of an account in the order of their names. The list is
// shared: nobody may change it.
func (w *World) Roles(account string) []*Role {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.iam.roles.list(account)
}

// IAMUsers returns the IAM users of an account in the order of their names. The list
// is shared: nobody may change it.
func (w *World) IAMUsers(account string) []*IAMUser {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.iam.users.list(account)
}

// Policies returns the managed policies that an account can attach in the order
// of their names: its own, and those of AWS.
func (w *World) Policies(account string) []*ManagedPolicy {
	w.mu.RLock()
	defer w.mu.RUnlock()
	own, aws := w.iam.listed.list(account), w.iam.listed.list(awsAccount)
	all := make([]*ManagedPolicy, 0, len(own)+len(aws))
	for _, p := range aws { // few among many
		at, _ := slices.BinarySearchFunc(own, p, func(a, b *ManagedPolicy) int { return strings.Compare(a.SortName(), b.SortName()) })
		all, own = append(append(all, own[:at]...), p), own[at:]
	}
	return append(all, own...)
}

// storePolicy puts a managed policy in its place. w.mu is held.
func (w *World) storePolicy(p *ManagedPolicy) {
	w.iam.policies[p.arn] = p
	w.iam.listed.put(p)
}

// checkPolicies looks whether the managed policies of an entity are there. w.mu is
// held, so that none goes away before the entity is stored.
func (w *World) checkPolicies(e *Entity) error {
	for _, arn := range e.Attached {
		if _, ok := w.iam.policies[arn]; !ok {
			return ErrNoPolicy
		}
	}
	if _, ok := w.iam.policies[e.BoundaryARN]; !ok && e.BoundaryARN != "" {
		return ErrNoPolicy
	}
	return nil
}
