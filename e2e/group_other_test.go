//go:build !unix

package e2e_test

import (
	"os/exec"
	"time"
)

func together(cmd *exec.Cmd) { cmd.WaitDelay = 10 * time.Second }
