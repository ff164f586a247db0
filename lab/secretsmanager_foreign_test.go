package lab_test

import (
	"encoding/base64"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// Every operation of Secrets Manager with boto3 and the AWS CLI.
func TestSecretsWithOtherClients(t *testing.T) {
	for _, kind := range []string{"boto3", "cli"} {
		t.Run(kind, func(t *testing.T) {
			b := probe.Start(t)
			f := foreignSecrets{b.Foreign(kind, "secretsmanager", labtest.Admin())}
			made := f.Call("", "CreateSecret", "Name", "app/db", "SecretString", "one ü", "ClientRequestToken", token1, "Tags", []members{{"Key": "team", "Value": "data"}})
			f.same("VersionId", made, members{"VersionId": token1})
			f.Call("ResourceExistsException", "CreateSecret", "Name", "app/db", "SecretString", "other")
			f.values()
			f.descriptions(text(made, "ARN"))
			f.policies()
			f.deletion()
		})
	}
}

type foreignSecrets struct{ *probe.Foreign }

// same compares members of an output by their names, those that are wanted.
func (f foreignSecrets) same(what string, got, want members) {
	f.Helper()
	found := members{}
	for name := range want {
		found[name] = got[name]
	}
	if diff := cmp.Diff(want, found); diff != "" {
		f.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (f foreignSecrets) values() {
	f.Helper()
	f.same("one", f.Call("", "GetSecretValue", "SecretId", "app/db"), members{"SecretString": "one ü", "VersionStages": []any{"AWSCURRENT"}})
	f.Call("", "PutSecretValue", "SecretId", "app/db", "SecretString", "two", "ClientRequestToken", token2)
	f.same("two", f.Call("", "GetSecretValue", "SecretId", "app/db"), members{"SecretString": "two", "VersionId": token2})
	f.same("before", f.Call("", "GetSecretValue", "SecretId", "app/db", "VersionStage", "AWSPREVIOUS"), members{"SecretString": "one ü", "VersionId": token1})
	f.Call("InvalidRequestException", "PutSecretValue", "SecretId", "app/db")
	batch := f.Call("", "BatchGetSecretValue", "SecretIdList", []any{"app/db", "nobody"})
	if values, _ := batch["SecretValues"].([]any); len(values) != 1 {
		f.Errorf("%d values", len(values))
	}
	if failed, _ := batch["Errors"].([]any); len(failed) != 1 {
		f.Errorf("errors %v", failed)
	}
	f.Call("InvalidParameterException", "BatchGetSecretValue")
	if versions, _ := f.Call("", "ListSecretVersionIds", "SecretId", "app/db")["Versions"].([]any); len(versions) != 2 {
		f.Errorf("versions %v", versions)
	}
	f.Call("ResourceNotFoundException", "ListSecretVersionIds", "SecretId", "nobody")
}

func (f foreignSecrets) descriptions(arn string) {
	f.Helper()
	f.Call("", "UpdateSecret", "SecretId", "app/db", "Description", "Of the database")
	f.Call("", "TagResource", "SecretId", "app/db", "Tags", []members{{"Key": "stage", "Value": "prod"}})
	f.Call("", "UntagResource", "SecretId", "app/db", "TagKeys", []any{"team"})
	f.same("description", f.Call("", "DescribeSecret", "SecretId", "app/db"), members{
		"ARN": arn, "Name": "app/db", "Description": "Of the database", "Tags": []any{members{"Key": "stage", "Value": "prod"}},
		"VersionIdsToStages": members{token1: []any{"AWSPREVIOUS"}, token2: []any{"AWSCURRENT"}},
	})
	for _, operation := range []string{"UpdateSecret", "DescribeSecret"} {
		f.Call("ResourceNotFoundException", operation, "SecretId", "nobody")
	}
	f.Call("InvalidParameterException", "TagResource", "SecretId", "app/db", "Tags", []members{{"Key": "aws:a", "Value": "b"}})
	f.Call("ResourceNotFoundException", "UntagResource", "SecretId", "nobody", "TagKeys", []any{"team"})
	list, _ := f.Call("", "ListSecrets", "Filters", []members{{"Key": "name", "Values": []any{"app/"}}})["SecretList"].([]any)
	if len(list) != 1 {
		f.Fatalf("%d secrets", len(list))
	}
	f.same("listed", list[0].(members), members{"ARN": arn, "Description": "Of the database"})
	f.Call("InvalidNextTokenException", "ListSecrets", "NextToken", base64.StdEncoding.EncodeToString([]byte("xx")))
}

func (f foreignSecrets) policies() {
	f.Helper()
	const document = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]}`
	f.Call("", "PutResourcePolicy", "SecretId", "app/db", "ResourcePolicy", document)
	f.same("policy", f.Call("", "GetResourcePolicy", "SecretId", "app/db"), members{"ResourcePolicy": document})
	f.Call("MalformedPolicyDocumentException", "PutResourcePolicy", "SecretId", "app/db", "ResourcePolicy", "{}")
	f.Call("", "DeleteResourcePolicy", "SecretId", "app/db")
	f.same("no policy", f.Call("", "GetResourcePolicy", "SecretId", "app/db"), members{"ResourcePolicy": nil, "Name": "app/db"})
	for _, operation := range []string{"GetResourcePolicy", "DeleteResourcePolicy"} {
		f.Call("ResourceNotFoundException", operation, "SecretId", "nobody")
	}
}

func (f foreignSecrets) deletion() {
	f.Helper()
	f.Call("InvalidParameterException", "DeleteSecret", "SecretId", "app/db", "RecoveryWindowInDays", 6)
	f.Call("", "DeleteSecret", "SecretId", "app/db", "RecoveryWindowInDays", 7)
	f.Call("InvalidRequestException", "GetSecretValue", "SecretId", "app/db")
	f.same("restored", f.Call("", "RestoreSecret", "SecretId", "app/db"), members{"Name": "app/db"})
	f.Call("", "DeleteSecret", "SecretId", "app/db", "ForceDeleteWithoutRecovery", true)
	f.Call("ResourceNotFoundException", "GetSecretValue", "SecretId", "app/db")
	f.Call("ResourceNotFoundException", "RestoreSecret", "SecretId", "app/db")
}
