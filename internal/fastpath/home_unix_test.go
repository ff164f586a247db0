//go:build !windows

package fastpath_test

const userHome = "HOME"
