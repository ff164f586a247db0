//go:build !windows

package store

import "golang.org/x/sys/unix"

// writable returns why files cannot be made in a directory, or nil.
func writable(dir string) error {
	return unix.Access(dir, unix.R_OK|unix.W_OK|unix.X_OK)
}
