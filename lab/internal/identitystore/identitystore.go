// Package identitystore serves the lab's AWS Identity Store: users, groups and
// memberships of a directory of IAM Identity Center. It holds handlers only; state
// is the world's. It is safe for concurrent use.
//
// It has no SCIM endpoint, and no quota of requests.
package identitystore

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/internal/policy"
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
	s, err := awswire.NewService("identitystore", append(opts,
		awswire.WithUnion[types.AlternateIdentifier](&types.AlternateIdentifierMemberExternalId{}, &types.AlternateIdentifierMemberUniqueAttribute{}),
		awswire.WithUnion[types.MemberId](&types.MemberIdMemberUserId{}),
		awswire.WithDocument(document.NewLazyDocument),
	)...)
	if err != nil {
		return nil, err
	}
	h := &handlers{world: w, authz: a}
	h.reads(s)
	h.writes(s)
	return s, nil
}

func (h *handlers) reads(s *awswire.Service) {
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
}

func (h *handlers) writes(s *awswire.Service) {
	awswire.Handle(s, "CreateUser", h.createUser)
	awswire.Handle(s, "UpdateUser", h.updateUser)
	awswire.Handle(s, "DeleteUser", h.deleteUser)
	awswire.Handle(s, "CreateGroup", h.createGroup)
	awswire.Handle(s, "UpdateGroup", h.updateGroup)
	awswire.Handle(s, "DeleteGroup", h.deleteGroup)
	awswire.Handle(s, "CreateGroupMembership", h.createGroupMembership)
	awswire.Handle(s, "DeleteGroupMembership", h.deleteGroupMembership)
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
	if h.admits(c, s, in) { // no policy of the store is asked
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

// admits reports whether the service lets the account of a session in: those that
// administer the instance for everything, and the members of an organization for
// reads of its directory, which alone the API reference offers to member accounts.
// The directory of an account instance is its own account's.
func (h *handlers) admits(c *awswire.Caller, s *world.Session, in *world.Instance) bool {
	return h.world.Administers(s.Account, in) ||
		reading(c.Operation) && *h.world.Switches.DirectoryAcrossAccounts &&
			h.world.OfOrganization(in) && h.world.OrganizationID(s.Account) != ""
}

func reading(operation string) bool {
	for _, verb := range []string{"Get", "List", "Describe", "IsMember"} {
		if strings.HasPrefix(operation, verb) {
			return true
		}
	}
	return false
}

// created is the stamp of what a caller makes or, as far as changes go, changes
// now, by the ARN of the caller.
func (h *handlers) created(c *awswire.Caller) world.StampFile {
	now, by := h.world.Now().UTC().Truncate(time.Millisecond), ""
	if session, ok := h.world.Session(c.AccessKeyID); ok {
		by = session.ARN
	}
	return world.StampFile{Created: &now, Updated: &now, CreatedBy: by, UpdatedBy: by}
}
