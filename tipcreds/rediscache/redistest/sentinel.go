package redistest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// SentinelMaster is the name by which Sentinels of this package know their master.
const SentinelMaster = "example"

// StartSentinel starts a Sentinel that watches master and answers clients that ask
// for [SentinelMaster]. Alone and without replicas it fails nothing over.
func StartSentinel(tb testing.TB, master *Server) *Server {
	tb.Helper()
	need(tb)
	// Sentinel keeps its state in its configuration file.
	config := filepath.Join(tb.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 1\n", SentinelMaster, master.port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	return startWith(tb, []string{config, "--sentinel"}, nil)
}
