//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// alone takes the terminal away from a process, so that no person is there to be
// asked for a sign-in, and makes it the leader of a session and a group.
func alone(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// killAll kills a process, and its group where it leads one: a shell that a killed
// tip-cli leaves behind would go on. On Linux it kills the other groups of the session
// as well, which are the jobs of a shell.
func killAll(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil || !cmd.SysProcAttr.Setsid {
		return cmd.Process.Kill()
	}
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	for range 100 { // until nobody is left who could have started another one meanwhile
		others := sessionOf(cmd.Process.Pid)
		for _, pid := range others {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if len(others) == 0 {
			break
		}
	}
	return err
}

// sessionOf returns the processes of a session that run, besides its leader.
func sessionOf(leader int) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		line := string(text)
		fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:]) // state, parent, group, session
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && len(fields) > 3 && fields[0] != "Z" && fields[3] == strconv.Itoa(leader) && pid != leader {
			pids = append(pids, pid)
		}
	}
	return pids
}
