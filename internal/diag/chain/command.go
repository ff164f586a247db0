package chain

import "strings"

// AWS is a command line of the AWS CLI that does something with this access, in a
// region if one is given. Words are quoted for a POSIX shell.
func (a *Access) AWS(region string, words ...string) string {
	line := append([]string{"aws"}, words...)
	if region != "" {
		line = append(line, "--region", region)
	}
	if a.Profile != "" {
		line = append(line, "--profile", a.Profile)
	}
	return Quoted(line...)
}

// TipCLI is a command line of this program in the context under diagnosis.
func (c *Chain) TipCLI(words ...string) string {
	line := []string{"tip-cli"}
	if c.Asked.Context != "" {
		line = append(line, "--context", c.Asked.Context)
	}
	return Quoted(append(line, words...)...)
}

// Quoted joins words to a command line for a POSIX shell.
func Quoted(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(word)
	}
	return strings.Join(quoted, " ")
}

func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
