//go:build !windows

package awsprofile

// shortPath is for Windows only.
func shortPath(exe string) string { return exe }
