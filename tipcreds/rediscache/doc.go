// Package rediscache is a [tipcreds.Cache] on Redis or Valkey: replicas of a server
// behind a load balancer share the exchanges of their users.
//
// IAM Identity Center takes a JWT once, and a load balancer may hand the same JWT to
// several replicas. With a shared cache the first one exchanges it under a lock, and
// the others find the credentials.
//
//	keys, err := rediscache.ParseKeys(os.Getenv("CACHE_KEYS"))
//	...
//	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: addrs, TLSConfig: tlsConfig})
//	cache, err := rediscache.New(client, keys)
//
// It takes whatever go-redis makes: a client of one node, one that follows Sentinel,
// or one of a cluster. Each command touches one key, so keys may lie on any node. A
// client that reads from replicas of Redis (ReadOnly, RouteByLatency, RouteRandomly)
// may miss what was just written: do not use one.
//
// # Sealing
//
// Values hold credentials. Each is sealed with AES-256-GCM under a fresh random nonce
// and bound to its key in Redis and the id of the sealing key. A value that cannot be
// opened, because it was changed, cut, moved to another key or sealed with a key that
// is not in the list, is of another type or longer than 64 KiB, counts as none and is
// reported to [Options].Logger. It is no outage: other users do not notice.
//
// Whoever can write to Redis and has no sealing key cannot read a value, forge one,
// or give one user another's. They can remove values, claims and locks; block, with a
// claim or a lock that they make, a JWT or a renewal; and put back what was there
// before at the same key, such as a session that was deleted. Against such a writer a
// user whom [tipcreds.Pool.Forget] has forgotten may come back with the old session, for
// as long as that lives.
//
// Names of keys are not sealed; nor is how long a value lives.
//
// A key is 32 random bytes. This makes one in the form that [ParseKeys] reads:
//
//	echo "2026-01:$(openssl rand -base64 32)"
//
// The first key of the list seals, all of them open. To rotate without a miss:
//
//  1. Add the new key as the second of the list, on every replica.
//  2. When all of them run with it, make it the first, everywhere.
//  3. Drop the old key when no value can be left that it has sealed: 1 hour later
//     where sessions come from role chaining, otherwise 12 hours, the longest
//     session of STS.
//
// Rotate before a key has sealed 2^32 values (NIST SP 800-38D section 8.3): at 100 a
// second that is after 497 days.
//
// # Lock
//
// A lock is a key with a random owner token that expires by itself. The holder
// renews it at a third of [Options].LockTTL and takes it away at the end; both
// happen in a script that compares the owner first, so that nobody extends or frees
// the lock of somebody else. A holder that dies is succeeded after LockTTL at most.
// Waiting is polling, from 5 to 100 ms with jitter, in no order. A lock that somebody
// else has put there without an end, which this package never does, gets LockTTL from
// the first who waits for it.
//
// The lock is advice. A holder that hangs for longer than LockTTL goes on beside its
// successor, and a fail-over of Redis, which replicates asynchronously, can lose the
// lock or the claim of a JWT. Then the JWT may be sent twice, and IAM Identity Center
// refuses the second.
//
// # Outages and time limits
//
// Every command ends with its context, and after [Options].Timeout at the latest.
// go-redis alone does not see to that: it looks at a context while it waits for a
// connection and between attempts, but while it reads an answer only at its
// deadline, only if ContextTimeoutEnabled is set, and never at its cancellation.
// Therefore each command runs in a goroutine of its own, which is left behind if it
// takes too long and ends when go-redis gives up: after ReadTimeout (5 s unless
// set), or at the deadline with ContextTimeoutEnabled. At most 512 are under way in
// a [Cache], left behind or not; more wait for their turn within their Timeout.
//
// What was left behind may still take effect, when a Redis that hung goes on. A lock
// that is acquired in this way is released again at once.
//
// An error means that Redis could not be asked, and never that something is wrong
// with one key; a provider goes on without the cache
// then. When Redis is back, the same client works again. To be told sooner that
// nothing listens, give the client MaxRetries -1 and DialerRetries 1: by default
// go-redis tries for longer than the Timeout, which then ends the attempt.
//
// # What Redis needs
//
// Redis 6.2 or Valkey 7.2 or later; tested with Redis 7.0. Use TLS, as owner tokens
// and key names are not sealed. The user of the connection needs no more than
//
//	ACL SETUSER tip on >PASSWORD resetkeys ~tipcreds:* resetchannels -@all +getrange +set +del +pttl +pexpire +eval +evalsha
//
// and in a cluster +cluster|slots as well. Set DisableRoutingPolicies in
// [redis.ClusterOptions]: the client then knows without asking where the commands
// belong, which all have one key. Otherwise it needs +command too, and asks for it
// under a lock and outside of every context.
//
// No persistence is needed: after a restart users are exchanged again, with fresh
// JWTs. Set maxmemory-policy to noeviction: a full Redis then refuses to write, and
// providers go on without it. Under another policy Redis may evict a lock, and two
// replicas do the same work, or the claim of a JWT, and IAM Identity Center refuses
// the second use instead; volatile-ttl begins with them, for they expire first.
//
// A session of 2,000 bytes takes about 2.2 KB of Redis's memory, a claim and a lock
// less than 200 bytes each.
//
// Times to live are given to Redis as durations and run by its clock. The clocks of
// replicas and Redis need not agree.
//
// # Concurrency
//
// A [Cache] is immutable, and safe for concurrent use. It starts goroutines only
// while it is called and while a lock is held. It does not close the client.
//
// # What it does not do
//
// It keeps nothing in the process, does not hide how many users there are, and does
// not fence: see Lock.
package rediscache
