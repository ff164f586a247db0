package diag_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/secret"
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
		checkVoice(t, c.ID, c.Title, c.Why)
		for _, k := range c.Kinds {
			see(k.ID, section)
			checkVoice(t, k.ID, k.Title, k.Why)
			if k.Status != finding.Fail && k.Status != finding.Warn {
				t.Errorf("%s is %q", k.ID, k.Status)
			}
		}
	}
	for _, s := range finding.Sections() {
		if !sections[string(s)] {
			t.Errorf("the section %s looks at nothing", s)
		}
	}
}

// checkVoice wants a title that reads on after "FAIL", and whole sentences that say why.
func checkVoice(t *testing.T, id, title, why string) {
	t.Helper()
	names := regexp.MustCompile(`^([a-z-]|[A-Z]+[A-Z0-9]|(S3|Athena|Access Grants|Identity Center|GetDataAccess)( |$))`)
	if !names.MatchString(title) || strings.HasSuffix(title, ".") || strings.HasPrefix(title, "it ") {
		t.Errorf("%s: the title %q: in lower case but for names, and without a full stop", id, title)
	}
	sentence := regexp.MustCompile(`^([A-Z]|tip-cli |sign_in_method |sts:).*\.$`)
	if !sentence.MatchString(why) || strings.Contains(why, "see:") {
		t.Errorf("%s: why %q: in whole sentences", id, why)
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
	var order []finding.Section
	for _, r := range report.Results {
		if n := len(order); n == 0 || order[n-1] != r.Section {
			order = append(order, r.Section)
		}
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
	if !slices.Equal(order, finding.Sections()) {
		t.Errorf("the sections are in the order %v", order)
	}
}

// What was found is told to the sections to come: a cause is named once.
func TestRemembered(t *testing.T) {
	c := &chain.Chain{
		Getenv: func(string) string { return "" }, HTTPErr: errors.New("AWS_CA_BUNDLE: no certificate in it"),
		Asked: chain.Asked{Services: []chain.Service{chain.S3}, JWT: secret.New("no JWT"), ApplicationARN: "no ARN"},
	}
	report, err := diag.Run(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	var failed, warned, unknown []string
	for _, r := range report.Results {
		switch r.Status {
		case finding.Fail:
			failed = append(failed, r.ID)
		case finding.Warn:
			warned = append(warned, r.ID)
		case finding.Unknown:
			unknown = append(unknown, r.Check)
		case finding.OK, finding.Skipped:
		}
	}
	if len(failed) == 0 || len(unknown) == 0 || !slices.Equal(c.Failed, failed) || !slices.Equal(c.Warned, warned) || !slices.Equal(c.Unknown, unknown) {
		t.Errorf("failed %v, not %v; warned %v, not %v; unknown %v, not %v", c.Failed, failed, c.Warned, warned, c.Unknown, unknown)
	}
}

// Where no request can be sent, nobody is told to give another profile.
func TestOffline(t *testing.T) {
	c := &chain.Chain{
		Asked:   chain.Asked{ApplicationARN: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef", Services: []chain.Service{chain.S3, chain.AthenaService}, Workgroup: "w"},
		Getenv:  func(string) string { return "" },
		HTTPErr: errors.New("no such CA"),
		Config:  config.Config{OIDCRoleARN: "arn:aws:iam::444455556666:role/a", IDEnhancedRoleARN: "arn:aws:iam::444455556666:role/b"},
		Regions: config.Regions{Region: "eu-west-1", IdentityCenterRegion: "eu-west-1"},
		Center:  chain.Access{Reason: "no such CA"}, Application: chain.Access{Reason: "no such CA"},
	}
	report, err := diag.Run(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if slices.Contains([]finding.Section{finding.IAM, finding.Center, finding.AccessGrants, finding.Athena, finding.Regions}, r.Section) && r.Status == finding.Unknown {
			t.Errorf("%s: %s: %v", r.ID, r.Seen, r.Fixes)
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
