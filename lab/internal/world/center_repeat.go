package world

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"
)

// ErrOtherParameters says that a request has the client token of another one and
// not its parameters.
var ErrOtherParameters = errors.New("the client token was used with other parameters")

// Repeatable tells a creating request from others, so that it can be repeated
// without creating anything twice.
type Repeatable struct {
	// Account of the caller, and the operation.
	Account, Operation string
	// Token is the ClientToken; empty for a request that is never repeated.
	Token string
	// Parameters are all others, in whatever encoding.
	Parameters string
}

type repeatKey struct{ account, operation, token string }

// repeat is what a request with a client token made.
type repeat struct {
	parameters, arn string
	until           time.Time
}

// repeatMemory is how long a client token is remembered. AWS does not document it
// for sso-admin.
const repeatMemory = 24 * time.Hour

func (r Repeatable) key() repeatKey { return repeatKey{r.Account, r.Operation, r.Token} }

// repeated returns the ARN of what the same request made before, empty if none
// did. w.mu is held.
func (w *World) repeated(r Repeatable) (string, error) {
	was, ok := w.repeats[r.key()]
	if !ok || r.Token == "" || !w.now().Before(was.until) {
		return "", nil
	}
	if was.parameters != r.Parameters {
		return "", ErrOtherParameters
	}
	return was.arn, nil
}

// remember notes what a request made. w.mu is held.
func (w *World) remember(r Repeatable, arn string) {
	if r.Token == "" {
		return
	}
	if w.repeats == nil {
		w.repeats = map[repeatKey]repeat{}
	}
	past := w.Past()
	maps.DeleteFunc(w.repeats, func(_ repeatKey, was repeat) bool { return !past.Before(was.until) })
	w.repeats[r.key()] = repeat{r.Parameters, arn, w.now().Add(repeatMemory)}
	w.mu.runtime.Add(1)
}

// RuntimeRepeat is a request with a client token as [Runtime] has it.
type RuntimeRepeat struct {
	Account    string    `json:"account"`
	Operation  string    `json:"operation"`
	Token      string    `json:"token"`
	Parameters string    `json:"parameters"`
	Made       string    `json:"made"`
	Until      time.Time `json:"until"`
}

// runtimeRepeats are the requests that are remembered, in a stable order. w.mu is held.
func (w *World) runtimeRepeats() []RuntimeRepeat {
	var all []RuntimeRepeat
	for key, was := range w.repeats {
		all = append(all, RuntimeRepeat{key.account, key.operation, key.token, was.parameters, was.arn, was.until})
	}
	slices.SortFunc(all, func(a, b RuntimeRepeat) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Token, b.Token))
	})
	return all
}

func repeatsOf(all []RuntimeRepeat) map[repeatKey]repeat {
	repeats := map[repeatKey]repeat{}
	for _, r := range all {
		repeats[repeatKey{r.Account, r.Operation, r.Token}] = repeat{r.Parameters, r.Made, r.Until}
	}
	return repeats
}
