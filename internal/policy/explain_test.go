package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// The first two are examples of the AWS CLI (simulate-custom-policy,
// simulate-principal-policy) with the answers of IAM, the third one of the API
// reference.
func TestSpan(t *testing.T) {
	type span = policy.Span
	type at = policy.Position
	for name, c := range map[string]struct {
		doc  string
		want []span
	}{
		"one object": {`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}`,
			[]span{{at{1, 38}, at{1, 167}}}},
		"a list in the console's form": {"{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n        {\n            \"Sid\": \"VisualEditor0\",\n            \"Effect\": \"Allow\",\n            \"Action\": \"codecommit:ListRepositories\",\n            \"Resource\": \"*\"\n        }\n    ]\n}",
			[]span{{at{3, 19}, at{9, 10}}}},
		"a list, two spaces": {"{\n  \"Version\":\"2012-10-17\",\n  \"Statement\":[\n  {\n    \"Effect\":\"Allow\",\"Action\":\"s3:*\",\n    \"Resource\":\"*\"\n  }\n]}",
			[]span{{at{3, 16}, at{7, 4}}}},
		"a list of two": {"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"} ,\n{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}]}",
			[]span{{at{1, 38}, at{1, 84}}, {at{1, 84}, at{2, 46}}}},
		"characters, not bytes": {"{\"Version\":\"2012-10-17\",\"Id\":\"\u00e9\u00e9\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}",
			[]span{{at{1, 48}, at{1, 93}}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := mustParse(t, policy.Identity, c.doc)
			var got []span
			for i := range d.Statements() {
				got = append(got, d.Span(i))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if d.Text() != c.doc {
				t.Error("the text is another")
			}
		})
	}
}

func TestContextKeys(t *testing.T) {
	for doc, want := range map[string][]string{
		`"Effect":"Allow","Action":"*","Resource":"*"`: nil,
		`"Effect":"Allow","Action":"*","Resource":["arn:aws:s3:::b/${aws:username}/${*}","arn:aws:s3:::c/${aws:PrincipalTag/a, 'b'}"]`:                                                                                          {"aws:username", "aws:PrincipalTag/a"},
		`"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::b/${aws:userid}","Condition":{"StringLikeIfExists":{"s3:prefix":["${aws:UserId}/*","x"]},"Null":{"AWS:USERID":"true"},"Bool":{"aws:SecureTransport":"true"}}`: {"aws:userid", "s3:prefix", "aws:SecureTransport"},
		`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::${aws:ResourceAccount}-*"},"ArnEquals":{"aws:PrincipalArn":"${aws:SourceIdentity}"},"StringEqualsIgnoreCase":{"aws:PrincipalTag/x":"${aws:SourceIp}"}}`: {
			"aws:SourceArn", "aws:ResourceAccount", "aws:PrincipalArn", "aws:SourceIdentity", "aws:PrincipalTag/x", "aws:SourceIp"},
	} {
		got := mustParse(t, policy.Identity, identity(doc)).ContextKeys()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", doc, diff)
		}
	}
	if got := mustParse(t, policy.Identity, strings.Replace(identity(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}"`), policy.Version2012, policy.Version2008, 1)).ContextKeys(); got != nil {
		t.Errorf("a document of 2008 has no variables: %v", got)
	}
}

func TestExplain(t *testing.T) {
	two := mustParse(t, policy.Identity, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"sns:*","Resource":"*"},{"Sid":"second","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	guard := mustParse(t, policy.Identity, identity(`"Effect":"Deny","NotAction":"s3:GetDataAccess","Resource":"*"`))
	trust := mustParse(t, policy.Trust, identity(`"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"`))
	in := policy.Input{Request: get(appSession()), SameAccount: true, Identity: docs(saying(t, "other", policy.Identity, ""), two),
		Boundary: saying(t, "allow", policy.Identity, ""), Session: docs(saying(t, "allow", policy.Session, "")), Resource: saying(t, "allow", policy.Resource, `"*"`)}
	match := func(by policy.PolicyType, document, statement int, d policy.Decision) policy.Match {
		return policy.Match{By: by, Document: document, Result: policy.Result{Decision: d, Statement: statement}}
	}
	second := match(policy.IdentityBased, 1, 1, policy.Allow)
	second.Result.Sid = "second"
	star := match(policy.ResourceBased, 0, 0, policy.Allow)
	star.Result.Match = policy.ByWildcard
	want := []policy.Match{second, match(policy.IdentityBased, 1, 2, policy.Allow), match(policy.BoundaryBased, 0, 0, policy.Allow), match(policy.SessionBased, 0, 0, policy.Allow), star}
	e := policy.Explain(in)
	if diff := cmp.Diff(want, e.Matches); diff != "" {
		t.Errorf("matches (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, e.Deciding()); diff != "" {
		t.Errorf("deciding (-want +got):\n%s", diff)
	}
	wantVotes := []policy.Decision{policy.Allow, policy.Allow, policy.Allow, policy.ImplicitDeny, policy.Allow}
	if diff := cmp.Diff(wantVotes, votes(&e)); diff != "" || !e.Outcome.Allowed {
		t.Errorf("votes (-want +got):\n%s\nallowed %v", diff, e.Outcome.Allowed)
	}
	in.Guardrails = docs(guard)
	e = policy.Explain(in)
	if diff := cmp.Diff([]policy.Match{match(policy.GuardrailBased, 0, 0, policy.ExplicitDeny)}, e.Deciding()); diff != "" || e.Outcome.Allowed {
		t.Errorf("denial (-want +got):\n%s", diff)
	}
	in = policy.Input{Request: &policy.Request{Action: "sts:AssumeRole", Resource: app, Principal: appSession()}, SameAccount: true, Resource: trust}
	e = policy.Explain(in)
	if len(e.Matches) != 1 || e.Matches[0].By != policy.TrustBased || e.Outcome.Allowed {
		t.Errorf("trust: %+v", e)
	}
	if diff := cmp.Diff([]policy.Decision{policy.ImplicitDeny, policy.ImplicitDeny, policy.ImplicitDeny, policy.ImplicitDeny, policy.Allow}, votes(&e)); diff != "" {
		t.Errorf("votes on trust (-want +got):\n%s", diff)
	}
}

func votes(e *policy.Explanation) []policy.Decision {
	return []policy.Decision{e.Identity, e.Boundary, e.Session, e.Guardrail, e.Resource}
}
