package tipotel_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds"
)

var errDown = errors.New("dial canary: connection refused")

// memory is a cache of several providers in one process, whose lock nobody holds.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	down   error // every question fails with it
}

var _ tipcreds.Cache = (*memory)(nil)

func newMemory() *memory { return &memory{values: map[string][]byte{}} }

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[key], m.down
}

func (m *memory) Set(_ context.Context, key string, value []byte, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = value
	return m.down
}

func (m *memory) Add(_ context.Context, key string, value []byte, _ time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, taken := m.values[key]
	if !taken {
		m.values[key] = value
	}
	return !taken, m.down
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return m.down
}

func (m *memory) Lock(context.Context, string) (func(), error) { return func() {}, m.down }

// shares is an option for a cache and alice as its user.
func shares(c tipcreds.Cache) func(*tipcreds.Options) {
	return func(o *tipcreds.Options) {
		o.Cache, o.Subject = c, tipcreds.Subject{Issuer: issuer, ID: alice}
	}
}
