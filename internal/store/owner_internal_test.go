//go:build unix

package store

import (
	"os"
	"strings"
	"testing"
)

// The root of the file system is asked about, never written to.
func TestRootIsRefused(t *testing.T) {
	info, err := os.Stat("/")
	if err != nil {
		t.Fatal(err)
	}
	if err := checkPrivate("/", info); err == nil || !strings.Contains(err.Error(), "is a shared directory") {
		t.Errorf("checkPrivate(/) = %v", err)
	}
}
