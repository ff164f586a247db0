package cli

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/store"
)

// ownProcess is a credential_process that runs tip-cli.
type ownProcess struct {
	// args are the words behind the program.
	args []string
	// context is the one that the command names, "" for the one in use.
	context string
	// state is the value of AWS_TIP_CLI in the command, or "".
	state string
}

// asOwnProcess takes a credential_process apart, if it is one of tip-cli's: the
// original's, this program's under another name, or one behind env and assignments.
// That the program's name stands elsewhere in it makes it none.
func asOwnProcess(words []string) (ownProcess, bool) {
	var p ownProcess
	for len(words) > 0 {
		name, value, assigned := strings.Cut(words[0], "=")
		skipped := 1
		switch {
		case assigned && name == store.HomeVariable:
			p.state = value
		case assigned && name == store.ContextVariable:
			p.context = value
		case assigned && !strings.ContainsAny(name, `/\`), awsprofile.Base(words[0]) == "env", words[0] == "-i":
		case words[0] == "-u":
			skipped = 2
		case !isOwnProgram(words[0]):
			return ownProcess{}, false
		default:
			p.args = words[1:]
			p.context = flagIn(p.args, "--context", p.context)
			return p, true
		}
		words = words[min(skipped, len(words)):]
	}
	return ownProcess{}, false
}

// isOwnProgram reports whether a word names this program or the original.
func isOwnProgram(word string) bool {
	own := "tip-cli"
	if exe, err := os.Executable(); err == nil {
		own = awsprofile.Base(exe)
	}
	base := awsprofile.Base(word)
	return strings.EqualFold(base, own) || strings.EqualFold(base, "tip-cli")
}

// flagIn returns the value of a flag among the words before --, or otherwise.
func flagIn(words []string, flag, otherwise string) string {
	if end := slices.Index(words, "--"); end >= 0 {
		words = words[:end]
	}
	for i, word := range words {
		if value, ok := strings.CutPrefix(word, flag+"="); ok {
			return value
		}
		if word == flag && i+1 < len(words) {
			return words[i+1]
		}
	}
	return otherwise
}

// runsUs tells a credential_process that would do the same as one of the present
// context from others; other names what one of tip-cli's is for instead.
func (a *app) runsUs(words []string) (ours bool, other string) {
	p, is := asOwnProcess(words)
	if !is {
		return false, ""
	}
	if p.state != "" {
		return false, "the state in " + printable(p.state) + " (" + store.HomeVariable + ")"
	}
	home, err := a.home()
	if err != nil {
		return true, "" // then nothing is for anything else
	}
	present, err := a.chosenContext(home)
	its := p.context
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
