// Package cachetest tests implementations of [tipcreds.Cache]: [Run] holds one
// against what the interface promises, as one process and as two replicas, and
// [Outage] holds a cache whose store is gone against the same.
//
//	func TestCache(t *testing.T) {
//		server := start(t)
//		cachetest.Run(t, func(t *testing.T) tipcreds.Cache { return open(t, server) })
//	}
//
// Keys are random, so that runs may share a store, one that lasts too. The subtests
// run in parallel and take about three seconds together; times to live are the
// second that the interface allows at least, and pass in real time.
//
// It does not test sealing, nor what becomes of the lock of a dead process: an
// implementation tests those with means of its own store.
package cachetest
