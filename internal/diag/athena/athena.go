// Package athena is the section "athena" of a diagnosis.
package athena

import (
	"context"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// Checks returns what the section looks at.
func Checks() []finding.Check { return nil }

// Run looks at it.
func Run(_ context.Context, _ *chain.Chain) []finding.Result {
	log := finding.NewLog(finding.Athena, Checks())
	return log.Results()
}
