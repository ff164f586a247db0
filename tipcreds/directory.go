package tipcreds

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// directory finds the keeper of a user, and forgets users beyond a bound. It is
// divided into shards, each with a lock that is held for a look-up only.
type directory struct {
	max       int64
	patience  time.Duration // for how long somebody who came is not swept
	seed      maphash.Seed
	shards    []shard
	count     atomic.Int64
	forgotten atomic.Uint64
}

// shard has its users in a map and in the order in which they came, a ring that
// begins behind the root.
type shard struct {
	mu    sync.Mutex
	users map[Subject]*seat
	root  seat
}

// seat is a user's place in a shard.
type seat struct {
	keeper     keeper
	seen       time.Time // when they last came
	next, prev *seat
}

// Shards are worth their locks where many users are; a small directory has one, so
// that its order is exact.
const (
	manyUsers  = 1 << 12
	manyShards = 1 << 6
)

func newDirectory(maxUsers int, patience time.Duration) *directory {
	d := &directory{max: int64(maxUsers), patience: patience, seed: maphash.MakeSeed(), shards: make([]shard, 1)}
	if maxUsers >= manyUsers {
		d.shards = make([]shard, manyShards)
	}
	for i := range d.shards {
		s := &d.shards[i]
		s.users = map[Subject]*seat{}
		s.root.next, s.root.prev = &s.root, &s.root
	}
	return d
}

func (d *directory) shard(subject Subject) *shard {
	if len(d.shards) == 1 {
		return &d.shards[0]
	}
	return &d.shards[maphash.Comparable(d.seed, subject)%uint64(len(d.shards))]
}

// keeper returns that of a user, whom admit fills in if they are new.
func (d *directory) keeper(subject Subject, admit func(*keeper, Subject)) *keeper {
	s, now := d.shard(subject), time.Now()
	s.mu.Lock()
	known := s.users[subject]
	if known != nil {
		s.unlink(known)
		s.link(known, now)
		s.mu.Unlock()
		return &known.keeper
	}
	known = &seat{}
	admit(&known.keeper, subject)
	s.users[known.keeper.subject] = known
	s.link(known, now)
	d.count.Add(1)
	d.sweep(s, now)
	s.mu.Unlock()
	d.makeRoom(s, known)
	return &known.keeper
}

// sweep drops the oldest users of a shard if nothing that is held of them is of use any
// more: two for each that comes, so that they get fewer. Who came just now may not have
// asked for credentials yet. The shard is locked.
func (d *directory) sweep(s *shard, now time.Time) {
	for range 2 {
		oldest := s.root.prev
		if oldest == &s.root || now.Sub(oldest.seen) < d.patience || !oldest.keeper.idle(now) {
			return
		}
		d.drop(s, oldest)
	}
}

// makeRoom forgets users until there are no more than there may be: the oldest of
// shard s, then of the others. No two shards are locked at once.
func (d *directory) makeRoom(s *shard, but *seat) {
	for i := 0; d.count.Load() > d.max && i <= len(d.shards); i++ {
		s.mu.Lock()
		for d.count.Load() > d.max {
			oldest := s.oldest(but)
			if oldest == nil {
				break
			}
			d.drop(s, oldest)
			d.forgotten.Add(1)
		}
		s.mu.Unlock()
		s = &d.shards[i%len(d.shards)]
	}
}

// remove forgets one user for good, if they are known.
func (d *directory) remove(subject Subject) {
	s := d.shard(subject)
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.users[subject]; known != nil {
		known.keeper.signedOut.Store(true)
		d.drop(s, known)
	}
}

func (d *directory) stats() PoolStats {
	return PoolStats{Users: int(d.count.Load()), MaxUsers: int(d.max), Forgotten: d.forgotten.Load()}
}

func (d *directory) drop(s *shard, known *seat) {
	s.unlink(known)
	delete(s.users, known.keeper.subject)
	d.count.Add(-1)
	known.keeper.dropped.Store(true)
}

// busySeats bounds how many users with a renewal under way are passed over when one
// must be forgotten: their JWT is about to be spent.
const busySeats = 16

func (s *shard) oldest(but *seat) *seat {
	oldest := s.root.prev
	for range busySeats {
		if oldest == &s.root {
			return nil
		}
		if oldest != but && !oldest.keeper.flight.busy() {
			return oldest
		}
		oldest = oldest.prev
	}
	return nil
}

func (s *shard) link(known *seat, now time.Time) {
	known.seen = now
	known.prev, known.next = &s.root, s.root.next
	known.prev.next, known.next.prev = known, known
}

func (s *shard) unlink(known *seat) {
	known.prev.next, known.next.prev = known.next, known.prev
	known.prev, known.next = nil, nil
}

// idle reports whether a user holds nothing that could still be used: no credentials,
// no refresh token, and no JWT that must not be sent again.
func (k *keeper) idle(now time.Time) bool {
	return !k.current.Load().usable(now) && k.grant.Load() == nil && !k.spent.Load().remembers(now) && !k.flight.busy()
}
