package secretsmanager

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// openKeyPolicy stands for the key policies, which a world does not have. With
// it, a caller of the key's account is refused by an explicit Deny only, and one
// of another account needs an Allow of an identity policy.
const openKeyPolicy = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}}`

// customerKey is the customer managed key of a KmsKeyId, empty for the account's own.
func customerKey(id *string) (string, error) {
	key, err := world.CustomerKey(aws.ToString(id))
	if err != nil {
		return "", invalidParameter("Invalid KmsKeyId: " + err.Error() + ".")
	}
	return key, nil
}

// newKey is the key of a secret after an update.
func newKey(s *world.Secret, id *string) (string, error) {
	if id == nil {
		return s.KMSKeyID, nil
	}
	return customerKey(id)
}

// shared refuses values under the key aws/secretsmanager to other accounts, which cannot use that key.
func shared(s *world.Secret, session *world.Session) error {
	if s.Account != session.Account && s.KMSKeyID == "" {
		return invalidRequest("You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.")
	}
	return nil
}

// decrypt asks whether the caller may read a version under its key.
func (h *handlers) decrypt(c *awswire.Caller, s *world.Secret, session *world.Session, version string) error {
	return h.useKey(c, s, session, version, "kms:Decrypt")
}

// encrypt asks whether the caller may make a version under the key (user guide,
// "Permissions for the KMS key").
func (h *handlers) encrypt(c *awswire.Caller, s *world.Secret, session *world.Session, version string) error {
	return h.useKey(c, s, session, version, "kms:GenerateDataKey", "kms:Decrypt")
}

// useKey has Secrets Manager call KMS in the caller's name. The key aws/secretsmanager
// is open to whoever may use the secret.
func (h *handlers) useKey(c *awswire.Caller, s *world.Secret, session *world.Session, version string, actions ...string) error {
	if s.KMSKeyID == "" {
		return nil
	}
	arn, account := h.world.KeyARN(s)
	keys := policy.Context{
		"aws:ViaAWSService": {"true"}, "kms:ViaService": {"secretsmanager." + s.Region + ".amazonaws.com"}, "kms:CallerAccount": {session.Account},
		"kms:EncryptionContextKeys":       {"SecretARN", "SecretVersionId"},
		"kms:EncryptionContext:SecretARN": {s.ARN}, "kms:EncryptionContext:SecretVersionId": {version},
	}
	for _, action := range actions {
		err := h.authz.Allow(&authz.Request{
			Caller: c, Session: session, Action: action, Resource: arn, ResourceAccount: account, ResourcePolicy: h.keyPolicy, Context: keys,
		})
		if err != nil {
			return refuse("AccessDeniedException", "Access to KMS is not allowed")
		}
	}
	return nil
}
