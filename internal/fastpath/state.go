package fastpath

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"unsafe"

	"github.com/tip-cli/tip-cli/internal/answer"
)

// The state directory as internal/store lays it out; a test keeps the two alike.
const (
	homeVariable       = "AWS_TIP_CLI"
	contextVariable    = "TIP_CLI_CONTEXT"
	defaultDir         = ".aws_tip_cli"
	contextsDir        = "contexts"
	defaultContext     = "default"
	currentContextFile = "current_context"
	configFile         = "config.json"
	roleFile           = "role_creds.json"
	s3File             = "s3_creds.json"
)

// The most that is read of a file, in bytes. What is larger is left to the store.
const (
	roleLimit    = 16 << 10
	s3Limit      = 1 << 20
	configLimit  = 64 << 10
	contextLimit = 128
)

const separator = string(os.PathSeparator)

// stateDir returns the directory of the context that is named, or else chosen.
func stateDir(getenv func(string) string, context string) (string, bool) {
	home := getenv(homeVariable)
	if home == "" {
		home = getenv(userHome)
		if home == "" {
			return "", false
		}
		home += separator + defaultDir
	}
	if !plainPath(home) {
		return "", false
	}
	ok := true
	if context == "" {
		if context = getenv(contextVariable); context == "" {
			context, ok = chosenContext(home)
		}
	}
	switch {
	case !ok || !contextName(context):
		return "", false
	case context == defaultContext:
		return home, true
	}
	return home + separator + contextsDir + separator + context, true
}

// plainPath reports whether a path is absolute and means what it says: the store
// takes ".." away by its text, and the system by what is there.
func plainPath(path string) bool {
	for i := range len(path) - 1 {
		if path[i] == '.' && path[i+1] == '.' {
			return false
		}
	}
	return absolute(path)
}

// chosenContext is the context that `configure use-context` chose.
func chosenContext(home string) (string, bool) {
	path := home + separator + currentContextFile
	if _, err := os.Lstat(path); err != nil {
		return defaultContext, errors.Is(err, fs.ErrNotExist)
	}
	text, trusted, ok := read(path, contextLimit, ownFile)
	if !ok || !trusted || len(text) == 0 || text[len(text)-1] != '\n' {
		return "", false
	}
	return text[:len(text)-1], true
}

// contextName reports whether text is the name of a context, the same on every system
// (internal/store: ValidContext). Names of Windows devices and with a dot at the end
// are left to the store to refuse.
func contextName(text string) bool {
	if text == "" || len(text) > 64 || text[len(text)-1] == '.' || device(text) {
		return false
	}
	for i := range len(text) {
		c := text[i]
		letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return true
}

// device reports whether name might be a device of Windows: con, nul, com1, ...
func device(name string) bool {
	if len(name) < 3 {
		return false
	}
	switch name[:3] {
	case "con", "prn", "aux", "nul", "com", "lpt":
		return len(name) <= 4 || name[3] == '.' || name[4] == '.'
	}
	return false
}

// kind is what a file is for, and so what may stand in its place.
type kind int

const (
	secretFile   kind = iota // no link; nobody else can read it
	ownFile                  // no link; nobody else can write it
	believedFile             // perhaps a link; nobody else can write it
)

// read returns the text of a regular file of at most limit bytes, and whether its mode
// and its owner are as they should be. It looks before it opens: a FIFO would wait for
// somebody to write.
func read(path string, limit int64, k kind) (text string, good, ok bool) {
	look := os.Lstat
	if k == believedFile {
		look = os.Stat
	}
	if info, err := look(path); err != nil || !info.Mode().IsRegular() || info.Size() > limit {
		return "", false, false
	}
	file, err := os.OpenFile(path, os.O_RDONLY|openFlags(k), 0)
	if err != nil {
		return "", false, false
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat() // of what was opened, whatever stands there now
	if err != nil || !info.Mode().IsRegular() || info.Size() > limit {
		return "", false, false
	}
	content := make([]byte, info.Size())
	if _, err := io.ReadFull(file, content); err != nil {
		return "", false, false
	}
	text = unsafe.String(unsafe.SliceData(content), len(content)) //nolint:gosec // nobody else has the content, and a copy costs
	if k == secretFile {
		return text, answer.Private(info), true
	}
	return text, answer.Trusted(info), true
}
