// Package cloudformation serves the lab's AWS CloudFormation: templates, stacks
// and change sets. It makes resources as AWS does: by requests to the services
// that own them, signed with the credentials that the stack is deployed with.
// It holds handlers only; state is the world's.
package cloudformation

import (
	"net/http"

	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// handlers are the operations over one world.
type handlers struct {
	world *world.World
	authz *authz.Authorizer
	// services carries requests to the lab's other services within the process.
	services http.RoundTripper
}

// New returns the service over w. services carries requests to the lab's other
// services, by their real host names.
func New(w *world.World, a *authz.Authorizer, services http.RoundTripper, opts ...awswire.Option) (*awswire.Service, error) {
	s, err := awswire.NewService("cloudformation", opts...)
	if err != nil {
		return nil, err
	}
	_ = &handlers{world: w, authz: a, services: services}
	return s, nil
}
