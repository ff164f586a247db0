package secretsmanager

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// value is what a request brings: a text, bytes or neither, under the id that
// its version shall have.
type value struct {
	id     *string
	text   *string
	binary []byte
}

func (v *value) given() bool { return v.text != nil || v.binary != nil }

func (v *value) check() error {
	if len(aws.ToString(v.text)) > world.MaxSecretValue { // the model counts characters
		return invalidParameter("The secret value is longer than 65536 bytes.")
	}
	if v.text != nil && v.binary != nil {
		return invalidParameter("You can't specify both a binary secret value and a string secret value in the same secret.")
	}
	if v.given() && v.id == nil {
		return invalidRequest("You must provide a ClientRequestToken value. We recommend a UUID-type value.")
	}
	return nil
}

// same reports whether a version holds the value, of which nothing is empty.
func (v *value) same(old *world.SecretVersion) bool {
	return aws.ToString(v.text) == aws.ToString(old.Text) && bytes.Equal(v.binary, old.Binary)
}

// maxDeprecated is how many versions without a staging label are kept.
const maxDeprecated = 100

// add makes the value a version of s with staging labels. The same value under
// the same id again changes nothing; another one is refused.
func (h *handlers) add(s *world.Secret, v *value, stages []string) error {
	if old, ok := s.Version(*v.id); ok {
		if v.same(old) {
			return nil
		}
		return versionExists()
	}
	first := len(s.Versions) == 0
	s.Versions = append(s.Versions, world.SecretVersion{ID: *v.id, Text: v.text, Binary: v.binary, Created: h.now()})
	if first && !slices.Contains(stages, world.StageCurrent) {
		stages = append([]string{world.StageCurrent}, stages...)
	}
	for _, stage := range stages {
		s.Stage(*v.id, stage)
	}
	s.Changed = h.now()
	dropDeprecated(s)
	return nil
}

func versionExists() error {
	return refuse("ResourceExistsException", "A resource with the ID you requested already exists.")
}

func dropDeprecated(s *world.Secret) {
	surplus := -maxDeprecated
	for _, v := range s.Versions {
		if len(v.Stages) == 0 {
			surplus++
		}
	}
	s.Versions = slices.DeleteFunc(s.Versions, func(v world.SecretVersion) bool {
		drop := len(v.Stages) == 0 && surplus > 0
		if drop {
			surplus--
		}
		return drop
	})
}

func (h *handlers) createSecret(_ context.Context, c *awswire.Caller, in *secretsmanager.CreateSecretInput) (*secretsmanager.CreateSecretOutput, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	v := &value{in.ClientRequestToken, in.SecretString, in.SecretBinary}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkCreate(in, v); err != nil {
		return nil, err
	}
	key, err := customerKey(in.KmsKeyId)
	if err != nil {
		return nil, err
	}
	now := h.now()
	s := &world.Secret{
		ARN: h.arn(c, session.Account, *in.Name) + "-" + world.SecretSuffix(), Name: *in.Name, Account: session.Account, Region: c.Region,
		Description: aws.ToString(in.Description), KMSKeyID: key, Tags: tags, Created: now, Changed: now,
	}
	if err := h.allowNew(c, session, s); err != nil {
		return nil, err
	}
	if old, ok := h.world.Secret(session.Account, c.Region, *in.Name); ok {
		return h.created(old, v)
	}
	if v.given() {
		if err := h.encrypt(c, s, session, *v.id); err != nil {
			return nil, err
		}
		if err := h.add(s, v, []string{world.StageCurrent}); err != nil {
			return nil, err
		}
	}
	if err := h.world.AddSecret(s); err != nil { // another request was faster
		return nil, alreadyExists(s.Name)
	}
	return created(s, v), nil
}

func checkCreate(in *secretsmanager.CreateSecretInput, v *value) error {
	if !world.ValidSecretName(*in.Name) {
		return invalidName()
	}
	if len(in.AddReplicaRegions) > 0 {
		return unsupported()
	}
	return errors.Join(unmanaged(in.Type), v.check())
}

// unmanaged refuses the types of managed external secrets.
func unmanaged(kind *string) error {
	if aws.ToString(kind) != "" {
		return unsupported()
	}
	return nil
}

func unsupported() error {
	return invalidParameter("The lab has neither replicas nor managed external secrets.")
}

