package tipcreds

import (
	"context"
	"time"
)

// Cache shares exchanges between processes: IAM Identity Center takes a JWT once,
// and a load balancer may hand it to several replicas. The package rediscache has
// one on Redis and Valkey, the package cachetest what an implementation is tested
// with.
//
// Values hold credentials in the clear. An implementation whose store others can
// read seals them, bound to their key, and takes a value that it cannot open for
// none. Keys are printable ASCII without spaces, at most 100 bytes, and hold no
// secrets.
//
// Every method ends with its context, and is safe for concurrent use. An error says
// that the store could not be asked: the caller then goes on without it. What ended
// early may still take effect.
type Cache interface {
	// Get returns the value of key, nil if there is none or its time is over. An empty
	// value is not nil.
	Get(ctx context.Context, key string) ([]byte, error)
	// Set gives key a value for ttl, at least a second.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Add does so only if key has no value, in one step, and reports whether it did.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
	// Delete takes the value from key. It is no error if there is none.
	Delete(ctx context.Context, key string) error
	// Lock waits until nobody else holds the lock of key, which has nothing to do
	// with its value. It gives up with the context's error when ctx ends, and at once
	// if the store cannot be asked. The lock is held until unlock is called, which
	// may be called more than once and from any goroutine, or until the process has
	// been dead, or without a connection, for some seconds. It is advice: a holder
	// that was stopped for longer goes on beside the next one, which is why every
	// JWT is claimed with Add before it is sent.
	Lock(ctx context.Context, key string) (unlock func(), err error)
}
