package policy_test

import (
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// example is a policy that AWS prints in its documentation, restated, and what
// the page says of it.
type example struct {
	// page where the policy is explained.
	page      string
	kind      policy.Kind
	statement string // without the braces around it, or several with them
	asks      []question
}

// question is a request and what the policy says of it.
type question struct {
	action, resource string
	want             policy.Decision
	principal        policy.Principal
	context          policy.Context
}

const (
	allowed    = policy.Allow
	unanswered = policy.ImplicitDeny
	forbidden  = policy.ExplicitDeny
)

// ask is a question of the session of App. kv are condition keys and their
// values; several values of one key are parted by bars.
func ask(want policy.Decision, action, resource string, kv ...string) question {
	return askAs(appSession(), want, action, resource, kv...)
}

func askAs(p policy.Principal, want policy.Decision, action, resource string, kv ...string) question {
	q := question{action: action, resource: resource, want: want, principal: p, context: policy.Context{}}
	for i := 0; i < len(kv); i += 2 {
		q.context[kv[i]] = strings.Split(kv[i+1], "|")
	}
	return q
}

func service(name string) policy.Principal { return policy.Principal{Service: name} }

func federated(provider string) policy.Principal { return policy.Principal{Federated: provider} }

func iamUser(account, name string) policy.Principal {
	return policy.Principal{ARN: "arn:aws:iam::" + account + ":user/" + name, AccountID: account}
}

func roleSession(account, role, name string) policy.Principal {
	return policy.Principal{ARN: "arn:aws:iam::" + account + ":role/" + role,
		SessionARN: "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + name, AccountID: account}
}

func (e *example) document(t *testing.T) *policy.Document {
	t.Helper()
	body := e.statement
	if !strings.HasPrefix(body, "{") {
		body = "{" + body + "}"
	}
	return mustParse(t, e.kind, `{"Version":"2012-10-17","Statement":[`+body+`]}`)
}

func testExamples(t *testing.T, examples []example) {
	t.Helper()
	for _, e := range examples {
		t.Run(e.page, func(t *testing.T) {
			doc := e.document(t)
			for _, q := range e.asks {
				r := &policy.Request{Action: q.action, Resource: q.resource, Principal: q.principal, Context: q.context}
				if got := doc.Evaluate(r).Decision; got != q.want {
					t.Errorf("%s on %s with %v: %v, want %v", q.action, q.resource, q.context, got, q.want)
				}
			}
		})
	}
}
