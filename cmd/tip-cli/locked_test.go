package main

import (
	"bytes"
	"sync"
)

// lockedText is what a process or a terminal has shown so far, for several goroutines.
type lockedText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lockedText) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}
