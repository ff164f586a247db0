// Package ssoadmin serves the lab's IAM Identity Center administration: instances,
// trusted token issuers, customer managed applications with their grants,
// authentication methods, scopes and assignments, and tags. It holds handlers only,
// which are safe for concurrent use; state is the world's. It has no permission
// sets, account assignments, attributes for access control and Regions.
package ssoadmin

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/document"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

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
	s, err := awswire.NewService("sso-admin", append(opts,
		awswire.WithUnion[types.Grant](&types.GrantMemberAuthorizationCode{}, &types.GrantMemberJwtBearer{}, &types.GrantMemberRefreshToken{}, &types.GrantMemberTokenExchange{}),
		awswire.WithUnion[types.AuthenticationMethod](&types.AuthenticationMethodMemberIam{}),
		awswire.WithUnion[types.TrustedTokenIssuerConfiguration](&types.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration{}),
		awswire.WithUnion[types.TrustedTokenIssuerUpdateConfiguration](&types.TrustedTokenIssuerUpdateConfigurationMemberOidcJwtConfiguration{}),
		awswire.WithDocument(document.NewLazyDocument),
	)...)
	if err != nil {
		return nil, err
	}
	h := &handlers{world: w, authz: a}
	h.handleInstances(s)
	h.handleApplications(s)
	h.handleContents(s)
	return s, nil
}

// handleInstances adds what is done with instances, trusted token issuers and tags.
func (h *handlers) handleInstances(s *awswire.Service) {
	awswire.Handle(s, "CreateInstance", h.createInstance)
	awswire.Handle(s, "DescribeInstance", h.describeInstance)
	awswire.Handle(s, "ListInstances", h.listInstances)
	awswire.Handle(s, "UpdateInstance", h.updateInstance)
	awswire.Handle(s, "DeleteInstance", h.deleteInstance)
	awswire.Handle(s, "CreateTrustedTokenIssuer", h.createTrustedTokenIssuer)
	awswire.Handle(s, "DescribeTrustedTokenIssuer", h.describeTrustedTokenIssuer)
	awswire.Handle(s, "ListTrustedTokenIssuers", h.listTrustedTokenIssuers)
	awswire.Handle(s, "UpdateTrustedTokenIssuer", h.updateTrustedTokenIssuer)
	awswire.Handle(s, "DeleteTrustedTokenIssuer", h.deleteTrustedTokenIssuer)
	awswire.Handle(s, "TagResource", h.tagResource)
	awswire.Handle(s, "UntagResource", h.untagResource)
	awswire.Handle(s, "ListTagsForResource", h.listTagsForResource)
}

// handleApplications adds what is done with applications as a whole.
func (h *handlers) handleApplications(s *awswire.Service) {
	awswire.Handle(s, "CreateApplication", h.createApplication)
	awswire.Handle(s, "DescribeApplication", h.describeApplication)
	awswire.Handle(s, "ListApplications", h.listApplications)
	awswire.Handle(s, "UpdateApplication", h.updateApplication)
	awswire.Handle(s, "DeleteApplication", h.deleteApplication)
	awswire.Handle(s, "DescribeApplicationProvider", h.describeApplicationProvider)
	awswire.Handle(s, "ListApplicationProviders", h.listApplicationProviders)
	awswire.Handle(s, "PutApplicationAssignmentConfiguration", h.putApplicationAssignmentConfiguration)
	awswire.Handle(s, "GetApplicationAssignmentConfiguration", h.getApplicationAssignmentConfiguration)
	awswire.Handle(s, "PutApplicationSessionConfiguration", h.putApplicationSessionConfiguration)
	awswire.Handle(s, "GetApplicationSessionConfiguration", h.getApplicationSessionConfiguration)
}

// handleContents adds what is done with what applications have.
func (h *handlers) handleContents(s *awswire.Service) {
	awswire.Handle(s, "PutApplicationGrant", h.putApplicationGrant)
	awswire.Handle(s, "GetApplicationGrant", h.getApplicationGrant)
	awswire.Handle(s, "ListApplicationGrants", h.listApplicationGrants)
	awswire.Handle(s, "DeleteApplicationGrant", h.deleteApplicationGrant)
	awswire.Handle(s, "PutApplicationAuthenticationMethod", h.putApplicationAuthenticationMethod)
	awswire.Handle(s, "GetApplicationAuthenticationMethod", h.getApplicationAuthenticationMethod)
	awswire.Handle(s, "ListApplicationAuthenticationMethods", h.listApplicationAuthenticationMethods)
	awswire.Handle(s, "DeleteApplicationAuthenticationMethod", h.deleteApplicationAuthenticationMethod)
	awswire.Handle(s, "PutApplicationAccessScope", h.putApplicationAccessScope)
	awswire.Handle(s, "GetApplicationAccessScope", h.getApplicationAccessScope)
	awswire.Handle(s, "ListApplicationAccessScopes", h.listApplicationAccessScopes)
	awswire.Handle(s, "DeleteApplicationAccessScope", h.deleteApplicationAccessScope)
	awswire.Handle(s, "CreateApplicationAssignment", h.createApplicationAssignment)
	awswire.Handle(s, "DescribeApplicationAssignment", h.describeApplicationAssignment)
	awswire.Handle(s, "ListApplicationAssignments", h.listApplicationAssignments)
	awswire.Handle(s, "ListApplicationAssignmentsForPrincipal", h.listApplicationAssignmentsForPrincipal)
	awswire.Handle(s, "DeleteApplicationAssignment", h.deleteApplicationAssignment)
}

// Codes of the service's exceptions (IAM Identity Center API reference). All have
// HTTP status 400.
const (
	accessDenied  = "AccessDeniedException"
	conflict      = "ConflictException"
	notFound      = "ResourceNotFoundException"
	quotaExceeded = "ServiceQuotaExceededException"
	validation    = "ValidationException"
)

func refuse(code, format string, args ...any) error {
	return &awswire.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error { return refuse(validation, format, args...) }

// refused words what the world says about a change; other errors, nil included,
// stay as they are. Of these texts none is documented.
func (h *handlers) refused(err error) error {
	for known, answer := range map[error]struct{ code, text string }{
		world.ErrNoInstance:      {notFound, "Instance not found."},
		world.ErrInstanceExists:  {conflict, "An instance already exists in this account."},
		world.ErrNoIssuer:        {notFound, "Trusted token issuer not found."},
		world.ErrIssuerName:      {conflict, "A trusted token issuer with this name already exists."},
		world.ErrIssuerURL:       {conflict, "A trusted token issuer with this issuer URL already exists."},
		world.ErrIssuerQuota:     {quotaExceeded, "An instance can have at most 10 trusted token issuers."},
		world.ErrNoApplication:   {notFound, "Application not found."},
		world.ErrApplicationName: {conflict, "An application with this name already exists."},
		world.ErrAppQuota:        {quotaExceeded, "The quota of applications of the instance is reached."},
		world.ErrAssigned:        {conflict, "The principal is already assigned to the application."},
		world.ErrNotAssigned:     {notFound, "Application assignment not found."},
		world.ErrNoGrant:         {notFound, "Grant not found."},
		world.ErrNoScope:         {notFound, "Access scope not found."},
		world.ErrScopeQuota:      {h.world.Switches.AccessScopeQuota, "An application can have at most 25 access scopes."},
		world.ErrOtherParameters: {h.world.Switches.ClientTokenMismatch, "The client token was used in a request with other parameters."},
	} {
		if errors.Is(err, known) {
			return refuse(answer.code, "%s", answer.text)
		}
	}
	return err
}
