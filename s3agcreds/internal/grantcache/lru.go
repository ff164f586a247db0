package grantcache

import "container/heap"

// lru orders entries by their last use: a heap by the stamps of use that it knows of. A
// hit changes only the entry's own stamp; the heap learns of it when the entry comes to
// its top. So what oldest returns was used longest ago, and of those that were last used
// in the same millisecond it is the one that was asked for first.
type lru[V any] struct {
	entries []*entry[V]
	cursor  int
}

func (l *lru[V]) add(e *entry[V]) {
	e.stamp = e.used.Load()
	heap.Push(l, e)
}

func (l *lru[V]) remove(e *entry[V]) { heap.Remove(l, e.index) }

// oldest returns the entry that was used longest ago. There must be one.
func (l *lru[V]) oldest() *entry[V] {
	for {
		e := l.entries[0]
		used := e.used.Load()
		if used == e.stamp {
			return e
		}
		e.stamp = used
		heap.Fix(l, 0)
	}
}

// next returns one entry after the other, in no order, nil if there are none.
func (l *lru[V]) next() *entry[V] {
	if len(l.entries) == 0 {
		return nil
	}
	l.cursor = (l.cursor + 1) % len(l.entries)
	return l.entries[l.cursor]
}

// Len implements sort.Interface.
func (l *lru[V]) Len() int { return len(l.entries) }

// Less implements sort.Interface.
func (l *lru[V]) Less(i, j int) bool {
	a, b := l.entries[i], l.entries[j]
	if a.stamp != b.stamp {
		return a.stamp < b.stamp
	}
	return a.call < b.call
}

// Swap implements sort.Interface.
func (l *lru[V]) Swap(i, j int) {
	l.entries[i], l.entries[j] = l.entries[j], l.entries[i]
	l.entries[i].index, l.entries[j].index = i, j
}

// Push implements heap.Interface.
func (l *lru[V]) Push(x any) {
	e := x.(*entry[V])
	e.index = len(l.entries)
	l.entries = append(l.entries, e)
}

// Pop implements heap.Interface.
func (l *lru[V]) Pop() any {
	last := len(l.entries) - 1
	e := l.entries[last]
	l.entries[last] = nil
	l.entries = l.entries[:last]
	e.index = -1
	return e
}
