package cli

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/tip-cli/tip-cli/internal/credserver"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/shellenv"
)

// serveFormat is how serve prints the variables.
type serveFormat shellenv.Format

// servedFormats are those that hold variables. JSON is a list of endpoints.
var servedFormats = []shellenv.Format{shellenv.Sh, shellenv.Fish, shellenv.PowerShell, shellenv.Cmd, shellenv.DotEnv, shellenv.JSON}

func servedNames() []string { return formatNames(servedFormats) }

func serveFormats() string { return oneOf(servedNames()) }

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
func (a *app) printEndpoints(server *credserver.Server, endpoints []*endpoint, file *credserver.TokenFile, f serveFormat) error {
	if f == serveFormat(shellenv.JSON) {
		list := make([]servedEndpoint, len(endpoints))
		for i, e := range endpoints {
			list[i] = servedEndpoint{Context: e.context, S3Target: e.target(), URL: server.URL(e.path), Token: shownToken(server, file), TokenFile: file.Path()}
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
		vars := tokenIn(file.Path(), shellenv.Endpoint(server.URL(e.path), server.Token(), ""))
		if err := shellenv.Write(&text, shellenv.Format(f), vars); err != nil {
			return err
		}
	}
	return printed(a.Stdout.Write(text.Bytes()))
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

// shownToken is the token where there is no file for it.
func shownToken(server *credserver.Server, file *credserver.TokenFile) string {
	if file != nil {
		return ""
	}
	return server.Token().Reveal()
}

// tokenIn has variables name the file, if there is one, in place of the token.
func tokenIn(path string, vars []shellenv.Variable) []shellenv.Variable {
	if path == "" {
		return vars
	}
	vars = slices.DeleteFunc(vars, func(v shellenv.Variable) bool {
		return v.Name == shellenv.AuthorizationFile || v.Name == shellenv.Authorization
	})
	return slices.Insert(vars, 1,
		shellenv.Variable{Name: shellenv.AuthorizationFile, Value: secret.New(path)}, shellenv.Variable{Name: shellenv.Authorization, Unset: true})
}
