package store

import "io/fs"

// isShortage, cannotLock and isOwner are for Unix: where LockFileEx fails, its error is
// passed on.
func isShortage(error) bool { return false }

func cannotLock(error) bool { return false }

func isOwner(fs.FileInfo) bool { return true }
