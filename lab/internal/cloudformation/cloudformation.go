// Package cloudformation serves the lab's AWS CloudFormation: templates, stacks
// and change sets. It makes resources as AWS does: by requests to the services
// that own them, signed with the credentials that the stack is deployed with.
//
// State is the world's. An operation on a stack runs in a goroutine that ends with
// the lab; whoever asked for it waits a moment for its end, so that what takes no
// time is done when the answer comes. Requests may come concurrently; one operation
// at a time works on a stack, and others are refused meanwhile. There are no drift detection, macros, nested
// stacks, stack sets, hooks or imports of resources.
package cloudformation

import (
	"context"
	"net/http"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// principal is the service's, in trust policies and condition keys.
const principal = "cloudformation.amazonaws.com"

// Background starts work that may outlive a request. The work's context ends with
// the lab, and the work must then return. It reports whether the work was started.
type Background func(work func(context.Context)) bool

// handlers are the operations over one world.
type handlers struct {
	world *world.World
	authz *authz.Authorizer
	// services carries requests to the lab's other services within the process.
	services   http.RoundTripper
	background Background
	types      catalog
	// patience is how long an answer waits for the operation that it starts.
	patience time.Duration
}

// New returns the service over w. services carries requests to the lab's other
// services, by their real host names; background runs operations on stacks.
func New(w *world.World, a *authz.Authorizer, services http.RoundTripper, background Background, opts ...awswire.Option) (*awswire.Service, error) {
	s, err := awswire.NewService("cloudformation", opts...)
	if err != nil {
		return nil, err
	}
	h := &handlers{world: w, authz: a, services: services, background: background, types: newCatalog(), patience: time.Second}
	h.handleStacks(s)
	h.handleChangeSets(s)
	h.handleReads(s)
	return s, nil
}

func (h *handlers) handleStacks(s *awswire.Service) {
	awswire.Handle(s, "CreateStack", h.createStack)
	awswire.Handle(s, "UpdateStack", h.updateStack)
	awswire.Handle(s, "DeleteStack", h.deleteStack)
	awswire.Handle(s, "CancelUpdateStack", h.cancelUpdateStack)
	awswire.Handle(s, "ContinueUpdateRollback", h.continueUpdateRollback)
	awswire.Handle(s, "RollbackStack", h.rollbackStack)
	awswire.Handle(s, "UpdateTerminationProtection", h.updateTerminationProtection)
	awswire.Handle(s, "SetStackPolicy", h.setStackPolicy)
	awswire.Handle(s, "GetStackPolicy", h.getStackPolicy)
}

func (h *handlers) handleChangeSets(s *awswire.Service) {
	awswire.Handle(s, "CreateChangeSet", h.createChangeSet)
	awswire.Handle(s, "DescribeChangeSet", h.describeChangeSet)
	awswire.Handle(s, "ExecuteChangeSet", h.executeChangeSet)
	awswire.Handle(s, "DeleteChangeSet", h.deleteChangeSet)
	awswire.Handle(s, "ListChangeSets", h.listChangeSets)
}

func (h *handlers) handleReads(s *awswire.Service) {
	awswire.Handle(s, "DescribeStacks", h.describeStacks)
	awswire.Handle(s, "ListStacks", h.listStacks)
	awswire.Handle(s, "DescribeStackEvents", h.describeStackEvents)
	awswire.Handle(s, "DescribeStackResource", h.describeStackResource)
	awswire.Handle(s, "DescribeStackResources", h.describeStackResources)
	awswire.Handle(s, "ListStackResources", h.listStackResources)
	awswire.Handle(s, "GetTemplate", h.getTemplate)
	awswire.Handle(s, "GetTemplateSummary", h.getTemplateSummary)
	awswire.Handle(s, "ValidateTemplate", h.validateTemplate)
	awswire.Handle(s, "ListExports", h.listExports)
	awswire.Handle(s, "ListImports", h.listImports)
}

// now has the precision of the API's timestamps.
func (h *handlers) now() time.Time { return h.world.Now().UTC().Truncate(time.Millisecond) }
