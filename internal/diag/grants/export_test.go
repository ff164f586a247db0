package grants

// Functions that are tested by themselves.
var (
	SubPrefix = subPrefix
	ScopeFor  = scopeFor
)

// Holds reports whether a location of a scope has a path in it.
func Holds(scope, path string) bool { return (&location{scope: scope}).holds(path) }
