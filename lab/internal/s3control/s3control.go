// Package s3control serves the lab's S3 Control: S3 Access Grants as a caller
// sees them (GetDataAccess, GetAccessGrantsInstanceForPrefix,
// ListCallerAccessGrants). It holds handlers only; state is the world's.
package s3control

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
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
	s, err := awswire.NewService("s3control", append(opts, awswire.WithValidationCode(w.Switches.AccessGrantsValidation))...)
	if err != nil {
		return nil, err
	}
	h := &handlers{world: w, authz: a}
	awswire.Handle(s, "GetDataAccess", h.getDataAccess)
	awswire.Handle(s, "GetAccessGrantsInstanceForPrefix", h.getAccessGrantsInstanceForPrefix)
	awswire.Handle(s, "ListCallerAccessGrants", h.listCallerAccessGrants)
	return s, nil
}

func notFound(code, message string) error {
	return &awswire.Error{Code: code, Message: message, Status: http.StatusNotFound}
}

// invalid refuses a value that the model admits.
func (h *handlers) invalid(format string, args ...any) error {
	return &awswire.Error{Code: h.world.Switches.AccessGrantsValidation, Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

// instance authorizes action on the instance of an account and returns it.
func (h *handlers) instance(c *awswire.Caller, account, action string) (*world.Session, *world.AccessGrants, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, nil, err
	}
	r := &authz.Request{
		Caller: c, Session: session, Action: action, ResourceAccount: account,
		Resource: "arn:" + h.world.Partition + ":s3:" + c.Region + ":" + account + ":access-grants/default",
	}
	in, ok := h.world.AccessGrants(account, c.Region)
	if ok {
		r.ResourcePolicy = in.ResourcePolicy
	}
	if err := h.authz.Require(r); err != nil {
		return nil, nil, err
	}
	if !ok {
		return nil, nil, notFound("AccessGrantsInstanceNotExistsError", "Access Grants Instance does not exist")
	}
	return session, in, nil
}

// getAccessGrantsInstanceForPrefix finds the instance of the account that owns the bucket.
func (h *handlers) getAccessGrantsInstanceForPrefix(_ context.Context, c *awswire.Caller, in *s3control.GetAccessGrantsInstanceForPrefixInput) (*s3control.GetAccessGrantsInstanceForPrefixOutput, error) {
	rest, ok := strings.CutPrefix(aws.ToString(in.S3Prefix), "s3://")
	if !ok {
		return nil, h.invalid("The S3 prefix must begin with s3://")
	}
	name, _, _ := strings.Cut(rest, "/")
	account := aws.ToString(in.AccountId)
	if b, ok := h.world.Bucket(strings.TrimSuffix(name, "*")); ok && b.Region == c.Region {
		account = b.Account
	}
	_, instance, err := h.instance(c, account, "s3:GetAccessGrantsInstanceForPrefix")
	if err != nil {
		return nil, err
	}
	return &s3control.GetAccessGrantsInstanceForPrefixOutput{AccessGrantsInstanceArn: &instance.ARN, AccessGrantsInstanceId: aws.String("default")}, nil
}
