package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// go test -run '^$' -bench . -benchmem ./internal/policy

// tenStatements denies and allows with wildcards, conditions and a variable; the
// last statement is the one that allows s3:GetObject.
func tenStatements() string {
	var b strings.Builder
	b.WriteString(`{"Version":"2012-10-17","Statement":[`)
	for i := range 9 {
		fmt.Fprintf(&b, `{"Sid":"S%d","Effect":"Allow","Action":["athena:Get*","athena:List*","glue:GetTable*"],"Resource":"*",
			"Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}},`, i)
	}
	b.WriteString(`{"Sid":"Home","Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"arn:aws:s3:::b/${identitystore:UserId}/*",
		"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"Bool":{"aws:SecureTransport":"true"}}}]}`)
	return b.String()
}

func tenRequest() *policy.Request {
	return &policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/9067642ac7-1/reports/2026.csv", Principal: appSession(),
		Context: policy.Context{"identitystore:UserId": {"9067642ac7-1"}, "aws:SourceIp": {"203.0.113.9"},
			"aws:SecureTransport": {"true"}, "aws:RequestedRegion": {"eu-west-1"}, "aws:PrincipalArn": {app}}}
}

func BenchmarkEvaluate(b *testing.B) {
	d, r := mustParse(b, policy.Identity, tenStatements()), tenRequest()
	b.ReportAllocs()
	for b.Loop() {
		if d.Evaluate(r).Decision != policy.Allow {
			b.Fatal("denied")
		}
	}
}

func BenchmarkAuthorize(b *testing.B) {
	d := mustParse(b, policy.Identity, tenStatements())
	scope := mustParse(b, policy.Session, identity(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"`))
	in := policy.Input{Request: tenRequest(), Identity: docs(d), Session: docs(scope), SameAccount: true}
	b.ReportAllocs()
	for b.Loop() {
		if !policy.Authorize(in).Allowed {
			b.Fatal("denied")
		}
	}
}

func BenchmarkParse(b *testing.B) {
	doc := []byte(tenStatements())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Parse(doc, policy.Identity); err != nil {
			b.Fatal(err)
		}
	}
}

func TestEvaluateDoesNotAllocate(t *testing.T) {
	d, r := mustParse(t, policy.Identity, tenStatements()), tenRequest()
	if n := testing.AllocsPerRun(100, func() { d.Evaluate(r) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
