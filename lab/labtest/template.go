package labtest

import "github.com/tip-cli/tip-cli/lab"

// OriginalTemplate is an edit of the default world, for [Edit]: tip-oidc-role and
// tip-id-enhanced-role get exactly the rights that the CloudFormation template of
// the original Python tip-cli (src/utils/cfn.yaml.tpl) gives its OIDCRole and
// IdEnhancedRole, and no others. Names, ARNs and the issuers that the first role
// trusts stay as they are.
func OriginalTemplate(w *lab.World) {
	for i := range w.Accounts {
		for j := range w.Accounts[i].Roles {
			role := &w.Accounts[i].Roles[j]
			switch role.Name {
			case "tip-oidc-role":
				role.Policies = map[string]any{"sso-oauth": allow("sso-oauth:CreateTokenWithIAM")}
			case "tip-id-enhanced-role":
				role.Policies = map[string]any{"athena-query": allow(templateAthena()...), "s3ag": allow("s3:GetDataAccess")}
				role.Trust = templateTrust("arn:aws:iam::" + w.Accounts[i].ID + ":role/tip-oidc-role")
			}
		}
	}
}

// templateAthena are the actions of the template's policy athena-query.
func templateAthena() []any {
	return []any{
		"athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:StopQueryExecution",
		"athena:GetWorkGroup", "athena:GetQueryResultsStream", "athena:ListDataCatalogs", "athena:ListDatabases", "athena:ListWorkGroups",
	}
}

// allow is a policy of one statement on every resource.
func allow(actions ...any) map[string]any {
	return document(map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"})
}

// templateTrust has both actions in one statement and no condition.
func templateTrust(arn string) map[string]any {
	return document(map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"AWS": arn}, "Action": []any{"sts:AssumeRole", "sts:SetContext"},
	})
}

func document(statement map[string]any) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}
}
