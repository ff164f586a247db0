// Package ownprocess tells a credential_process that runs tip-cli from others, and says
// what it is for.
//
// It takes a command apart and looks at nothing but the name of this program. Its
// functions are safe for concurrent use.
package ownprocess

import (
	"os"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/store"
)

// Process is a credential_process that runs tip-cli.
type Process struct {
	// Program is as the command names it, and Args are the words behind it.
	Program string
	Args    []string
	// Context is the one that the command names, "" for the one in use.
	Context string
	// State is the value of AWS_TIP_CLI in the command, or "".
	State string
}

// Parse takes a credential_process apart, if it is one of tip-cli's: the original's,
// this program's under another name, or one behind env and assignments. That the
// program's name stands elsewhere in it makes it none.
func Parse(words []string) (Process, bool) {
	var p Process
	for len(words) > 0 {
		name, value, assigned := strings.Cut(words[0], "=")
		skipped := 1
		switch {
		case assigned && name == store.HomeVariable:
			p.State = value
		case assigned && name == store.ContextVariable:
			p.Context = value
		case assigned && !strings.ContainsAny(name, `/\`), awsprofile.Base(words[0]) == "env", words[0] == "-i":
		case words[0] == "-u":
			skipped = 2
		case !isOwnProgram(words[0]):
			return Process{}, false
		default:
			p.Program, p.Args = words[0], words[1:]
			p.Context = flagIn(p.Args, "--context", p.Context)
			return p, true
		}
		words = words[min(skipped, len(words)):]
	}
	return Process{}, false
}

// GetsCredentials reports whether the command prints credentials.
func (p *Process) GetsCredentials() bool {
	return slices.Contains(p.Args, "get-iam-credentials") || slices.Contains(p.Args, "get-data-access")
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
