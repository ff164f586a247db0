// Package center is the section "center" of a diagnosis.
package center

import (
	"context"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// Checks returns what the section looks at.
func Checks() []finding.Check { return nil }

// Run looks at it.
func Run(_ context.Context, _ *chain.Chain) []finding.Result {
	log := finding.NewLog(finding.Center, Checks())
	return log.Results()
}
