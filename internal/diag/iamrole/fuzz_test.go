package iamrole_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// What can be parsed can be edited, and says the same afterwards.
func FuzzEdit(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)
	f.Add(`{"Statement":[{"Sid":"A","Effect":"Deny","NotAction":["s3:*","sts:*"],"NotResource":"arn:aws:s3:::a","Condition":{"Null":{"aws:TokenIssueTime":true}}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := policy.Parse([]byte(text), policy.Identity)
		if err != nil {
			t.Skip()
		}
		again, err := policy.Parse([]byte(iamrole.Edit(doc).Text()), policy.Identity)
		if err != nil {
			t.Fatalf("%s became %s: %v", text, iamrole.Edit(doc).Text(), err)
		}
		r := &policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::a", Context: policy.Context{}}
		if doc.Evaluate(r).Decision != again.Evaluate(r).Decision {
			t.Errorf("%s became %s", text, again.Text())
		}
		iamrole.Refusals(doc, r)
	})
}
