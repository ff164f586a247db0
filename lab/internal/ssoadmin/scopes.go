package ssoadmin

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// putApplicationAccessScope replaces the targets of a scope that is there; without
// AuthorizedTargets it has none, which is not limited to any.
func (h *handlers) putApplicationAccessScope(_ context.Context, c *awswire.Caller, in *ssoadmin.PutApplicationAccessScopeInput) (*ssoadmin.PutApplicationAccessScopeOutput, error) {
	missing := h.missingTarget(in.AuthorizedTargets)
	err := h.change(c, *in.ApplicationArn, func(a *world.Application) error {
		if missing != nil {
			return missing
		}
		return a.PutScope(world.Scope{Name: *in.Scope, Targets: in.AuthorizedTargets})
	})
	if err != nil {
		return nil, err
	}
	return &ssoadmin.PutApplicationAccessScopeOutput{}, nil
}

// missingTarget says which target, an instance or application, is not there, if that
// matters.
func (h *handlers) missingTarget(targets []string) error {
	if !*h.world.Switches.ScopeTargetsExist {
		return nil
	}
	for _, arn := range targets {
		if _, ok := h.world.Instance(arn); ok {
			continue
		}
		if _, ok := h.world.Application(arn); ok {
			continue
		}
		if strings.Contains(arn, ":application/") {
			return world.ErrNoApplication
		}
		return world.ErrNoInstance
	}
	return nil
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
