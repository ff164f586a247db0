package ssoadmin

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) createApplication(_ context.Context, c *awswire.Caller, in *ssoadmin.CreateApplicationInput) (*ssoadmin.CreateApplicationOutput, error) {
	tags, tagsErr := tagsOf(in.Tags)
	session, i, err := h.instance(c, *in.InstanceArn, true, nil, func(q *question) {
		account := q.owner
		if q.instance != nil {
			account = q.instance.Account
		}
		q.applicationAccount = q.owner
		q.requestTags, q.resources = tags, append(q.resources, resource{arn: *in.ApplicationProviderArn},
			resource{arn: "arn:" + h.world.Partition + ":sso::" + account + ":application/" + lastPart(*in.InstanceArn) + "/*"})
	})
	if err != nil {
		return nil, err
	}
	if tagsErr != nil {
		return nil, tagsErr
	}
	if *in.ApplicationProviderArn != h.customProvider() {
		return nil, invalid("The application provider with arn '%s' is not supported for this action.", *in.ApplicationProviderArn)
	}
	a := h.world.NewApplication(i, session.Account, *in.Name)
	a.Description, a.Tags, a.Disabled = aws.ToString(in.Description), tags, in.Status == types.ApplicationStatusDisabled
	if p := in.PortalOptions; p != nil {
		a.Portal.Hidden = p.Visibility == types.ApplicationVisibilityDisabled
		if err := signIn(a, p.SignInOptions); err != nil {
			return nil, err
		}
	}
	plain := *in
	plain.ClientToken = nil
	made, err := h.world.CreateApplication(repeatable(c, session, in.ClientToken, plain), a)
	if err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.CreateApplicationOutput{ApplicationArn: &made.ARN, InstanceArn: &i.ARN, IdentityStoreArn: &i.IdentityStoreARN}, nil
}

// signIn sets the sign-in options of an application; nil leaves them alone.
func signIn(a *world.Application, o *types.SignInOptions) error {
	if o == nil {
		return nil
	}
	if o.Origin == types.SignInOriginApplication && o.ApplicationUrl == nil {
		return invalid("ApplicationUrl is required if the Origin is APPLICATION.")
	}
	a.Portal.Origin, a.Portal.URL = string(o.Origin), aws.ToString(o.ApplicationUrl)
	return nil
}

// portal are an application's options as the API shows them.
func portal(a *world.Application) *types.PortalOptions {
	out := &types.PortalOptions{Visibility: types.ApplicationVisibilityEnabled}
	if a.Portal.Hidden {
		out.Visibility = types.ApplicationVisibilityDisabled
	}
	if a.Portal.Origin != "" {
		out.SignInOptions = &types.SignInOptions{Origin: types.SignInOrigin(a.Portal.Origin), ApplicationUrl: optional(a.Portal.URL)}
	}
	return out
}

// described is an application as the API shows it.
func (h *handlers) described(a *world.Application) types.Application {
	out := types.Application{
		ApplicationArn: &a.ARN, ApplicationProviderArn: aws.String(h.customProvider()), Name: &a.Name, ApplicationAccount: &a.Creator,
		InstanceArn: &a.Instance.ARN, IdentityStoreArn: &a.Instance.IdentityStoreARN, Status: types.ApplicationStatusEnabled,
		PortalOptions: portal(a), Description: optional(a.Description), CreatedDate: &a.Created, CreatedFrom: &a.Region,
	}
	if a.Disabled {
		out.Status = types.ApplicationStatusDisabled
	}
	return out
}

func (h *handlers) describeApplication(_ context.Context, c *awswire.Caller, in *ssoadmin.DescribeApplicationInput) (*ssoadmin.DescribeApplicationOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	d := h.described(a)
	return &ssoadmin.DescribeApplicationOutput{
		ApplicationArn: d.ApplicationArn, ApplicationProviderArn: d.ApplicationProviderArn, Name: d.Name, ApplicationAccount: d.ApplicationAccount,
		InstanceArn: d.InstanceArn, IdentityStoreArn: d.IdentityStoreArn, Status: d.Status, PortalOptions: d.PortalOptions,
		Description: d.Description, CreatedDate: d.CreatedDate, CreatedFrom: d.CreatedFrom,
	}, nil
}

// listApplications needs a filter of a member account: its own applications of the
// organization's instance are all that it sees (API reference, ListApplications).
func (h *handlers) listApplications(_ context.Context, c *awswire.Caller, in *ssoadmin.ListApplicationsInput) (*ssoadmin.ListApplicationsOutput, error) {
	filter := in.Filter
	if filter == nil {
		filter = &types.ListApplicationsFilter{}
	}
	ownOnly := func(s *world.Session, i *world.Instance) string {
		if h.sees(s.Account, i) && (filter.ApplicationAccount == nil || *filter.ApplicationAccount == s.Account) {
			return s.Account
		}
		return h.administered(s, i)
	}
	session, i, err := h.instance(c, *in.InstanceArn, false, ownOnly, func(q *question) { q.resources[0] = resource{arn: "*"} })
	if err != nil {
		return nil, err
	}
	if filter.ApplicationAccount == nil && !h.world.Administers(session.Account, i) {
		return nil, invalid("A member account must filter the applications of the organization instance by ApplicationAccount.")
	}
	var found []*world.Application
	for _, a := range h.world.Applications(i) {
		if h.matches(a, filter) {
			found = append(found, a)
		}
	}
	listed := "applications " + i.ARN + " " + aws.ToString(filter.ApplicationAccount) + " " + aws.ToString(filter.ApplicationProvider)
	page, next, err := pageOf(found, func(a *world.Application) string { return a.ARN }, listed, applicationPage, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ssoadmin.ListApplicationsOutput{Applications: make([]types.Application, len(page)), NextToken: next}
	for n, a := range page {
		out.Applications[n] = h.described(a)
	}
	return out, nil
}

func (h *handlers) matches(a *world.Application, f *types.ListApplicationsFilter) bool {
	return (f.ApplicationAccount == nil || *f.ApplicationAccount == a.Creator) &&
		(f.ApplicationProvider == nil || *f.ApplicationProvider == h.customProvider())
}

func (h *handlers) updateApplication(_ context.Context, c *awswire.Caller, in *ssoadmin.UpdateApplicationInput) (*ssoadmin.UpdateApplicationOutput, error) {
	err := h.change(c, *in.ApplicationArn, func(a *world.Application) error {
		replace(&a.Name, in.Name)
		replace(&a.Description, in.Description)
		if in.Status != "" {
			a.Disabled = in.Status == types.ApplicationStatusDisabled
		}
		if in.PortalOptions == nil {
			return nil
		}
		return signIn(a, in.PortalOptions.SignInOptions)
	})
	if err != nil {
		return nil, err
	}
	return &ssoadmin.UpdateApplicationOutput{}, nil
}

func (h *handlers) deleteApplication(_ context.Context, c *awswire.Caller, in *ssoadmin.DeleteApplicationInput) (*ssoadmin.DeleteApplicationOutput, error) {
	if _, err := h.application(c, *in.ApplicationArn, nil); err != nil {
		return nil, err
	}
	if err := h.world.DeleteApplication(*in.ApplicationArn); err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.DeleteApplicationOutput{}, nil
}
