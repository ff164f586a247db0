package childproc

import (
	"context"
	"os"

	"golang.org/x/sys/windows"
)

// passed are the signals that this process does not end by while a child runs.
// The console sends Ctrl-C and Ctrl-Break to both.
var passed = []os.Signal{os.Interrupt}

// noFormat is the error for a file that the system cannot execute.
var noFormat error = windows.ERROR_BAD_EXE_FORMAT

func fromTerminal(os.Signal) bool { return true }

func isContinue(os.Signal) bool { return false }

func resume(*os.Process) {}

func codeOf(state *os.ProcessState) int { return state.ExitCode() }

// Replace returns [ErrUnsupported].
func Replace(context.Context, string, []string, []string) error { return ErrUnsupported }
