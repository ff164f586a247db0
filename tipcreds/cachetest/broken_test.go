package cachetest_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

type madeUp struct{ memory }

func (madeUp) Get(context.Context, string) ([]byte, error) { return []byte{}, nil }

// endless does not look whether its context has ended.
type endless struct{ memory }

func (m endless) Get(ctx context.Context, key string) ([]byte, error) {
	return m.memory.Get(context.WithoutCancel(ctx), key)
}

func (m endless) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return m.memory.Set(context.WithoutCancel(ctx), key, value, ttl)
}

func (m endless) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	return m.memory.Add(context.WithoutCancel(ctx), key, value, ttl)
}

func (m endless) Delete(ctx context.Context, key string) error {
	return m.memory.Delete(context.WithoutCancel(ctx), key)
}

func (m endless) Lock(ctx context.Context, key string) (func(), error) {
	return m.memory.Lock(context.WithoutCancel(ctx), key)
}

// patient gives up long after its context.
type patient struct{ memory }

func (m patient) Lock(ctx context.Context, key string) (func(), error) {
	unlock, err := m.memory.Lock(ctx, key)
	if err != nil {
		time.Sleep(1500 * time.Millisecond)
	}
	return unlock, err
}

type text struct{ memory }

func (m text) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return m.memory.Set(ctx, key, bytes.TrimRight(value, "\x00"), ttl)
}

type folds struct{ memory }

func (m folds) Get(ctx context.Context, key string) ([]byte, error) {
	return m.memory.Get(ctx, strings.ToLower(key))
}

func (m folds) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return m.memory.Set(ctx, strings.ToLower(key), value, ttl)
}

// keeps hands out what it was given.
type keeps struct {
	memory

	given *sync.Map
}

func (m keeps) Get(_ context.Context, key string) ([]byte, error) {
	value, _ := m.given.Load(key)
	b, _ := value.([]byte)
	return b, nil
}

func (m keeps) Set(_ context.Context, key string, value []byte, _ time.Duration) error {
	m.given.Store(key, value)
	return nil
}

type setsOnce struct{ memory }

func (m setsOnce) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := m.Add(ctx, key, value, ttl)
	return err
}

type lasting struct {
	memory

	ttl time.Duration
}

func (m lasting) Set(ctx context.Context, key string, value []byte, _ time.Duration) error {
	return m.memory.Set(ctx, key, value, m.ttl)
}

func (m lasting) Add(ctx context.Context, key string, value []byte, _ time.Duration) (bool, error) {
	return m.memory.Add(ctx, key, value, m.ttl)
}

// firstTime gives a key its first time to live and never another.
type firstTime struct {
	memory

	first *sync.Map
}

func (m firstTime) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	expires, _ := m.first.LoadOrStore(key, time.Now().Add(ttl))
	return m.memory.Set(ctx, key, value, time.Until(expires.(time.Time)))
}

type overwrites struct{ memory }

func (m overwrites) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	return true, m.Set(ctx, key, value, ttl)
}

type twoSteps struct{ memory }

func (m twoSteps) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if old, err := m.Get(ctx, key); err != nil || old != nil {
		return false, err
	}
	time.Sleep(time.Millisecond)
	return true, m.Set(ctx, key, value, ttl)
}

type deletesNothing struct{ memory }

func (deletesNothing) Delete(context.Context, string) error { return nil }

type picky struct{ memory }

func (m picky) Delete(ctx context.Context, key string) error {
	if value, _ := m.Get(ctx, key); value == nil {
		return errors.New("no such key")
	}
	return m.memory.Delete(ctx, key)
}

type lockless struct{ memory }

func (lockless) Lock(context.Context, string) (func(), error) { return func() {}, nil }

// oneLock has all keys wait for each other, and not for long.
type oneLock struct{ memory }

func (m oneLock) Lock(ctx context.Context, _ string) (func(), error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return m.memory.Lock(ctx, "one")
}

// lockIsValue keeps the lock where the value is.
type lockIsValue struct{ memory }

func (m lockIsValue) Lock(ctx context.Context, key string) (func(), error) {
	for {
		if ok, err := m.Add(ctx, key, []byte("locked"), time.Minute); ok || err != nil {
			return func() { _ = m.Delete(context.WithoutCancel(ctx), key) }, err
		}
		time.Sleep(time.Millisecond)
	}
}

// unlocksAgain frees the lock whoever holds it.
type unlocksAgain struct{ memory }

func (m unlocksAgain) Lock(ctx context.Context, key string) (func(), error) {
	if _, err := m.memory.Lock(ctx, key); err != nil {
		return nil, err
	}
	free := m.lock(key)
	return func() {
		select {
		case <-free:
		default:
		}
	}, nil
}

// bound frees the lock with the context of its holder.
type bound struct{ memory }

func (m bound) Lock(ctx context.Context, key string) (func(), error) {
	unlock, err := m.memory.Lock(ctx, key)
	if err == nil {
		context.AfterFunc(ctx, unlock)
	}
	return unlock, err
}

// deaf does not hear that its context has ended.
type deaf struct{ down }

func (d deaf) Lock(ctx context.Context, key string) (func(), error) {
	return d.down.Lock(context.WithoutCancel(ctx), key)
}
