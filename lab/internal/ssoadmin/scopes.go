package ssoadmin

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// putApplicationAccessScope replaces the targets of a scope that is there; without
// AuthorizedTargets it has none, which is not limited to any.
func (h *handlers) putApplicationAccessScope(_ context.Context, c *awswire.Caller, in *ssoadmin.PutApplicationAccessScopeInput) (*ssoadmin.PutApplicationAccessScopeOutput, error) {
	err := h.change(c, *in.ApplicationArn, func(a *world.Application) error {
		return a.PutScope(world.Scope{Name: *in.Scope, Targets: in.AuthorizedTargets})
	})
	if err != nil {
		return nil, err
	}
	return &ssoadmin.PutApplicationAccessScopeOutput{}, nil
}

func (h *handlers) getApplicationAccessScope(_ context.Context, c *awswire.Caller, in *ssoadmin.GetApplicationAccessScopeInput) (*ssoadmin.GetApplicationAccessScopeOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	s, ok := a.Scope(*in.Scope)
	if !ok {
		return nil, h.refused(world.ErrNoScope)
	}
	return &ssoadmin.GetApplicationAccessScopeOutput{Scope: &s.Name, AuthorizedTargets: s.Targets}, nil
}

func (h *handlers) listApplicationAccessScopes(_ context.Context, c *awswire.Caller, in *ssoadmin.ListApplicationAccessScopesInput) (*ssoadmin.ListApplicationAccessScopesOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	all := slices.SortedFunc(slices.Values(a.Scopes), func(s, t world.Scope) int { return cmp.Compare(s.Name, t.Name) })
	page, next, err := pageOf(all, func(s world.Scope) string { return s.Name }, "scopes "+a.ARN, scopePage, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ssoadmin.ListApplicationAccessScopesOutput{Scopes: make([]types.ScopeDetails, len(page)), NextToken: next}
	for n, s := range page {
		out.Scopes[n] = types.ScopeDetails{Scope: &s.Name, AuthorizedTargets: s.Targets}
	}
	return out, nil
}

func (h *handlers) deleteApplicationAccessScope(_ context.Context, c *awswire.Caller, in *ssoadmin.DeleteApplicationAccessScopeInput) (*ssoadmin.DeleteApplicationAccessScopeOutput, error) {
	err := h.change(c, *in.ApplicationArn, func(a *world.Application) error { return a.RemoveScope(*in.Scope) })
	if err != nil {
		return nil, err
	}
	return &ssoadmin.DeleteApplicationAccessScopeOutput{}, nil
}
