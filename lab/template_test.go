package lab_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// originalRights are those of OIDCRole and IdEnhancedRole in the CloudFormation
// template of the original, src/utils/cfn.yaml.tpl.
const originalRights = `
tip-oidc-role:
  policies:
    sso-oauth:
      Version: "2012-10-17"
      Statement:
        - {Effect: Allow, Action: ["sso-oauth:CreateTokenWithIAM"], Resource: "*"}
tip-id-enhanced-role:
  trust:
    Version: "2012-10-17"
    Statement:
      - Effect: Allow
        Principal: {AWS: "arn:aws:iam::444455556666:role/tip-oidc-role"}
        Action: ["sts:AssumeRole", "sts:SetContext"]
  policies:
    athena-query:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Action:
            - athena:StartQueryExecution
            - athena:GetQueryExecution
            - athena:GetQueryResults
            - athena:StopQueryExecution
            - athena:GetWorkGroup
            - athena:GetQueryResultsStream
            - athena:ListDataCatalogs
            - athena:ListDatabases
            - athena:ListWorkGroups
          Resource: "*"
    s3ag:
      Version: "2012-10-17"
      Statement:
        - {Effect: Allow, Action: ["s3:GetDataAccess"], Resource: "*"}
`

// rights are a role's policies and, where the template is followed in it, its trust.
type rights struct {
	Trust    any            `yaml:"trust"`
	Policies map[string]any `yaml:"policies"`
}

// The exchange works with exactly the rights of the original template, and
// with nothing beyond them.
func TestOriginalTemplate(t *testing.T) {
	var want map[string]rights
	if err := yaml.Unmarshal([]byte(originalRights), &want); err != nil {
		t.Fatal(err)
	}
	got := map[string]rights{}
	var trust any
	b := start(t, func(w *lab.World) { trust = w.Accounts[1].Roles[0].Trust }, labtest.OriginalTemplate, func(w *lab.World) {
		for _, r := range w.Accounts[1].Roles {
			if _, named := want[r.Name]; named {
				got[r.Name] = rights{r.Trust, r.Policies}
			}
		}
	})
	if diff := cmp.Diff(trust, got["tip-oidc-role"].Trust); diff != "" {
		t.Errorf("the issuers that the first role trusts: %s", diff)
	}
	got["tip-oidc-role"] = rights{Policies: got["tip-oidc-role"].Policies}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
	person := b.reach(b.jwt("analyst"))
	_, err := b.control(static(person.Credentials)).ListCallerAccessGrants(t.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: aws.String(appl)})
	if got := answerOf(err).Code; got != "AccessDenied" {
		t.Errorf("ListCallerAccessGrants: %q", got)
	}
}
