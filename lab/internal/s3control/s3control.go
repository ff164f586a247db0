// Package s3control serves the lab's S3 Control as far as S3 Access Grants goes:
// what a caller sees (GetDataAccess, GetAccessGrantsInstanceForPrefix,
// ListCallerAccessGrants) and what an administrator does (instances, their
// association with Identity Center and resource policies, locations, grants,
// tags). It holds handlers only, which are safe for concurrent use; state is the
// world's, of which a request reads one snapshot. It has no other operation of S3
// Control.
package s3control

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// accessScope is what an Identity Center application needs to reach S3 Access Grants.
const accessScope = "s3:access_grants:read_write"

// handlers are the operations over one world.
type handlers struct {
	world *world.World
	authz *authz.Authorizer
}

// New returns the service over w.
func New(w *world.World, a *authz.Authorizer, opts ...awswire.Option) (*awswire.Service, error) {
	model, err := model()
	if err != nil {
		return nil, err
	}
	own := []awswire.Option{awswire.WithModel(model), awswire.WithValidationCode(w.Switches.AccessGrantsValidation)}
	s, err := awswire.NewService("s3control", append(own, opts...)...)
	if err != nil {
		return nil, err
	}
	h := &handlers{world: w, authz: a}
	awswire.Handle(s, "GetDataAccess", h.getDataAccess)
	awswire.Handle(s, "GetAccessGrantsInstanceForPrefix", h.getAccessGrantsInstanceForPrefix)
	awswire.Handle(s, "ListCallerAccessGrants", h.listCallerAccessGrants)
	h.handleInstance(s)
	h.handleContents(s)
	return s, nil
}

// handleInstance adds what is done with an instance and its tags.
func (h *handlers) handleInstance(s *awswire.Service) {
	awswire.Handle(s, "CreateAccessGrantsInstance", h.createAccessGrantsInstance)
	awswire.Handle(s, "GetAccessGrantsInstance", h.getAccessGrantsInstance)
	awswire.Handle(s, "DeleteAccessGrantsInstance", h.deleteAccessGrantsInstance)
	awswire.Handle(s, "ListAccessGrantsInstances", h.listAccessGrantsInstances)
	awswire.Handle(s, "AssociateAccessGrantsIdentityCenter", h.associateAccessGrantsIdentityCenter)
	awswire.Handle(s, "DissociateAccessGrantsIdentityCenter", h.dissociateAccessGrantsIdentityCenter)
	awswire.Handle(s, "PutAccessGrantsInstanceResourcePolicy", h.putAccessGrantsInstanceResourcePolicy)
	awswire.Handle(s, "GetAccessGrantsInstanceResourcePolicy", h.getAccessGrantsInstanceResourcePolicy)
	awswire.Handle(s, "DeleteAccessGrantsInstanceResourcePolicy", h.deleteAccessGrantsInstanceResourcePolicy)
	awswire.Handle(s, "TagResource", h.tagResource)
	awswire.Handle(s, "UntagResource", h.untagResource)
	awswire.Handle(s, "ListTagsForResource", h.listTagsForResource)
}

// handleContents adds what is done with locations and grants.
func (h *handlers) handleContents(s *awswire.Service) {
	awswire.Handle(s, "CreateAccessGrantsLocation", h.createAccessGrantsLocation)
	awswire.Handle(s, "GetAccessGrantsLocation", h.getAccessGrantsLocation)
	awswire.Handle(s, "UpdateAccessGrantsLocation", h.updateAccessGrantsLocation)
	awswire.Handle(s, "DeleteAccessGrantsLocation", h.deleteAccessGrantsLocation)
	awswire.Handle(s, "ListAccessGrantsLocations", h.listAccessGrantsLocations)
	awswire.Handle(s, "CreateAccessGrant", h.createAccessGrant)
	awswire.Handle(s, "GetAccessGrant", h.getAccessGrant)
	awswire.Handle(s, "DeleteAccessGrant", h.deleteAccessGrant)
	awswire.Handle(s, "ListAccessGrants", h.listAccessGrants)
}

// model is the service's without the limits that S3 Access Grants has errors of
// its own for: of tags and of the form of a role's ARN.
func model() (*models.Model, error) {
	m, err := models.Load("s3control")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"TagList", "TagKeyString", "TagValueString", "IAMRoleArn"} {
		s := m.Shapes[name]
		s.Min, s.Max, s.Pattern = nil, nil, ""
	}
	return m, nil
}

// now has the precision of the API's timestamps.
func (h *handlers) now() time.Time { return h.world.Now().UTC().Truncate(time.Second) }

// invalid refuses a value that the model admits.
func (h *handlers) invalid(format string, args ...any) error {
	return &awswire.Error{Code: h.world.Switches.AccessGrantsValidation, Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

// ownAccount wants a request to name the account of its caller.
func (h *handlers) ownAccount(c *awswire.Caller, account string) error {
	session, err := h.authz.Session(c)
	code := h.world.Switches.ForeignAccountForPrefix
	switch {
	case err != nil:
		return err
	case session.Account == account || code == "accepted":
		return nil
	case code == "AccessDenied":
		return &awswire.Error{Code: code, Status: http.StatusForbidden, Message: "Access Denied"}
	}
	return &awswire.Error{Code: code, Status: http.StatusBadRequest, Message: "The account id must be that of the caller"}
}

// getAccessGrantsInstanceForPrefix finds the instance of the account that owns the bucket.
func (h *handlers) getAccessGrantsInstanceForPrefix(_ context.Context, c *awswire.Caller, in *s3control.GetAccessGrantsInstanceForPrefixInput) (*s3control.GetAccessGrantsInstanceForPrefixOutput, error) {
	rest, ok := strings.CutPrefix(aws.ToString(in.S3Prefix), "s3://")
	if !ok {
		return nil, h.invalid("The S3 prefix must begin with s3://")
	}
	if err := h.ownAccount(c, *in.AccountId); err != nil {
		return nil, err
	}
	name, _, _ := strings.Cut(rest, "/")
	account := *in.AccountId
	if b, ok := h.world.Bucket(strings.TrimSuffix(name, "*")); ok && b.Region == c.Region {
		account = b.Account
	}
	_, instance, err := h.permit(c, account, shared)
	if err != nil {
		return nil, err
	}
	return &s3control.GetAccessGrantsInstanceForPrefixOutput{AccessGrantsInstanceArn: &instance.ARN, AccessGrantsInstanceId: aws.String(instanceID)}, nil
}
