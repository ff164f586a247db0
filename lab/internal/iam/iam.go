// Package iam serves the lab's IAM: roles, policies, OIDC providers, users, and the policy simulator.
// It holds handlers only; state is the world's.
package iam

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
	s, err := awswire.NewService("iam", opts...)
	if err != nil {
		return nil, err
	}
	_ = &handlers{world: w, authz: a}
	return s, nil
}
