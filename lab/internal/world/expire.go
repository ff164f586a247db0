package world

import (
	"context"
	"time"
)

// longOver is the expiry of what was ended: before any time that the clock may be
// put back to.
var longOver = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)

// EndSessions ends the temporary credentials that of selects now, and returns how
// many that lasted do not any more. Requests with them are answered that they have
// expired. Long-term keys have no end.
func (w *World) EndSessions(of func(*Session) bool) int {
	now := w.now()
	w.mu.Lock()
	defer w.mu.UnlockRuntime()
	n := 0
	for id, s := range w.sessions {
		if s.SessionToken == "" || !s.Expires.IsZero() && !now.Before(s.Expires) || !of(s) {
			continue
		}
		ended := *s
		ended.Expires, ended.Ended = longOver, now
		w.sessions[id] = &ended
		n++
	}
	return n
}

// EndContexts makes the identity contexts that were issued until now for a person
// (a user id of Identity Center), or for an empty one everybody's, as good as
// expired. Sessions that were made with one go on.
func (w *World) EndContexts(person string) {
	w.mu.Lock()
	defer w.mu.UnlockRuntime()
	if w.contextsEnd == nil {
		w.contextsEnd = map[string]int{}
	}
	w.contextsEnd[person] = w.contextRound()
}

// contextRound counts the calls of [World.EndContexts], whatever the clock says.
// w.mu is held.
func (w *World) contextRound() int {
	round := 0
	for _, ended := range w.contextsEnd {
		round = max(round, ended+1)
	}
	return round
}

// curtailed applies [World.EndContexts] to a context.
func (w *World) curtailed(c *IdentityContext) *IdentityContext {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, whose := range []string{c.UserID, ""} {
		if ended, ok := w.contextsEnd[whose]; ok && c.Round <= ended {
			c.Expires = longOver
		}
	}
	return c
}

// EndRefreshTokens ends the refresh tokens of Identity Center that a person (a user
// id), or for an empty one everybody, has now, and returns how many that lasted do
// not any more.
func (w *World) EndRefreshTokens(person string) int {
	now := w.now()
	w.mu.Lock()
	defer w.mu.UnlockRuntime()
	n := 0
	for text, t := range w.refresh {
		if !now.Before(t.Expires) || person != "" && t.UserID != person {
			continue
		}
		ended := *t
		ended.Expires, ended.Ended = longOver, now
		w.refresh[text] = &ended
		n++
	}
	return n
}

type replaysKey struct{}

// WithReplays returns a context in which tokens may be used again.
func WithReplays(ctx context.Context) context.Context {
	return context.WithValue(ctx, replaysKey{}, true)
}

// ReplaysAllowed reports whether ctx is one of [WithReplays].
func ReplaysAllowed(ctx context.Context) bool { return ctx.Value(replaysKey{}) != nil }
