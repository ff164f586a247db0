package e2e_test

import (
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// notebookKeys puts the session of the notebook's role into an environment.
func notebookKeys(env []string) []string {
	return append(env,
		"AWS_ACCESS_KEY_ID="+labtest.NotebookAccessKeyID, "AWS_SECRET_ACCESS_KEY="+labtest.NotebookSecretAccessKey, "AWS_SESSION_TOKEN="+labtest.NotebookSessionToken)
}

// notebookScript are the steps of AWS's notebook of S3 Access Grants. Its
// application signs people in at a user pool; here the script does.
const notebookScript = `
import base64, boto3, json
from botocore.exceptions import ClientError

user = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId="tip-notebook/app-user")["SecretString"])
try:
    boto3.client("cognito-idp").initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId="2example34567890",
        AuthParameters={"USERNAME": user["username"], "PASSWORD": "wrong"})
except ClientError as e:
    print("wrong password", e.response["Error"]["Code"], e.response["Error"]["Message"])
tokens = boto3.client("cognito-idp").initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId="2example34567890",
    AuthParameters={"USERNAME": user["username"], "PASSWORD": user["password"]})["AuthenticationResult"]

res = boto3.client("sso-oidc").create_token_with_iam(
    clientId="arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-abcdef1234567890",
    grantType="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=tokens["IdToken"])
payload = res["idToken"].split(".")[1]
context = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sts:identity_context"]

creds = boto3.client("sts").assume_role(RoleArn="arn:aws:iam::444455556666:role/S3DataAccessRole", RoleSessionName="S3AccessGrantsSession",
    ProvidedContexts=[{"ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "ContextAssertion": context}])["Credentials"]

def client(name, c):
    return boto3.client(name, aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"], aws_session_token=c["SessionToken"])

def access(permission):
    return client("s3control", creds).get_data_access(AccountId="444455556666", Target="s3://tip-notebook-data", Permission=permission)["Credentials"]

for obj in client("s3", access("READ")).list_objects_v2(Bucket="tip-notebook-data")["Contents"]:
    print("object", obj["Key"])
try:
    access("WRITE")
except ClientError as e:
    print("WRITE", e.response["Error"]["Code"])
try:
    client("secretsmanager", creds).get_secret_value(SecretId="tip-notebook/app-user")
except ClientError as e:
    print("as a person", e.response["Error"]["Code"], "session policy" in e.response["Error"]["Message"])
`

func TestNotebookWithBoto3(t *testing.T) {
	needBoto3(t)
	w := newWorld(t)
	got := w.must(t, notebookKeys(w.environ(lab.ProxyDoor)), "python3", "-c", notebookScript)
	for _, want := range []string{
		"wrong password NotAuthorizedException Incorrect username or password.", "object datasets/training.csv", "object readme.txt", "WRITE AccessDenied",
		"as a person AccessDeniedException True",
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("it did not say %q:\n%s", want, got)
		}
	}
}

// TestSecretsWithAWSCLI: the notebook's role reads its secret and nothing else, at both doors.
func TestSecretsWithAWSCLI(t *testing.T) {
	needAWSCLI(t)
	w := newWorld(t)
	for _, door := range []lab.Door{lab.ProxyDoor, lab.EndpointDoor} {
		t.Run(string(door), func(t *testing.T) {
			env := notebookKeys(w.environ(door))
			got := w.must(t, env, "aws", "secretsmanager", "get-secret-value", "--secret-id", "tip-notebook/app-user", "--query", "SecretString", "--output", "text")
			if want := `{"password":"analyst","username":"analyst@example.com"}`; strings.TrimSpace(got) != want {
				t.Errorf("value %s", got)
			}
			w.refused(t, env, "is not authorized to perform: secretsmanager:GetSecretValue on resource: another because no identity-based policy allows",
				"aws", "secretsmanager", "get-secret-value", "--secret-id", "another")
			w.refused(t, env, "is not authorized to perform: secretsmanager:ListSecrets because no identity-based policy allows", "aws", "secretsmanager", "list-secrets")
			admin := append(w.environ(door), "AWS_ACCESS_KEY_ID="+labtest.AdminAccessKeyID, "AWS_SECRET_ACCESS_KEY="+labtest.AdminSecretAccessKey)
			name := "cli/" + string(door)
			w.must(t, admin, "aws", "secretsmanager", "create-secret", "--name", name, "--secret-string", "one")
			w.must(t, admin, "aws", "secretsmanager", "put-secret-value", "--secret-id", name, "--secret-string", "two")
			if got := w.must(t, admin, "aws", "secretsmanager", "get-secret-value", "--secret-id", name, "--query", "SecretString", "--output", "text"); strings.TrimSpace(got) != "two" {
				t.Errorf("value %s", got)
			}
			w.must(t, admin, "aws", "secretsmanager", "delete-secret", "--secret-id", name)
			w.refused(t, admin, "because it was marked for deletion", "aws", "secretsmanager", "get-secret-value", "--secret-id", name)
			if got := w.must(t, admin, "aws", "secretsmanager", "list-secrets", "--query", "SecretList[].Name", "--output", "text"); strings.TrimSpace(got) != "tip-notebook/app-user" {
				t.Errorf("list %s", got)
			}
		})
	}
}
