package grantcache_test

import "testing"

// original says, of a test that fails, what the Python sample or a peer does instead.
func original(t *testing.T, what string) {
	t.Helper()
	t.Cleanup(func() {
		if what != "" && t.Failed() {
			t.Log("elsewhere: " + what)
		}
	})
}
