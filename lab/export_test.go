package lab

import (
	"net/http"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// State is the world behind a lab, for tests that put things into it that no
// API makes: sessions, contexts and refresh tokens that have expired.
func (l *Lab) State() *world.World { return l.current().world }

// Inner is the client with which the lab fetches discovery documents and keys.
func (l *Lab) Inner() *http.Client { return l.inner }
