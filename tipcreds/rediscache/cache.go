package rediscache

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// Defaults of [Options].
const (
	// DefaultPrefix begins every key in Redis.
	DefaultPrefix = "tipcreds:"
	// DefaultLockTTL is how long the lock of a dead holder stays.
	DefaultLockTTL = 10 * time.Second
	// DefaultTimeout bounds one command.
	DefaultTimeout = time.Second
)

// minLockTTL is the shortest that can be renewed in time over a network.
const minLockTTL = 100 * time.Millisecond

// Options configures a [Cache].
type Options struct {
	// Prefix begins every key in Redis: values are at Prefix + "v:" + key, locks at
	// Prefix + "l:" + key. Replicas that share have the same; applications that
	// share a Redis and nothing else have different ones, and different keys.
	Prefix string
	// LockTTL is after how long a holder that is dead, stopped or cut off from Redis
	// loses its lock. It is renewed at a third of that. At least 100 ms; well above
	// Timeout, lest one slow answer lose locks.
	LockTTL time.Duration
	// Timeout bounds one command, with all attempts and the dialling of go-redis.
	// Waiting for a lock is several commands and bounded by the context alone;
	// unlock is one.
	Timeout time.Duration
	// Logger is told, at level Warn, of values that cannot be opened, and of locks
	// that were lost or could not be renewed or released. It sees key names and key
	// ids, and no values. Default: none.
	Logger *slog.Logger
}

func (o *Options) setDefaults() {
	if o.Prefix == "" {
		o.Prefix = DefaultPrefix
	}
	if o.LockTTL == 0 {
		o.LockTTL = DefaultLockTTL
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// Cache is a [tipcreds.Cache] on Redis. See the package's documentation.
type Cache struct {
	client  redis.UniversalClient
	sealer  *sealer
	options Options
	turns   chan struct{} // one for each command under way
}

var _ tipcreds.Cache = (*Cache)(nil)

// New returns a cache over client, which remains the caller's to close. The first of
// keys seals, all of them open; see [ParseKeys]. Redis is not asked yet. Errors are
// [*KeyError], [ErrNoClient] and [ErrLockTTL].
func New(client redis.UniversalClient, keys []Key, optFns ...func(*Options)) (*Cache, error) {
	if client == nil {
		return nil, ErrNoClient
	}
	sealer, err := newSealer(keys)
	if err != nil {
		return nil, err
	}
	var o Options
	for _, fn := range optFns {
		fn(&o)
	}
	o.setDefaults()
	if o.LockTTL < minLockTTL {
		return nil, ErrLockTTL
	}
	return &Cache{client: client, sealer: sealer, options: o, turns: make(chan struct{}, maxCommands)}, nil
}

// String implements fmt.Stringer. It shows no secret.
func (c *Cache) String() string { return fmt.Sprintf("rediscache(%s)", c.options.Prefix) }

// GoString implements fmt.GoStringer. It shows no secret.
func (c *Cache) GoString() string { return c.String() }

// Get implements [tipcreds.Cache]. A value that cannot be opened counts as none, and
// so does one of another type, or of more than 64 KiB, of which the rest is not read.
func (c *Cache) Get(ctx context.Context, key string) ([]byte, error) {
	name := c.valueName(key)
	sealed, err := ask(ctx, c, "get", func(ctx context.Context) ([]byte, error) {
		return c.client.GetRange(ctx, name, 0, maxSealed).Bytes() // one byte more than the longest
	}, nil)
	var value []byte
	var keyID string
	switch {
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		err = errType
	case err != nil:
		return nil, err
	case len(sealed) == 0: // as there is none
		return nil, nil
	case len(sealed) > maxSealed:
		err = errTooLong
	default:
		value, keyID, err = c.sealer.open(name, sealed)
	}
	if err != nil {
		c.options.Logger.WarnContext(ctx, "rediscache: a value cannot be opened and counts as none",
			"key", key, "sealing_key", keyID, "reason", err.Error())
		return nil, nil
	}
	return value, nil
}

// Set implements [tipcreds.Cache]. A ttl is cut to whole milliseconds, the
// granularity of Redis, and to one at least; one that is not positive is [ErrTTL].
// Whatever the key has is replaced. A value of more than 64 KiB is written, but Get
// takes it for none.
func (c *Cache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl <= 0 {
		return ErrTTL
	}
	name := c.valueName(key)
	sealed := c.sealer.seal(name, value)
	_, err := ask(ctx, c, "set", func(ctx context.Context) (string, error) {
		return c.client.Set(ctx, name, sealed, time.Duration(milliseconds(ttl))*time.Millisecond).Result()
	}, nil)
	return err
}

// Add implements [tipcreds.Cache], with a ttl as in Set. A value that Get takes for
// none is in the way all the same. If go-redis has to send the command twice
// because an answer was lost, the report is still right: nobody else can have sealed
// the same bytes.
func (c *Cache) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if ttl <= 0 {
		return false, ErrTTL
	}
	name := c.valueName(key)
	sealed := c.sealer.seal(name, value)
	return ask(ctx, c, "add", func(ctx context.Context) (bool, error) {
		return c.run(ctx, putIfAbsent, name, sealed, milliseconds(ttl))
	}, nil)
}

// Delete implements [tipcreds.Cache].
func (c *Cache) Delete(ctx context.Context, key string) error {
	_, err := ask(ctx, c, "delete", func(ctx context.Context) (int64, error) {
		return c.client.Del(ctx, c.valueName(key)).Result()
	}, nil)
	return err
}

func (c *Cache) valueName(key string) string { return c.options.Prefix + "v:" + key }

func (c *Cache) lockName(key string) string { return c.options.Prefix + "l:" + key }

func milliseconds(d time.Duration) int64 { return max(1, d.Milliseconds()) }
