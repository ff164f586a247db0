package finding_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

var checks = []finding.Check{
	{ID: "idp.issuer", Title: "issuer", Why: "IAM compares it.", Kinds: []finding.Kind{
		{ID: "idp.issuer-mismatch", Status: finding.Fail, Title: "another issuer", Why: "STS refuses the token."},
		{ID: "idp.issuer-slow", Status: finding.Warn, Title: "a slow issuer", Why: "STS waits five seconds."},
	}},
	{ID: "idp.keys", Title: "signing keys", Why: "They verify tokens."},
}

func TestLog(t *testing.T) {
	log := finding.NewLog(finding.IdP, checks)
	log.OK("idp.issuer", "as it should be")
	log.Found("idp.issuer-mismatch", "https://a.example\x00/", "https://a.example\nand\u202e https://b.example", finding.Fix{Who: finding.You, Does: "set it", Command: "tip-cli configure idp"})
	log.Unread("idp.keys", "not allowed", []string{"idp:Read"})
	log.Skip("idp.keys", "nobody to ask")
	want := []finding.Result{
		{ID: "idp.issuer", Check: "idp.issuer", Section: finding.IdP, Status: finding.OK, Title: "issuer", Seen: "as it should be", Why: "IAM compares it."},
		{
			ID: "idp.issuer-mismatch", Check: "idp.issuer", Section: finding.IdP, Status: finding.Fail, Title: "another issuer", Why: "STS refuses the token.",
			Seen: "https://a.example and\u202e https://b.example", Culprit: "https://a.example /",
			Fixes: []finding.Fix{{Who: finding.You, Does: "set it", Command: "tip-cli configure idp"}},
		},
		{ID: "idp.keys.unread", Check: "idp.keys", Section: finding.IdP, Status: finding.Unknown, Title: "signing keys", Seen: "not allowed", Why: "They verify tokens.", Missing: []string{"idp:Read"}},
		{ID: "idp.keys", Check: "idp.keys", Section: finding.IdP, Status: finding.Skipped, Title: "signing keys", Seen: "nobody to ask", Why: "They verify tokens."},
	}
	if diff := cmp.Diff(want, log.Results()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for id, want := range map[string]bool{"idp.issuer": true, "idp.issuer-mismatch": true, "idp.issuer-slow": false, "idp.keys": true} {
		if log.Has(id) != want {
			t.Errorf("Has(%s) is not %t", id, want)
		}
	}
}

// What was seen stays in bounds, whatever it was.
func TestLongLines(t *testing.T) {
	log := finding.NewLog(finding.IdP, checks)
	log.OK("idp.keys", strings.Repeat("ä ", 1<<20))
	if seen := log.Results()[0].Seen; len([]rune(seen)) > 510 || !strings.HasSuffix(seen, "...") {
		t.Errorf("%d characters", len([]rune(seen)))
	}
}

// A check or kind that nobody declared is a mistake of the program.
func TestUndeclared(t *testing.T) {
	log := finding.NewLog(finding.IdP, checks)
	for name, misuse := range map[string]func(){
		"check": func() { log.OK("idp.none", "") },
		"kind":  func() { log.Found("idp.keys", "", "") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: nothing happened", name)
				}
			}()
			misuse()
		}()
	}
}

// The worst result is a section's, and the first failure is where to begin.
func TestReport(t *testing.T) {
	r := finding.Report{Results: []finding.Result{
		{ID: "a", Section: finding.Local, Status: finding.Warn}, {ID: "b", Section: finding.Local, Status: finding.Unknown},
		{ID: "c", Section: finding.IAM, Status: finding.OK}, {ID: "d", Section: finding.IAM, Status: finding.Skipped},
		{ID: "e", Section: finding.Center, Status: finding.Fail}, {ID: "f", Section: finding.Center, Status: finding.Fail},
	}}
	for section, want := range map[finding.Section]finding.Status{
		finding.Local: finding.Warn, finding.IAM: finding.OK, finding.Center: finding.Fail, finding.Athena: finding.Skipped,
	} {
		if got := r.Worst(section); got != want {
			t.Errorf("%s: %s, want %s", section, got, want)
		}
	}
	if first := r.First(); first.ID != "e" {
		t.Errorf("begin with %s", first.ID)
	}
	r.Results = r.Results[:4]
	if first := r.First(); first.ID != "a" {
		t.Errorf("begin with %s", first.ID)
	}
	r.Results = r.Results[1:]
	if r.First() != nil || r.Count(finding.Unknown) != 1 || len(r.Of(finding.IAM)) != 2 {
		t.Error("there is something to begin with, or the counts are wrong")
	}
	for _, s := range finding.Sections() {
		if s.Title() == "" {
			t.Errorf("%s has no title", s)
		}
	}
}
