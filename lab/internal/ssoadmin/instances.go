package ssoadmin

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) createInstance(_ context.Context, c *awswire.Caller, in *ssoadmin.CreateInstanceInput) (*ssoadmin.CreateInstanceOutput, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	tags, tagsErr := tagsOf(in.Tags)
	err = h.authorize(c, session, &question{
		owner: session.Account, requestTags: tags, resources: []resource{{arn: "arn:" + h.world.Partition + ":sso:::instance/*"}},
	})
	if err != nil {
		return nil, err
	}
	if tagsErr != nil {
		return nil, tagsErr
	}
	if session.Account == h.world.Management() {
		return nil, invalid("Organization management account is not allowed to perform the operation.")
	}
	plain := *in
	plain.ClientToken = nil
	made, err := h.world.CreateInstance(repeatable(c, session, in.ClientToken, plain), session.Account, c.Region,
		world.InstanceSettings{Name: aws.ToString(in.Name), Tags: tags})
	if err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.CreateInstanceOutput{InstanceArn: &made.ARN}, nil
}

// visible is the owner of an instance for those who may look at it.
func (h *handlers) visible(s *world.Session, in *world.Instance) string {
	if h.sees(s.Account, in) {
		return s.Account
	}
	return in.Account
}

// owned is the owner of an instance for what nobody else may do, delegated
// administrators included.
func owned(_ *world.Session, in *world.Instance) string { return in.Account }

func (h *handlers) describeInstance(_ context.Context, c *awswire.Caller, in *ssoadmin.DescribeInstanceInput) (*ssoadmin.DescribeInstanceOutput, error) {
	_, i, err := h.instance(c, *in.InstanceArn, false, h.visible, nil)
	if err != nil {
		return nil, err
	}
	settings := h.world.InstanceSettings(i)
	key := &types.EncryptionConfigurationDetails{KeyType: types.KmsKeyTypeAwsOwnedKmsKey, EncryptionStatus: types.KmsKeyStatusEnabled}
	if settings.KMSKeyARN != "" {
		key.KeyType, key.KmsKeyArn = types.KmsKeyTypeCustomerManagedKey, &settings.KMSKeyARN
	}
	return &ssoadmin.DescribeInstanceOutput{
		InstanceArn: &i.ARN, IdentityStoreId: &i.IdentityStoreID, OwnerAccountId: &i.Account, Name: optional(settings.Name),
		CreatedDate: &i.Created, Status: types.InstanceStatusActive, EncryptionConfigurationDetails: key,
	}, nil
}

// optional leaves out what is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (h *handlers) listInstances(_ context.Context, c *awswire.Caller, in *ssoadmin.ListInstancesInput) (*ssoadmin.ListInstancesOutput, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	if err := h.authorize(c, session, &question{owner: session.Account, resources: []resource{{arn: "*"}}}); err != nil {
		return nil, err
	}
	var seen []*world.Instance
	for _, i := range h.world.InstancesIn(c.Region) {
		if h.sees(session.Account, i) {
			seen = append(seen, i)
		}
	}
	page, next, err := pageOf(seen, func(i *world.Instance) string { return i.ARN }, "instances", instancePage, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ssoadmin.ListInstancesOutput{Instances: make([]types.InstanceMetadata, len(page)), NextToken: next}
	for n, i := range page {
		out.Instances[n] = types.InstanceMetadata{
			InstanceArn: &i.ARN, IdentityStoreId: &i.IdentityStoreID, OwnerAccountId: &i.Account, Name: optional(h.world.InstanceSettings(i).Name),
			CreatedDate: &i.Created, Status: types.InstanceStatusActive,
		}
	}
	return out, nil
}

func (h *handlers) updateInstance(_ context.Context, c *awswire.Caller, in *ssoadmin.UpdateInstanceInput) (*ssoadmin.UpdateInstanceOutput, error) {
	_, i, err := h.instance(c, *in.InstanceArn, true, owned, nil)
	if err != nil {
		return nil, err
	}
	if e := in.EncryptionConfiguration; e != nil && (e.KeyType == types.KmsKeyTypeCustomerManagedKey) != (e.KmsKeyArn != nil) {
		return nil, invalid("A key type of CUSTOMER_MANAGED_KEY goes with the ARN of a key, and no other does.")
	}
	err = h.world.ChangeInstance(i, func(s *world.InstanceSettings) error {
		if in.Name != nil {
			s.Name = *in.Name
		}
		if e := in.EncryptionConfiguration; e != nil {
			s.KMSKeyARN = aws.ToString(e.KmsKeyArn)
		}
		return nil
	})
	if err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.UpdateInstanceOutput{}, nil
}

func (h *handlers) deleteInstance(_ context.Context, c *awswire.Caller, in *ssoadmin.DeleteInstanceInput) (*ssoadmin.DeleteInstanceOutput, error) {
	_, i, err := h.instance(c, *in.InstanceArn, false, owned, nil)
	if err != nil {
		return nil, err
	}
	// The operation has no ResourceNotFoundException: whoever was first did it.
	if err := h.world.DeleteInstance(i); err != nil && !errors.Is(err, world.ErrNoInstance) {
		return nil, err
	}
	return &ssoadmin.DeleteInstanceOutput{}, nil
}
