package grants_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// What only AWS can decide of a location role's trust is neither ok nor wrong.
func TestTrustUndecided(t *testing.T) {
	l := labtest.Start(t)
	c := chainTo(reports)
	asAdmin(l, c)
	c.Person = &chain.Person{UserID: labtest.AnalystID, GroupsRead: true}
	_, err := iam.NewFromConfig(*c.Application.Config).UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String("s3-access-grants-location"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Principal":{"Service":"access-grants.s3.amazonaws.com"},"Action":["sts:AssumeRole","sts:SetContext","sts:SetSourceIdentity"],
			"Condition":{"StringEquals":{"aws:SourceOrgID":"o-exampleorg"}}}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, c)["location-trust.unread"]; got != "unknown" {
		t.Errorf("%q", got)
	}
}
