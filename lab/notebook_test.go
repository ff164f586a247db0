package lab_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// Things of the default world about the notebook.
const (
	notebookApp = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-abcdef1234567890"
	appClient   = "2example34567890"
	dataRole    = "arn:aws:iam::444455556666:role/S3DataAccessRole"
)

func nobodysKeys(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: "x", SessionToken: "y"}, nil
}

// TestNotebook runs the steps of AWS's notebook of S3 Access Grants in the
// default world, with the application's sign-in at its user pool.
func TestNotebook(t *testing.T) {
	b := start(t)
	out, err := b.secret(notebook(), appUser)
	if err != nil {
		t.Fatal(err)
	}
	var user struct{ Username, Password string }
	if err := json.Unmarshal([]byte(*out.SecretString), &user); err != nil {
		t.Fatal(err)
	}
	signedIn, refused := b.initiateAuth(passwordFlow(user.Username, user.Password))
	if refused != (answer{}) {
		t.Fatal(refused)
	}
	created, err := b.createToken(notebook(), forClient(notebookApp), asserting(signedIn.AuthenticationResult.IdToken))
	if err != nil {
		t.Fatal(err)
	}
	session, err := b.assume(notebook(), dataRole, providing(*created.AwsAdditionalDetails.IdentityContext))
	if err != nil {
		t.Fatal(err)
	}
	granted, err := b.dataAccess(static(session.Credentials), "s3://tip-notebook-data", "READ")
	if err != nil {
		t.Fatal(err)
	}
	c := granted.Credentials
	list, err := b.s3(credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)).
		ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("tip-notebook-data")})
	if err != nil || len(list.Contents) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	_, err = b.dataAccess(static(session.Credentials), "s3://tip-notebook-data", "WRITE")
	if got := answerOf(err); got.Status != 403 || got.Code != "AccessDenied" {
		t.Errorf("WRITE: %+v", got)
	}
	for _, target := range []string{"s3://tip-demo-data", "s3://tip-team-data/private*"} {
		if _, err := b.dataAccess(static(session.Credentials), target, "READ"); target == "s3://tip-demo-data" && answerOf(err).Code != "AccessDenied" {
			t.Errorf("%s: %v", target, err)
		}
	}
}

// TestNotebookOnly: nobody else's role, and no other application, gets what the notebook gets.
func TestNotebookOnly(t *testing.T) {
	b := start(t)
	signedIn, _ := b.initiateAuth(passwordFlow("analyst@example.com", "analyst"))
	token := signedIn.AuthenticationResult.IdToken
	_, err := b.createToken(b.session(oidcRole), forClient(notebookApp), asserting(token))
	expect(t, answer{400, "AccessDeniedException", "*"}, err)
	_, err = b.createToken(notebook(), asserting(token))
	expect(t, answer{400, "AccessDeniedException", "*"}, err)
	_, err = b.assume(b.session(oidcRole), dataRole)
	expect(t, answer{403, "AccessDenied", "*"}, err)
	expect(t, answer{400, "AccessDeniedException", "*"}, errOf(b.secret(b.session(oidcRole), appUser)))
	_, err = b.dataAccess(b.person(analyst), "s3://tip-notebook-data", "READ") // the grant is for the notebook's application
	expect(t, answer{403, "AccessDenied", "*"}, err)
}

// TestRoleSessions: credentials of the world file are those of a role, until their lifetime is over.
func TestRoleSessions(t *testing.T) {
	b := start(t, strict, func(w *lab.World) {
		w.Accounts[1].Roles[0].Sessions = []world.RoleSessionFile{{Name: "short", ID: "ASIASHORTEXAMPLE", Secret: "x", Token: "t", Lifetime: 60}}
	})
	who, err := b.sts(notebook()).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:sts::444455556666:assumed-role/tip-notebook-role/SageMaker" || !strings.HasSuffix(*who.UserId, ":SageMaker") {
		t.Fatalf("%v, %v", who, err)
	}
	wrong := credentials.NewStaticCredentialsProvider(labtest.NotebookAccessKeyID, labtest.NotebookSecretAccessKey, "another")
	_, err = b.sts(wrong).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	expect(t, answer{403, "InvalidClientTokenId", "*"}, err)
	short := credentials.NewStaticCredentialsProvider("ASIASHORTEXAMPLE", "x", "t")
	_, err = b.sts(short).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	expect(t, answer{}, err)
	b.clock.Advance(61 * time.Second)
	_, err = b.sts(short).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	expect(t, answer{403, "ExpiredToken", "*"}, err)
}

// TestSecretTrail: the trail names secrets and tells no value; whoever owns the secret has the event.
func TestSecretTrail(t *testing.T) {
	const hush = "hush-hush"
	b := start(t, strict, reader(center, statement("Allow", "secretsmanager:*", "Resource", "*")))
	b.create("app/db", hush)
	expect(t, answer{}, b.put("app/db", hush, token2))
	expect(t, answer{}, errOf(b.secrets(labtest.Admin()).UpdateSecret(t.Context(), &secretsmanager.UpdateSecretInput{SecretId: aws.String("app/db"), SecretBinary: []byte(hush)})))
	expect(t, answer{}, errOf(b.secret(notebook(), appUser)))
	expect(t, answer{400, "AccessDeniedException", "*"}, errOf(b.secret(b.session(roleIn(center, "reader")), appUserARN)))
	events := b.lab.Events()
	for i, name := range []string{"CreateSecret", "PutSecretValue", "UpdateSecret", "GetSecretValue", "GetSecretValue"} {
		e := events[i]
		if e.EventName != name || e.EventSource != "secretsmanager.amazonaws.com" || e.ReadOnly != strings.HasPrefix(name, "Get") ||
			e.ResponseElements != nil || e.RecipientAccountID != appl || !e.ManagementEvent {
			t.Errorf("event %+v", e)
		}
	}
	if text := fmt.Sprintf("%+v", events); strings.Contains(text, hush) || strings.Contains(text, "aHVzaC1odXNo") || strings.Contains(text, "secretString") {
		t.Errorf("the trail tells a value: %s", text)
	}
	if got := fmt.Sprint(events[0].RequestParameters["name"], events[3].RequestParameters["secretId"], events[4].ErrorCode); got != "app/dbtip-notebook/app-userAccessDeniedException" {
		t.Errorf("parameters %s", got)
	}
}
