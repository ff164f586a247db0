package template_test

import (
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
