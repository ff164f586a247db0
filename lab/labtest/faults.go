package labtest

import (
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// Fault sets faults at a lab until the test ends, and returns their names. See
// [lab.Lab.Faults] for what they did. A clock that they moved, keys that they rotated
// and sessions that they ended stay so: [lab.Lab.ResetClock] puts the clock right.
//
//	labtest.Fault(t, l, lab.Fault{Service: "sts", Operation: "AssumeRole", First: 2, Do: lab.FaultThrottle})
func Fault(tb testing.TB, l *lab.Lab, faults ...lab.Fault) []string {
	tb.Helper()
	names, err := l.AddFaults(faults...)
	if err != nil {
		tb.Fatalf("set faults: %v", err)
	}
	tb.Cleanup(func() {
		for _, name := range names {
			l.RemoveFault(name)
		}
	})
	return names
}

// Struck is how often the fault of that name has struck. The test fails if the lab
// has no such fault.
func Struck(tb testing.TB, l *lab.Lab, name string) int {
	tb.Helper()
	for _, s := range l.Faults() {
		if s.Name == name {
			return s.Struck
		}
	}
	tb.Fatalf("the lab has no fault %q", name)
	return 0
}
