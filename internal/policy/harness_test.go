package policy_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

const (
	app       = "arn:aws:iam::444455556666:role/App"
	appAlice  = "arn:aws:sts::444455556666:assumed-role/App/alice"
	enhanced  = "arn:aws:iam::444455556666:role/Enhanced"
	oktaOIDC  = "arn:aws:iam::444455556666:oidc-provider/dev-123456789.okta.com/oauth2/default"
	identityC = "arn:aws:iam::aws:contextProvider/IdentityCenter"
)

// appSession is a session of the role App.
func appSession() policy.Principal {
	return policy.Principal{ARN: app, SessionARN: appAlice, AccountID: "444455556666"}
}

func mustParse(tb testing.TB, kind policy.Kind, doc string) *policy.Document {
	tb.Helper()
	d, err := policy.Parse([]byte(doc), kind)
	if err != nil {
		tb.Fatalf("Parse(%s): %v", doc, err)
	}
	return d
}

// allowIf is an identity policy that allows everything under a condition.
func allowIf(tb testing.TB, condition string) *policy.Document {
	tb.Helper()
	return mustParse(tb, policy.Identity, `{"Version":"2012-10-17","Statement":{
		"Effect":"Allow","Action":"*","Resource":"*","Condition":`+condition+`}}`)
}

// holds reports whether a Condition element is true of a context.
func holds(tb testing.TB, condition string, c policy.Context) bool {
	tb.Helper()
	r := &policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Principal: appSession(), Context: c}
	return allowIf(tb, condition).Evaluate(r).Decision == policy.Allow
}
