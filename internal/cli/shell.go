package cli

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/tip-cli/tip-cli/internal/shellenv"
)

// shell is the format of the shell that runs this process. SHELL says only which
// one the person has chosen: a script, or a shell in a shell, is another.
func (a *app) shell() shellenv.Format {
	if format, ok := shellenv.Evaluates(parentProgram()); ok {
		return format
	}
	return shellenv.Detect(a.Getenv, runtime.GOOS)
}

// parentProgram is the path of the program that runs this one, "" where the system
// has no /proc.
func parentProgram() string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", os.Getppid()))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(path, " (deleted)") // since an upgrade
}
