package answer

import "io/fs"

// Private reports whether a file with credentials is this user's and nobody else can
// read or write it. On Windows access lists see to that, and it is always true.
func Private(info fs.FileInfo) bool { return shared(info, 0o077) == 0 && ownedBy(info, false) }

// Trusted reports whether nobody but this user and the administrator can change a
// file. On Windows it is always true.
func Trusted(info fs.FileInfo) bool { return shared(info, 0o022) == 0 && ownedBy(info, true) }
