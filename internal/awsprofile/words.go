package awsprofile

import (
	"strings"
)

// Words splits a command as whoever runs a credential_process on the system that
// goos names: as sh does, or on Windows by the rules of the C runtime. It expands
// nothing, and takes a quote without its end as if that came last.
func Words(goos, command string) []string {
	s := splitter{windows: goos == windows}
	for _, r := range command {
		s.next(r)
	}
	s.word.WriteString(strings.Repeat(`\`, s.backslashes))
	s.end(s.word.Len() > 0)
	return s.words
}

// splitter goes through a command letter by letter.
type splitter struct {
	windows     bool
	words       []string
	word        strings.Builder
	started     bool
	quote       rune
	backslashes int // not yet written
}

func (s *splitter) next(r rune) {
	if r == '\\' && s.quote != '\'' && (s.windows || s.backslashes == 0) {
		s.backslashes++
		return
	}
	escaped := s.spend(r)
	switch {
	case !escaped && s.quote != 0 && r == s.quote:
		s.quote = 0
	case !escaped && s.quote == 0 && (r == '"' || r == '\'' && !s.windows):
		s.quote, s.started = r, true
	case !escaped && s.quote == 0 && (r == ' ' || r == '\t' || r == '\n' && !s.windows):
		s.end(false)
	default:
		s.word.WriteRune(r)
		s.started = true
	}
}

// spend writes the backslashes before r that stand for themselves, and reports
// whether one was left to escape r.
func (s *splitter) spend(r rune) bool {
	n := s.backslashes
	s.backslashes = 0
	if n == 0 {
		return false
	}
	s.started = true
	switch {
	case s.windows && r != '"':
		s.word.WriteString(strings.Repeat(`\`, n))
		return false
	case s.windows:
		s.word.WriteString(strings.Repeat(`\`, n/2))
		return n%2 == 1
	case s.quote == '"' && !strings.ContainsRune("\"\\$`", r):
		s.word.WriteByte('\\')
	}
	return true
}

func (s *splitter) end(force bool) {
	if s.started || force {
		s.words = append(s.words, s.word.String())
	}
	s.word.Reset()
	s.started = false
}

// Base is the name of the program in a word of a command, without folder and .exe.
func Base(word string) string {
	word = word[strings.LastIndexAny(word, `/\`)+1:]
	if n := len(word) - len(".exe"); n > 0 && strings.EqualFold(word[n:], ".exe") {
		return word[:n]
	}
	return word
}
