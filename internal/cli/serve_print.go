package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/credserver"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/shellenv"
	"github.com/tip-cli/tip-cli/internal/store/atomicfile"
)

// serveFormat is how serve prints the variables.
type serveFormat shellenv.Format

// servedFormats are those that hold variables. JSON is a list of endpoints.
var servedFormats = []shellenv.Format{shellenv.Sh, shellenv.Fish, shellenv.PowerShell, shellenv.Cmd, shellenv.DotEnv, shellenv.JSON}

func serveFormats() string {
	names := make([]string, len(servedFormats))
	for i, f := range servedFormats {
		names[i] = string(f)
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// String implements pflag.Value.
func (f *serveFormat) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *serveFormat) Type() string { return "FORMAT" }

// Set implements pflag.Value.
func (f *serveFormat) Set(s string) error {
	if !slices.Contains(servedFormats, shellenv.Format(s)) {
		return fmt.Errorf("must be %s, not %q", serveFormats(), s)
	}
	*f = serveFormat(s)
	return nil
}

// servedEndpoint is an endpoint as JSON says it.
type servedEndpoint struct {
	Context   string `json:"context"`
	S3Target  string `json:"s3_target,omitempty"`
	URL       string `json:"url"`
	Token     string `json:"token,omitempty"`
	TokenFile string `json:"token_file,omitempty"`
}

// printEndpoints writes what clients must set, in one piece. Several endpoints are
// several blocks, of which a shell takes one.
func (a *app) printEndpoints(server *credserver.Server, endpoints []*endpoint, token *servedToken, f serveFormat) error {
	if f == serveFormat(shellenv.JSON) {
		list := make([]servedEndpoint, len(endpoints))
		for i, e := range endpoints {
			list[i] = servedEndpoint{Context: e.context, S3Target: e.target(), URL: server.URL(e.path), Token: token.shown(), TokenFile: token.path}
		}
		return a.printJSON(list)
	}
	var text bytes.Buffer
	for i, e := range endpoints {
		if len(endpoints) > 1 {
			if i > 0 {
				text.WriteByte('\n')
			}
			text.WriteString(comment(shellenv.Format(f), e.title()) + "\n")
		}
		vars := token.in(shellenv.Endpoint(server.URL(e.path), server.Token(), ""))
		if err := shellenv.Write(&text, shellenv.Format(f), vars); err != nil {
			return err
		}
	}
	_, err := a.Stdout.Write(text.Bytes())
	return err
}

// comment is a comment also where shellenv knows of none.
func comment(f shellenv.Format, text string) string {
	if of := f.Comment(text); of != "" {
		return of
	}
	return "# " + text
}

func (e *endpoint) target() string {
	if e.grant == nil {
		return ""
	}
	return e.grant.Target
}

func (e *endpoint) title() string {
	title := "context " + e.context
	if e.grant != nil {
		title += ", " + printable(e.grant.Target)
	}
	return title
}

// servedToken is the token of a server, and the file that it is in, if it is.
type servedToken struct {
	value secret.Value
	path  string
}

// tokenFileForm is what may be overwritten: a token that an earlier serve has left.
var tokenFileForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// tokenFileError says that a file is not for us.
type tokenFileError struct{ path string }

// Error implements error.
func (e *tokenFileError) Error() string {
	return "the file " + e.path + " is there already and holds no token"
}

// Hint is the flag.
func (*tokenFileError) Hint() string { return "give --token-file the name of a new file" }

// tokenIn writes the token of a server to a file for which there is a name. SDKs
// take it as it is: without a newline. They read it at each request, so that a
// serve that was started again is found with the new token.
func tokenIn(value secret.Value, path string) (*servedToken, error) {
	t := &servedToken{value: value}
	if path == "" {
		return t, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	switch held, err := os.ReadFile(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("token file: %w", err)
	case len(held) > 0 && !tokenFileForm.Match(held):
		return nil, &tokenFileError{path}
	}
	t.path = path
	return t, atomicfile.Write(path, []byte(value.Reveal()), 0o600)
}

// shown is the token where there is no file for it.
func (t *servedToken) shown() string {
	if t.path != "" {
		return ""
	}
	return t.value.Reveal()
}

// tokenFileVariable comes before the variable with the token itself.
const tokenFileVariable = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

// in has variables name the file in place of the token.
func (t *servedToken) in(vars []shellenv.Variable) []shellenv.Variable {
	if t.path == "" {
		return vars
	}
	vars = slices.DeleteFunc(vars, func(v shellenv.Variable) bool { return v.Name == tokenFileVariable || v.Name == shellenv.Authorization })
	return slices.Insert(vars, 1,
		shellenv.Variable{Name: tokenFileVariable, Value: secret.New(t.path)}, shellenv.Variable{Name: shellenv.Authorization, Unset: true})
}

// remove removes the file, unless another serve has put its token there.
func (t *servedToken) remove() error {
	if t.path == "" {
		return nil
	}
	held, err := os.ReadFile(t.path)
	if err == nil && string(held) == t.value.Reveal() {
		err = os.Remove(t.path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
