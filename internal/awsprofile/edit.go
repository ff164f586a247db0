package awsprofile

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

func duplicateError(path, header string, first, second int) error {
	return &Error{
		Path: path, Err: fmt.Errorf("[%s] stands there twice, in lines %d and %d; the AWS CLI refuses such a file", header, first, second),
		Fix: "merge the two by hand",
	}
}

// set writes the settings into every section of the profile, or appends a new
// section. Every occurrence of a key is updated: SDKs differ in which they take.
func (f *file) set(profile string, kv []KV) {
	sections := f.profile(profile)
	if len(sections) == 0 {
		f.appendSection(profile, kv)
		return
	}
	// From the end of the file backwards, so that line numbers stay good.
	for _, s := range slices.Backward(sections) {
		f.setIn(*s, kv)
	}
}

func (f *file) setIn(s section, kv []KV) {
	missing := slices.Clone(kv)
	missing = slices.DeleteFunc(missing, func(setting KV) bool {
		return slices.ContainsFunc(s.keys, func(k key) bool { return k.name == setting.Key })
	})
	var added []string
	for _, setting := range missing {
		added = append(added, setting.Key+" = "+setting.Value)
	}
	f.insert(s.last+1, added)
	for _, k := range slices.Backward(s.keys) {
		i := slices.IndexFunc(kv, func(setting KV) bool { return setting.Key == k.name })
		if i >= 0 && k.value != kv[i].Value {
			f.replaceValue(k, kv[i].Value)
		}
	}
}

// replaceValue keeps everything up to the value, and drops the lines that
// continued the old one.
func (f *file) replaceValue(k key, value string) {
	f.remove(k.more)
	text := f.lines[k.line].text
	start := strings.IndexAny(text, "=:") + 1
	rest := text[start:]
	space := rest[:len(rest)-len(strings.TrimLeftFunc(rest, unicode.IsSpace))]
	if strings.TrimSpace(rest) == "" && start > 1 && strings.HasSuffix(text[:start-1], " ") {
		space = " "
	}
	f.lines[k.line].text, f.lines[k.line].edit = text[:start]+space+value, true
}

func (f *file) appendSection(profile string, kv []KV) {
	header := "[profile " + profile + "]"
	if profile == DefaultProfile {
		header = "[default]"
	}
	texts := []string{header}
	for _, setting := range kv {
		texts = append(texts, setting.Key+" = "+setting.Value)
	}
	n := len(f.lines)
	if n > 0 && strings.TrimSpace(strings.TrimPrefix(f.lines[n-1].text, byteOrderMark)) != "" {
		texts = slices.Insert(texts, 0, "")
	}
	if n == 1 && f.lines[0].text == byteOrderMark && f.lines[0].eol == "" {
		f.lines[0].text, f.lines[0].edit = byteOrderMark+texts[0], true
		texts = texts[1:]
	}
	f.insert(len(f.lines), texts)
}

// insert puts new lines before line i, with the line ends of their surroundings.
// A file without a newline at its end stays without one.
func (f *file) insert(i int, texts []string) {
	if len(texts) == 0 {
		return
	}
	eol := f.eolNear(i)
	added := make([]line, len(texts))
	for n, text := range texts {
		added[n] = line{text: text, eol: eol, from: -1}
	}
	if i > 0 && f.lines[i-1].eol == "" {
		f.lines[i-1].eol = eol
		added[len(added)-1].eol = ""
	}
	f.lines = slices.Insert(f.lines, i, added...)
}

func (f *file) eolNear(i int) string {
	for _, l := range slices.Backward(f.lines[:i]) {
		if l.eol != "" {
			return l.eol
		}
	}
	return "\n"
}

// remove drops lines, named in ascending order and never the first; the end of the
// file stays as it was.
func (f *file) remove(gone []int) {
	if len(gone) == 0 {
		return
	}
	eol := f.lines[len(f.lines)-1].eol
	kept := f.lines[:gone[0]]
	for i, l := range f.lines[gone[0]:] {
		if _, drop := slices.BinarySearch(gone, gone[0]+i); !drop {
			kept = append(kept, l)
		}
	}
	f.lines = kept
	if eol == "" {
		f.lines[len(f.lines)-1].eol = ""
	}
}

func (f *file) bytes() []byte {
	var content []byte
	for _, l := range f.lines {
		content = append(append(content, l.text...), l.eol...)
	}
	return content
}

// shown is a line without what it has of the value of an AWS key, which may be in a
// comment made of one.
func (l line) shown() string {
	if l.hide {
		return indentForm().FindString(l.text) + "REDACTED"
	}
	return keyLine().ReplaceAllString(l.text, "${1}REDACTED")
}

// diff lists the lines that went and came, in order, without AWS keys.
func (f *file) diff() string {
	var out strings.Builder
	next := 0
	gone := func(end int) {
		for ; next < end; next++ {
			fmt.Fprintf(&out, "-%s\n", f.original[next].shown())
		}
	}
	for _, l := range f.lines {
		switch {
		case l.from < 0:
			fmt.Fprintf(&out, "+%s\n", l.text)
		case l.edit:
			gone(l.from + 1)
			fmt.Fprintf(&out, "+%s\n", l.shown())
		default:
			gone(l.from)
			next = l.from + 1
		}
	}
	gone(len(f.original))
	return out.String()
}
