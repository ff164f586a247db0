package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ContextVariable names the environment variable that chooses the context.
const ContextVariable = "TIP_CLI_CONTEXT"

// DefaultContext is the context whose files are in the state directory itself,
// where the original has them.
const DefaultContext = "default"

// contextsDir holds the directories of the other contexts.
const contextsDir = "contexts"

// ContextError says that a text is not a name for a context.
type ContextError struct {
	// Name is the text.
	Name string
	// Reason is what is wrong with it.
	Reason string
}

// Error quotes the name and says why it is none.
func (e *ContextError) Error() string {
	return fmt.Sprintf("%q is not a name for a context: %s", e.Name, e.Reason)
}

// Hint returns what a name looks like.
func (e *ContextError) Hint() string {
	return "use lower-case letters, digits, '-', '_' and '.', 64 at most, a letter or digit first, such as: prod-eu"
}

// maxContext is the most characters of a name.
const maxContext = 64

// contextForm reports whether name is ^[a-z0-9][a-z0-9._-]{0,63}$.
func contextForm(name string) bool {
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return name != "" && len(name) <= maxContext
}

// deviceForm reports whether name begins with a device name of Windows, which is no
// file name there whatever follows a dot: ^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$).
func deviceForm(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	port := strings.TrimPrefix(strings.TrimPrefix(base, "com"), "lpt")
	return len(base) == 4 && len(port) == 1 && port[0] >= '0' && port[0] <= '9'
}

// ValidContext reports whether name can name a context: the same on every system,
// since it names a directory. The error is a [*ContextError].
func ValidContext(name string) error {
	switch {
	case name == "":
		return &ContextError{Name: name, Reason: "it is empty"}
	case !contextForm(name):
		return &ContextError{Name: name, Reason: "it has other characters, or too many"}
	case deviceForm(name):
		return &ContextError{Name: name, Reason: "it is a device on Windows"}
	case strings.HasSuffix(name, "."):
		return &ContextError{Name: name, Reason: "Windows drops a dot at the end"}
	}
	return nil
}

// ContextDir returns the directory of a context; home is that of [Dir], and also
// the answer for "" and "default". It does not look whether the context exists.
// [Open] makes a store there.
func ContextDir(home, name string) (string, error) {
	if name == "" || name == DefaultContext {
		return home, nil
	}
	if err := ValidContext(name); err != nil {
		return "", err
	}
	return filepath.Join(home, contextsDir, name), nil
}

// Open returns the store of a context; home is that of [Dir]. Beyond [New] with
// [ContextDir] its writes also look after the directories above it, and its hints
// name the context. It touches nothing.
func Open(home, name string, optFns ...func(*Options)) (*Store, error) {
	dir, err := ContextDir(home, name)
	if err != nil {
		return nil, err
	}
	s := New(dir, optFns...)
	if dir != home {
		s.home, s.context = home, name
	}
	return s, nil
}

// Contexts returns the names of the contexts that have a config.json, sorted, but
// "default" first. That there is no directory is no error. With an error are those that
// could be found all the same.
func Contexts(home string) ([]string, error) {
	var names []string
	if configured(home) {
		names = append(names, DefaultContext)
	}
	dir := filepath.Join(home, contextsDir)
	entries, err := os.ReadDir(dir) // sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return names, &FileError{Path: dir, Err: bare(err), Fix: "check that you may read it"}
	}
	for _, entry := range entries {
		name := entry.Name()
		if ValidContext(name) == nil && name != DefaultContext && configured(filepath.Join(dir, name)) {
			names = append(names, name)
		}
	}
	return names, nil
}

// configured reports whether dir has a config.json, whatever is in it.
func configured(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, ConfigFile))
	return err == nil && info.Mode().IsRegular()
}

// CurrentContext returns the context that [SetCurrentContext] chose, or "default"
// if none was. The error is a [*FileError]: it wraps [ErrCorrupt] if the file that
// says so is damaged, and [ErrNotFound] if the context is gone.
func CurrentContext(home string, optFns ...func(*Options)) (string, error) {
	s := New(home, optFns...)
	name, err := s.chosenContext()
	if errors.Is(err, ErrNotFound) {
		return DefaultContext, nil
	}
	if err != nil {
		return "", err
	}
	if dir, err := ContextDir(home, name); err != nil || name != DefaultContext && !configured(dir) {
		return "", s.fileError(CurrentContextFile, &goneError{name})
	}
	return name, nil
}

// goneError says that the chosen context has no configuration.
type goneError struct{ name string }

// Error implements error.
func (e *goneError) Error() string {
	return fmt.Sprintf("the context %q, which it chooses, has no configuration", e.name)
}

// Unwrap has it count as ErrNotFound.
func (e *goneError) Unwrap() error { return ErrNotFound }

// chosenContext reads current_context.
func (s *Store) chosenContext() (string, error) {
	data, err := s.read(CurrentContextFile)
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(data))
	if ValidContext(name) != nil {
		return "", s.corrupt(CurrentContextFile, "no name of a context is in it")
	}
	return name, nil
}

// SetCurrentContext makes name the context that is used where none is named; ""
// is "default". The context must have a config.json, unless it is "default": else
// the error is a [*FileError] that wraps [ErrNotFound].
func SetCurrentContext(home, name string) error {
	dir, err := ContextDir(home, name)
	if err != nil {
		return err
	}
	s := New(home)
	if dir == home {
		return s.clear(CurrentContextFile)
	}
	if !configured(dir) {
		return &FileError{
			Path: filepath.Join(dir, ConfigFile), Err: ErrNotFound,
			Fix: "run: tip-cli --context " + name + " configure idp (or see: tip-cli configure list-contexts)",
		}
	}
	return s.write(CurrentContextFile, []byte(name+"\n"))
}
