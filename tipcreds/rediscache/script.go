package rediscache

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// read reads what the scripts compare with: the value of the key as far as it can
// be ARGV[1], which somebody may have made huge, or of another type. That one is
// an error value here, equal to nothing; other errors end the script.
const read = `
local value = redis.pcall('getrange', KEYS[1], 0, #ARGV[1])
if type(value) == 'table' and not string.find(value.err, 'WRONGTYPE', 1, true) then return value end
`

// The scripts have one key each. ARGV[1] is a value that nobody else writes: an
// owner token, or a sealed value with its random nonce. So each may be sent twice.
var (
	// putIfAbsent sets the key for ARGV[2] milliseconds unless it has a value. It
	// answers 1 if the value is now ARGV[1], also if an earlier sending put it there
	// whose answer was lost.
	putIfAbsent = redis.NewScript(`
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
` + read + `
if value == ARGV[1] then return 1 end
return 0`)

	// takeLock does the same, and gives the key ARGV[2] milliseconds if it has a
	// value that never expires: no holder left that.
	takeLock = redis.NewScript(`
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
` + read + `
if value == ARGV[1] then return 1 end
if redis.call('pttl', KEYS[1]) == -1 then redis.call('pexpire', KEYS[1], ARGV[2]) end
return 0`)

	// extendIfEqual gives the key ARGV[2] milliseconds from now on if its value is
	// ARGV[1], and answers 1 if so.
	extendIfEqual = redis.NewScript(read + `
if value ~= ARGV[1] then return 0 end
return redis.call('pexpire', KEYS[1], ARGV[2])`)

	// deleteIfEqual deletes the key if its value is ARGV[1], and answers 1 if so.
	deleteIfEqual = redis.NewScript(read + `
if value ~= ARGV[1] then return 0 end
return redis.call('del', KEYS[1])`)
)

// run runs a script by its digest, and sends its text where Redis does not know it.
func (c *Cache) run(ctx context.Context, script *redis.Script, name string, args ...any) (bool, error) {
	n, err := script.Run(ctx, c.client, []string{name}, args...).Int64()
	return n == 1, err
}
