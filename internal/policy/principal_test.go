package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
)

func TestMatchKinds(t *testing.T) {
	user := policy.Principal{ARN: "arn:aws:iam::444455556666:user/ann", AccountID: "444455556666"}
	web := policy.Principal{Federated: oktaOIDC}
	service := policy.Principal{Service: "access-grants.s3.amazonaws.com"}
	foreign := policy.Principal{ARN: "arn:aws:iam::111122223333:role/App", AccountID: "111122223333",
		SessionARN: "arn:aws:sts::111122223333:assumed-role/App/alice"}
	tests := []struct {
		name, principal string
		caller          policy.Principal
		want            policy.MatchKind
	}{
		{"account", `{"AWS":"444455556666"}`, appSession(), policy.ByAccount},
		{"root", `{"AWS":"arn:aws:iam::444455556666:root"}`, user, policy.ByAccount},
		{"other account", `{"AWS":"111122223333"}`, appSession(), policy.MatchNone},
		{"role", `{"AWS":"` + app + `"}`, appSession(), policy.ByARN},
		{"role of another account", `{"AWS":"` + app + `"}`, foreign, policy.MatchNone},
		{"name in another case", `{"AWS":"arn:aws:iam::444455556666:role/app"}`, appSession(), policy.MatchNone},
		{"user", `{"AWS":"arn:aws:iam::444455556666:user/ann"}`, user, policy.ByARN},
		{"user in a list", `{"AWS":["` + app + `","arn:aws:iam::444455556666:user/ann"]}`, user, policy.ByARN},
		{"session", `{"AWS":"` + appAlice + `"}`, appSession(), policy.BySession},
		{"another session", `{"AWS":"arn:aws:sts::444455556666:assumed-role/App/bob"}`, appSession(), policy.MatchNone},
		{"session and role", `{"AWS":["` + app + `","` + appAlice + `"]}`, appSession(), policy.BySession},
		{"role and account", `{"AWS":["444455556666","` + app + `"]}`, appSession(), policy.ByARN},
		{"everybody", `"*"`, appSession(), policy.ByWildcard},
		{"every AWS principal", `{"AWS":"*"}`, user, policy.ByWildcard},
		{"nobody in particular", `"*"`, policy.Principal{}, policy.ByWildcard},
		{"nobody by account", `{"AWS":"444455556666"}`, policy.Principal{}, policy.MatchNone},
		{"provider", `{"Federated":"` + oktaOIDC + `"}`, web, policy.ByFederated},
		{"another provider", `{"Federated":"` + oktaOIDC + `/x"}`, web, policy.MatchNone},
		{"provider by wildcard", `"*"`, web, policy.MatchNone},
		{"provider by account", `{"AWS":"444455556666"}`, web, policy.MatchNone},
		{"service", `{"Service":["s3.amazonaws.com","access-grants.s3.amazonaws.com"]}`, service, policy.ByService},
		{"another service", `{"Service":"s3.amazonaws.com"}`, service, policy.MatchNone},
		{"role as a provider", `{"Federated":"` + oktaOIDC + `"}`, appSession(), policy.MatchNone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := mustParse(t, policy.Trust, principal(tt.principal))
			got := d.Evaluate(&policy.Request{Action: "sts:AssumeRole", Principal: tt.caller})
			if got.Match != tt.want || (got.Decision == policy.Allow) != (tt.want != policy.MatchNone) {
				t.Errorf("got %v %v, want %v", got.Decision, got.Match, tt.want)
			}
		})
	}
}

