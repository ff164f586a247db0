// Package identitystore serves the reads of the lab's AWS Identity Store: users,
// groups and memberships of a directory of IAM Identity Center. It holds handlers
// only; state is the world's.
package identitystore

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// handlers are the operations over one world.
type handlers struct {
	world *world.World
	authz *authz.Authorizer
}

// New returns the service over w.
func New(w *world.World, a *authz.Authorizer, opts ...awswire.Option) (*awswire.Service, error) {
	s, err := awswire.NewService("identitystore", append(opts,
		awswire.WithUnion[types.AlternateIdentifier](&types.AlternateIdentifierMemberExternalId{}, &types.AlternateIdentifierMemberUniqueAttribute{}),
		awswire.WithUnion[types.MemberId](&types.MemberIdMemberUserId{}),
		awswire.WithDocument(document.NewLazyDocument),
	)...)
	if err != nil {
		return nil, err
	}
	h := &handlers{world: w, authz: a}
	awswire.Handle(s, "DescribeUser", h.describeUser)
	awswire.Handle(s, "ListUsers", h.listUsers)
	awswire.Handle(s, "GetUserId", h.getUserID)
	awswire.Handle(s, "DescribeGroup", h.describeGroup)
	awswire.Handle(s, "ListGroups", h.listGroups)
	awswire.Handle(s, "GetGroupId", h.getGroupID)
	awswire.Handle(s, "ListGroupMemberships", h.listGroupMemberships)
	awswire.Handle(s, "ListGroupMembershipsForMember", h.listGroupMembershipsForMember)
	awswire.Handle(s, "IsMemberInGroups", h.isMemberInGroups)
	awswire.Handle(s, "GetGroupMembershipId", h.getGroupMembershipID)
	awswire.Handle(s, "DescribeGroupMembership", h.describeGroupMembership)
	return s, nil
}

// Values of ResourceType in a ResourceNotFoundException.
const (
	aUser       = "USER"
	aGroup      = "GROUP"
	aMembership = "GROUP_MEMBERSHIP"
	aStore      = "IDENTITY_STORE"
)

// notFound is worded as captured: "USER not found."
func notFound(kind, id string) error {
	detail := map[string]any{"ResourceType": kind}
	if id != "" {
		detail["ResourceId"] = id
	}
	return &awswire.Error{Code: "ResourceNotFoundException", Message: kind + " not found.", Detail: detail}
}

func invalid(message string) error {
	return &awswire.Error{Code: "ValidationException", Message: message}
}

// resource is the ARN of a user, a group or a membership. It names no account.
func (h *handlers) resource(kind, id string) string {
	return "arn:" + h.world.Partition + ":identitystore:::" + kind + "/" + id
}

// all stands for the id in the ARN of a resource that a request does not name.
const all = "*"

// store authorizes the operation of c on the identity store and the further
// resources (IAM wants every one of them allowed), and returns the store.
func (h *handlers) store(c *awswire.Caller, id *string, resources ...string) (*world.Instance, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	in, found := h.world.IdentityStore(*id)
	if found = found && in.Region == c.Region; !found { // as if it were the caller's own
		in = &world.Instance{
			Account: session.Account, IdentityStoreID: *id,
			IdentityStoreARN: "arn:" + h.world.Partition + ":identitystore::" + session.Account + ":identitystore/" + *id,
		}
	}
	if err := h.authorize(c, session, in, append(resources, in.IdentityStoreARN)); err != nil {
		return nil, err
	}
	if !found {
		return nil, notFound(aStore, *id)
	}
	return in, nil
}

// authorize wants every resource allowed. The refusal names each that is not, as
// AWS's does.
func (h *handlers) authorize(c *awswire.Caller, s *world.Session, in *world.Instance, resources []string) error {
	owner := in.Account
	if *h.world.Switches.DirectoryAcrossAccounts { // no policy of the store is asked
		owner = s.Account
	}
	var denials []string
	for _, arn := range resources {
		err := h.authz.Allow(&authz.Request{
			Caller: c, Session: s, Action: "identitystore:" + c.Operation, Resource: arn, ResourceAccount: owner,
			Context: policy.Context{"aws:ResourceAccount": {in.Account}},
		})
		if err != nil {
			denials = append(denials, err.Error())
		}
	}
	if denials == nil {
		return nil
	}
	return &awswire.Error{Code: "AccessDeniedException", Message: strings.Join(denials, ", ")}
}
