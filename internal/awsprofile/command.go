package awsprofile

import (
	"runtime"
	"strings"
)

// Command returns the value of credential_process that runs exe with args on this
// system. exe should be absolute, or a name on the PATH: nothing expands ~ or
// variables there.
//
// On Windows an exe with spaces in its path is given by its short name where it
// has one: the AWS SDK for Go cannot run a quoted path there
// (aws/aws-sdk-go-v2#3208).
func Command(exe string, args ...string) string {
	return CommandOn(runtime.GOOS, shortPath(exe), args...)
}

// CommandOn is [Command] for the system that goos names, without short names. The
// SDKs give the value to sh -c or split it as sh would. On Windows botocore splits
// it by the rules of the C runtime; the SDKs for JavaScript, Java and .NET give it
// to cmd.exe; that for Go does so, too, and breaks what has quotes in it.
func CommandOn(goos, exe string, args ...string) string {
	if goos == windows {
		return windowsCommand(exe, args)
	}
	return posixCommand(exe, args)
}

const windows = "windows"

// posixCommand escapes with backslashes. Quotes would do for a shell, but the Go
// SDK takes them away where a value begins and ends with one, and ends a value
// at " #".
func posixCommand(exe string, args []string) string {
	words := []string{escapeWord(exe, "=")}
	for _, arg := range args {
		words = append(words, escapeWord(arg, ""))
	}
	return strings.Join(words, " ")
}

// plain are the bytes besides letters and digits that mean nothing to sh.
const plain = "_@%+=:,./-"

// escapeWord escapes word for sh and for Python's shlex; special are bytes to
// escape besides. A word that is not ASCII keeps its letters.
func escapeWord(word, special string) string {
	if word == "" {
		return "''"
	}
	var out strings.Builder
	for _, r := range word {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r > '~'
		if !letter && (!strings.ContainsRune(plain, r) || strings.ContainsRune(special, r)) {
			out.WriteByte('\\')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// windowsCommand quotes by the rules of the C runtime, which botocore follows.
// cmd.exe ends the name of a program at , ; and = as well.
func windowsCommand(exe string, args []string) string {
	words := []string{quoteWindows(exe, ",;=")}
	for _, arg := range args {
		words = append(words, quoteWindows(arg, ""))
	}
	return strings.Join(words, " ")
}

// quoteWindows puts word into double quotes if it needs them: for the C runtime
// (white space, quotes) or for cmd.exe (& | < > ^ and parentheses), or has one of
// special. Backslashes are doubled before a quote only.
func quoteWindows(word, special string) string {
	if word != "" && !strings.ContainsAny(word, " \t\"&|<>^()'"+special) {
		return word
	}
	var out strings.Builder
	out.WriteByte('"')
	backslashes := 0
	for i := range len(word) {
		switch word[i] {
		case '\\':
			backslashes++
		case '"':
			out.WriteString(strings.Repeat(`\`, backslashes+1))
			backslashes = 0
		default:
			backslashes = 0
		}
		out.WriteByte(word[i])
	}
	out.WriteString(strings.Repeat(`\`, backslashes))
	out.WriteByte('"')
	return out.String()
}
