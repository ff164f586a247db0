// Package athena serves the work groups of the lab's Amazon Athena: making, reading,
// listing, changing and deleting them. It holds handlers only, which are safe for
// concurrent use; state is the world's. It runs no queries, and so a work group is
// never in use; a work group with Identity Center has an ARN of an application there
// which nobody can describe.
package athena

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// servicePrincipal is whom an execution role must trust.
const servicePrincipal = "athena.amazonaws.com"

// handlers are the operations over one world.
type handlers struct {
	world *world.World
	authz *authz.Authorizer
}

// New returns the service over w. The error is about a work group of the world file
// whose configuration is none of the API's.
func New(w *world.World, a *authz.Authorizer, opts ...awswire.Option) (*awswire.Service, error) {
	s, err := awswire.NewService("athena", append([]awswire.Option{awswire.WithValidationCode(invalidRequest)}, opts...)...)
	if err != nil {
		return nil, err
	}
	for _, g := range w.AllWorkGroups() {
		configuration, err := configurationOf(g)
		if err == nil {
			err = check(configuration)
		}
		if err != nil {
			return nil, fmt.Errorf("world: workGroups: %q of %s: configuration: %w", g.Name, g.Account, err)
		}
	}
	h := &handlers{world: w, authz: a}
	awswire.Handle(s, "CreateWorkGroup", h.createWorkGroup)
	awswire.Handle(s, "GetWorkGroup", h.getWorkGroup)
	awswire.Handle(s, "UpdateWorkGroup", h.updateWorkGroup)
	awswire.Handle(s, "DeleteWorkGroup", h.deleteWorkGroup)
	awswire.Handle(s, "ListWorkGroups", h.listWorkGroups)
	return s, nil
}

// invalidRequest is Athena's one exception for what a caller did wrong.
const invalidRequest = "InvalidRequestException"

func invalid(format string, args ...any) error {
	return &awswire.Error{
		Code: invalidRequest, Message: fmt.Sprintf(format, args...), Detail: map[string]any{"AthenaErrorCode": "INVALID_INPUT"},
	}
}

// notFound is in the words that clients quote of StartQueryExecution and GetWorkGroup.
func notFound() error { return invalid("WorkGroup is not found.") }

// now has the precision of the API's timestamps.
func (h *handlers) now() time.Time { return h.world.Now().UTC().Truncate(time.Millisecond) }

// permit authorizes the operation of c on the work group of a name, be it there or not.
func (h *handlers) permit(c *awswire.Caller, name string, keys policy.Context) (*world.Session, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	all := policy.Context{}
	maps.Copy(all, keys)
	if g, ok := h.world.WorkGroup(session.Account, c.Region, name); ok {
		addTags(all, "aws:ResourceTag/", g.Tags)
	}
	return session, h.allow(c, session, "athena:"+c.Operation, h.world.NewWorkGroup(session.Account, c.Region, name).ARN, all)
}

// allow asks for an action in the name of the caller.
func (h *handlers) allow(c *awswire.Caller, s *world.Session, action, resource string, keys policy.Context) error {
	err := h.authz.Allow(&authz.Request{Caller: c, Session: s, Action: action, Resource: resource, ResourceAccount: s.Account, Context: keys})
	if err != nil {
		return &awswire.Error{Code: "AccessDeniedException", Message: err.Error()}
	}
	return nil
}

// pass wants iam:PassRole for the execution role that a request names, which must be
// one of the caller's account: no policy can allow another.
func (h *handlers) pass(c *awswire.Caller, s *world.Session, role *string) error {
	if role == nil {
		return nil
	}
	if parsed, err := arn.Parse(*role); err == nil && parsed.AccountID != s.Account {
		return &awswire.Error{Code: "AccessDeniedException", Message: "Cross-account pass role is not allowed."}
	}
	return h.allow(c, s, "iam:PassRole", *role, policy.Context{"iam:PassedToService": {servicePrincipal}})
}

func addTags(keys policy.Context, prefix string, tags map[string]string) {
	for key, value := range tags {
		keys.Set(prefix+key, value)
	}
}

// tagKeys are the condition keys of a request that sets tags.
func tagKeys(tags map[string]string) policy.Context {
	keys := policy.Context{}
	if len(tags) > 0 {
		keys["aws:TagKeys"] = slices.Sorted(maps.Keys(tags))
	}
	addTags(keys, "aws:RequestTag/", tags)
	return keys
}