func TestWildcardDenyReachesProviders(t *testing.T) {
	d := mustParse(t, policy.Trust, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Federated":"`+oktaOIDC+`"},"Action":"sts:AssumeRoleWithWebIdentity"},
		{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity"}]}`)
	r := &policy.Request{Action: "sts:AssumeRoleWithWebIdentity", Principal: policy.Principal{Federated: oktaOIDC}}
	if got := d.Evaluate(r).Decision; got != policy.ExplicitDeny {
		t.Errorf("got %v", got)
	}
}

func TestCanonicalUser(t *testing.T) {
	id := strings.Repeat("0f", 32)
	d := mustParse(t, policy.Resource, identity(allowAll+`,"Principal":{"CanonicalUser":"`+id+`"}`))
	r := &policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Principal: policy.Principal{CanonicalUser: id}}
	if got := d.Evaluate(r); got.Match != policy.ByARN {
		t.Errorf("got %v", got)
	}
	r.Principal.CanonicalUser = strings.Repeat("00", 32)
	if got := d.Evaluate(r); got.Decision != policy.ImplicitDeny {
		t.Errorf("another user: got %v", got)
	}
}

// The examples of the user guide's NotPrincipal page.
func TestNotPrincipal(t *testing.T) {
	deny := func(principals string) string {
		return identity(`"Effect":"Deny","NotPrincipal":` + principals + `,"Action":"s3:*","Resource":"*"`)
	}
	bob := policy.Principal{ARN: "arn:aws:iam::444455556666:user/Bob", AccountID: "444455556666"}
	root := policy.Principal{ARN: "arn:aws:iam::444455556666:root", AccountID: "444455556666"}
	tests := []struct {
		name, principals string
		caller           policy.Principal
		want             policy.Decision
	}{
		{"user and account", `{"AWS":["` + bob.ARN + `","arn:aws:iam::444455556666:root"]}`, bob, policy.ImplicitDeny},
		{"user only", `{"AWS":"` + bob.ARN + `"}`, bob, policy.ExplicitDeny},
		{"account only", `{"AWS":"444455556666"}`, bob, policy.ExplicitDeny},
		{"root user by account", `{"AWS":"444455556666"}`, root, policy.ImplicitDeny},
		{"session, role and account", `{"AWS":["` + appAlice + `","` + app + `","444455556666"]}`, appSession(), policy.ImplicitDeny},
		{"role and account", `{"AWS":["` + app + `","444455556666"]}`, appSession(), policy.ExplicitDeny},
		{"session and account", `{"AWS":["` + appAlice + `","444455556666"]}`, appSession(), policy.ExplicitDeny},
		{"someone else", `{"AWS":["` + app + `","444455556666"]}`, bob, policy.ExplicitDeny},
		{"service", `{"Service":"cloudtrail.amazonaws.com"}`, policy.Principal{Service: "cloudtrail.amazonaws.com"}, policy.ImplicitDeny},
		{"another service", `{"Service":"cloudtrail.amazonaws.com"}`, policy.Principal{Service: "s3.amazonaws.com"}, policy.ExplicitDeny},
		{"anonymous", `{"Service":"cloudtrail.amazonaws.com"}`, policy.Principal{}, policy.ExplicitDeny},
		{"everybody", `"*"`, bob, policy.ImplicitDeny},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := mustParse(t, policy.Resource, deny(tt.principals))
			r := &policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Principal: tt.caller}
			if got := d.Evaluate(r).Decision; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAnonymous(t *testing.T) {
	if !(policy.Principal{}).Anonymous() || appSession().Anonymous() {
		t.Error("Anonymous is wrong")
	}
}

// A unique id stands for an identity that was deleted: it is kept, and names nobody.
func TestUniqueIDs(t *testing.T) {
	const id = "AROAEXAMPLEID1234567X"
	doc := mustParse(t, policy.Trust, identity(`"Effect":"Allow","Principal":{"AWS":["`+id+`","`+app+`"]},"Action":"sts:AssumeRole"`))
	if diff := cmp.Diff([]string{id}, doc.PrincipalIDs()); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{app}, doc.PrincipalARNs()); diff != "" {
		t.Errorf("ARNs (-want +got):\n%s", diff)
	}
	r := &policy.Request{Action: "sts:AssumeRole", Resource: app, Principal: policy.Principal{ARN: id, AccountID: "444455556666"}}
	if got := doc.Evaluate(r).Decision; got != policy.ImplicitDeny {
		t.Errorf("the id matches: %v", got)
	}
	mustParse(t, policy.Trust, identity(`"Effect":"Allow","Principal":{"AWS":"AIDAEXAMPLEID123"},"Action":"sts:AssumeRole"`))
	for _, bad := range []string{"AROAEXAMPLEID12", "AROAEXAMPLEid1234567X", "ANPAEXAMPLEID1234567X", "XAROAEXAMPLEID1234567"} {
		if _, err := policy.Parse([]byte(identity(`"Effect":"Allow","Principal":{"AWS":"`+bad+`"},"Action":"sts:AssumeRole"`)), policy.Trust); err == nil {
			t.Errorf("%s is taken for an id", bad)
		}
	}
}
