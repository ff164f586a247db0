package shellenv

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Format is a syntax that variables can be written in.
type Format string

// The formats. Shells remove what must be removed; DotEnv and JSON cannot, and
// leave it out.
const (
	Sh         Format = "sh"         // POSIX shells: sh, bash, zsh, dash, ksh
	Fish       Format = "fish"       // fish 3 and later
	PowerShell Format = "powershell" // Windows PowerShell and PowerShell 7
	Cmd        Format = "cmd"        // cmd.exe
	DotEnv     Format = "dotenv"     // NAME=value, for .env files and docker --env-file
	JSON       Format = "json"       // one object, from name to value
	INI        Format = "ini"        // a section of the AWS credentials file, see [WriteINI]
)

// Formats are all formats, in the order in which a help text names them.
func Formats() []Format { return []Format{Sh, Fish, PowerShell, Cmd, DotEnv, JSON, INI} }

// Shell reports whether f is evaluated by a shell, and so can remove variables.
func (f Format) Shell() bool { return slices.Contains([]Format{Sh, Fish, PowerShell, Cmd}, f) }

// Comment returns text as a comment of the shell, "" where there are none.
func (f Format) Comment(text string) string {
	switch f {
	case Sh, Fish, PowerShell:
		return "# " + text
	case Cmd:
		return "rem " + text
	}
	return ""
}

// ValueError says that a variable has a value that a format cannot hold, or that
// its readers would not agree on. The value is not in it: it may be a secret.
type ValueError struct {
	Name   string
	Format Format
}

// Error implements error.
func (e *ValueError) Error() string {
	return fmt.Sprintf("the value of %s cannot be written as %s", e.Name, e.Format)
}

// Hint is what works with every value.
func (e *ValueError) Hint() string { return "use tip-cli exec, which hands over every value as it is" }

// NameError says that a variable has a name that no shell could set safely.
type NameError struct{ Name string }

// Error implements error.
func (e *NameError) Error() string {
	return fmt.Sprintf("%q cannot be the name of a variable", e.Name)
}

// Write writes vars in format f, each on a line of its own, in one piece. The error
// is a [*ValueError] or [*NameError] if something does not fit, and then nothing has
// been written. The removal of what no shell could name is left out: names in an
// environment are anybody's text. [INI] has a function of its own.
func Write(w io.Writer, f Format, vars []Variable) error {
	for _, v := range vars {
		if !v.Unset && !portable(v.Name) {
			return &NameError{v.Name}
		}
	}
	if f == JSON {
		return writeJSON(w, vars)
	}
	syntax, ok := syntaxes[f]
	if !ok {
		return fmt.Errorf("variables cannot be written as %q", f)
	}
	var text strings.Builder
	for _, v := range vars {
		if v.Unset {
			if syntax.unset != "" && portable(v.Name) {
				fmt.Fprintf(&text, syntax.unset+"\n", v.Name)
			}
			continue
		}
		if !syntax.holds(v.Value.Reveal()) {
			return &ValueError{v.Name, f}
		}
		fmt.Fprintf(&text, syntax.set+"\n", v.Name, syntax.quote(v.Value.Reveal()))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// portable reports whether s is a name for a variable in every shell.
func portable(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// syntax is how a shell sets and removes a variable.
type syntax struct {
	set, unset string
	quote      func(string) string
	holds      func(string) bool
}

var syntaxes = map[Format]syntax{
	Sh: {"export %s=%s", "unset %s", quoteSh, clean},
	// Global: fish can neither hide a universal variable from the programs that it
	// starts, nor is it ours to remove. Long options: zsh takes -gx for options of its
	// own, of which x would show the secrets of the lines that follow.
	Fish:       {"set --global --export %s %s", "set --erase --global %s; or true", quoteFish, clean},
	PowerShell: {"$Env:%s = %s", "Remove-Item -ErrorAction SilentlyContinue -LiteralPath Env:%s", quotePowerShell, clean},
	// Nothing in cmd.exe escapes a quote, a percent sign or an exclamation mark in
	// every place where such a line can stand.
	Cmd:    {`set "%s=%s"`, `set "%s="`, asItIs, func(s string) bool { return clean(s) && !strings.ContainsAny(s, `"%!`) }},
	DotEnv: {"%s=%s", "", asItIs, plain},
}

func asItIs(s string) string { return s }

// clean reports whether s is text on one line, without what could steer a terminal.
func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) && !strings.ContainsAny(s, "\u2028\u2029")
}

// plain reports whether s means the same with all readers of .env files, who agree
// neither on quotes nor on what $ and # mean.
func plain(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("_+/=.,:@%-", r)
	}) < 0
}

func quoteSh(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func quoteFish(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// quotePowerShell doubles what PowerShell takes for a single quote: the typographic
// ones as well.
func quotePowerShell(s string) string {
	return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(s) + "'"
}

func writeJSON(w io.Writer, vars []Variable) error {
	object := make(map[string]string)
	for _, v := range vars {
		switch {
		case v.Unset:
		case !utf8.ValidString(v.Value.Reveal()):
			return &ValueError{v.Name, JSON}
		default:
			object[v.Name] = v.Value.Reveal()
		}
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(object); err != nil {
		return err
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// Detect guesses the shell that a person uses from the environment of the system
// goos. No shell says for certain that it is the one.
func Detect(getenv func(string) string, goos string) Format {
	shell := strings.TrimSuffix(path.Base(strings.ReplaceAll(getenv("SHELL"), `\`, "/")), ".exe")
	modules := getenv("PSModulePath")
	switch {
	case shell == "pwsh":
		return PowerShell
	case goos == "windows" && getenv("SHELL") != "": // of MSYS2, Cygwin, Git
		return inUnix(shell)
	case goos == "windows" && ownModules(modules, getenv("USERPROFILE")):
		return PowerShell
	case goos == "windows":
		return Cmd
	case modules != "": // elsewhere only PowerShell sets it
		return PowerShell
	}
	return inUnix(shell)
}

// Evaluates returns the format of a program by its path, and whether it is a shell
// that we know. It is for whoever knows what program reads the output.
func Evaluates(program string) (Format, bool) {
	name := path.Base(program)
	switch {
	case name == "fish", name == "pwsh":
		return map[string]Format{"fish": Fish, "pwsh": PowerShell}[name], true
	case slices.Contains([]string{"sh", "bash", "zsh", "dash", "ash", "ksh", "ksh93", "mksh", "yash"}, name):
		return Sh, true
	}
	return "", false
}

func inUnix(shell string) Format {
	if shell == "fish" {
		return Fish
	}
	return Sh
}

// ownModules reports whether PSModulePath, which Windows sets for everybody, has
// what PowerShell adds to it: a folder of the person's.
func ownModules(modules, home string) bool {
	return home != "" && strings.Contains(strings.ToLower(modules), strings.ToLower(home)+`\`)
}
