// Package diag looks at the whole chain of trusted identity propagation, from the
// files of this machine to the data, and says which link is broken and how to mend it.
//
// Each section of the chain is a package of its own below this one; [Run] calls them
// in order. The package prints nothing. It changes nothing anywhere, except that a
// live exchange, if it was asked for, spends one JWT and stores what it obtains.
package diag

import (
	"context"
	"slices"

	"github.com/tip-cli/tip-cli/internal/diag/athena"
	"github.com/tip-cli/tip-cli/internal/diag/center"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/grants"
	"github.com/tip-cli/tip-cli/internal/diag/iam"
	"github.com/tip-cli/tip-cli/internal/diag/idp"
	"github.com/tip-cli/tip-cli/internal/diag/live"
	"github.com/tip-cli/tip-cli/internal/diag/local"
	"github.com/tip-cli/tip-cli/internal/diag/regions"
	"github.com/tip-cli/tip-cli/internal/diag/token"
)

// section is one link of the chain and who looks at it.
type section struct {
	finding.Section
	checks func() []finding.Check
	run    func(context.Context, *chain.Chain) []finding.Result
}

// sections are all of them in the order in which they are looked at: that of the chain,
// but for the regions, which explain what the live exchange and those behind it meet.
func sections() []section {
	return []section{
		{finding.Local, local.Checks, local.Run},
		{finding.IdP, idp.Checks, idp.Run},
		{finding.Token, token.Checks, token.Run},
		{finding.IAM, iam.Checks, iam.Run},
		{finding.Center, center.Checks, center.Run},
		{finding.Regions, regions.Checks, regions.Run},
		{finding.Live, live.Checks, live.Run},
		{finding.AccessGrants, grants.Checks, grants.Run},
		{finding.Athena, athena.Checks, athena.Run},
	}
}

// place of a section in the chain.
func place(s finding.Section) int { return slices.Index(finding.Sections(), s) }

// Catalogue returns every check of every section in the order of the chain.
func Catalogue() []finding.Check {
	all := sections()
	slices.SortStableFunc(all, func(a, b section) int { return place(a.Section) - place(b.Section) })
	var checks []finding.Check
	for _, s := range all {
		checks = append(checks, s.checks()...)
	}
	return checks
}

// Run looks at every section. begin is told which one is next; it may be nil. The
// report has them in the order of the chain. The error is that of ctx; what was found
// until then is there as well.
func Run(ctx context.Context, c *chain.Chain, begin func(finding.Section)) (finding.Report, error) {
	var r finding.Report
	for _, s := range sections() {
		if begin != nil {
			begin(s.Section)
		}
		found := s.run(ctx, c)
		if err := ctx.Err(); err != nil {
			return r, err
		}
		r.Results = append(r.Results, found...)
		slices.SortStableFunc(r.Results, func(a, b finding.Result) int { return place(a.Section) - place(b.Section) })
		remember(c, &r)
	}
	return r, nil
}

// remember tells the sections to come what was found so far.
func remember(c *chain.Chain, r *finding.Report) {
	c.Failed, c.Warned, c.Unknown = nil, nil, nil
	for i := range r.Results {
		switch of := &r.Results[i]; of.Status {
		case finding.Fail:
			c.Failed = append(c.Failed, of.ID)
		case finding.Warn:
			c.Warned = append(c.Warned, of.ID)
		case finding.Unknown:
			c.Unknown = append(c.Unknown, of.Check)
		case finding.OK, finding.Skipped:
		}
	}
}
