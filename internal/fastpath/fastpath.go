// Package fastpath answers `tip-cli auth get-iam-credentials` and `tip-cli s3ag
// get-data-access` from disk before the rest of the program is initialised, which takes
// longer than the answer.
//
// Importing it is using it: its init() is the one in this module that does work. If
// the command line is one of these commands, spelt plainly, if the state on disk is as
// tip-cli writes it, and if internal/answer has stored credentials served, it prints
// the document and ends the process with exit code 0. In every other case, in any
// doubt, it does nothing, says nothing, and the program runs as if it were not there:
// it renews, writes, locks, warns and refuses nothing. TIP_CLI_FASTPATH=off switches it
// off. It runs before main, alone, and starts no goroutine.
//
// What it may import, and why it runs first: docs/decisions/0018.
package fastpath

import (
	"os"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
)

// Variable names the environment variable that, set to anything but "on", switches
// the fast path off.
const Variable = "TIP_CLI_FASTPATH"

func init() {
	if document, ok := warm(os.Args, os.Getenv, time.Now()); ok {
		deliver(os.Stdout, os.Stderr, document)
	}
}

// warm returns what the command line asks for if it can be had without ado.
func warm(args []string, getenv func(string) string, now time.Time) ([]byte, bool) {
	if len(args) == 0 || isTest(args[0]) {
		return nil, false
	}
	q, ok := asked(args[1:])
	if setting := getenv(Variable); !ok || setting != "" && setting != "on" {
		return nil, false
	}
	dir, ok := stateDir(getenv, q.context)
	if !ok {
		return nil, false
	}
	// The credentials first: where there are none, the configuration matters not.
	text, private, ok := read(dir+separator+roleFile, roleLimit, secretFile)
	if !ok {
		return nil, false
	}
	role, ok := parseRole(text)
	if !ok {
		return nil, false
	}
	if q.grant != nil {
		q.grant.Now = now
		return role.grant(dir, private, getenv, q.grant)
	}
	digest, ok := configDigest(dir)
	if !ok {
		return nil, false
	}
	stored := role.judged(private)
	if answer.Judge(&stored, &answer.Asked{Now: now, ConfigDigest: digest}) != answer.Serve {
		return nil, false
	}
	return role.document(), true
}

// configDigest returns the digest of config.json, if nobody else can have written it.
func configDigest(dir string) (digest string, ok bool) {
	text, trusted, ok := read(dir+separator+configFile, configLimit, believedFile)
	if !ok || !trusted {
		return "", false
	}
	return answer.Digest([]byte(text)), true
}

// isTest reports whether the process is a Go test: of this package, or of one that
// imports it.
func isTest(program string) bool {
	for _, suffix := range [...]string{".test", ".test.exe"} {
		if len(program) >= len(suffix) && program[len(program)-len(suffix):] == suffix {
			return true
		}
	}
	return false
}
