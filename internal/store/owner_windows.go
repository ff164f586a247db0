package store

import "io/fs"

// nonblock is for Unix: Windows keeps no FIFO among the files.
const nonblock = 0

// nofollow is for Unix.
const nofollow = 0

// checkPrivate is for Unix: a directory in the user's profile inherits an access
// list that names the user.
func checkPrivate(string, fs.FileInfo) error { return nil }