// allowNew authorizes making s. A refusal names it as the request does.
func (h *handlers) allowNew(c *awswire.Caller, session *world.Session, s *world.Secret) error {
	actions := []string{"secretsmanager:CreateSecret"}
	keys := tagKeys(s.Tags)
	keys["secretsmanager:Name"] = []string{s.Name}
	addText(keys, "secretsmanager:Description", &s.Description)
	addText(keys, "secretsmanager:KmsKeyId", &s.KMSKeyID)
	if len(s.Tags) > 0 {
		actions = append(actions, "secretsmanager:TagResource")
	}
	for _, action := range actions {
		err := h.authz.Allow(&authz.Request{Caller: c, Session: session, Action: action, Resource: s.ARN, ResourceAccount: s.Account, Context: keys})
		if err != nil {
			return refuse("AccessDeniedException", strings.Replace(err.Error(), s.ARN, s.Name, 1))
		}
	}
	return nil
}

func addText(keys policy.Context, name string, text *string) {
	if aws.ToString(text) != "" {
		keys[name] = []string{*text}
	}
}

// created answers for a name that is taken: as if it had just been made if the
// same request made it.
func (h *handlers) created(old *world.Secret, v *value) (*secretsmanager.CreateSecretOutput, error) {
	if !old.Deleted.IsZero() {
		return nil, invalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.")
	}
	if v.given() {
		if made, ok := old.Version(*v.id); ok && v.same(made) {
			return created(old, v), nil
		}
	}
	return nil, alreadyExists(old.Name)
}

func alreadyExists(name string) error {
	return refuse("ResourceExistsException", "The operation failed because the secret "+name+" already exists.")
}

func created(s *world.Secret, v *value) *secretsmanager.CreateSecretOutput {
	out := &secretsmanager.CreateSecretOutput{ARN: &s.ARN, Name: &s.Name}
	if v.given() {
		out.VersionId = v.id
	}
	return out
}

func (h *handlers) putSecretValue(_ context.Context, c *awswire.Caller, in *secretsmanager.PutSecretValueInput) (*secretsmanager.PutSecretValueOutput, error) {
	v := &value{in.ClientRequestToken, in.SecretString, in.SecretBinary}
	stages := in.VersionStages
	if len(stages) == 0 {
		stages = []string{world.StageCurrent}
	}
	s, session, err := h.usable(c, in.SecretId, func(*world.Secret) policy.Context {
		return policy.Context{"secretsmanager:VersionStage": stages}
	})
	if err != nil {
		return nil, err
	}
	if err := shared(s, session); err != nil {
		return nil, err
	}
	if !v.given() {
		return nil, invalidRequest("You must provide either SecretString or SecretBinary.")
	}
	if err := v.check(); err != nil {
		return nil, err
	}
	if err := h.encrypt(c, s, session, *v.id); err != nil {
		return nil, err
	}
	s, err = h.change(s, func(s *world.Secret) error { return h.add(s, v, stages) })
	if err != nil {
		return nil, err
	}
	made, _ := s.Version(*v.id)
	return &secretsmanager.PutSecretValueOutput{ARN: &s.ARN, Name: &s.Name, VersionId: &made.ID, VersionStages: made.Stages}, nil
}

func (h *handlers) updateSecret(_ context.Context, c *awswire.Caller, in *secretsmanager.UpdateSecretInput) (*secretsmanager.UpdateSecretOutput, error) {
	v := &value{in.ClientRequestToken, in.SecretString, in.SecretBinary}
	s, session, err := h.usable(c, in.SecretId, func(*world.Secret) policy.Context {
		keys := policy.Context{}
		addText(keys, "secretsmanager:Description", in.Description)
		addText(keys, "secretsmanager:KmsKeyId", in.KmsKeyId)
		return keys
	})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(unmanaged(in.Type), v.check(), shared(s, session)); err != nil {
		return nil, err
	}
	key, err := newKey(s, in.KmsKeyId)
	if err != nil {
		return nil, err
	}
	if v.given() {
		if err := h.encrypt(c, &world.Secret{ARN: s.ARN, Account: s.Account, Region: s.Region, KMSKeyID: key}, session, *v.id); err != nil {
			return nil, err
		}
	}
	s, err = h.change(s, func(s *world.Secret) error { return h.update(s, in.Description, key, v) })
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.UpdateSecretOutput{ARN: &s.ARN, Name: &s.Name}
	if v.given() {
		out.VersionId = v.id
	}
	return out, nil
}

func (h *handlers) update(s *world.Secret, description *string, key string, v *value) error {
	if description != nil {
		s.Description = *description
	}
	s.KMSKeyID, s.Changed = key, h.now()
	if !v.given() {
		return nil
	}
	if _, taken := s.Version(*v.id); taken { // no request changes a version (API reference, UpdateSecret)
		return versionExists()
	}
	return h.add(s, v, []string{world.StageCurrent})
}
