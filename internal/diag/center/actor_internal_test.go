package center

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/policy"
)

const testRole = "arn:aws:iam::444455556666:role/team/App"

func testLook() *look {
	const application = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	arn, _ := parseApplicationARN(application)
	return &look{c: &chain.Chain{Asked: chain.Asked{ApplicationARN: application}}, region: "eu-west-1", arn: arn}
}

func statement(effect, principal, rest string) string {
	return `{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"sso-oauth:CreateTokenWithIAM","Resource":"*"` + rest + `}`
}

// What actor policies say of the application role.
func TestDecide(t *testing.T) {
	aws := func(arn string) string { return `{"AWS":"` + arn + `"}` }
	condition := func(operator, key, value string) string {
		return `,"Condition":{"` + operator + `":{"` + key + `":"` + value + `"}}`
	}
	own := aws(testRole)
	for name, c := range map[string]struct {
		statements string
		want       verdictKind
	}{
		"none":                              {``, refused},
		"the role":                          {statement("Allow", own, ""), admitted},
		"in a list":                         {statement("Allow", `{"AWS":["arn:aws:iam::444455556666:role/Other","`+testRole+`"]}`, ""), admitted},
		"its session":                       {statement("Allow", aws("arn:aws:sts::444455556666:assumed-role/App/tip-cli"), ""), admitted},
		"another session":                   {statement("Allow", aws("arn:aws:sts::444455556666:assumed-role/App/alice"), ""), refused},
		"the account's root":                {statement("Allow", aws("arn:aws:iam::444455556666:root"), ""), admitted},
		"the account's id":                  {statement("Allow", aws("444455556666"), ""), admitted},
		"another account":                   {statement("Allow", aws("111122223333"), ""), refused},
		"everybody":                         {statement("Allow", `"*"`, ""), admitted},
		"without the path":                  {statement("Allow", aws("arn:aws:iam::444455556666:role/App"), ""), refused},
		"another partition":                 {statement("Allow", aws("arn:aws-us-gov:iam::444455556666:role/team/App"), ""), refused},
		"an id":                             {statement("Allow", aws("AROAEXAMPLEEXAMPLE123"), ""), refused},
		"a service":                         {statement("Allow", `{"Service":"lambda.amazonaws.com"}`, ""), refused},
		"denied":                            {statement("Allow", own, "") + "," + statement("Deny", own, ""), denied},
		"denied first":                      {statement("Deny", `"*"`, "") + "," + statement("Allow", own, ""), denied},
		"another is denied":                 {statement("Deny", aws("arn:aws:iam::444455556666:role/Other"), "") + "," + statement("Allow", own, ""), admitted},
		"its region":                        {statement("Allow", own, condition("StringEquals", "aws:RequestedRegion", "eu-west-1")), admitted},
		"another region":                    {statement("Allow", own, condition("StringEquals", "aws:RequestedRegion", "us-east-1")), refusedByCondition},
		"by ARN pattern":                    {statement("Allow", `"*"`, condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/team/*")), admitted},
		"organization":                      {statement("Allow", `"*"`, condition("StringEquals", "aws:PrincipalOrgID", "o-example")), undecided},
		"org and another region":            {statement("Allow", own, `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-example","aws:RequestedRegion":"us-east-1"}}`), refusedByCondition},
		"denied outside the org":            {statement("Allow", own, "") + "," + statement("Deny", `"*"`, condition("StringNotEquals", "aws:PrincipalOrgID", "o-example")), undecided},
		"denied for certain behind that":    {statement("Deny", `"*"`, condition("StringNotEquals", "aws:PrincipalOrgID", "o-example")) + "," + statement("Deny", own, ""), denied},
		"undecided beside an allowance":     {statement("Allow", `"*"`, condition("StringEquals", "aws:PrincipalOrgID", "o-example")) + "," + statement("Allow", own, ""), admitted},
		"undecided twice":                   {statement("Allow", `"*"`, condition("StringEquals", "aws:PrincipalOrgID", "o-example")) + "," + statement("Allow", own, condition("StringEquals", "aws:SourceIdentity", "x")), undecided},
		"another's organization":            {statement("Allow", aws("111122223333"), condition("StringEquals", "aws:PrincipalOrgID", "o-example")), refused},
		"a variable":                        {statement("Allow", own, condition("StringEquals", "aws:RequestedRegion", "${aws:PrincipalTag/region}")), undecided},
		"all but the role, not its session": {`{"Effect":"Deny","NotPrincipal":` + own + `,"Action":"*","Resource":"*"},` + statement("Allow", own, ""), denied},
		"another action":                    {`{"Effect":"Allow","Principal":` + own + `,"Action":"sso-oauth:IntrospectTokenWithIAM","Resource":"*"}`, refused},
		"another application":               {`{"Effect":"Allow","Principal":` + own + `,"Action":"*","Resource":"arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-abcdef1234567890"}`, refused},
	} {
		t.Run(name, func(t *testing.T) {
			text := []byte(`{"Version":"2012-10-17","Statement":[` + c.statements + `]}`)
			if got := newActorPolicy(text).decide(testLook().request(testRole)); got.kind != c.want {
				t.Errorf("%+v, not %d", got, c.want)
			}
		})
	}
}

// The mended policy keeps what is there but for what was deleted, and admits the role.
func TestAdmitting(t *testing.T) {
	const added = `{"Effect":"Allow","Principal":{"AWS":"` + testRole + `"},"Action":"sso-oauth:CreateTokenWithIAM","Resource":"*"}`
	other := statement("Allow", `{"AWS":"arn:aws:iam::444455556666:role/Other"}`, `,"Sid":"Kept"`)
	for name, c := range map[string]struct{ before, after string }{
		"nothing":           {`{"Version":"2012-10-17","Statement":[]}`, `{"Version":"2012-10-17","Statement":[` + added + `]}`},
		"one statement":     {`{"Id":"x","Statement":` + other + `}`, `{"Id":"x","Statement":[` + other + `,` + added + `]}`},
		"a deleted one":     {`{"Version":"2012-10-17","Statement":[` + statement("Allow", `{"AWS":"AROAEXAMPLEEXAMPLE123"}`, "") + `]}`, `{"Version":"2012-10-17","Statement":[` + added + `]}`},
		"deleted and other": {`{"Version":"2012-10-17","Statement":[` + statement("Allow", `{"AWS":["AROAEXAMPLEEXAMPLE123","111122223333"]}`, "") + `]}`, `{"Version":"2012-10-17","Statement":[` + statement("Allow", `{"AWS":["111122223333"]}`, "") + `,` + added + `]}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := newActorPolicy([]byte(c.before))
			text := []byte(encoded(p.admitting(testRole)))
			var got, want any
			if json.Unmarshal(text, &got) != nil || json.Unmarshal([]byte(c.after), &want) != nil {
				t.Fatalf("no JSON: %s", text)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if d, err := policy.Parse(text, policy.Actor); err != nil || d.Evaluate(testLook().request(testRole)).Decision != policy.Allow {
				t.Errorf("%s does not admit the role: %v", text, err)
			}
			if again, _ := json.Marshal(newActorPolicy([]byte(c.before)).whole); string(again) != encoded(p.whole) {
				t.Errorf("the policy itself was changed: %s", encoded(p.whole))
			}
		})
	}
}

// What resembles the token's issuer, and in what it differs.
func TestResemblance(t *testing.T) {
	const iss = "https://dev-1.okta.com/oauth2/default"
	for url, want := range map[string]string{
		iss + "/": "with a slash at the end that the token does not have",
		iss + "/.well-known/openid-configuration": "with /.well-known/openid-configuration behind it, which Identity Center appends itself",
		"https://DEV-1.okta.com/oauth2/default":   "in other letters: case counts",
		"http://dev-1.okta.com:80/oauth2/default": "which is not the same to the letter",
		" " + iss: "which is not the same to the letter",
	} {
		if !chain.SameIssuer(url, iss) {
			t.Errorf("%q does not resemble %q", url, iss)
		}
		if got := difference(url, iss); got != want {
			t.Errorf("%q: %s", url, got)
		}
	}
	if got := difference(iss, iss+"/"); got != "without the slash at the end that the token has" {
		t.Error(got)
	}
	for _, other := range []string{"https://dev-2.okta.com/oauth2/default", "https://dev-1.okta.com/oauth2", "https://dev-1.okta.com", "", "://"} {
		if chain.SameIssuer(other, iss) {
			t.Errorf("%q resembles %q", other, iss)
		}
	}
}

// Names of issuers are of the form that the API takes.
func TestNameFor(t *testing.T) {
	for iss, want := range map[string]string{
		"https://dev-1.okta.com/oauth2/default": "dev-1.okta.com-",
		"not a URL":                             "issuer-",
		"https://[::1]/x":                       "1-",
	} {
		if got := nameFor(iss); len(got) != len(want)+6 || got[:len(want)] != want {
			t.Errorf("%q: %q", iss, got)
		}
	}
}

// FuzzActorPolicy: whatever policy.Parse takes is judged without a panic, and what is
// made of it can be parsed again.
func FuzzActorPolicy(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[` + statement("Allow", `"*"`, `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":["a","b"]}}`) + `]}`)
	f.Add(`{"Statement":` + statement("Deny", `{"AWS":["AROAEXAMPLEEXAMPLE123"]}`, ``) + `}`)
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":"444455556666"},"NotAction":"sso-oauth:*","Resource":"*"}]}`)
	l := testLook()
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := policy.Parse([]byte(text), policy.Actor); err != nil {
			return
		}
		p := newActorPolicy([]byte(text))
		verdict := p.decide(l.request(testRole))
		mended := encoded(p.admitting(testRole))
		if _, err := policy.Parse([]byte(mended), policy.Actor); err != nil {
			t.Errorf("%s\nbecomes %s\n%v", text, mended, err)
		}
		d, _ := policy.Parse([]byte(text), policy.Actor)
		if decision := d.Evaluate(l.request(testRole)).Decision; verdict.kind == admitted && decision != policy.Allow || verdict.kind == denied && decision != policy.ExplicitDeny {
			t.Errorf("%s: %+v, and it says %v", text, verdict, decision)
		}
	})
}
