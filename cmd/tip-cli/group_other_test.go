//go:build !unix

package main

import "os/exec"

func alone(*exec.Cmd) {}

func killAll(cmd *exec.Cmd) error { return cmd.Process.Kill() }
