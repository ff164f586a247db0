package session

import "testing"

func TestOnLoopback(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"http://127.0.0.1:8480": true, "http://localhost:1": true, "http://[::1]:1": true, "http://127.9.9.9": true,
		"https://all.test": false, "http://10.0.0.1": false, "https://127.0.0.1.test": false, "://": false, "": false,
	} {
		if got := onLoopback(endpoint); got != want {
			t.Errorf("%q: %v", endpoint, got)
		}
	}
}
