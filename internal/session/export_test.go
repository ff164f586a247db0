package session

import "time"

// AnswerWithin shortens the time for an answer.
func (s *Session) AnswerWithin(d time.Duration) { s.within = d }

// FindWith has a sign-in on demand find somebody.
func (s *Session) FindWith(find Finder) { s.onDemand = find }

// DirectoryWithin shortens the time for the identity store.
func (s *Session) DirectoryWithin(d time.Duration) { s.directoryWithin = d }

// TurnOf is the lock for which a request waits.
func TurnOf(s *Session, r GrantRequest) string {
	role, _ := s.store.LoadRole()
	r.Region = s.regions.Region
	return turnLock(s.turnOf(&r, role))
}
