//go:build unix && !linux

package childproc_test

func counted() int { return 1 }
