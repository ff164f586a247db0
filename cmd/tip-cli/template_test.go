package main

import (
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// template gives the two roles what the original's CloudFormation template gives
// them, and nothing more: the first may only exchange tokens; the second trusts
// it in one statement without a condition, may ask S3 Access Grants for data
// access, and has nine actions of Athena.
func template(w *lab.World) {
	document := func(statement map[string]any) map[string]any {
		return map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}
	}
	allow := func(actions ...any) map[string]any {
		return document(map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"})
	}
	roles := w.Accounts[1].Roles
	roles[0].Trust = document(map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Federated": "arn:aws:iam::444455556666:oidc-provider/dev-123456789.okta.com/oauth2/default"},
		"Action":    "sts:AssumeRoleWithWebIdentity",
		"Condition": map[string]any{"StringEquals": map[string]any{"dev-123456789.okta.com/oauth2/default:aud": clientID}},
	})
	roles[0].Policies = map[string]any{"exchange": allow("sso-oauth:CreateTokenWithIAM")}
	roles[1].Trust = document(map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"AWS": oidcRole}, "Action": []any{"sts:AssumeRole", "sts:SetContext"},
	})
	roles[1].Policies = map[string]any{
		"athena": allow("athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:StopQueryExecution",
			"athena:GetWorkGroup", "athena:GetQueryResultsStream", "athena:ListDataCatalogs", "athena:ListDatabases", "athena:ListWorkGroups"),
		"access-grants": allow("s3:GetDataAccess"),
	}
}

// The main path needs no right that the original's template does not give.
func TestTemplate(t *testing.T) {
	long(t)
	t.Parallel()
	for name, edits := range map[string][]func(*lab.World){
		"as it is": {template},
		"where the caller's own policy counts at Identity Center, too": {template, func(w *lab.World) {
			required := true
			w.Switches.CallerPolicyForToken = &required
		}},
	} {
		t.Run(name, func(t *testing.T) { mainPath(t, "", edits...) })
	}
}

// Each right of the template is needed: without it the path ends where it should.
func TestTemplateHasNothingToSpare(t *testing.T) {
	long(t)
	t.Parallel()
	required := true
	for name, c := range map[string]struct {
		edit func(*lab.World)
		args []string
	}{
		"without CreateTokenWithIAM": {func(w *lab.World) {
			w.Switches.CallerPolicyForToken = &required
			w.Accounts[1].Roles[0].Policies = nil
		}, credentials},
		"without SetContext": {func(w *lab.World) {
			trust := w.Accounts[1].Roles[1].Trust.(map[string]any)
			trust["Statement"].([]any)[0].(map[string]any)["Action"] = "sts:AssumeRole"
		}, credentials},
		"without GetDataAccess": {func(w *lab.World) { delete(w.Accounts[1].Roles[1].Policies, "access-grants") }, dataAccess},
	} {
		t.Run(name, func(t *testing.T) {
			m := ready(t, template, c.edit)
			m.check(t, m.run(t, c.args), 4)
		})
	}
}
