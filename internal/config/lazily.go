package config

import (
	"regexp"
	"sync"
)

// lazily returns a function that compiles an expression when it is first called:
// compiling all of them takes longer than what most commands do with one or two.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
