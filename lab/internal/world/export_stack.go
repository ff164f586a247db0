package world

import "slices"

// exportStacks are the stacks as a world file has them, in the order in which
// they were made. w.mu is held.
func (w *World) exportStacks() []Stack {
	var all []Stack
	for _, place := range slices.Sorted(mapKeys(w.stacks.places)) {
		for _, id := range w.stacks.places[place] {
			all = append(all, *w.stacks.byID[id])
		}
	}
	return all
}
