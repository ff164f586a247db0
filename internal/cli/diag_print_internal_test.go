package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

func someReport() *finding.Report {
	log := finding.NewLog(finding.Center, []finding.Check{
		{ID: "center.application", Title: "application", Why: "It exchanges tokens."},
		{ID: "center.assignment", Title: "assignment", Why: "Only those assigned are served.", Kinds: []finding.Kind{
			{ID: "center.not-assigned", Status: finding.Fail, Title: "the user is not assigned to the application", Why: "The exchange ends with access_denied, which says no more than that."},
		}},
		{ID: "center.groups", Title: "groups of the user", Why: "Grants may be to groups."},
		{ID: "center.session", Title: "session configuration", Why: "It says what runs on in the background."},
		{ID: "center.refresh", Title: "refresh grant", Why: "It saves JWTs."},
	})
	log.OK("center.application", "tip\x1b[31m, enabled\nby somebody")
	log.Found("center.not-assigned", "arn:aws:sso::111122223333:application/ssoins-1/apl-1", "an assignment is required, and analyst has none", finding.Fix{
		Who: finding.CenterAdmin, Does: "assign the user", Command: "aws sso-admin create-application-assignment --application-arn arn:aws:sso::111122223333:application/ssoins-1/apl-1 --principal-type USER --principal-id 1234567890-aaaa",
	})
	log.Unread("center.groups", "identitystore:ListGroupMembershipsForMember is not allowed", []string{"identitystore:ListGroupMembershipsForMember"})
	log.Skip("center.session", "nothing is configured")
	log.Skip("center.refresh", "nothing is configured")
	return &finding.Report{Results: log.Results()}
}

// Texts are wrapped, commands are not: they are to be copied. What was not looked at for the
// same reason stands together.
func TestDiagnosisForPeople(t *testing.T) {
	r := someReport()
	tree := newDiagTree(60, false)
	tree.section(finding.Center, r)
	tree.section(finding.Athena, r)
	tree.sum(r)
	want := `IAM Identity Center [FAIL]
  ok    application: tip [31m, enabled by somebody
  FAIL  the user is not assigned to the application: an
        assignment is required, and analyst has none
        id     center.not-assigned
        at     arn:aws:sso::111122223333:application/ssoins-1/apl-1
        why    The exchange ends with access_denied, which
               says no more than that.
        fix    assign the user (Identity Center
               administrator)
               aws sso-admin create-application-assignment --application-arn arn:aws:sso::111122223333:application/ssoins-1/apl-1 --principal-type USER --principal-id 1234567890-aaaa
  ?     groups of the user:
        identitystore:ListGroupMembershipsForMember is not
        allowed
        needs  identitystore:ListGroupMembershipsForMember
  -     session configuration, refresh grant: nothing is
        configured

1 ok, 1 failed, 0 warnings, 1 unknown, 2 skipped
Begin with center.not-assigned: the user is not assigned to
the application
  aws sso-admin create-application-assignment --application-arn arn:aws:sso::111122223333:application/ssoins-1/apl-1 --principal-type USER --principal-id 1234567890-aaaa
`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(tree.out.String(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What programs get says the same, and sections without results are not there.
func TestDiagnosisForPrograms(t *testing.T) {
	text, err := json.Marshal(newDiagReport(someReport()))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"version":1,"ok":false`, `"counts":{"fail":1,"ok":1,"skipped":2,"unknown":1,"warn":0}`, `"section":"center","title":"IAM Identity Center","status":"fail"`,
		`"id":"center.groups.unread","check":"center.groups"`, `"missing_permissions":["identitystore:ListGroupMembershipsForMember"]`, `"who":"Identity Center administrator"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if strings.Contains(string(text), "athena") {
		t.Error("a section without results is there")
	}
}

// The exit code is that of failures, and with --strict of everything that is not right.
func TestDiagnosisOutcome(t *testing.T) {
	unsure := &finding.Report{Results: []finding.Result{{Status: finding.Unknown}, {Status: finding.Warn}}}
	for _, tt := range []struct {
		report *finding.Report
		strict bool
		want   string
	}{
		{someReport(), false, "1 failed"},
		{someReport(), true, "1 failed, 0 warnings, 1 unknown (--strict)"},
		{unsure, false, ""},
		{unsure, true, "0 failed, 1 warning, 1 unknown (--strict)"},
	} {
		err := (&diagFlags{strict: tt.strict}).outcome(tt.report)
		if got := errorText(err); got != tt.want {
			t.Errorf("strict %t: %q, want %q", tt.strict, got, tt.want)
		}
		if err != nil && exitCode(err) != ExitError {
			t.Errorf("exit code %d", exitCode(err))
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
