package awsprofile

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

var (
	keyForm = lazyregexp.New(`^[a-z][a-z0-9_]*$`)
	// configparser's section header: to the last bracket on the line.
	headerForm = lazyregexp.New(`^\[(.+)\]`)
	// configparser's option: the key ends at the first = or :.
	optionForm = lazyregexp.New(`^([^=:]*?)\s*[=:]\s*(.*)$`)
	// what a line within the value of an AWS key begins with.
	indentForm = lazyregexp.New(`^[#;\s]*`)
	// a line with an AWS key, up to the value.
	keyLine = lazyregexp.New(`(?i)^([#\s]*aws_[a-z_]+\s*[=:]\s*).+$`)
)

const byteOrderMark = "\ufeff"

// line is one line of the file.
type line struct {
	text string
	eol  string // "\n", "\r\n", "\r", or "" at the end of the file
	from int    // index in the original file, -1 for a new line
	edit bool   // text differs from the original
	hide bool   // it continues the value of an AWS key
}

// key is one setting: its line, and the lines that continue its value.
type key struct {
	name  string // in lower case
	value string
	line  int
	more  []int // continuation lines
}

// section is a header and what follows up to the next one.
type section struct {
	header string // between the brackets
	line   int
	keys   []key
	last   int // the last line that is neither blank nor a comment of what follows
}

type file struct {
	original []line
	lines    []line
	sections []section
	astray   []int // lines that fit nowhere
}

// parse reads a config file as Python's configparser does: a line that is
// indented deeper than the setting above continues it. It never fails: a line
// that fits nowhere is kept and ignored.
func parse(content []byte) *file {
	f := &file{lines: split(string(content))}
	f.original = slices.Clone(f.lines)
	indent, inKey := 0, false
	for i := range f.lines {
		text := f.lines[i].text
		if i == 0 {
			text = strings.TrimPrefix(text, byteOrderMark)
		}
		trimmed := strings.TrimSpace(text)
		depth := utf8.RuneCountInString(text) - utf8.RuneCountInString(strings.TrimLeftFunc(text, unicode.IsSpace))
		switch {
		case trimmed == "":
		case trimmed[0] == '#' || trimmed[0] == ';':
			if inKey && depth > indent {
				f.current().last = i
				f.hideInKey(i)
			}
		case inKey && depth > indent:
			f.continueKey(i)
		case headerForm().MatchString(trimmed):
			f.sections = append(f.sections, section{header: headerForm().FindStringSubmatch(trimmed)[1], line: i, last: i})
			indent, inKey = depth, false
		case len(f.sections) > 0:
			inKey = f.addKey(i, trimmed) || inKey
			indent = depth
		default:
			f.astray = append(f.astray, i)
		}
	}
	f.joinValues()
	return f
}

func (f *file) current() *section { return &f.sections[len(f.sections)-1] }

func (f *file) addKey(i int, trimmed string) bool {
	s := f.current()
	s.last = i
	match := optionForm().FindStringSubmatch(trimmed)
	if match == nil || match[1] == "" {
		f.astray = append(f.astray, i)
		return false
	}
	s.keys = append(s.keys, key{name: strings.ToLower(match[1]), value: match[2], line: i})
	return true
}

func (f *file) continueKey(i int) {
	s := f.current()
	s.last = i
	k := &s.keys[len(s.keys)-1]
	k.more = append(k.more, i)
	f.hideInKey(i)
}

// hideInKey marks a line within the value of the present key, if that is one of AWS.
func (f *file) hideInKey(i int) {
	s := f.current()
	if strings.HasPrefix(s.keys[len(s.keys)-1].name, "aws_") {
		f.lines[i].hide, f.original[i].hide = true, true
	}
}

// joinValues completes the values that go on over several lines.
func (f *file) joinValues() {
	for _, s := range f.sections {
		for n := range s.keys {
			k := &s.keys[n]
			parts := []string{k.value}
			for _, i := range k.more {
				parts = append(parts, strings.TrimSpace(f.lines[i].text))
			}
			k.value = strings.Join(parts, "\n")
		}
	}
}

// split cuts content into lines at \n, \r\n and \r, as Python reads text.
func split(content string) []line {
	var lines []line
	for content != "" {
		i := strings.IndexAny(content, "\r\n")
		if i < 0 {
			return append(lines, line{text: content, from: len(lines)})
		}
		size := 1
		if strings.HasPrefix(content[i:], "\r\n") {
			size = 2
		}
		lines = append(lines, line{text: content[:i], eol: content[i : i+size], from: len(lines)})
		content = content[i+size:]
	}
	return lines
}

// profile returns the sections of a profile, in the order of the file. For
// "default" that may be [default] and [profile default].
func (f *file) profile(name string) []*section {
	var found []*section
	for i := range f.sections {
		if profileOf(f.sections[i].header) == name {
			found = append(found, &f.sections[i])
		}
	}
	return found
}

// profileOf returns the profile that a header of the config file names, or "".
func profileOf(header string) string {
	if header == DefaultProfile {
		return DefaultProfile
	}
	rest, ok := strings.CutPrefix(header, "profile")
	name := strings.TrimLeft(rest, " \t")
	if !ok || name == rest {
		return ""
	}
	name = strings.TrimRight(name, " \t")
	for _, quote := range []string{`"`, `'`} {
		if len(name) > 2 && strings.HasPrefix(name, quote) && strings.HasSuffix(name, quote) {
			name = name[1 : len(name)-1]
		}
	}
	return name
}

// checkDuplicates refuses a file in which the profile's header stands twice:
// botocore refuses to read it at all.
func (f *file) checkDuplicates(path, profile string) error {
	seen := make(map[string]int)
	for _, s := range f.profile(profile) {
		if first, twice := seen[s.header]; twice {
			return duplicateError(path, s.header, first+1, s.line+1)
		}
		seen[s.header] = s.line
	}
	return nil
}
