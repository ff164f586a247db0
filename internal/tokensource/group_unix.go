//go:build unix

package tokensource

import (
	"os"
	"os/exec"
	"syscall"
)

// othersRead and othersWrite are the permissions of group and others.
const (
	othersRead  os.FileMode = 0o044
	othersWrite os.FileMode = 0o022
)

// nonBlocking keeps the opening of a pipe from waiting for its other end.
const nonBlocking = syscall.O_NONBLOCK

// group is a program and what it started, unless that left: the process group
// of a session of its own (setsid(2)).
type group struct{ cmd *exec.Cmd }

func newGroup(cmd *exec.Cmd) *group {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return &group{cmd}
}

func (*group) started() {}

// terminate asks all of the group to end.
func (g *group) terminate() error { return g.signal(syscall.SIGTERM) }

// kill ends what is left of the group. As long as a member lives, no other
// process gets the group's number; when none does, the system would have to go
// through all its numbers in that moment to give it to somebody else.
func (g *group) kill() { _ = g.signal(syscall.SIGKILL) }

func (g *group) signal(sig syscall.Signal) error {
	if err := syscall.Kill(-g.cmd.Process.Pid, sig); err != nil {
		return os.ErrProcessDone // exec then reports how it ended
	}
	return nil
}

func (*group) release() {}
