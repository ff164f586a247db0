package athena

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// service is the principal that assumes execution roles.
const service = "athena.amazonaws.com"

// What Athena does with an execution role.
const (
	assume     = "sts:AssumeRole"
	setContext = "sts:SetContext"
)

// role looks at the role that queries run with.
func (l *look) role(ctx context.Context) {
	arn := aws.ToString(l.group.Configuration.ExecutionRole)
	switch {
	case arn == "" && !l.enabled():
		l.skipRest("the work group has no Identity Center, and needs no execution role")
		return
	case arn == "":
		l.Found("athena.no-role", l.arn(), "ExecutionRole is not set", finding.Fix{
			Who: finding.DataAdmin, Does: "make a service role for Athena, and set it as the work group's",
			Console: "Athena > Administration > Workgroups > " + l.name + " > Edit > Service role",
		})
		l.Skip("athena.role-trust", "needs an execution role: see athena.no-role")
		return
	case l.c.Application.Config == nil:
		l.unread(&refusal.Refusal{Unsigned: true, Seen: "the execution role is " + arn + "; " + l.c.Application.Reason}, l.rest()...)
		return
	}
	switch role, r := iamrole.Read(ctx, iam.NewFromConfig(l.config), arn); {
	case r != nil && r.NotFound:
		l.Found("athena.role-not-found", arn, "IAM has no role "+arn, l.makeRole(arn))
		l.Skip("athena.role-trust", "needs the execution role: see athena.role-not-found")
	case r != nil:
		l.unread(r, "athena.role", "athena.role-trust")
	case l.account == "":
		l.OK("athena.role", role.ARN)
		l.Unread("athena.role-trust", "the account of the work group is not known", nil)
	default:
		l.OK("athena.role", role.ARN)
		l.trust(role)
	}
}

// trust asks the role's trust policy for both things that Athena does with it.
func (l *look) trust(role *chain.Role) {
	var missing []string
	for _, action := range []string{assume, setContext} {
		answer := iamrole.Trusts(role, policy.Principal{Service: service}, iamrole.Request{Action: action, Keys: l.keys(action)})
		switch {
		case answer.Unknown:
			l.Unread("athena.role-trust", action+" for "+service+": "+answer.Why, nil)
			return
		case answer.Denied():
			l.Found(kindOf(action), role.ARN, service+" is denied "+action+": "+answer.Why, finding.Fix{
				Who: finding.AppAdmin, Does: "take the statement that denies it out of the trust policy", Console: "IAM > Roles > " + role.Name + " > Trust relationships > Edit trust policy",
			})
			return
		case !answer.Allowed():
			missing = append(missing, action)
		}
	}
	if len(missing) > 0 {
		l.Found(kindOf(missing[0]), role.ARN, "the trust policy does not allow "+service+" "+strings.Join(missing, " and ")+" for "+l.arn(), l.mendTrust(role, missing))
		return
	}
	l.OK("athena.role-trust", "lets "+service+" do "+assume+" and "+setContext)
}

func kindOf(action string) string {
	if action == setContext {
		return "athena.role-without-context"
	}
	return "athena.role-not-trusting"
}

// keys are the condition keys that Athena's requests have.
func (l *look) keys(action string) policy.Context {
	keys := policy.Context{
		"aws:SourceAccount": {l.account}, "aws:SourceArn": {l.arn()}, "aws:PrincipalIsAWSService": {"true"}, "aws:PrincipalServiceName": {service},
		"aws:SecureTransport": {"true"},
	}
	if action == setContext {
		keys["sts:RequestContextProviders"] = []string{iamrole.ContextProvider(l.partition())}
	}
	return keys
}

// statement lets Athena do something for this work group.
func (l *look) statement(actions []string) iamrole.Statement {
	return iamrole.Statement{
		Effect: "Allow", Principal: iamrole.Value(map[string]string{"Service": service}), Action: iamrole.Value(actions),
		Condition: iamrole.Value(map[string]any{
			"StringEquals": map[string]string{"aws:SourceAccount": l.account}, "ArnLike": map[string]string{"aws:SourceArn": l.arn()},
		}),
	}
}

// mendTrust adds what is missing to what is there.
func (l *look) mendTrust(role *chain.Role, missing []string) finding.Fix {
	draft := iamrole.Edit(role.Trust)
	draft.Statement = append(draft.Statement, l.statement(missing))
	return finding.Fix{
		Who: finding.AppAdmin, Does: "let Athena do it for this work group",
		Command: l.c.Application.AWS("", "iam", "update-assume-role-policy", "--role-name", role.Name, "--policy-document", draft.Text()),
	}
}

// makeRole makes the role with the rights that queries in a person's name need: to
// look at the catalog, and to get the person's own access to the data.
func (l *look) makeRole(arn string) finding.Fix {
	parsed, ok := iamrole.Parse(arn)
	if !ok {
		return finding.Fix{Who: finding.AppAdmin, Does: "set an execution role", Console: "Athena > Administration > Workgroups > " + l.name + " > Edit > Service role"}
	}
	trust := iamrole.NewDraft()
	trust.Statement = []iamrole.Statement{l.statement([]string{assume, setContext})}
	words := []string{"iam", "create-role", "--role-name", iamrole.Name(parsed), "--assume-role-policy-document", trust.Text()}
	if path := strings.TrimSuffix(strings.TrimPrefix(parsed.Resource, "role"), iamrole.Name(parsed)); path != "/" {
		words = append(words, "--path", path)
	}
	access := &l.c.Application
	return finding.Fix{
		Who: finding.AppAdmin, Does: "make the role, with the catalog and the people's own access to data",
		Command: access.AWS("", words...) + " && " +
			access.AWS("", "iam", "put-role-policy", "--role-name", iamrole.Name(parsed), "--policy-name", "athena-queries", "--policy-document", l.rights()),
	}
}

// rights are the least that queries through S3 Access Grants and Lake Formation need
// (Athena user guide, "Use IAM Identity Center enabled Athena workgroups").
func (l *look) rights() string {
	of := func(service, resource string) string {
		return "arn:" + l.partition() + ":" + service + ":" + l.region + ":" + l.account + ":" + resource
	}
	allow := func(resources any, actions ...string) map[string]any {
		return map[string]any{"Effect": "Allow", "Action": actions, "Resource": resources}
	}
	text, err := json.Marshal(map[string]any{"Version": policy.Version2012, "Statement": []any{
		allow([]string{of("glue", "catalog"), of("glue", "database/*"), of("glue", "table/*")}, "glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions"),
		allow("*", "lakeformation:GetDataAccess"), // it has no resources
		allow(of("s3", "access-grants/default"), "s3:GetDataAccess", "s3:GetAccessGrantsInstanceForPrefix"),
	}})
	if err != nil {
		return ""
	}
	return string(text)
}
