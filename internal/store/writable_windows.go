package store

// writable is for Unix: on Windows an access list says it, and who writes finds out.
func writable(string) error { return nil }
