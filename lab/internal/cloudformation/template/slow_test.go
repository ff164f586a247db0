package template_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
)

// A megabyte of anything is read or refused in no time.
func TestMegabytes(t *testing.T) {
	const size = 1_000_000
	for _, unit := range []string{"[", "a: {", "- ", "? ", "#\n", "&a ", "!a ", "*a ", "a:\n ", "\"\\\"", "${"} {
		for _, before := range []string{"", "{\"a\":", "Resources: {R: {Type: A::B::C, Properties: {P: !Sub \""} {
			if _, err := template.Load(before+strings.Repeat(unit, size/len(unit)), kinds{}); err == nil {
				t.Errorf("%s%s...: no refusal", before, unit)
			}
		}
	}
}

// Conditions that need each other twice at every step take no longer than others.
func TestConditionsAreEvaluatedOnce(t *testing.T) {
	var text strings.Builder
	text.WriteString("Conditions:\n")
	name := func(i int) string { return "C" + strings.Repeat("a", i) }
	for i := range 150 {
		text.WriteString("  " + name(i) + ": !And [!Condition " + name(i+1) + ", !Condition " + name(i+1) + "]\n")
	}
	text.WriteString("  " + name(150) + ": !Equals [1, 1]\n")
	_, e := env(t, one("1", text.String()))
	if holds, err := e.Condition("C"); !holds || err != nil {
		t.Errorf("%t, %v", holds, err)
	}
}

// bomb is a template with variables in variables, each of which stands ten times
// in the text around it.
func bomb(levels int) string {
	inner := `"x"`
	for range levels {
		inner = `{"Fn::Sub": ["` + strings.Repeat("${A}", 10) + `", {"A": ` + inner + `}]}`
	}
	return `{"Resources": {"R": {"Type": "A::B::C", "Properties": {"P": ` + inner + `}}}}`
}

// What functions make of a short template is bounded, one by one and in all.
func TestFunctionsMakeNoMoreThanIsGood(t *testing.T) {
	const limit = "bytes, and 10000000 of all functions of a template"
	long := strings.Repeat("a", 4000)
	list := strings.TrimSuffix(strings.Repeat("a,", 2000), ",")
	head := "Parameters:\n  Long: {Type: String, Default: " + long + "}\n  List: {Type: CommaDelimitedList, Default: \"" + list + "\"}\n"
	for name, c := range map[string]struct{ text, want string }{
		"nested":    {bomb(15), "Template error: what Fn::Sub makes is longer than this lab takes: 1000000 " + limit},
		"repeated":  {one("!Sub \""+strings.Repeat("${Long}", 300)+"\"", head), "Template error: what Fn::Sub makes is longer than this lab takes: 1000000 " + limit},
		"delimiter": {one("!Join [\""+long+"\", !Ref List]", head), "Template error: what Fn::Join makes is longer than this lab takes: 1000000 " + limit},
		"many":      {one("["+strings.Repeat("!Ref Long, ", 3000)+"1]", head), "Template error: what Ref makes is longer than this lab takes: 1000000 " + limit},
		"enough":    {one("["+strings.Repeat("!Ref Long, ", 2000)+"1]", head), ""},
		"an empty":  {strings.ReplaceAll(bomb(30), `"x"`, `""`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			loaded, e := env(t, c.text)
			r, _ := loaded.Resource("R")
			_, err := e.Properties(r.Properties)
			expect(t, c.want, err)
		})
	}
}

// What is too long is refused before it is made.
func TestTooMuchIsNotMadeAtAll(t *testing.T) {
	long := strings.Repeat("a", 4000)
	list := strings.TrimSuffix(strings.Repeat("a,", 2000), ",")
	head := "Parameters:\n  Long: {Type: String, Default: " + long + "}\n  List: {Type: CommaDelimitedList, Default: \"" + list + "\"}\n"
	for name, text := range map[string]string{
		"Sub":  one("!Sub [\""+strings.Repeat("${A}", 400)+"\", {A: !Sub \""+strings.Repeat("${Long}", 200)+"\"}]", head),
		"Join": one("!Join [\""+strings.Repeat("a", 40_000)+"\", !Ref List]", head),
	} {
		loaded, e := env(t, text)
		r, _ := loaded.Resource("R")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := e.Properties(r.Properties)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; err == nil || n > 20_000_000 {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
}
