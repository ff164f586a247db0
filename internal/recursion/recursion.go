// Package recursion keeps tip-cli from running itself without end. A program that
// an exchange starts (token_command, client_secret_command, BROWSER) may use an AWS
// profile whose credential_process is tip-cli, or tip-cli itself, for the very
// context whose exchange is waiting for that program.
//
// Whoever starts such a program puts an [Entry] into its environment, and whoever
// begins an exchange asks [Check] first, before it waits for any lock: the outer
// process may hold it. Another context than those on the way is let through.
//
// Two contexts whose programs use each other, both begun at once, are not seen that way:
// each outer process holds the lock that the other's program waits for. Who is in such a
// chain ([Begun]) waits for a lock for a short time only, see [Waited].
//
// All functions are safe for concurrent use. Nothing here looks at processes: a
// program that talks to a server, which then exchanges, is not seen.
package recursion

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Variable holds the exchanges that wait for the program in whose environment it
// is: for each the setting that named the program, the Unix time until which it is
// waited for, and the state directory, separated by commas; between two a space.
const Variable = "TIP_CLI_CHAIN"

// maxDepth is how many exchanges of different contexts may wait for each other.
const maxDepth = 4

// marker begins the text of every [Error].
const marker = "tip-cli would run itself: "

// Error says that an exchange would wait for itself.
type Error struct {
	// Setting names the program that led back to tip-cli.
	Setting string
	// Deep says that the contexts differ, and are too many.
	Deep bool
	// Outer and Inner name two contexts that wait for each other, as far as can be
	// told; empty for any other loop.
	Outer, Inner string
}

// Error implements error.
func (e *Error) Error() string {
	switch {
	case e.Inner != "":
		return fmt.Sprintf("%sthe contexts %s and %s seem to wait for each other: %s is busy, and %s waits for the program of %s",
			marker, e.Outer, e.Inner, e.Inner, e.Outer, e.Setting)
	case e.Deep:
		return fmt.Sprintf("%s%d contexts wait for each other, the last one for the program of %s", marker, maxDepth, e.Setting)
	}
	return marker + "the program of " + e.Setting + " leads back to the context that waits for it"
}

// Hint says what to change.
func (e *Error) Hint() string {
	if e.Inner != "" {
		return fmt.Sprintf("set %s of context %s or %s to a program that does not use the other one; if there is no such loop, try again", e.Setting, e.Outer, e.Inner)
	}
	return "set " + e.Setting + " to a program that uses neither tip-cli nor an AWS profile whose credential_process is tip-cli"
}

// Reported reports whether text, which a program wrote, has an [Error] of a tip-cli
// further down in it. AWS tools quote what their credential_process wrote.
func Reported(text []byte) bool { return strings.Contains(string(text), marker) }

// Entry returns the NAME=VALUE for the environment of a program that setting names
// and that the exchange with the state directory dir waits for until then. getenv
// is our own environment, whose entries stay. What the program leaves behind when
// the wait is over is free to use tip-cli.
func Entry(getenv func(string) string, setting, dir string, until time.Time) string {
	link := strings.Join([]string{setting, strconv.FormatInt(until.Unix()+1, 10), url.QueryEscape(canonical(dir))}, ",")
	if before := getenv(Variable); before != "" {
		link = before + " " + link
	}
	return Variable + "=" + link
}

// Check returns an [*Error] if the exchange with the state directory dir is waiting
// for a program that started this process, directly or not; else nil.
func Check(getenv func(string) string, dir string) error {
	chain := begun(getenv)
	for _, l := range chain {
		if l.dir == canonical(dir) {
			return &Error{Setting: l.setting}
		}
	}
	if len(chain) >= maxDepth {
		return &Error{Setting: chain[len(chain)-1].setting, Deep: true}
	}
	return nil
}

// Begun reports whether an exchange waits for a program that started this process.
func Begun(getenv func(string) string) bool { return len(begun(getenv)) > 0 }

// Waited returns an [*Error] for who is in a chain and has waited in vain for the lock
// of the exchange with the state directory dir; else nil.
func Waited(getenv func(string) string, dir string) error {
	chain := begun(getenv)
	if len(chain) == 0 {
		return nil
	}
	last := chain[len(chain)-1]
	return &Error{Setting: last.setting, Outer: contextOf(last.dir), Inner: contextOf(canonical(dir))}
}

// begun returns the exchanges that wait, the outermost first.
func begun(getenv func(string) string) []link {
	var chain []link
	for entry := range strings.FieldsSeq(getenv(Variable)) {
		if l, ok := parse(entry); ok && time.Now().Before(l.until) {
			chain = append(chain, l)
		}
	}
	return chain
}

// contextOf is the name of the context whose state directory is dir (internal/store:
// ContextDir), in characters that such names have.
func contextOf(dir string) string {
	if filepath.Base(filepath.Dir(dir)) != "contexts" {
		return "default"
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789._-", r) {
			return r
		}
		return -1
	}, filepath.Base(dir))
}

// link is one exchange that waits.
type link struct {
	setting, dir string
	until        time.Time
}

// parse reports false for what is none of ours: a guard is no reason to fail.
func parse(entry string) (link, bool) {
	parts := strings.Split(entry, ",")
	if len(parts) != 3 {
		return link{}, false
	}
	until, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return link{}, false
	}
	dir, err := url.QueryUnescape(parts[2])
	return link{setting: printable(parts[0]), dir: dir, until: time.Unix(until, 0)}, err == nil
}

// printable keeps what the name of a setting may have.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, name)
}

// canonical is one name for a directory, however the environment names it.
func canonical(dir string) string {
	if target, err := filepath.EvalSymlinks(dir); err == nil {
		dir = target
	}
	if whole, err := filepath.Abs(dir); err == nil {
		dir = whole
	}
	return dir
}

// Getenv is an environment as os.Environ returns it, to read from; of a name that
// stands there twice the last one counts, as for a program. Nil stands for our own.
func Getenv(environ []string) func(string) string {
	if environ == nil {
		return os.Getenv
	}
	return func(name string) string {
		found := ""
		for _, entry := range environ {
			if value, ok := strings.CutPrefix(entry, name+"="); ok {
				found = value
			}
		}
		return found
	}
}
