// Package faults makes requests to the lab fail on purpose.
//
// An [Engine] holds the faults that are set. Whoever serves requests asks it, once
// the operation and the caller of one are known, whether any of them strikes; the
// [Strike] says what then happens, and damages the answer. The engine knows nothing
// of services: how a throttled request is answered is told by who asks.
//
// An Engine is safe for concurrent use. While no fault is set, asking costs the
// read of one pointer.
package faults
