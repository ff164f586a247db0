//go:build !linux

package local

import "io/fs"

// holder is for Linux: elsewhere nobody tells without a program of its own.
func holder(fs.FS, string) string { return "" }
