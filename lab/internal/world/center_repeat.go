package world

import (
	"errors"
	"maps"
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
	now := w.now()
	if w.repeats == nil {
		w.repeats = map[repeatKey]repeat{}
	}
	maps.DeleteFunc(w.repeats, func(_ repeatKey, was repeat) bool { return !now.Before(was.until) })
	w.repeats[r.key()] = repeat{r.Parameters, arn, now.Add(repeatMemory)}
}
