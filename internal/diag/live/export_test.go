package live

import (
	"context"
	"time"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// Failed is what a failed exchange comes to.
func Failed(c *chain.Chain, err error) []finding.Result {
	log := finding.NewLog(finding.Live, Checks())
	failed(c, log, &record{}, err)
	return log.Results()
}

// Clock is what a difference of the clocks comes to.
func Clock(c *chain.Chain, ahead time.Duration) []finding.Result {
	log := finding.NewLog(finding.Live, Checks())
	clock(c, log, ahead)
	return log.Results()
}

// Introduce is what the caller of a session comes to.
func Introduce(ctx context.Context, c *chain.Chain, made *tipcreds.Session) []finding.Result {
	log := finding.NewLog(finding.Live, Checks())
	introduce(ctx, c, log, made)
	return log.Results()
}
