package iam

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// A denial that is taken back for us stays one for everybody else.
func TestUndeny(t *testing.T) {
	const ours, other = "arn:aws:iam::444455556666:role/ours", "arn:aws:iam::444455556666:role/other"
	r := &policy.Request{Action: assumeRole, Principal: policy.Principal{ARN: ours, AccountID: "444455556666"}, Resource: other, Context: policy.Context{"i:sub": {"me"}, principalARN: {ours}}}
	const deny = `{"Effect":"Deny",`
	for have, want := range map[string]string{
		deny + `"Principal":{"AWS":"` + ours + `"},"Action":"sts:AssumeRole"}`:                                                   ``,
		deny + `"Principal":{"AWS":["` + ours + `","` + other + `"]},"Action":"sts:AssumeRole"}`:                                 deny + `"Principal":{"AWS":["` + other + `"]},"Action":"sts:AssumeRole"}`,
		deny + `"Principal":"*","Action":["sts:assumerole","sts:TagSession"]}`:                                                   deny + `"Principal":"*","Action":["sts:TagSession"]}`,
		deny + `"Principal":"*","Action":"sts:*"}`:                                                                               deny + `"Principal":"*","Action":"sts:*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"` + ours + `"}}}`,
		deny + `"Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"i:sub":["you","me"]}}}`:          deny + `"Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"i:sub":["you"]}}}`,
		deny + `"Principal":{"AWS":"444455556666"},"NotAction":"sts:TagSession"}`:                                                deny + `"Principal":{"AWS":"444455556666"},"NotAction":["sts:TagSession","sts:AssumeRole"]}`,
		deny + `"Principal":"*","Action":"sts:*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"` + other + `"}}}`:             ``,
		deny + `"Principal":{"AWS":"` + ours + `"},"Action":"sts:AssumeRole","Condition":{"StringLike":{"i:sub":["m*","you"]}}}`: ``,
	} {
		draft := iamrole.NewDraft()
		doc, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[`+have+`]}`), policy.Trust)
		if err != nil {
			t.Fatal(have, err)
		}
		draft.Statement = iamrole.Edit(doc).Statement
		undenyAll(draft, policy.Trust, r)
		got := ""
		if len(draft.Statement) > 0 {
			got = string(iamrole.Value(draft.Statement[0]))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", have, diff)
		}
	}
}

// A condition on ARNs cannot take a value that is none: another statement does.
func TestMendArn(t *testing.T) {
	const provider = "arn:aws:iam::444455556666:oidc-provider/i.example"
	doc, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"`+provider+`"},"Action":"`+assumeWithWebIdentity+`","Condition":{"ArnLike":{"i.example:aud":"`+provider+`"}}}}`), policy.Trust)
	if err != nil {
		t.Fatal(err)
	}
	m := mending{
		request: &policy.Request{Action: assumeWithWebIdentity, Principal: policy.Principal{Federated: provider}, Context: policy.Context{"i.example:aud": {"client"}}}, prefix: "i.example:",
		fresh: iamrole.Statement{Effect: "Allow", Principal: iamrole.Value(map[string]string{"Federated": provider}), Action: iamrole.Value(assumeWithWebIdentity)},
	}
	if mended := m.mend(doc); mended.Evaluate(m.request).Decision != policy.Allow {
		t.Errorf("%s", mended.Text())
	}
}
