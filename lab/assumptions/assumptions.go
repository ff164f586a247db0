// Package assumptions is the ledger of what the lab believes about AWS without
// proof: facts that no public document settles, or on which documents disagree.
//
// Each entry has a number that never changes, the belief, where it comes from,
// and the switch of the world's schema that chooses another reading. The
// package is data; it is immutable and safe for concurrent use.
package assumptions

import "slices"

// Assumption is one unproven belief about AWS.
type Assumption struct {
	// Number identifies the entry for ever.
	Number int
	// Switch is the key under switches: in a world file.
	Switch string
	// Belief says what the lab does by default.
	Belief string
	// Source says what is known and what is not.
	Source string
	// Default of the switch: bool, int (seconds), string or []string.
	Default any
	// Values admitted for a string switch.
	Values []string
}

// ledger has every entry, in the order of their numbers.
var ledger = slices.Concat(exchange, center, policies, scopes, workGroups)

// BySwitch returns the entry whose switch is name.
func BySwitch(name string) (Assumption, bool) {
	for _, a := range ledger {
		if a.Switch == name {
			return a, true
		}
	}
	return Assumption{}, false
}

// All returns the ledger in the order of its numbers.
func All() []Assumption { return append([]Assumption(nil), ledger...) }
