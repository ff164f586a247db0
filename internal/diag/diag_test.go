package diag_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/diag"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// Ids are stable and say where they belong; every finding says what it is and why it matters.
func TestCatalogue(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	see := func(id string, section string) {
		if !form.MatchString(id) || !strings.HasPrefix(id, section+".") || seen[id] {
			t.Errorf("%q is no id, or not one of the section %s, or is there twice", id, section)
		}
		seen[id] = true
	}
	sections := map[string]bool{}
	for _, c := range diag.Catalogue() {
		section, _, _ := strings.Cut(c.ID, ".")
		sections[section] = true
		see(c.ID, section)
		if c.Title == "" || c.Why == "" {
			t.Errorf("%s: incomplete: %+v", c.ID, c)
		}
		for _, k := range c.Kinds {
			see(k.ID, section)
			if k.Title == "" || k.Why == "" || k.Status != finding.Fail && k.Status != finding.Warn {
				t.Errorf("%s: incomplete: %+v", k.ID, k)
			}
		}
	}
	for _, s := range finding.Sections() {
		if !sections[string(s)] {
			t.Errorf("the section %s looks at nothing", s)
		}
	}
}

// Where nothing is known, every check says so once, nothing is ok that could not be
// looked at, and nothing panics.
func TestNothingKnown(t *testing.T) {
	c := &chain.Chain{Getenv: func(string) string { return "" }, Asked: chain.Asked{Services: []chain.Service{chain.S3}, Permission: "READ"}}
	c.Center.Reason, c.Application.Reason = "no credentials", "--app-profile is not given"
	report, err := diag.Run(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, r := range report.Results {
		times[r.Check]++
		if r.Status == finding.OK && r.Section != finding.Local {
			t.Errorf("%s is ok: %s", r.ID, r.Seen)
		}
	}
	for _, check := range diag.Catalogue() {
		if times[check.ID] != 1 {
			t.Errorf("%s has %d results", check.ID, times[check.ID])
		}
	}
}

// Who stops gets what was found until then.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := diag.Run(ctx, &chain.Chain{Getenv: func(string) string { return "" }}, nil); err == nil {
		t.Error("no error")
	}
}
