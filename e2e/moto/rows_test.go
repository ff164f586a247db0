package moto_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// row is a difference between the two, and the steps that show it.
type row struct {
	operation, what, moto, lab string
	steps                      []string
	reason                     string
}

func (r *row) text() string {
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", r.operation, r.what, r.moto, r.lab, strings.Join(r.steps, "; "), r.reason)
}

func (r *row) same(o *row) bool {
	return r.operation == o.operation && r.what == o.what && r.moto == o.moto && r.lab == o.lab
}

func texts(rows []row) []string {
	all := make([]string, len(rows))
	for i := range rows {
		all[i] = rows[i].text()
	}
	return all
}

// reasonOf is the reason that is listed for a difference, empty for none.
func reasonOf(listed []row, r row) string {
	i := slices.IndexFunc(listed, func(o row) bool { return o.same(&r) })
	if i < 0 {
		return ""
	}
	return listed[i].reason
}

// rowsOf are the differences between two runs, the same ones in one row, in the
// order in which they come up.
func rowsOf(moto, lab []step) []row {
	var rows []row
	for i := range lab {
		for _, r := range differences(&moto[i], &lab[i]) {
			at := slices.IndexFunc(rows, func(o row) bool { return o.same(&r) })
			if at < 0 {
				rows = append(rows, r)
				at = len(rows) - 1
			}
			rows[at].steps = append(rows[at].steps, moto[i].Name)
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.operation, b.operation) })
	return rows
}

func differences(moto, lab *step) []row {
	if answer(moto) != answer(lab) {
		return []row{{operation: lab.Operation, what: "answer", moto: code(answer(moto)), lab: code(answer(lab))}}
	}
	if moto.Message != lab.Message {
		return []row{{operation: lab.Operation, what: "message", moto: code(moto.Message), lab: code(lab.Message)}}
	}
	m, l := map[string][]string{}, map[string][]string{}
	flatten("", moto.Output, m)
	flatten("", lab.Output, l)
	var rows []row
	for _, path := range paths(m, l) {
		if slices.Equal(m[path], l[path]) || emptyBeside(path, m, l) || emptyBeside(path, l, m) {
			continue
		}
		a, b := value(m[path]), value(l[path])
		if a == b { // as often, or in another order
			a, b = code(strings.Join(m[path], ", ")), code(strings.Join(l[path], ", "))
		}
		rows = append(rows, row{operation: lab.Operation, what: code(path), moto: a, lab: b})
	}
	return rows
}

// emptyBeside reports whether a path is that of an empty list whose elements, on
// the other side, have rows of their own.
func emptyBeside(path string, empty, other map[string][]string) bool {
	if !slices.Equal(empty[path], []string{"none"}) {
		return false
	}
	for name := range other {
		if strings.HasPrefix(name, path) {
			return true
		}
	}
	return false
}

// answer is the status and the error's code.
func answer(s *step) string {
	switch {
	case s.Status == 0:
		return "unreadable"
	case s.Code == strconv.Itoa(s.Status):
		return s.Code
	}
	return strings.TrimSpace(strconv.Itoa(s.Status) + " " + s.Code)
}

// flatten lists the values of an output by their paths, [] for any element of a list.
func flatten(path string, v any, into map[string][]string) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 && path != "" {
			into[path] = append(into[path], "{}")
		}
		for name, member := range v {
			flatten(strings.TrimPrefix(path+"."+name, "."), member, into)
		}
	case []any:
		if len(v) == 0 {
			into[path+"[]"] = append(into[path+"[]"], "none")
		}
		for _, element := range v {
			flatten(path+"[]", element, into)
		}
	case nil:
	default:
		into[path] = append(into[path], fmt.Sprint(v))
	}
}

func paths(a, b map[string][]string) []string {
	var all []string
	for path := range a {
		all = append(all, path)
	}
	for path := range b {
		if _, both := a[path]; !both {
			all = append(all, path)
		}
	}
	sort.Strings(all)
	return all
}

// value is the values of a path, each once.
func value(values []string) string {
	if values == nil {
		return "absent"
	}
	var once []string
	for _, v := range values {
		if !slices.Contains(once, v) {
			once = append(once, v)
		}
	}
	return code(strings.Join(once, ", "))
}

// longest is what of a value the table shows.
const longest = 120

// code is a text as code in a table.
func code(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = strings.NewReplacer("|", "¦", "`", "'").Replace(text)
	if r := []rune(text); len(r) > longest {
		text = string(r[:longest]) + "…"
	}
	if text == "" {
		return "empty"
	}
	return "`" + text + "`"
}

func documentPath() string { return filepath.Join("..", "..", "docs", "moto.md") }

// section returns the document before, in and after the table of a service.
func section(t *testing.T, service string) (before, table, after string) {
	t.Helper()
	text, err := os.ReadFile(documentPath())
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+service+" -->\n", "<!-- end of "+service+" -->\n"
	before, rest, ok := strings.Cut(string(text), begin)
	table, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("docs/moto.md has no table between %q and %q", begin, end)
	}
	return before + begin, table, end + after
}

func readRows(t *testing.T, service string) []row {
	t.Helper()
	_, table, _ := section(t, service)
	var rows []row
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 6 || strings.HasPrefix(line, "| operation") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, row{cells[0], cells[1], cells[2], cells[3], strings.Split(cells[4], "; "), cells[5]})
	}
	return rows
}

func writeRows(t *testing.T, service string, steps int, rows []row) {
	t.Helper()
	before, _, after := section(t, service)
	table := fmt.Sprintf("\n%d steps, %d differences.\n\n| operation | what | moto | the lab | steps | reason |\n|---|---|---|---|---|---|\n", steps, len(rows))
	for _, line := range texts(rows) {
		table += line + "\n"
	}
	if err := os.WriteFile(documentPath(), []byte(before+table+"\n"+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
