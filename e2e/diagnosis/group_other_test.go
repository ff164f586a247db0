//go:build !unix

package diagnosis_test

import (
	"os/exec"
	"time"
)

func together(cmd *exec.Cmd) { cmd.WaitDelay = 10 * time.Second }
