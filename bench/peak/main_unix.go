//go:build !windows

// Command peak runs a command and prints its largest resident set in kilobytes on
// standard error. It is small because a process begins with the peak of the one that
// starts it: what is not above this one's is only a bound. Without a command it does
// nothing, so that it can be asked for its own.
package main

import (
	"os"
	"runtime"
	"strconv"
	"syscall"
)

func main() {
	if len(os.Args) == 1 {
		return
	}
	process, err := os.StartProcess(os.Args[1], os.Args[1:], &os.ProcAttr{Files: []*os.File{nil, os.Stdout}}) //nolint:gosec // whoever measures names the command
	if err != nil {
		fail(err)
	}
	state, err := process.Wait()
	if err != nil {
		fail(err)
	}
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !state.Success() || !ok {
		os.Exit(1) //nolint:forbidigo // a program
	}
	kilobytes := usage.Maxrss
	if runtime.GOOS == "darwin" { // in bytes there
		kilobytes /= 1024
	}
	_, _ = os.Stderr.WriteString(strconv.FormatInt(kilobytes, 10))
}

func fail(err error) {
	_, _ = os.Stderr.WriteString(err.Error() + "\n")
	os.Exit(1) //nolint:forbidigo // a program
}
