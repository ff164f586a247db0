package sigv4

// CachedKeys is the number of derived keys that v holds.
func CachedKeys(v *Verifier) int {
	v.keys.mu.RLock()
	defer v.keys.mu.RUnlock()
	return len(v.keys.keys)
}
