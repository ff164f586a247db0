package awsprofile

import (
	"fmt"
	"strings"
)

// defaultSection is the section whose settings Python's configparser puts into every
// other one.
const defaultSection = "DEFAULT"

// refusal is the first thing because of which configparser and botocore read nothing
// of a file at all: the line, from 1, and why.
type refusal struct {
	line   int
	reason string
}

// refusal returns why the AWS CLI and boto3 refuse the file, if they do.
func (f *file) refusal() (refusal, bool) {
	if len(f.lines) > 0 && strings.HasPrefix(f.lines[0].text, byteOrderMark) {
		return refusal{1, "the file begins with a byte order mark; save it as UTF-8 without one"}, true
	}
	if len(f.astray) > 0 {
		text := f.lines[f.astray[0]].text
		if len(f.sections) == 0 || f.astray[0] < f.sections[0].line {
			return refusal{f.astray[0] + 1, "the line stands before the first [section]"}, true
		}
		if strings.HasPrefix(strings.TrimSpace(text), "[") {
			return refusal{f.astray[0] + 1, "the header has no ] at its end"}, true
		}
		return refusal{f.astray[0] + 1, "the line is neither a [section] nor a setting"}, true
	}
	return f.repeated()
}

// repeated looks for headers and keys that stand twice, and for nested settings that
// are none.
func (f *file) repeated() (refusal, bool) {
	headers, keys := make(map[string]int), make(map[[2]string]int)
	for _, s := range f.sections {
		if first, twice := headers[s.header]; twice && s.header != defaultSection {
			return refusal{s.line + 1, fmt.Sprintf("[%s] stands in line %d already", s.header, first+1)}, true
		}
		headers[s.header] = s.line
		for _, k := range s.keys {
			name := [2]string{s.header, k.name}
			if first, twice := keys[name]; twice {
				return refusal{k.line + 1, fmt.Sprintf("%s stands in line %d of the same section already", k.name, first+1)}, true
			}
			keys[name] = k.line
			if k.misnested() {
				return refusal{k.line + 1, fmt.Sprintf("the lines below %s are no nested settings (key = value)", k.name)}, true
			}
		}
	}
	return refusal{}, false
}

// misnested reports whether botocore takes the value for nested settings and finds
// other things.
func (k key) misnested() bool {
	nested, ok := strings.CutPrefix(k.value, "\n")
	if !ok {
		return false
	}
	for inner := range strings.SplitSeq(nested, "\n") {
		if strings.TrimSpace(inner) != "" && !strings.Contains(inner, "=") {
			return true
		}
	}
	return false
}

// refused warns of a file that the AWS CLI and boto3 do not read.
func (f *file) refused(path string) []Warning {
	if r, ok := f.refusal(); ok {
		return []Warning{{Kind: Refused, Path: path, Line: r.line, Reason: r.reason}}
	}
	return nil
}
