package world

import (
	"errors"
	"regexp"
	"strings"
)

// defaultSecretKey is the alias of the AWS managed key of Secrets Manager.
const defaultSecretKey = "alias/aws/secretsmanager"

// The forms of a KMS key: its id, or that of a multi-Region key; its alias; and
// either in an ARN (KMS developer guide, "Key identifiers").
var (
	kmsKeyForm   = regexp.MustCompile(`^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$`)
	kmsAliasForm = regexp.MustCompile(`^alias/[A-Za-z0-9/_-]{1,250}$`)
	kmsARNForm   = regexp.MustCompile(`^arn:aws(?:-[a-z]+)*:kms:[a-z]{2,}(?:-[a-z]+)+-[0-9]+:[0-9]{12}:(.+)$`)
)

// CustomerKey is the customer managed key that a KmsKeyId names: empty if it
// names none, or the AWS managed key aws/secretsmanager in any of its forms.
func CustomerKey(id string) (string, error) {
	key := id
	if m := kmsARNForm.FindStringSubmatch(id); m != nil {
		key = m[1]
	} else if kmsKeyForm.MatchString(id) {
		key = "key/" + id
	}
	own, isKey := strings.CutPrefix(key, "key/")
	switch {
	case id == "" || key == defaultSecretKey:
		return "", nil
	case strings.HasPrefix(key, "alias/aws/"):
		return "", errors.New("the keys of other AWS services encrypt no secrets")
	case isKey && key != id && kmsKeyForm.MatchString(own) || kmsAliasForm.MatchString(key):
		return id, nil
	}
	return "", errors.New("it is neither the id nor the ARN nor the alias of a KMS key")
}

// KeyARN is the ARN of a secret's customer managed key, and the account of the
// key: the secret's own unless the key is named by an ARN. Of an alias it is the
// alias's.
func (w *World) KeyARN(s *Secret) (arn, account string) {
	if strings.HasPrefix(s.KMSKeyID, "arn:") {
		return s.KMSKeyID, arnField(s.KMSKeyID, 4)
	}
	resource := s.KMSKeyID
	if !strings.HasPrefix(resource, "alias/") {
		resource = "key/" + resource
	}
	return "arn:" + w.Partition + ":kms:" + s.Region + ":" + s.Account + ":" + resource, s.Account
}
