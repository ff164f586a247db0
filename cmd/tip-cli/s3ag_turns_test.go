package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// late lets a service answer an operation some time after it was asked.
func late(o proxytest.Operation, by time.Duration) proxytest.Hook {
	return func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) == o {
			select {
			case <-time.After(by):
			case <-r.Context().Done():
			}
		}
		forward(w, r)
	}
}

// Many processes that ask for different paths of one bucket, and are all denied: none
// waits for all the others.
func TestManyProcessesAreDeniedDifferentGrants(t *testing.T) {
	long(t)
	const processes, delay = 60, 400 * time.Millisecond
	w := warmStart(t)
	w.Meddle(late("GetDataAccess", delay))
	c := newCrowd(t, w)
	for i := range processes {
		c.args = []string{"s3ag", "get-data-access", fmt.Sprintf("s3://tip-demo-data/private/%02d/", i)}
		c.start(1)
	}
	c.wait()
	for i, m := range c.members {
		if code := m.cmd.ProcessState.ExitCode(); code != 4 || !strings.Contains(m.stderr.String(), fmt.Sprintf("private/%02d/", i)) {
			t.Errorf("process %d: exit code %d, stderr %s", i, code, m.stderr.String())
		}
	}
	if n := w.seenOf("GetDataAccess"); n != processes {
		t.Errorf("%d calls of GetDataAccess", n)
	}
	if took := time.Since(c.began); took > processes*delay/2 {
		t.Errorf("it took %v: they wait for each other", took)
	}
}

// Who insists on new credentials does not wait for those who do not.
func TestForcedCredentialsDoNotWait(t *testing.T) {
	long(t)
	t.Parallel()
	w := warmStart(t)
	h := newHold("GetDataAccess", false)
	w.Meddle(h.hook)
	c := newCrowd(t, w, sibling(0)...)
	c.holding(h)
	forced := keyOf(t, w.must(t, append(sibling(1), "--force-new-creds")).stdout)
	select {
	case <-c.members[0].ended:
		t.Error("it has waited for the other")
	default:
	}
	h.let()
	c.wait()
	c.answered()
	if first := keyOf(t, c.members[0].stdout.String()); first == forced {
		t.Error("both have the same key")
	}
	w.one(t)
}
