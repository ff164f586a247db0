package finding

import (
	"strings"
	"unicode"
)

// Log takes what the checks of a section come to. It is not safe for concurrent use.
type Log struct {
	section Section
	checks  map[string]*Check
	kinds   map[string]*Kind
	of      map[string]*Check // the check of a kind
	results []Result
}

// NewLog returns an empty Log for a section. What it is handed must be among checks.
func NewLog(section Section, checks []Check) *Log {
	l := &Log{section: section, checks: map[string]*Check{}, kinds: map[string]*Kind{}, of: map[string]*Check{}}
	for i := range checks {
		c := &checks[i]
		l.checks[c.ID] = c
		for j := range c.Kinds {
			l.kinds[c.Kinds[j].ID], l.of[c.Kinds[j].ID] = &c.Kinds[j], c
		}
	}
	return l
}

// Results are those so far.
func (l *Log) Results() []Result { return l.results }

// Has reports whether a check or a kind with this id is among the results.
func (l *Log) Has(id string) bool {
	for i := range l.results {
		if l.results[i].ID == id || l.results[i].Check == id {
			return true
		}
	}
	return false
}

// OK says that a check found nothing wrong; seen is what it saw.
func (l *Log) OK(check, seen string) {
	c := l.check(check)
	l.add(Result{ID: c.ID, Check: c.ID, Status: OK, Title: c.Title, Seen: seen, Why: c.Why})
}

// Skip says that there was nothing to look at, and why.
func (l *Log) Skip(check, reason string) {
	c := l.check(check)
	l.add(Result{ID: c.ID, Check: c.ID, Status: Skipped, Title: c.Title, Seen: reason, Why: c.Why})
}

// Found says that something is wrong. Culprit is what is to be mended.
func (l *Log) Found(kind, culprit, seen string, fixes ...Fix) {
	k, ok := l.kinds[kind]
	if !ok {
		panic("diag: no check has the kind " + kind)
	}
	l.add(Result{ID: k.ID, Check: l.of[kind].ID, Status: k.Status, Title: k.Title, Seen: seen, Why: k.Why, Culprit: culprit, Fixes: fixes})
}

// Unread says that a check could not be made: what stood in the way, and which
// permissions were missing, if any were.
func (l *Log) Unread(check, seen string, missing []string, fixes ...Fix) {
	c := l.check(check)
	l.add(Result{ID: c.ID + ".unread", Check: c.ID, Status: Unknown, Title: c.Title, Seen: seen, Why: c.Why, Missing: missing, Fixes: fixes})
}

func (l *Log) check(id string) *Check {
	c, ok := l.checks[id]
	if !ok {
		panic("diag: there is no check " + id)
	}
	return c
}

func (l *Log) add(r Result) {
	r.Section, r.Seen, r.Culprit = l.section, line(r.Seen), line(r.Culprit)
	l.results = append(l.results, r)
}

// line is text in one line of bounded length, without what could steer a terminal.
func line(text string) string {
	const longest = 500
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "..."
	}
	return text
}
