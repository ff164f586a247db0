package e2e_test

import (
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

func TestDemo(t *testing.T) {
	w := newWorld(t)
	got := w.must(t, w.environ(lab.EndpointDoor), "tip-lab", "demo")
	if !strings.Contains(got, "Every step gave what it should") {
		t.Errorf("the demo ended with:\n%s", got)
	}
}
