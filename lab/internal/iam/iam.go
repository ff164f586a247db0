// Package iam serves the lab's IAM: roles, policies, OIDC providers, users with
// their access keys, and the policy simulator. It holds handlers only, which are safe
// for concurrent use; state is the world's, and what a policy decides is
// internal/policy's.
//
// It has no groups, instance profiles, MFA devices, passwords or SAML providers:
// operations that list them answer with nothing.
package iam

import (
	"net/url"
	"strings"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// handlers are the operations over one world.
type handlers struct {
	world *world.World
	authz *authz.Authorizer
}

// New returns the service over w.
func New(w *world.World, a *authz.Authorizer, opts ...awswire.Option) (*awswire.Service, error) {
	m, err := model()
	if err != nil {
		return nil, err
	}
	s, err := awswire.NewService("iam", append([]awswire.Option{awswire.WithModel(m)}, opts...)...)
	if err != nil {
		return nil, err
	}
	h := &handlers{world: w, authz: a}
	h.handleRoles(s)
	h.handlePolicies(s)
	h.handleProviders(s)
	h.handleUsers(s)
	awswire.Handle(s, "SimulatePrincipalPolicy", h.simulatePrincipalPolicy)
	awswire.Handle(s, "SimulateCustomPolicy", h.simulateCustomPolicy)
	awswire.Handle(s, "GetContextKeysForPrincipalPolicy", h.getContextKeysForPrincipalPolicy)
	awswire.Handle(s, "GetContextKeysForCustomPolicy", h.getContextKeysForCustomPolicy)
	awswire.Handle(s, "GetAccountSummary", h.getAccountSummary)
	awswire.Handle(s, "GetAccountAuthorizationDetails", h.getAccountAuthorizationDetails)
	return s, nil
}

// model is the service's with values that are not repeated in messages: IAM
// leaves them out of its validation errors.
func model() (*models.Model, error) {
	m, err := models.Load("iam")
	if err != nil {
		return nil, err
	}
	for _, s := range m.Shapes {
		if s.Type != "structure" {
			s.Sensitive = true
		}
	}
	return m, nil
}

func (h *handlers) handleRoles(s *awswire.Service) {
	awswire.Handle(s, "CreateRole", h.createRole)
	awswire.Handle(s, "GetRole", h.getRole)
	awswire.Handle(s, "ListRoles", h.listRoles)
	awswire.Handle(s, "UpdateRole", h.updateRole)
	awswire.Handle(s, "UpdateRoleDescription", h.updateRoleDescription)
	awswire.Handle(s, "UpdateAssumeRolePolicy", h.updateAssumeRolePolicy)
	awswire.Handle(s, "DeleteRole", h.deleteRole)
	awswire.Handle(s, "TagRole", h.tagRole)
	awswire.Handle(s, "UntagRole", h.untagRole)
	awswire.Handle(s, "ListRoleTags", h.listRoleTags)
	awswire.Handle(s, "PutRolePolicy", h.putRolePolicy)
	awswire.Handle(s, "GetRolePolicy", h.getRolePolicy)
	awswire.Handle(s, "ListRolePolicies", h.listRolePolicies)
	awswire.Handle(s, "DeleteRolePolicy", h.deleteRolePolicy)
	awswire.Handle(s, "AttachRolePolicy", h.attachRolePolicy)
	awswire.Handle(s, "DetachRolePolicy", h.detachRolePolicy)
	awswire.Handle(s, "ListAttachedRolePolicies", h.listAttachedRolePolicies)
	awswire.Handle(s, "PutRolePermissionsBoundary", h.putRolePermissionsBoundary)
	awswire.Handle(s, "DeleteRolePermissionsBoundary", h.deleteRolePermissionsBoundary)
	awswire.Handle(s, "ListInstanceProfilesForRole", h.listInstanceProfilesForRole)
}

func (h *handlers) handlePolicies(s *awswire.Service) {
	awswire.Handle(s, "CreatePolicy", h.createPolicy)
	awswire.Handle(s, "GetPolicy", h.getPolicy)
	awswire.Handle(s, "ListPolicies", h.listPolicies)
	awswire.Handle(s, "DeletePolicy", h.deletePolicy)
	awswire.Handle(s, "CreatePolicyVersion", h.createPolicyVersion)
	awswire.Handle(s, "GetPolicyVersion", h.getPolicyVersion)
	awswire.Handle(s, "ListPolicyVersions", h.listPolicyVersions)
	awswire.Handle(s, "SetDefaultPolicyVersion", h.setDefaultPolicyVersion)
	awswire.Handle(s, "DeletePolicyVersion", h.deletePolicyVersion)
	awswire.Handle(s, "TagPolicy", h.tagPolicy)
	awswire.Handle(s, "UntagPolicy", h.untagPolicy)
	awswire.Handle(s, "ListPolicyTags", h.listPolicyTags)
	awswire.Handle(s, "ListEntitiesForPolicy", h.listEntitiesForPolicy)
}

func (h *handlers) handleProviders(s *awswire.Service) {
	awswire.Handle(s, "CreateOpenIDConnectProvider", h.createOpenIDConnectProvider)
	awswire.Handle(s, "GetOpenIDConnectProvider", h.getOpenIDConnectProvider)
	awswire.Handle(s, "ListOpenIDConnectProviders", h.listOpenIDConnectProviders)
	awswire.Handle(s, "DeleteOpenIDConnectProvider", h.deleteOpenIDConnectProvider)
	awswire.Handle(s, "AddClientIDToOpenIDConnectProvider", h.addClientID)
	awswire.Handle(s, "RemoveClientIDFromOpenIDConnectProvider", h.removeClientID)
	awswire.Handle(s, "UpdateOpenIDConnectProviderThumbprint", h.updateThumbprint)
	awswire.Handle(s, "TagOpenIDConnectProvider", h.tagProvider)
	awswire.Handle(s, "UntagOpenIDConnectProvider", h.untagProvider)
	awswire.Handle(s, "ListOpenIDConnectProviderTags", h.listProviderTags)
}

func (h *handlers) handleUsers(s *awswire.Service) {
	awswire.Handle(s, "CreateUser", h.createUser)
	awswire.Handle(s, "GetUser", h.getUser)
	awswire.Handle(s, "ListUsers", h.listUsers)
	awswire.Handle(s, "UpdateUser", h.updateUser)
	awswire.Handle(s, "DeleteUser", h.deleteUser)
	awswire.Handle(s, "TagUser", h.tagUser)
	awswire.Handle(s, "UntagUser", h.untagUser)
	awswire.Handle(s, "ListUserTags", h.listUserTags)
	awswire.Handle(s, "ListGroupsForUser", h.listGroupsForUser)
	awswire.Handle(s, "CreateAccessKey", h.createAccessKey)
	awswire.Handle(s, "ListAccessKeys", h.listAccessKeys)
	awswire.Handle(s, "UpdateAccessKey", h.updateAccessKey)
	awswire.Handle(s, "DeleteAccessKey", h.deleteAccessKey)
	awswire.Handle(s, "GetAccessKeyLastUsed", h.getAccessKeyLastUsed)
	awswire.Handle(s, "PutUserPolicy", h.putUserPolicy)
	awswire.Handle(s, "GetUserPolicy", h.getUserPolicy)
	awswire.Handle(s, "ListUserPolicies", h.listUserPolicies)
	awswire.Handle(s, "DeleteUserPolicy", h.deleteUserPolicy)
	awswire.Handle(s, "AttachUserPolicy", h.attachUserPolicy)
	awswire.Handle(s, "DetachUserPolicy", h.detachUserPolicy)
	awswire.Handle(s, "ListAttachedUserPolicies", h.listAttachedUserPolicies)
	awswire.Handle(s, "PutUserPermissionsBoundary", h.putUserPermissionsBoundary)
	awswire.Handle(s, "DeleteUserPermissionsBoundary", h.deleteUserPermissionsBoundary)
}

// encoded is a policy document as answers have it: URL-encoded (RFC 3986).
func encoded(d *policy.Document) *string {
	text := strings.ReplaceAll(url.QueryEscape(d.Text()), "+", "%20")
	return &text
}
