package cli

import (
	"errors"

	"github.com/tip-cli/tip-cli/internal/ownprocess"
	"github.com/tip-cli/tip-cli/internal/store"
)

// runsUs tells a credential_process that would do the same as one of the present
// context from others; other names what one of tip-cli's is for instead.
func (a *app) runsUs(words []string) (ours bool, other string) {
	p, is := ownprocess.Parse(words)
	if !is {
		return false, ""
	}
	if p.State != "" {
		return false, "the state in " + printable(p.State) + " (" + store.HomeVariable + ")"
	}
	home, err := a.home()
	if err != nil {
		return true, "" // then nothing is for anything else
	}
	present, err := a.chosenContext(home)
	its := p.Context
	if its == "" {
		var chosen error
		its, chosen = store.CurrentContext(home)
		err = errors.Join(err, chosen)
	}
	if err == nil && its != present {
		return false, "the context " + printable(its)
	}
	return true, ""
}
