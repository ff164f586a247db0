package answer

import "io/fs"

// shared is for Unix: Windows makes up the permissions that Go shows.
func shared(fs.FileInfo, fs.FileMode) fs.FileMode { return 0 }

// ownedBy is for Unix.
func ownedBy(fs.FileInfo, bool) bool { return true }
