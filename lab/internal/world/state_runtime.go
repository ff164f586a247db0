package world

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Runtime is what a world knows beside its world file: the sessions that it gave
// out, spent tokens, refresh tokens, and the key of identity contexts. It holds
// secrets. Make one with [World.Runtime] and encode it as JSON.
type Runtime struct {
	SealKey  []byte                   `json:"sealKey"`
	Sessions []RuntimeSession         `json:"sessions"`
	Spent    map[string]time.Time     `json:"spent"`
	Refresh  map[string]*RefreshToken `json:"refresh"`
	Replays  int                      `json:"replays"`
	// ContextsEnd is the last round of identity contexts of a person that was ended.
	ContextsEnd map[string]int `json:"contextsEnd,omitempty"`
	// Repeats are the requests that can be repeated by their client token.
	Repeats []RuntimeRepeat `json:"repeats,omitempty"`
}

// RuntimeSession is a session with the text of its policies.
type RuntimeSession struct {
	*Session
	SessionPolicies []RuntimePolicy `json:"SessionPolicies,omitempty"`
}

// RuntimePolicy is a session policy, with the ARN of a managed one.
type RuntimePolicy struct {
	ARN  string `json:"arn,omitempty"`
	Text string `json:"text"`
}

// Runtime returns the sessions and tokens of the moment. Long-term keys are not
// among them: the world file has those.
func (w *World) Runtime() *Runtime {
	w.mu.RLock()
	defer w.mu.RUnlock()
	rt := &Runtime{SealKey: w.seal.key, Spent: maps.Clone(w.spent), Refresh: maps.Clone(w.refresh), Replays: w.replays, ContextsEnd: maps.Clone(w.contextsEnd), Repeats: w.runtimeRepeats()}
	rt.Sessions = make([]RuntimeSession, 0, len(w.sessions))
	for _, s := range w.sessions {
		if s.Kind != KindIAMUser || s.SessionToken != "" {
			rt.Sessions = append(rt.Sessions, RuntimeSession{Session: s, SessionPolicies: policyTexts(s.SessionPolicies)})
		}
	}
	return rt
}

// MarshalJSON implements json.Marshaler: sessions in the order of their keys.
func (rt *Runtime) MarshalJSON() ([]byte, error) {
	slices.SortFunc(rt.Sessions, func(a, b RuntimeSession) int { return strings.Compare(a.AccessKeyID, b.AccessKeyID) })
	type plain Runtime
	return json.Marshal((*plain)(rt))
}

func policyTexts(docs []*policy.Document) []RuntimePolicy {
	var texts []RuntimePolicy
	for _, d := range docs {
		texts = append(texts, RuntimePolicy{ARN: d.ARN(), Text: d.Text()})
	}
	return texts
}

// Restore puts sessions and tokens in the place of those that the world has, which
// nobody may use yet. It refuses what [World.Runtime] cannot have made.
func (w *World) Restore(rt *Runtime) error {
	seal, err := sealerOf(rt.SealKey)
	if err != nil {
		return fmt.Errorf("key of identity contexts: %w", err)
	}
	sessions := map[string]*Session{}
	for _, one := range rt.Sessions {
		if one.Session == nil || one.AccessKeyID == "" {
			return fmt.Errorf("a session without an access key")
		}
		for _, p := range one.SessionPolicies {
			doc, err := policy.Parse([]byte(p.Text), policy.Session)
			if err != nil {
				return fmt.Errorf("session %s: %w", one.AccessKeyID, err)
			}
			one.Session.SessionPolicies = append(one.Session.SessionPolicies, doc.WithARN(p.ARN))
		}
		sessions[one.AccessKeyID] = one.Session
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.sessions, func(_ string, s *Session) bool { return s.Kind != KindIAMUser || s.SessionToken != "" })
	maps.Copy(w.sessions, sessions)
	w.seal, w.replays, w.contextsEnd, w.repeats = seal, rt.Replays, rt.ContextsEnd, repeatsOf(rt.Repeats)
	if w.spent = rt.Spent; w.spent == nil {
		w.spent = map[string]time.Time{}
	}
	if w.refresh = rt.Refresh; w.refresh == nil {
		w.refresh = map[string]*RefreshToken{}
	}
	return nil
}

// RestoreEvents puts older events into a trail that nobody watches yet.
func (w *World) RestoreEvents(events []Event) {
	w.trail.mu.Lock()
	defer w.trail.mu.Unlock()
	for _, e := range events {
		w.trail.add(e)
	}
}
