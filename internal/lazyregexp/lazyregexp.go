// Package lazyregexp compiles regular expressions when they are first used: compiling
// all that a program has takes longer than what most commands do with one or two. Tests
// compile them at once, so that a mistake in one shows in the tests of its package.
//
// Everything here is safe for concurrent use.
package lazyregexp

import (
	"os"
	"regexp"
	"strings"
	"sync"
)

// inTest reports whether the process is a Go test.
var inTest = len(os.Args) > 0 && strings.HasSuffix(strings.TrimSuffix(os.Args[0], ".exe"), ".test")

// New returns a function that compiles expression when it is first called, and returns
// the same result every time. It panics, as [regexp.MustCompile] does, if there is a
// mistake in the expression; in a test New itself does.
func New(expression string) func() *regexp.Regexp {
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
	if inTest {
		compiled()
	}
	return compiled
}
