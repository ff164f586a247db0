package secretsmanager

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Days of the recovery window.
const (
	shortestWindow = 7
	longestWindow  = 30
)

// deleteSecret marks a secret for deletion, or deletes it at once: one that does
// not exist, too (API reference, ForceDeleteWithoutRecovery).
func (h *handlers) deleteSecret(_ context.Context, c *awswire.Caller, in *secretsmanager.DeleteSecretInput) (*secretsmanager.DeleteSecretOutput, error) {
	force := aws.ToBool(in.ForceDeleteWithoutRecovery)
	s, _, err := h.find(c, in.SecretId, func(*world.Secret) policy.Context { return windowKeys(in) })
	var refused *awswire.Error
	missing := force && errors.As(err, &refused) && refused.Code == "ResourceNotFoundException"
	if err != nil && !missing {
		return nil, err
	}
	days, err := window(in)
	if err != nil {
		return nil, err
	}
	now := h.now()
	switch {
	case missing:
		return h.deletedNobody(c, in, now)
	case force:
		h.world.RemoveSecret(s.ARN)
		return &secretsmanager.DeleteSecretOutput{ARN: &s.ARN, Name: &s.Name, DeletionDate: &now}, nil
	case !s.Deleted.IsZero():
		return nil, alreadyMarked()
	}
	s, err = h.change(s, func(s *world.Secret) error {
		s.Deleted, s.Purged = now, now.AddDate(0, 0, days)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.DeleteSecretOutput{ARN: &s.ARN, Name: &s.Name, DeletionDate: &s.Purged}, nil
}

func alreadyMarked() error {
	return invalidRequest("You can't perform this operation on the secret because it was already scheduled for deletion.")
}

// deletedNobody answers for a secret that does not exist as for one that did.
func (h *handlers) deletedNobody(c *awswire.Caller, in *secretsmanager.DeleteSecretInput, now time.Time) (*secretsmanager.DeleteSecretOutput, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	arn := *in.SecretId
	if world.ValidSecretName(arn) {
		arn = h.arn(c, session.Account, arn)
	}
	return &secretsmanager.DeleteSecretOutput{ARN: &arn, Name: in.SecretId, DeletionDate: &now}, nil
}

func windowKeys(in *secretsmanager.DeleteSecretInput) policy.Context {
	keys := policy.Context{"secretsmanager:ForceDeleteWithoutRecovery": {strconv.FormatBool(aws.ToBool(in.ForceDeleteWithoutRecovery))}}
	if in.RecoveryWindowInDays != nil {
		keys["secretsmanager:RecoveryWindowInDays"] = []string{strconv.FormatInt(*in.RecoveryWindowInDays, 10)}
	}
	return keys
}

// window is the recovery window in days, by default the longest.
func window(in *secretsmanager.DeleteSecretInput) (int, error) {
	days := in.RecoveryWindowInDays
	switch {
	case days == nil:
		return longestWindow, nil
	case *days < shortestWindow || *days > longestWindow:
		return 0, invalidParameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
	case aws.ToBool(in.ForceDeleteWithoutRecovery):
		return 0, invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
	}
	return int(*days), nil
}

func (h *handlers) restoreSecret(_ context.Context, c *awswire.Caller, in *secretsmanager.RestoreSecretInput) (*secretsmanager.RestoreSecretOutput, error) {
	s, _, err := h.find(c, in.SecretId, nil)
	if err != nil {
		return nil, err
	}
	s, err = h.world.ChangeSecret(s.ARN, func(s *world.Secret) error {
		s.Deleted, s.Purged = time.Time{}, time.Time{}
		return nil
	})
	if err != nil { // its time was over just now
		return nil, notFound()
	}
	return &secretsmanager.RestoreSecretOutput{ARN: &s.ARN, Name: &s.Name}, nil
}
