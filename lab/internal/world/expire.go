package world

import (
	"context"
	"time"
)

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
		ended.Expires = now
		w.sessions[id] = &ended
		n++
	}
	return n
}

// EndContexts makes the identity contexts that were issued until now for a person
// (a user id of Identity Center), or for an empty one everybody's, as good as
// expired. Sessions that were made with one go on.
func (w *World) EndContexts(person string) {
	now := w.now()
	w.mu.Lock()
	defer w.mu.UnlockRuntime()
	if w.contextsEnd == nil {
		w.contextsEnd = map[string]time.Time{}
	}
	w.contextsEnd[person] = now
}

// curtailed applies [World.EndContexts] to a context.
func (w *World) curtailed(c *IdentityContext) *IdentityContext {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, whose := range []string{c.UserID, ""} {
		if end, ok := w.contextsEnd[whose]; ok && !c.Issued.After(end) && end.Before(c.Expires) {
			c.Expires = end
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
		ended.Expires = now
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
