package athena

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) updateWorkGroup(_ context.Context, c *awswire.Caller, in *athena.UpdateWorkGroupInput) (*athena.UpdateWorkGroupOutput, error) {
	session, err := h.permit(c, *in.WorkGroup, nil)
	if err != nil {
		return nil, err
	}
	if in.ConfigurationUpdates != nil {
		if err := h.pass(c, session, in.ConfigurationUpdates.ExecutionRole); err != nil {
			return nil, err
		}
	}
	err = h.world.ChangeWorkGroup(session.Account, c.Region, *in.WorkGroup, func(g *world.WorkGroup) error { return update(g, in) })
	if errors.Is(err, world.ErrNoWorkGroup) {
		return nil, notFound()
	}
	if err != nil {
		return nil, err
	}
	return &athena.UpdateWorkGroupOutput{}, nil
}

func update(g *world.WorkGroup, in *athena.UpdateWorkGroupInput) error {
	if in.Description != nil {
		g.Description = *in.Description
	}
	if in.State != "" {
		g.Disabled = in.State == types.WorkGroupStateDisabled
	}
	if in.ConfigurationUpdates == nil {
		return nil
	}
	c, err := configurationOf(g)
	if err != nil {
		return err
	}
	apply(c, in.ConfigurationUpdates)
	if err := check(c); err != nil {
		return err
	}
	g.Configuration, err = text(c)
	return err
}

// apply makes the changes that an update names; what it leaves out stays. There is
// none of Identity Center: a work group is made with it or without.
func apply(c *types.WorkGroupConfiguration, u *types.WorkGroupConfigurationUpdates) {
	replace(&c.EnforceWorkGroupConfiguration, u.EnforceWorkGroupConfiguration)
	replace(&c.PublishCloudWatchMetricsEnabled, u.PublishCloudWatchMetricsEnabled)
	replace(&c.BytesScannedCutoffPerQuery, u.BytesScannedCutoffPerQuery)
	replace(&c.RequesterPaysEnabled, u.RequesterPaysEnabled)
	replace(&c.EngineVersion, u.EngineVersion)
	replace(&c.AdditionalConfiguration, u.AdditionalConfiguration)
	replace(&c.ExecutionRole, u.ExecutionRole)
	replace(&c.CustomerContentEncryptionConfiguration, u.CustomerContentEncryptionConfiguration)
	replace(&c.EnableMinimumEncryptionConfiguration, u.EnableMinimumEncryptionConfiguration)
	replace(&c.QueryResultsS3AccessGrantsConfiguration, u.QueryResultsS3AccessGrantsConfiguration)
	replace(&c.MonitoringConfiguration, u.MonitoringConfiguration)
	replace(&c.EngineConfiguration, u.EngineConfiguration)
	remove(&c.BytesScannedCutoffPerQuery, u.RemoveBytesScannedCutoffPerQuery)
	remove(&c.CustomerContentEncryptionConfiguration, u.RemoveCustomerContentEncryptionConfiguration)
	applyResults(c, u.ResultConfigurationUpdates)
	applyManaged(c, u.ManagedQueryResultsConfigurationUpdates)
}

func applyResults(c *types.WorkGroupConfiguration, u *types.ResultConfigurationUpdates) {
	if u == nil {
		return
	}
	if c.ResultConfiguration == nil {
		c.ResultConfiguration = &types.ResultConfiguration{}
	}
	r := c.ResultConfiguration
	replace(&r.OutputLocation, u.OutputLocation)
	replace(&r.EncryptionConfiguration, u.EncryptionConfiguration)
	replace(&r.ExpectedBucketOwner, u.ExpectedBucketOwner)
	replace(&r.AclConfiguration, u.AclConfiguration)
	remove(&r.OutputLocation, u.RemoveOutputLocation)
	remove(&r.EncryptionConfiguration, u.RemoveEncryptionConfiguration)
	remove(&r.ExpectedBucketOwner, u.RemoveExpectedBucketOwner)
	remove(&r.AclConfiguration, u.RemoveAclConfiguration)
}

func applyManaged(c *types.WorkGroupConfiguration, u *types.ManagedQueryResultsConfigurationUpdates) {
	if u == nil {
		return
	}
	if c.ManagedQueryResultsConfiguration == nil {
		c.ManagedQueryResultsConfiguration = &types.ManagedQueryResultsConfiguration{}
	}
	m := c.ManagedQueryResultsConfiguration
	if u.Enabled != nil {
		m.Enabled = *u.Enabled
	}
	replace(&m.EncryptionConfiguration, u.EncryptionConfiguration)
	remove(&m.EncryptionConfiguration, u.RemoveEncryptionConfiguration)
}

// replace sets a member if the update has one.
func replace[T any](member **T, update *T) {
	if update != nil {
		*member = update
	}
}

// remove takes a member away if the update says so.
func remove[T any](member **T, flag *bool) {
	if aws.ToBool(flag) {
		*member = nil
	}
}
