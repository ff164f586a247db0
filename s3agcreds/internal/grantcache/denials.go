package grantcache

import (
	"container/list"
	"strings"
	"sync"
	"time"
)

// denials remembers what was denied, by the question as it was. Its own lock is taken by
// those who find no answer.
type denials struct {
	limit   int
	lasting time.Duration

	mu         sync.Mutex
	byQuestion map[Question]*list.Element
	order      list.List // of *denial, the last used in front
	hits       uint64
}

type denial struct {
	question Question
	err      error
	born     time.Duration
}

func (d *denials) init(limit int, lasting time.Duration) {
	d.limit, d.lasting = limit, lasting
	d.byQuestion = map[Question]*list.Element{}
}

// get returns the error of a denial, nil if there is none.
func (d *denials) get(q *Question, now time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, ok := d.byQuestion[*q]
	if !ok {
		return nil
	}
	e := at.Value.(*denial)
	if now-e.born >= d.lasting {
		d.drop(at)
		return nil
	}
	d.order.MoveToFront(at)
	d.hits++
	return e.err
}

func (d *denials) put(q Question, err error, now time.Duration) {
	if d.lasting <= 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if at, ok := d.byQuestion[q]; ok {
		d.drop(at)
	}
	q.Bucket, q.Path = strings.Clone(q.Bucket), strings.Clone(q.Path)
	d.byQuestion[q] = d.order.PushFront(&denial{question: q, err: err, born: now})
	if d.order.Len() > d.limit {
		d.drop(d.order.Back())
	}
}

func (d *denials) remove(q *Question) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at, ok := d.byQuestion[*q]; ok {
		d.drop(at)
	}
}

func (d *denials) forget(principal string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.order.Len()
	for q, at := range d.byQuestion {
		if q.Principal == principal {
			d.drop(at)
		}
	}
	return before - d.order.Len()
}

func (d *denials) drop(at *list.Element) {
	delete(d.byQuestion, at.Value.(*denial).question)
	d.order.Remove(at)
}

func (d *denials) stats() (held int, hits uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.order.Len(), d.hits
}
