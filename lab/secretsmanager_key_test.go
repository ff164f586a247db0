package lab_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/tip-cli/tip-cli/lab/labtest"
)

const defaultKey = "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key."

var noKMS = answer{400, "AccessDeniedException", "Access to KMS is not allowed"}

// toCenter lets the other account use a secret.
func toCenter() map[string]any {
	return statement("Allow", "secretsmanager:*", "Resource", "*", "Principal", principal("arn:aws:iam::"+center+":root"))
}

// TestDefaultKeyIsNotShared: whatever form names it, in the world file and at the API.
func TestDefaultKeyIsNotShared(t *testing.T) {
	allow := statement("Allow", []any{"secretsmanager:*", "kms:*"}, "Resource", "*")
	refused := answer{400, "InvalidRequestException", defaultKey}
	for _, key := range []string{"", "alias/aws/secretsmanager", "arn:aws:kms:eu-west-1:444455556666:alias/aws/secretsmanager"} {
		b := start(t, strict, reader(center, allow), shareSecret(key, toCenter()))
		c := b.secrets(b.session(roleIn(center, "reader")))
		expect(t, refused, errOf(b.secret(b.session(roleIn(center, "reader")), appUserARN)))
		expect(t, refused, errOf(c.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String(appUserARN), SecretString: aws.String("x")})))
		expect(t, refused, errOf(c.UpdateSecret(t.Context(), &secretsmanager.UpdateSecretInput{SecretId: aws.String(appUserARN), SecretString: aws.String("x")})))

		made := b.create("new", "x", func(in *secretsmanager.CreateSecretInput) { in.KmsKeyId = &key })
		text, err := json.Marshal(policyOf(toCenter()))
		if err != nil {
			t.Fatal(err)
		}
		admin := b.secrets(labtest.Admin())
		expect(t, answer{}, errOf(admin.PutResourcePolicy(t.Context(), &secretsmanager.PutResourcePolicyInput{SecretId: made.ARN, ResourcePolicy: aws.String(string(text))})))
		expect(t, refused, errOf(b.secret(b.session(roleIn(center, "reader")), *made.ARN)))
		change := func(id string) {
			expect(t, answer{}, errOf(admin.UpdateSecret(t.Context(), &secretsmanager.UpdateSecretInput{SecretId: made.ARN, KmsKeyId: &id})))
		}
		change(customKey)
		expect(t, answer{}, errOf(b.secret(b.session(roleIn(center, "reader")), *made.ARN)))
		change(key)
		expect(t, refused, errOf(b.secret(b.session(roleIn(center, "reader")), *made.ARN)))
	}
	b := start(t, strict)
	c := b.secrets(labtest.Admin())
	bad := answer{400, "InvalidParameterException", "Invalid KmsKeyId: ..."}
	expect(t, bad, errOf(c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("n"), KmsKeyId: aws.String("nonsense key")})))
	expect(t, bad, errOf(c.UpdateSecret(t.Context(), &secretsmanager.UpdateSecretInput{SecretId: aws.String(appUser), KmsKeyId: aws.String("nonsense key")})))
}

// TestCustomerKeyIsAsked: across accounts an identity policy must allow the use
// of the key, in its own account none may deny it.
func TestCustomerKeyIsAsked(t *testing.T) {
	const farKey = "arn:aws:kms:eu-west-1:111122223333:key/11112222-3333-4444-5555-666677778888"
	allow := statement("Allow", "secretsmanager:*", "Resource", "*")
	kms := func(effect, action, resource string, more ...any) map[string]any {
		return statement(effect, action, append([]any{"Resource", resource}, more...)...)
	}
	when := func(key, value string) []any {
		return []any{"Condition", map[string]any{"StringEquals": map[string]any{key: value}}}
	}
	decrypt := kms("Allow", "kms:Decrypt", customKey)
	for name, test := range map[string]struct {
		account, key string
		statements   []map[string]any
		read, write  answer
	}{
		"across, nothing":          {center, customKey, nil, noKMS, noKMS},
		"across, decrypt":          {center, customKey, []map[string]any{decrypt}, answer{}, noKMS},
		"across, both":             {center, customKey, []map[string]any{decrypt, kms("Allow", "kms:GenerateDataKey", customKey)}, answer{}, answer{}},
		"across, no decrypt":       {center, customKey, []map[string]any{kms("Allow", "kms:GenerateDataKey", "*")}, noKMS, noKMS},
		"across, another key":      {center, customKey, []map[string]any{kms("Allow", "kms:*", farKey)}, noKMS, noKMS},
		"across, denied":           {center, customKey, []map[string]any{kms("Allow", "kms:*", "*"), kms("Deny", "kms:Decrypt", "*")}, noKMS, noKMS},
		"across, key id":           {center, "11112222-3333-4444-5555-666677778888", []map[string]any{kms("Allow", "kms:*", customKey)}, answer{}, answer{}},
		"across, own key":          {center, farKey, nil, answer{}, answer{}},
		"across, through it":       {center, customKey, []map[string]any{kms("Allow", "kms:*", "*", when("kms:ViaService", "secretsmanager.eu-west-1.amazonaws.com")...)}, answer{}, answer{}},
		"across, through another":  {center, customKey, []map[string]any{kms("Allow", "kms:*", "*", when("kms:ViaService", "s3.eu-west-1.amazonaws.com")...)}, noKMS, noKMS},
		"across, this secret":      {center, customKey, []map[string]any{kms("Allow", "kms:*", "*", when("kms:EncryptionContext:SecretARN", appUserARN)...)}, answer{}, answer{}},
		"across, not this secret":  {center, customKey, []map[string]any{kms("Allow", "kms:*", "*", when("kms:EncryptionContext:SecretARN", "x")...)}, noKMS, noKMS},
		"one account, nothing":     {appl, customKey, nil, answer{}, answer{}},
		"one account, denied":      {appl, customKey, []map[string]any{kms("Deny", "kms:Decrypt", "*")}, noKMS, noKMS},
		"one account, no new key":  {appl, customKey, []map[string]any{kms("Deny", "kms:GenerateDataKey", "*")}, answer{}, noKMS},
		"one account, default key": {appl, "", []map[string]any{kms("Deny", "kms:*", "*")}, answer{}, answer{}},
		"one account, far key":     {appl, farKey, nil, noKMS, noKMS},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, strict, reader(test.account, append(test.statements, allow)...), shareSecret(test.key, toCenter()))
			c, id := b.secrets(b.session(roleIn(test.account, "reader"))), aws.String(appUserARN)
			expect(t, test.read, errOf(b.secret(b.session(roleIn(test.account, "reader")), appUserARN)))
			expect(t, test.write, errOf(c.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: id, SecretString: aws.String("x")})))
			expect(t, test.write, errOf(c.UpdateSecret(t.Context(), &secretsmanager.UpdateSecretInput{SecretId: id, SecretString: aws.String("x")})))
			expect(t, answer{}, errOf(c.UpdateSecret(t.Context(), &secretsmanager.UpdateSecretInput{SecretId: id, Description: aws.String("x")})))
			if test.account == appl && test.key != "" {
				expect(t, test.write, errOf(c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("n"), SecretString: aws.String("x"), KmsKeyId: &test.key})))
			}
		})
	}
}

