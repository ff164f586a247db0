package ssoadmin

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// customProvider is the one provider that CreateApplication takes.
func (h *handlers) customProvider() string {
	return "arn:" + h.world.Partition + ":sso::aws:applicationProvider/custom"
}

// custom is that provider as the API shows it. How the portal displays it is not documented.
func (h *handlers) custom() types.ApplicationProvider {
	return types.ApplicationProvider{
		ApplicationProviderArn: aws.String(h.customProvider()), FederationProtocol: types.FederationProtocolOauth,
		DisplayData: &types.DisplayData{DisplayName: aws.String("Custom application")},
	}
}

// provider authorizes an operation on an application provider, which is nobody's own.
func (h *handlers) provider(c *awswire.Caller, arn string) error {
	session, err := h.authz.Session(c)
	if err != nil {
		return err
	}
	return h.authorize(c, session, &question{owner: session.Account, resources: []resource{{arn: arn}}})
}

func (h *handlers) describeApplicationProvider(_ context.Context, c *awswire.Caller, in *ssoadmin.DescribeApplicationProviderInput) (*ssoadmin.DescribeApplicationProviderOutput, error) {
	if err := h.provider(c, *in.ApplicationProviderArn); err != nil {
		return nil, err
	}
	if *in.ApplicationProviderArn != h.customProvider() {
		return nil, refuse(notFound, "Application provider not found.")
	}
	p := h.custom()
	return &ssoadmin.DescribeApplicationProviderOutput{
		ApplicationProviderArn: p.ApplicationProviderArn, FederationProtocol: p.FederationProtocol, DisplayData: p.DisplayData,
	}, nil
}

func (h *handlers) listApplicationProviders(_ context.Context, c *awswire.Caller, in *ssoadmin.ListApplicationProvidersInput) (*ssoadmin.ListApplicationProvidersOutput, error) {
	if err := h.provider(c, "arn:"+h.world.Partition+":sso::aws:applicationProvider/*"); err != nil {
		return nil, err
	}
	id := func(p types.ApplicationProvider) string { return *p.ApplicationProviderArn }
	page, next, err := pageOf([]types.ApplicationProvider{h.custom()}, id, "providers", pageLimit, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ssoadmin.ListApplicationProvidersOutput{ApplicationProviders: page, NextToken: next}, nil
}

func (h *handlers) putApplicationAssignmentConfiguration(_ context.Context, c *awswire.Caller, in *ssoadmin.PutApplicationAssignmentConfigurationInput) (*ssoadmin.PutApplicationAssignmentConfigurationOutput, error) {
	err := h.change(c, *in.ApplicationArn, func(a *world.Application) error {
		a.AssignmentRequired = aws.ToBool(in.AssignmentRequired)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ssoadmin.PutApplicationAssignmentConfigurationOutput{}, nil
}

func (h *handlers) getApplicationAssignmentConfiguration(_ context.Context, c *awswire.Caller, in *ssoadmin.GetApplicationAssignmentConfigurationInput) (*ssoadmin.GetApplicationAssignmentConfigurationOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	return &ssoadmin.GetApplicationAssignmentConfigurationOutput{AssignmentRequired: &a.AssignmentRequired}, nil
}

func (h *handlers) putApplicationSessionConfiguration(_ context.Context, c *awswire.Caller, in *ssoadmin.PutApplicationSessionConfigurationInput) (*ssoadmin.PutApplicationSessionConfigurationOutput, error) {
	err := h.change(c, *in.ApplicationArn, func(a *world.Application) error {
		if status := in.UserBackgroundSessionApplicationStatus; status != "" {
			a.BackgroundSessions = status == types.UserBackgroundSessionApplicationStatusEnabled
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ssoadmin.PutApplicationSessionConfigurationOutput{}, nil
}

func (h *handlers) getApplicationSessionConfiguration(_ context.Context, c *awswire.Caller, in *ssoadmin.GetApplicationSessionConfigurationInput) (*ssoadmin.GetApplicationSessionConfigurationOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	out := &ssoadmin.GetApplicationSessionConfigurationOutput{UserBackgroundSessionApplicationStatus: types.UserBackgroundSessionApplicationStatusDisabled}
	if a.BackgroundSessions {
		out.UserBackgroundSessionApplicationStatus = types.UserBackgroundSessionApplicationStatusEnabled
	}
	return out, nil
}
