package tipcreds_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// memory is a cache of several providers in one process. It can be made to fail.
type memory struct {
	mu     sync.Mutex
	values map[string]remembered
	locks  map[string]chan struct{}
	down   error         // every question fails with it
	hang   time.Duration // before it does
	asked  int
	deaf   bool // Add alone fails
}

type remembered struct {
	value   []byte
	expires time.Time
}

var _ tipcreds.Cache = (*memory)(nil)

func newMemory() *memory {
	return &memory{values: map[string]remembered{}, locks: map[string]chan struct{}{}}
}

func (m *memory) fail(err error, after time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down, m.hang = err, after
}

func (m *memory) question(ctx context.Context) error {
	m.mu.Lock()
	m.asked++
	down, hang := m.down, m.hang
	m.mu.Unlock()
	if hang > 0 {
		select {
		case <-time.After(hang):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return down
}

func (m *memory) Get(ctx context.Context, key string) ([]byte, error) {
	if err := m.question(ctx); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if v := m.values[key]; time.Now().Before(v.expires) {
		return v.value, nil
	}
	return nil, nil
}

func (m *memory) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := m.question(ctx); err != nil {
		return err
	}
	if ttl < time.Second {
		return errors.New("ttl below a second")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = remembered{value, time.Now().Add(ttl)}
	return nil
}

func (m *memory) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if err := m.question(ctx); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.deaf {
		return false, errDown
	}
	if time.Now().Before(m.values[key].expires) {
		return false, nil
	}
	m.values[key] = remembered{value, time.Now().Add(ttl)}
	return true, nil
}

func (m *memory) Delete(ctx context.Context, key string) error {
	if err := m.question(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

func (m *memory) Lock(ctx context.Context, key string) (func(), error) {
	if err := m.question(ctx); err != nil {
		return nil, err
	}
	m.mu.Lock()
	lock := m.locks[key]
	if lock == nil {
		lock = make(chan struct{}, 1)
		m.locks[key] = lock
	}
	m.mu.Unlock()
	select {
	case lock <- struct{}{}:
		return sync.OnceFunc(func() {
			select {
			case <-lock:
			default: // it was lost
			}
		}), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// keys are those with a value of which begin is the beginning.
func (m *memory) keys(begin string) (keys []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, v := range m.values {
		if len(key) > len(begin) && key[:len(begin)] == begin && time.Now().Before(v.expires) {
			keys = append(keys, key)
		}
	}
	return keys
}
