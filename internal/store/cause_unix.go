//go:build !windows

package store

import "syscall"

// remedies by error number, see errno(3).
var remedies = []remedy{
	{[]error{syscall.ENOSPC}, "the disk is full: make room on it"},
	{[]error{syscall.EDQUOT}, "your disk quota is used up: delete files of yours"},
	{[]error{syscall.EFBIG}, "a limit on the size of files is in force: raise it (ulimit -f)"},
	{[]error{syscall.EROFS}, "the file system is read-only: mount it writable"},
	{[]error{syscall.EACCES, syscall.EPERM}, "you may not write there: change the permissions"},
}
