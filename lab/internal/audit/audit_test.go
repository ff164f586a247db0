package audit_test

import (
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/audit"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/idp"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// TestInitiateAuthHides: what continues a sign-in or tells of its device is not
// written down, also what the lab's own answers never have.
func TestInitiateAuthHides(t *testing.T) {
	text, err := os.ReadFile("../../default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := world.Parse(text, "127.0.0.1:8000")
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.New(f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	audit.New(w).Exchange(t.Context(), &awswire.Exchange{
		Caller: awswire.Caller{Service: "cognito-idp", Operation: "InitiateAuth", Region: "eu-west-1"},
		Input: &idp.InitiateAuthInput{AuthFlow: "USER_PASSWORD_AUTH", ClientId: aws.String("1example23456789"), Session: aws.String("hush"),
			AuthParameters: map[string]string{"PASSWORD": "hush"}, UserContextData: &idp.UserContextDataType{EncodedData: aws.String("hush")}},
		Output: &idp.InitiateAuthOutput{ChallengeName: "SMS_MFA", ChallengeParameters: map[string]string{"USER_ID_FOR_SRP": "hush"}, Session: aws.String("hush")},
	})
	const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"
	e := w.Events()[0]
	if diff := cmp.Diff(map[string]any{"authFlow": "USER_PASSWORD_AUTH", "clientId": "1example23456789", "session": hidden, "authParameters": hidden, "userContextData": hidden}, e.RequestParameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"challengeName": "SMS_MFA", "challengeParameters": map[string]any{"USER_ID_FOR_SRP": hidden}, "session": hidden}, e.ResponseElements); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if e.RecipientAccountID != "444455556666" {
		t.Errorf("in the trail of %q", e.RecipientAccountID)
	}
}
