package redistest

import "syscall"

// dieWithParent has the kernel kill the child when the thread that started it is
// gone: a test binary that is killed, or that go test's time limit ends, leaves no
// server behind.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
