package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
)

func TestEvaluateStatements(t *testing.T) {
	d := mustParse(t, policy.Identity, `{"Version":"2012-10-17","Statement":[
		{"Sid":"AllowGetList","Effect":"Allow","Action":["iam:Get*","iam:List*"],"Resource":"*"},
		{"Sid":"DenyReports","Effect":"Deny","Action":"iam:*Report","Resource":"*"},
		{"Effect":"Allow","NotAction":["iam:*","s3:*"],"NotResource":"arn:aws:sqs:*:*:secret*"}]}`)
	tests := []struct {
		action, resource string
		want             policy.Result
	}{
		{"iam:GetRole", app, policy.Result{Decision: policy.Allow, Statement: 0, Sid: "AllowGetList"}},
		{"IAM:getrole", app, policy.Result{Decision: policy.Allow, Statement: 0, Sid: "AllowGetList"}},
		{"iam:GetCredentialReport", "*", policy.Result{Decision: policy.ExplicitDeny, Statement: 1, Sid: "DenyReports"}},
		{"iam:CreatePolicy", "*", policy.Result{Statement: -1}},
		{"s3:GetObject", "arn:aws:s3:::b/k", policy.Result{Statement: -1}},
		{"sqs:SendMessage", "arn:aws:sqs:eu-west-1:444455556666:q", policy.Result{Decision: policy.Allow, Statement: 2}},
		{"sqs:SendMessage", "arn:aws:sqs:eu-west-1:444455556666:secret1", policy.Result{Statement: -1}},
	}
	for _, tt := range tests {
		got := d.Evaluate(&policy.Request{Action: tt.action, Resource: tt.resource})
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s on %s (-want +got):\n%s", tt.action, tt.resource, diff)
		}
	}
}

func TestEvaluateResources(t *testing.T) {
	tests := []struct {
		resource, asked string
		want            bool
	}{
		{"*", "*", true},
		{"*", "arn:aws:s3:::b", true},
		{"arn:aws:s3:::b/*", "*", false},
		{"arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1/2/test/3/object.jpg", true},
		{"arn:aws:s3:::*/test", "arn:aws:s3:::b/a:b/test", true},
		{"arn:aws:s3:::b", "arn:aws:s3:::B", false},
		{"arn:*:s3:::b", "arn:aws-cn:s3:::b", true},
		{"arn:aws:dynamodb:*", "arn:aws:dynamodb:eu-west-1:444455556666:table/T", true},
		{"arn:aws:dynamodb", "arn:aws:dynamodb:eu-west-1:444455556666:table/T", true},
		{"arn:aws:dynamodb:us-east-1", "arn:aws:dynamodb:eu-west-1:444455556666:table/T", false},
		{"arn:aws:iam::444455556666:role/Ap?", app, true},
	}
	for _, tt := range tests {
		d := mustParse(t, policy.Identity, identity(`"Effect":"Allow","Action":"*","Resource":"`+tt.resource+`"`))
		got := d.Evaluate(&policy.Request{Action: "a:b", Resource: tt.asked}).Decision == policy.Allow
		if got != tt.want {
			t.Errorf("%s matches %s = %v, want %v", tt.resource, tt.asked, got, tt.want)
		}
	}
}

func TestStrongestAllowDecides(t *testing.T) {
	d := mustParse(t, policy.Trust, `{"Version":"2012-10-17","Statement":[
		{"Sid":"Account","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"},
		{"Sid":"Role","Effect":"Allow","Principal":{"AWS":"`+app+`"},"Action":"sts:AssumeRole"},
		{"Sid":"Again","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:*"}]}`)
	got := d.Evaluate(&policy.Request{Action: "sts:AssumeRole", Principal: appSession()})
	want := policy.Result{Decision: policy.Allow, Statement: 1, Sid: "Role", Match: policy.ByARN}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNilDocumentDenies(t *testing.T) {
	var d *policy.Document
	if got := d.Evaluate(&policy.Request{Action: "a:b"}); got.Decision != policy.ImplicitDeny || got.Statement != -1 {
		t.Errorf("got %v", got)
	}
}

func TestNames(t *testing.T) {
	got := []string{
		policy.Identity.String(), policy.Session.String(), policy.Resource.String(), policy.Trust.String(), policy.Actor.String(), policy.Kind(9).String(),
		policy.ImplicitDeny.String(), policy.Allow.String(), policy.ExplicitDeny.String(), policy.Decision(9).String(),
		policy.ByAccount.String(), policy.BySession.String(), policy.MatchKind(9).String(),
		policy.GuardrailBased.String(), policy.PolicyType(9).String(),
	}
	want := []string{
		"identity-based policy", "session policy", "resource-based policy", "role trust policy", "actor policy", "Kind(9)",
		"implicitDeny", "allowed", "explicitDeny", "Decision(9)", "ByAccount", "BySession", "MatchKind(?)",
		"session policy", "PolicyType(9)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
