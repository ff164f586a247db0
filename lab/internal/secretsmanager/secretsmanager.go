// Package secretsmanager serves the lab's AWS Secrets Manager: secrets with
// versions and staging labels, their deletion with a recovery window, tags and
// resource policies. It holds handlers only; state is the world's. It has neither
// rotation nor replicas, and encrypts nothing: of a KMS key it
// knows the name, and takes its policy as allowing whoever asks.
package secretsmanager

import (
	"errors"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// handlers are the operations over one world.
type handlers struct {
	world *world.World
	authz *authz.Authorizer
	// keyPolicy is that of every KMS key.
	keyPolicy *policy.Document
}

// New returns the service over w.
func New(w *world.World, a *authz.Authorizer, opts ...awswire.Option) (*awswire.Service, error) {
	s, err := awswire.NewService("secretsmanager", opts...)
	if err != nil {
		return nil, err
	}
	keyPolicy, err := policy.Parse([]byte(openKeyPolicy), policy.Resource)
	if err != nil {
		return nil, err
	}
	h := &handlers{world: w, authz: a, keyPolicy: keyPolicy}
	awswire.Handle(s, "GetSecretValue", h.getSecretValue)
	awswire.Handle(s, "BatchGetSecretValue", h.batchGetSecretValue)
	awswire.Handle(s, "DescribeSecret", h.describeSecret)
	awswire.Handle(s, "ListSecrets", h.listSecrets)
	awswire.Handle(s, "ListSecretVersionIds", h.listSecretVersionIDs)
	awswire.Handle(s, "CreateSecret", h.createSecret)
	awswire.Handle(s, "PutSecretValue", h.putSecretValue)
	awswire.Handle(s, "UpdateSecret", h.updateSecret)
	awswire.Handle(s, "DeleteSecret", h.deleteSecret)
	awswire.Handle(s, "RestoreSecret", h.restoreSecret)
	awswire.Handle(s, "GetResourcePolicy", h.getResourcePolicy)
	awswire.Handle(s, "PutResourcePolicy", h.putResourcePolicy)
	awswire.Handle(s, "DeleteResourcePolicy", h.deleteResourcePolicy)
	awswire.Handle(s, "TagResource", h.tagResource)
	awswire.Handle(s, "UntagResource", h.untagResource)
	return s, nil
}

func refuse(code, message string) error { return &awswire.Error{Code: code, Message: message} }

func invalidRequest(message string) error { return refuse("InvalidRequestException", message) }

func invalidParameter(message string) error { return refuse("InvalidParameterException", message) }

func notFound() error {
	return refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

func markedForDeletion() error {
	return invalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
}

func invalidName() error {
	return refuse("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
}

// now has the precision of the API's timestamps.
func (h *handlers) now() time.Time { return h.world.Now().UTC().Truncate(time.Millisecond) }

// arn is that of a secret about to be made, or one that nobody has.
func (h *handlers) arn(c *awswire.Caller, account, name string) string {
	return "arn:" + h.world.Partition + ":secretsmanager:" + c.Region + ":" + account + ":secret:" + name
}

// keysOf are the request's own condition keys; s is nil if there is no such secret.
type keysOf func(s *world.Secret) policy.Context

// find authorizes the operation of c on a secret and returns it. A refusal and a
// policy see an unknown one by the words of the request.
func (h *handlers) find(c *awswire.Caller, id *string, keys keysOf) (*world.Secret, *world.Session, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, nil, err
	}
	if !strings.HasPrefix(*id, "arn:") && !world.ValidSecretName(*id) {
		return nil, nil, invalidName()
	}
	s, ok := h.world.Secret(session.Account, c.Region, *id)
	if ok && s.Region != c.Region {
		s, ok = nil, false
	}
	r := &authz.Request{
		Caller: c, Session: session, Action: "secretsmanager:" + c.Operation, Resource: *id, ResourceAccount: owner(*id, session.Account),
		Context: policy.Context{"secretsmanager:SecretId": {*id}},
	}
	if ok {
		r.Resource, r.ResourceAccount, r.ResourcePolicy = s.ARN, s.Account, s.Policy
		addTags(r.Context, s.Tags, "aws:ResourceTag/", "secretsmanager:ResourceTag/")
	}
	if keys != nil {
		for key, values := range keys(s) {
			r.Context.Set(key, values...)
		}
	}
	if err := h.authz.Allow(r); err != nil {
		return nil, nil, refuse("AccessDeniedException", err.Error())
	}
	if !ok {
		return nil, nil, notFound()
	}
	return s, session, nil
}

// usable is find for operations that a secret marked for deletion refuses.
func (h *handlers) usable(c *awswire.Caller, id *string, keys keysOf) (*world.Secret, *world.Session, error) {
	s, session, err := h.find(c, id, keys)
	if err == nil && !s.Deleted.IsZero() {
		return nil, nil, markedForDeletion()
	}
	return s, session, err
}

// change has edit change a secret that may have been deleted meanwhile.
func (h *handlers) change(s *world.Secret, edit func(*world.Secret) error) (*world.Secret, error) {
	changed, err := h.world.ChangeSecret(s.ARN, func(s *world.Secret) error {
		if !s.Deleted.IsZero() {
			return markedForDeletion()
		}
		return edit(s)
	})
	if errors.Is(err, world.ErrNoSecret) {
		return nil, notFound()
	}
	return changed, err
}

// owner is the account of an ARN, else the caller's own.
func owner(id, own string) string {
	if parts := strings.SplitN(id, ":", 6); len(parts) == 6 && parts[4] != "" {
		return parts[4]
	}
	return own
}

func addTags(keys policy.Context, tags map[string]string, prefixes ...string) {
	for key, value := range tags {
		for _, prefix := range prefixes {
			keys.Set(prefix+key, value)
		}
	}
}
