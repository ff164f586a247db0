// Package local is the section "local" of a diagnosis.
package local

import (
	"context"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// Checks returns what the section looks at.
func Checks() []finding.Check { return nil }

// Run looks at it.
func Run(_ context.Context, _ *chain.Chain) []finding.Result {
	log := finding.NewLog(finding.Local, Checks())
	return log.Results()
}
