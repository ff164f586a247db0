// Package proxytest is an HTTP proxy for tests that stands between a client and
// a lab: it ends TLS with a CA of its own, tells what goes by, and meddles with
// it (failures, silence, a look at the disk while a request is under way).
//
// A [Proxy] is safe for concurrent use. It is for tests only and is no part of
// the programs.
package proxytest
