// Package redistest starts real redis-server processes for tests: one alone, a
// Sentinel beside it, or a cluster of three masters, on loopback ports of their own,
// and lets a test kill, stop and restart them.
//
// It needs the program redis-server 6.2 or later (Debian: apt-get install
// redis-server). Without it the test is skipped with the reason; if the environment
// variable CI is set it fails, as a test that is never run would be none.
//
// Processes end with the test that started them, and on Linux also with the test
// binary, should that be killed. They keep nothing: a server that was restarted is
// empty, apart from what a node knows of its cluster. A [Server] is safe for
// concurrent use as far as its processes go; a test that kills and restarts one from
// several goroutines gets what it asks for.
//
// It does not install Redis, and does not start replicas. It is for tests on Unix:
// elsewhere [Server.Stop] and [Server.Cont] fail the test.
package redistest
