package store

import (
	"maps"
	"slices"
)

// What grants.json holds at most, in targets and in bytes of them: it serves
// completion, which nobody scrolls through.
const (
	maxGrantTargets = 2000
	maxGrantBytes   = 256 << 10
)

// Grants is the content of grants.json: the targets of the S3 access grants that were
// listed last, so that a shell can complete them without asking AWS. It is no secret,
// and nothing is decided by it.
type Grants struct {
	// Identity is the fingerprint of whom and what they were listed for.
	Identity string `json:"identity"`
	// Instances has the targets by the account and the region of the Access Grants
	// instance, with a slash between the two.
	Instances map[string][]string `json:"instances"`
}

// Targets returns the targets of all instances, sorted and each once.
func (g *Grants) Targets() []string {
	return slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for _, targets := range g.Instances {
			for _, target := range targets {
				if !yield(target) {
					return
				}
			}
		}
	}))
}

// LoadGrants reads grants.json. The error wraps [ErrNotFound] or [ErrCorrupt] where
// one of them applies.
func (s *Store) LoadGrants() (Grants, error) {
	var grants Grants
	if err := s.decode(GrantsFile, &grants); err != nil {
		return Grants{}, err
	}
	if grants.Identity == "" {
		return Grants{}, s.corrupt(GrantsFile, `"identity" is missing`)
	}
	return grants, nil
}

// SaveGrants replaces grants.json, with 2000 targets at most.
func (s *Store) SaveGrants(grants Grants) error {
	if grants.Identity == "" {
		return s.corrupt(GrantsFile, "refusing to write grants of nobody")
	}
	grants.Instances = roomFor(grants.Instances)
	return s.encode(GrantsFile, grants)
}

// roomFor returns the first targets of each instance, as many as there is room for.
func roomFor(instances map[string][]string) map[string][]string {
	kept, targets, bytes := map[string][]string{}, 0, 0
	for _, instance := range slices.Sorted(maps.Keys(instances)) {
		for _, target := range instances[instance] {
			if targets, bytes = targets+1, bytes+len(target); targets > maxGrantTargets || bytes > maxGrantBytes {
				return kept
			}
			kept[instance] = append(kept[instance], target)
		}
	}
	return kept
}

// ClearGrants deletes grants.json, or sets it aside if it is damaged. That there is
// none is no error.
func (s *Store) ClearGrants() error { return s.clear(GrantsFile) }
