package childproc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// wouldEnd reports whether a process neither catches, ignores nor blocks sig
// (proc_pid_status(5)), so that it is the end of it.
func wouldEnd(pid int, sig os.Signal) bool {
	number, ok := sig.(syscall.Signal)
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if !ok || err != nil {
		return false
	}
	sets := 0
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if name != "SigBlk" && name != "SigIgn" && name != "SigCgt" {
			continue
		}
		set, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		if err != nil || set&(1<<(number-1)) != 0 {
			return false
		}
		sets++
	}
	return sets == 3
}

// settle is how long a stop must last that is the child's alone: Ctrl-Z stops us
// as well.
const settle = 50 * time.Millisecond

// stopWith stops this process's group, as Ctrl-Z does, whenever the child has
// stopped itself alone, as a shell does at its command suspend. Else nobody would
// take the terminal back.
func stopWith(child *os.Process, continued *atomic.Int64, done <-chan struct{}) {
	for stopped(child.Pid, unix.WNOWAIT) {
		if ended(done) || !stopped(child.Pid, unix.WNOHANG|unix.WNOWAIT) {
			continue
		}
		if !inForeground() && !holdsTerminal(child.Pid) {
			stopped(child.Pid, unix.WNOHANG) // seen
			continue
		}
		before := continued.Load()
		_ = syscall.Kill(0, syscall.SIGTSTP)
		// Whoever continues us has the child continued. Where nobody could, no shell
		// being there, the system has not stopped us, and the child goes on.
		if !ended(done) && continued.Load() == before && stopped(child.Pid, unix.WNOHANG) {
			resume(child)
		}
	}
}

// holdsTerminal reports whether the foreground of our terminal is the group of a process.
func holdsTerminal(pid int) bool {
	group, err := syscall.Getpgid(pid)
	if err != nil {
		return false
	}
	front := 0
	err = onTerminal(func(fd int) (err error) {
		front, err = unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		return err
	})
	return err == nil && front == group
}

// ended waits for a stop to settle, and reports whether the child has ended instead.
func ended(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-time.After(settle):
		return false
	}
}

// stopped waits until a child has stopped. With WNOWAIT the stop can be seen again,
// with WNOHANG it must have happened. The end of the child is left to others.
func stopped(pid, options int) bool {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|options, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil && info.Signo != 0
		}
	}
}
