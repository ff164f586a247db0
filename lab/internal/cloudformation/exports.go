package cloudformation

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// living are the stacks of an account and region that were not deleted.
func (h *handlers) living(account, region string) []*world.Stack {
	return slices.DeleteFunc(h.world.Stacks(account, region), func(s *world.Stack) bool { return s.Status == world.StackDeleted })
}

// export returns the stack that exports a name, and the value.
func (h *handlers) export(account, region, name string) (*world.Stack, string, bool) {
	for _, s := range h.living(account, region) {
		for _, o := range s.Outputs {
			if o.Export == name {
				return s, o.Value, true
			}
		}
	}
	return nil, "", false
}

// importers are the names of the stacks that import an export.
func (h *handlers) importers(account, region, name string) []string {
	var names []string
	for _, s := range h.living(account, region) {
		if slices.Contains(s.Imports, name) {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return names
}

// exportsKept refuses outputs that change or lack an export which others import.
func (h *handlers) exportsKept(s *world.Stack, old, now []world.StackOutput) error {
	for _, o := range old {
		users := h.importers(s.Account, s.Region, o.Export)
		if o.Export == "" || len(users) == 0 {
			continue
		}
		i := slices.IndexFunc(now, func(n world.StackOutput) bool { return n.Export == o.Export })
		switch {
		case i < 0:
			return invalid("Export %s cannot be deleted as it is in use by %s", o.Export, strings.Join(users, " and "))
		case now[i].Value != o.Value:
			return invalid("Export %s cannot be updated as it is in use by %s", o.Export, strings.Join(users, " and "))
		}
	}
	return nil
}

func (h *handlers) listExports(_ context.Context, c *awswire.Caller, in *cloudformation.ListExportsInput) (*cloudformation.ListExportsOutput, error) {
	ask, err := h.permitAny(c, nil)
	if err != nil {
		return nil, err
	}
	var all []types.Export
	for _, s := range h.living(ask.account(), c.Region) {
		for _, o := range s.Outputs {
			if o.Export != "" {
				all = append(all, types.Export{ExportingStackId: &s.ID, Name: &o.Export, Value: &o.Value})
			}
		}
	}
	slices.SortFunc(all, func(a, b types.Export) int { return strings.Compare(*a.Name, *b.Name) })
	page, next, err := pageOf(all, func(e types.Export) string { return *e.Name }, "exports", in.NextToken)
	return &cloudformation.ListExportsOutput{Exports: present(page), NextToken: next}, err
}

func (h *handlers) listImports(_ context.Context, c *awswire.Caller, in *cloudformation.ListImportsInput) (*cloudformation.ListImportsOutput, error) {
	ask, err := h.permitAny(c, nil)
	if err != nil {
		return nil, err
	}
	if _, _, ok := h.export(ask.account(), c.Region, *in.ExportName); !ok {
		return nil, invalid("Export '%s' does not exist", *in.ExportName)
	}
	users := h.importers(ask.account(), c.Region, *in.ExportName)
	if len(users) == 0 {
		return nil, invalid("Export '%s' is not imported by any stack.", *in.ExportName)
	}
	page, next, err := pageOf(users, func(s string) string { return s }, "imports "+*in.ExportName, in.NextToken)
	return &cloudformation.ListImportsOutput{Imports: page, NextToken: next}, err
}
