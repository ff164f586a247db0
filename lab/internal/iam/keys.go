package iam

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// maxKeys is how many access keys a user has at most.
const maxKeys = 2

func noKey(id string) error { return noSuch("The Access Key with id %s cannot be found.", id) }

// createAccessKey tells the secret, this once.
func (h *handlers) createAccessKey(_ context.Context, c *awswire.Caller, in *iam.CreateAccessKeyInput) (*iam.CreateAccessKeyOutput, error) {
	var key *world.AccessKey
	u, err := h.changeUser(c, in.UserName, nil, func(u *world.IAMUser) error {
		if len(u.Keys) >= maxKeys {
			return overQuota("AccessKeysPerUser", maxKeys)
		}
		key = u.AddKey(h.world.Now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateAccessKeyOutput{AccessKey: &types.AccessKey{
		UserName: &u.Name, AccessKeyId: &key.ID, SecretAccessKey: &key.Secret, CreateDate: &key.Created, Status: types.StatusTypeActive,
	}}, nil
}

func (h *handlers) listAccessKeys(_ context.Context, c *awswire.Caller, in *iam.ListAccessKeysInput) (*iam.ListAccessKeysOutput, error) {
	u, err := h.user(c, in.UserName, nil)
	if err != nil {
		return nil, err
	}
	older := func(k world.AccessKey) string { return k.Created.UTC().Format(time.RFC3339) + " " + k.ID }
	keys := slices.SortedFunc(slices.Values(u.Keys), func(a, b world.AccessKey) int { return strings.Compare(older(a), older(b)) })
	p, err := pageOf(slices.Values(keys), older, paging{in.Marker, in.MaxItems, "keys " + u.ID})
	if err != nil {
		return nil, err
	}
	shown := func(k world.AccessKey) *types.AccessKeyMetadata {
		return &types.AccessKeyMetadata{UserName: &u.Name, AccessKeyId: &k.ID, CreateDate: &k.Created, Status: status(&k)}
	}
	return &iam.ListAccessKeysOutput{AccessKeyMetadata: converted(p.items, shown), IsTruncated: p.truncated, Marker: p.marker}, nil
}

func status(k *world.AccessKey) types.StatusType {
	if k.Inactive {
		return types.StatusTypeInactive
	}
	return types.StatusTypeActive
}

func (h *handlers) updateAccessKey(_ context.Context, c *awswire.Caller, in *iam.UpdateAccessKeyInput) (*iam.UpdateAccessKeyOutput, error) {
	_, err := h.changeUser(c, in.UserName, nil, func(u *world.IAMUser) error {
		if _, ok := u.Key(*in.AccessKeyId); !ok {
			return noKey(*in.AccessKeyId)
		}
		if in.Status != types.StatusTypeActive && in.Status != types.StatusTypeInactive {
			return invalidInput("Access Key status must be Active or Inactive.")
		}
		u.SetKey(*in.AccessKeyId, in.Status == types.StatusTypeInactive)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateAccessKeyOutput{}, nil
}

func (h *handlers) deleteAccessKey(_ context.Context, c *awswire.Caller, in *iam.DeleteAccessKeyInput) (*iam.DeleteAccessKeyOutput, error) {
	_, err := h.changeUser(c, in.UserName, nil, func(u *world.IAMUser) error {
		if _, ok := u.Key(*in.AccessKeyId); !ok {
			return noKey(*in.AccessKeyId)
		}
		u.DropKey(*in.AccessKeyId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteAccessKeyOutput{}, nil
}

// getAccessKeyLastUsed denies what it does not know, as IAM does: whose key it
// would be cannot be told.
func (h *handlers) getAccessKeyLastUsed(_ context.Context, c *awswire.Caller, in *iam.GetAccessKeyLastUsedInput) (*iam.GetAccessKeyLastUsedOutput, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	id := *in.AccessKeyId
	u, ok := h.world.KeyOwner(id)
	if !ok || u.Account != s.Account {
		return nil, denied("User: %s is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key %s", s.ARN, id)
	}
	if err := h.permit(c, s, c.Operation, resource{arn: u.ARN(), shown: "user " + u.Name, keys: entityKeys(&u.Entity, nil)}); err != nil {
		return nil, err
	}
	last := &types.AccessKeyLastUsed{ServiceName: aws.String("N/A"), Region: aws.String("N/A")}
	if use, ok := h.world.LastUse(strings.Clone(id)); ok {
		last = &types.AccessKeyLastUsed{LastUsedDate: &use.At, ServiceName: &use.Service, Region: &use.Region}
	}
	return &iam.GetAccessKeyLastUsedOutput{UserName: &u.Name, AccessKeyLastUsed: last}, nil
}
