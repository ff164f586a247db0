// Package ssoadmin serves the lab's IAM Identity Center administration: instances, trusted token issuers, applications with their grants, authentication methods, scopes and assignments, and tags.
// It holds handlers only; state is the world's.
package ssoadmin

import (
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// handlers are the operations over one world.
type handlers struct {
	world *world.World
	authz *authz.Authorizer
}

// New returns the service over w.
func New(w *world.World, a *authz.Authorizer, opts ...awswire.Option) (*awswire.Service, error) {
	s, err := awswire.NewService("sso-admin", opts...)
	if err != nil {
		return nil, err
	}
	_ = &handlers{world: w, authz: a}
	return s, nil
}
