// Package architecture holds the tests that keep the repository in the shape
// that its documents describe: which package may import which, how long a file
// may be, what the public packages export, and that the documents name what the
// code has.
//
// It has no code of its own and is imported by nobody. The rules are data, in
// rules_test.go, each with its reason.
package architecture
