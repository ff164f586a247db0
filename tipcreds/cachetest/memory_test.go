package cachetest_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// store is what the replicas of memory share.
type store struct {
	mu     sync.Mutex
	values map[string]entry
	locks  map[string]chan struct{}
}

type entry struct {
	value   []byte
	expires time.Time
}

func newStore() *store {
	return &store{values: map[string]entry{}, locks: map[string]chan struct{}{}}
}

// memory is a cache in the process, as it should be.
type memory struct{ *store }

var _ tipcreds.Cache = memory{}

func (m memory) Get(ctx context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.values[key]
	if !ok || time.Now().After(e.expires) || ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return append([]byte{}, e.value...), nil
}

func (m memory) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = entry{bytes.Clone(value), time.Now().Add(ttl)}
	return nil
}

func (m memory) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.values[key]; ok && time.Now().Before(e.expires) {
		return false, nil
	}
	m.values[key] = entry{bytes.Clone(value), time.Now().Add(ttl)}
	return true, nil
}

func (m memory) Delete(ctx context.Context, key string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

func (m memory) Lock(ctx context.Context, key string) (func(), error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	free := m.lock(key)
	select {
	case free <- struct{}{}:
		return sync.OnceFunc(func() { <-free }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m memory) lock(key string) chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locks[key] == nil {
		m.locks[key] = make(chan struct{}, 1)
	}
	return m.locks[key]
}

var errDown = errors.New("the store is down")

// down is a cache whose store cannot be asked; it takes a while to say so, or
// until the context ends.
type down struct{ after time.Duration }

func (d down) wait(ctx context.Context) error {
	select {
	case <-time.After(d.after):
		return errDown
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d down) Get(ctx context.Context, _ string) ([]byte, error) { return nil, d.wait(ctx) }

func (d down) Set(ctx context.Context, _ string, _ []byte, _ time.Duration) error { return d.wait(ctx) }

func (d down) Add(ctx context.Context, _ string, _ []byte, _ time.Duration) (bool, error) {
	return false, d.wait(ctx)
}

func (d down) Delete(ctx context.Context, _ string) error { return d.wait(ctx) }

func (d down) Lock(ctx context.Context, _ string) (func(), error) { return nil, d.wait(ctx) }
