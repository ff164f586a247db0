package store_test

import "syscall"

// diskErrors are those of each remedy.
var diskErrors = map[string]error{
	"the disk is full:": syscall.Errno(112), "your disk quota is used up:": syscall.Errno(1295), "another program has the file open:": syscall.Errno(32),
	"the disk is write-protected:": syscall.Errno(19), "you may not write there:": syscall.ERROR_ACCESS_DENIED,
}
