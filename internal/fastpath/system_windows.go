package fastpath

// userHome names the variable that os.UserHomeDir reads.
const userHome = "USERPROFILE"

// absolute accepts a path with a drive; others are left to the store.
func absolute(path string) bool {
	return len(path) > 2 && (path[0]|0x20) >= 'a' && (path[0]|0x20) <= 'z' && path[1] == ':' && (path[2] == '\\' || path[2] == '/')
}

// openFlags are for Unix.
func openFlags(kind) int { return 0 }
