package tipotel_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// TestLab: spans and metrics of an exchange with the lab, and of one whose JWT somebody
// else has spent.
func TestLab(t *testing.T) {
	l := labtest.Start(t)
	analyst, err := labtest.SignIn(l, "okta", "analyst")
	if err != nil {
		t.Fatal(err)
	}
	r := newRecord(t)
	inLab := func(o *tipcreds.Options) {
		o.ApplicationRoleARN = "arn:aws:iam::444455556666:role/tip-oidc-role"
		o.AWSConfig = labtest.Config(l, nil)
	}
	for i := range 2 {
		p, err := tipcreds.New("arn:aws:iam::444455556666:role/tip-id-enhanced-role", application, constant(analyst.Token), inLab, r.Instrument)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Retrieve(t.Context()); (err != nil) != (i == 1) {
			t.Fatal(err)
		}
	}
	want := []string{`tipcreds Renew tipcreds.origin="exchange"`, webTokenSpan, webIdentitySpan, createTokenSpan, assumeRoleSpan}
	want = append(want, failedRenewal("CreateToken", "InvalidGrantException", spent+answered("InvalidGrantException", "400"),
		webTokenSpan, webIdentitySpan, createTokenSpan)...)
	ids := regexp.MustCompile(`aws.request_id="[0-9a-f-]{36}"`)
	tree := ids.ReplaceAllString(r.tree(t), `aws.request_id="req-1"`)
	oneRegion := strings.ReplaceAll(strings.Join(want, "\n")+"\n", "eu-central-1", "eu-west-1")
	if diff := cmp.Diff(oneRegion, tree); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	var counts []string
	for _, line := range r.metrics(t) {
		counts = append(counts, regexp.MustCompile(` in .*$`).ReplaceAllString(line, ""))
	}
	if diff := cmp.Diff([]string{
		`tipcreds.operation.duration{error.type=InvalidGrantException tipcreds.operation=CreateToken} 1`,
		`tipcreds.operation.duration{error.type=InvalidGrantException tipcreds.operation=Renew} 1`,
		`tipcreds.operation.duration{tipcreds.operation=AssumeAccessRole} 1`,
		`tipcreds.operation.duration{tipcreds.operation=AssumeApplicationRole} 2`,
		`tipcreds.operation.duration{tipcreds.operation=CreateToken} 1`,
		`tipcreds.operation.duration{tipcreds.operation=Renew} 1`,
		`tipcreds.operation.duration{tipcreds.operation=WebToken} 2`,
		`tipcreds.renewals{error.type=InvalidGrantException tipcreds.outcome=failed tipcreds.step=CreateToken} 1`,
		`tipcreds.renewals{tipcreds.origin=exchange tipcreds.outcome=renewed} 1`,
		`tipcreds.web_token.lost{error.type=InvalidGrantException tipcreds.step=CreateToken} 1`,
	}, counts); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	checkClean(t, "telemetry", r.exported(t), []string{analyst.Token, analyst.Subject, "analyst@example.com", "eyJ"})
}
