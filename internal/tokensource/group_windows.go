package tokensource

import (
	"os"
	"os/exec"
	"syscall"
)

// othersRead and othersWrite are nothing: permissions are no bits on Windows.
const (
	othersRead  os.FileMode = 0
	othersWrite os.FileMode = 0
)

// nonBlocking is nothing: a pipe is no file on Windows.
const nonBlocking = 0

var (
	kernel32           = syscall.NewLazyDLL("kernel32.dll")
	createJobObject    = kernel32.NewProc("CreateJobObjectW")
	assignToJobObject  = kernel32.NewProc("AssignProcessToJobObject")
	terminateJobObject = kernel32.NewProc("TerminateJobObject")
)

const (
	processTerminate = 0x0001 // PROCESS_TERMINATE
	processSetQuota  = 0x0100 // PROCESS_SET_QUOTA
)

// group is a program and what it started: a job object. What the program
// starts in the moment before it is put into the job is not in it.
type group struct {
	cmd *exec.Cmd
	job syscall.Handle
}

func newGroup(cmd *exec.Cmd) *group {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	g := &group{cmd: cmd}
	if job, _, _ := createJobObject.Call(0, 0); job != 0 {
		g.job = syscall.Handle(job)
	}
	return g
}

// started puts the program into the job; where that fails, only the program
// itself can be ended.
func (g *group) started() {
	if g.job == 0 {
		return
	}
	process, err := syscall.OpenProcess(processTerminate|processSetQuota, false, uint32(g.cmd.Process.Pid))
	if err != nil {
		return
	}
	_, _, _ = assignToJobObject.Call(uintptr(g.job), uintptr(process))
	_ = syscall.CloseHandle(process)
}

// terminate ends all of the group: Windows has no way to ask.
func (g *group) terminate() error {
	g.kill()
	return g.cmd.Process.Kill()
}

func (g *group) kill() {
	if g.job != 0 {
		_, _, _ = terminateJobObject.Call(uintptr(g.job), 1)
	}
}

func (g *group) release() {
	if g.job != 0 {
		_ = syscall.CloseHandle(g.job)
	}
}
