package store

import (
	"fmt"
	"sync"
)

// notices tells each thing once.
type notices struct {
	tell func(string)
	mu   sync.Mutex
	told map[string]bool
}

// notice tells about the thing called topic, unless that was told before.
func (s *Store) notice(topic, format string, args ...any) {
	if s.notices.tell == nil || !s.notices.first(topic) {
		return
	}
	s.notices.tell(fmt.Sprintf(format, args...))
}

func (n *notices) first(topic string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told[topic] {
		return false
	}
	if n.told == nil {
		n.told = make(map[string]bool)
	}
	n.told[topic] = true
	return true
}
