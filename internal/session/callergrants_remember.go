package session

import (
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/store"
)

// remember stores the targets of the grants that can be used, for completion. A list of
// what begins with a prefix takes the place of what was known of it, any other that of
// all that was known of the instance. Nobody waits for it, and nothing is lost if it fails.
func (s *Session) remember(role store.RoleCredentials, prefix string, found *CallerGrants) {
	release, ok, err := s.store.TryLock(sessionLock)
	if err != nil || !ok {
		return
	}
	defer release()
	if now, err := s.store.LoadRole(); err != nil || now.UserID != role.UserID || !s.ours(now.Fingerprint) {
		return // somebody has signed out, or in, meanwhile
	}
	known, err := s.store.LoadGrants()
	if err != nil || known.Identity != s.identity(role) || known.Instances == nil {
		known = store.Grants{Identity: s.identity(role), Instances: map[string][]string{}}
	}
	instance := found.AccountID + "/" + found.Region
	targets := slices.DeleteFunc(known.Instances[instance], func(target string) bool { return strings.HasPrefix(target, prefix) })
	for _, g := range found.Grants {
		if found.Usable(g) {
			targets = append(targets, g.Scope)
		}
	}
	slices.Sort(targets)
	if known.Instances[instance] = slices.Compact(targets); len(targets) == 0 {
		delete(known.Instances, instance)
	}
	_ = s.store.SaveGrants(known)
}
