package store

import "syscall"

// remedies by system error code, see winerror.h: ERROR_HANDLE_DISK_FULL and
// ERROR_DISK_FULL, ERROR_DISK_QUOTA_EXCEEDED, ERROR_WRITE_PROTECT,
// ERROR_ACCESS_DENIED and ERROR_SHARING_VIOLATION.
var remedies = []remedy{
	{[]error{syscall.Errno(39), syscall.Errno(112)}, "the disk is full: make room on it"},
	{[]error{syscall.Errno(1295)}, "your disk quota is used up: delete files of yours"},
	{[]error{syscall.Errno(19)}, "the disk is write-protected: make it writable"},
	{[]error{syscall.ERROR_ACCESS_DENIED}, "you may not write there: change the permissions"},
	{[]error{syscall.Errno(32)}, "another program has the file open: close it"},
}
