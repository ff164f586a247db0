package world

// Held returns how many sessions, refresh tokens and spent tokens w remembers.
func (w *World) Held() (sessions, refresh, spent int) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return len(w.sessions), len(w.refresh), len(w.spent)
}