// TestBatchWithFilters: they need ListSecrets, and find nothing that is deleted.
func TestBatchWithFilters(t *testing.T) {
	batch := []any{"secretsmanager:BatchGetSecretValue", getValue}
	all := &secretsmanager.BatchGetSecretValueInput{Filters: []types.Filter{{Key: "all", Values: []string{""}}}}
	b := start(t, strict, reader(appl, statement("Allow", batch, "Resource", "*")))
	b.create("other-name-nobody-may-know", "one")
	expect(t, answer{400, "AccessDeniedException", "User: arn:aws:sts::444455556666:assumed-role/reader/session is not authorized to perform: secretsmanager:ListSecrets because no identity-based policy allows the secretsmanager:ListSecrets action"},
		errOf(b.secrets(b.session(roleIn(appl, "reader"))).BatchGetSecretValue(t.Context(), all)))
	admin := b.secrets(labtest.Admin())
	for want := 2; want > 0; want-- {
		out, err := admin.BatchGetSecretValue(t.Context(), all)
		if err != nil || len(out.SecretValues) != want || len(out.Errors) != 0 {
			t.Errorf("%d values, want %d, errors %v, %v", len(out.SecretValues), want, out.Errors, err)
		}
		expect(t, answer{}, errOf(admin.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("other-name-nobody-may-know"), ForceDeleteWithoutRecovery: aws.Bool(want == 1)})))
	}
	for _, f := range []types.Filter{{}, {Key: "name"}, {Values: []string{"a"}}} {
		bad := answer{400, "InvalidParameterException", "A filter needs a Key and Values."}
		expect(t, bad, errOf(admin.BatchGetSecretValue(t.Context(), &secretsmanager.BatchGetSecretValueInput{Filters: []types.Filter{f}})))
		expect(t, bad, errOf(admin.ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{Filters: []types.Filter{f}})))
	}
}

// TestBatchTrail: a batch leaves its own event and one for each secret, in the trail of whoever owns it.
func TestBatchTrail(t *testing.T) {
	b := start(t, strict, reader(center, statement("Allow", "secretsmanager:*", "Resource", "*")))
	c := b.secrets(b.session(roleIn(center, "reader")))
	b.create("mine", "hush-hush")
	out, err := b.secrets(labtest.Admin()).BatchGetSecretValue(t.Context(), &secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{"mine", appUser, "nobody"}})
	if err != nil || len(out.SecretValues) != 2 {
		t.Fatal(out, err)
	}
	expect(t, answer{}, errOf(c.BatchGetSecretValue(t.Context(), &secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{appUserARN}})))
	expect(t, answer{400, "InvalidParameterException", "*"}, errOf(c.BatchGetSecretValue(t.Context(), &secretsmanager.BatchGetSecretValueInput{})))
	seen := map[string]bool{}
	var got [][4]string
	for _, e := range b.lab.Events()[1:] {
		id, _ := e.RequestParameters["secretId"].(string)
		got = append(got, [4]string{e.EventName, id, e.ErrorCode, e.RecipientAccountID})
		if !e.ReadOnly || e.ResponseElements != nil || seen[e.EventID] || e.UserIdentity.ARN == "" {
			t.Errorf("event %+v", e)
		}
		seen[e.EventID] = true
	}
	want := [][4]string{
		{"BatchGetSecretValue", "", "", appl},
		{"GetSecretValue", *out.SecretValues[0].ARN, "", appl}, {"GetSecretValue", appUserARN, "", appl}, {"GetSecretValue", "nobody", "ResourceNotFoundException", appl},
		{"BatchGetSecretValue", "", "", center}, {"GetSecretValue", appUserARN, "AccessDeniedException", appl},
		{"BatchGetSecretValue", "", "InvalidParameterException", center},
	}
	compare(t, want, got)
}
