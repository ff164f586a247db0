//go:build !linux

package redistest

import "syscall"

// dieWithParent has no means here.
func dieWithParent() *syscall.SysProcAttr { return nil }
