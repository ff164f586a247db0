package lab_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// secretReadings are the switches about Secrets Manager.
func secretReadings() map[string]reading {
	return map[string]reading{
		"SecretStageKey": {
			world: []func(*lab.World){strict, reader("444455556666", statement("Allow", "secretsmanager:GetSecretValue", "Resource", "*",
				"Condition", map[string]any{"ForAnyValue:StringEquals": map[string]any{"secretsmanager:VersionStage": "AWSCURRENT"}}))},
			turn: func(s *world.Switches) { s.SecretStageKey = "request" },
			ask:  func(b *bench) string { return short(errOf(b.secret(b.session(roleIn(appl, "reader")), appUser))) },
			want: worked, turned: "400 AccessDeniedException",
		},
	}
}

// reader adds the role reader with a policy to an account.
func reader(account string, statements ...map[string]any) func(*lab.World) {
	return func(w *lab.World) {
		for i := range w.Accounts {
			if w.Accounts[i].ID == account {
				policies := map[string]any{}
				if len(statements) > 0 {
					policies["p"] = policyOf(statements...)
				}
				addRole(w, i, "reader", policyOf(statement("Allow", "sts:AssumeRole", "Principal", principal("arn:aws:iam::"+account+":root"))), policies)
			}
		}
	}
}

// shareSecret gives the notebook's secret a resource policy and a key of the customer.
func shareSecret(key string, statements ...map[string]any) func(*lab.World) {
	return func(w *lab.World) {
		s := &w.Accounts[1].Secrets[0]
		s.KMSKeyID = key
		if len(statements) > 0 {
			s.Policy = policyOf(statements...)
		}
	}
}

const getValue = "secretsmanager:GetSecretValue"

func refusedValue(who, resource, why string) answer {
	return answer{400, "AccessDeniedException", "User: arn:aws:sts::" + who + ":assumed-role/reader/session is not authorized to perform: " +
		getValue + " on resource: " + resource + " " + why + " the " + getValue + " action"}
}

// TestSecretAuthorization: identity and resource policies, in one account and across.
func TestSecretAuthorization(t *testing.T) {
	const noIdentity, noResource = "because no identity-based policy allows", "because no resource-based policy allows"
	allow := statement("Allow", getValue, "Resource", "*")
	decrypt := statement("Allow", "kms:Decrypt", "Resource", customKey)
	toReader := func(account string) map[string]any {
		return statement("Allow", getValue, "Resource", "*", "Principal", principal("arn:aws:iam::"+account+":role/reader"))
	}
	deny := answer{400, "AccessDeniedException", "User: arn:aws:sts::" + appl + ":assumed-role/reader/session is not authorized to perform: " +
		getValue + " on resource: " + appUserARN + " with an explicit deny in a resource-based policy"}
	for name, test := range map[string]struct {
		account string
		edits   []func(*lab.World)
		id      string
		want    answer
	}{
		"nothing allows":      {appl, []func(*lab.World){reader(appl)}, appUserARN, refusedValue(appl, appUserARN, noIdentity)},
		"by name":             {appl, []func(*lab.World){reader(appl)}, appUser, refusedValue(appl, appUserARN, noIdentity)},
		"of nobody":           {appl, []func(*lab.World){reader(appl)}, "nobody", refusedValue(appl, "nobody", noIdentity)},
		"nobody, allowed":     {appl, []func(*lab.World){reader(appl, allow)}, "nobody", answer{400, "ResourceNotFoundException", missingSecret}},
		"identity":            {appl, []func(*lab.World){reader(appl, allow)}, appUser, answer{}},
		"this secret":         {appl, []func(*lab.World){reader(appl, statement("Allow", getValue, "Resource", strings.TrimSuffix(appUserARN, "a1B2c3")+"??????"))}, appUser, answer{}},
		"another secret":      {appl, []func(*lab.World){reader(appl, statement("Allow", getValue, "Resource", strings.Replace(appUserARN, "user", "root", 1)))}, appUser, refusedValue(appl, appUserARN, noIdentity)},
		"another action":      {appl, []func(*lab.World){reader(appl, statement("Allow", "secretsmanager:DescribeSecret", "Resource", "*"))}, appUser, refusedValue(appl, appUserARN, noIdentity)},
		"resource policy":     {appl, []func(*lab.World){reader(appl), shareSecret("", toReader(appl))}, appUser, answer{}},
		"resource denies":     {appl, []func(*lab.World){reader(appl, allow), shareSecret("", statement("Deny", getValue, "Resource", "*", "Principal", "*"))}, appUser, deny},
		"across, both":        {center, []func(*lab.World){reader(center, allow, decrypt), shareSecret(customKey, toReader(center))}, appUserARN, answer{}},
		"across, identity":    {center, []func(*lab.World){reader(center, allow), shareSecret(customKey)}, appUserARN, refusedValue(center, appUserARN, noResource)},
		"across, no key":      {center, []func(*lab.World){reader(center, allow), shareSecret(customKey, toReader(center))}, appUserARN, answer{400, "AccessDeniedException", "Access to KMS is not allowed"}},
		"across, of nobody":   {center, []func(*lab.World){reader(center)}, strings.Replace(appUserARN, "a1B2c3", "Xa1B2c", 1), refusedValue(center, strings.Replace(appUserARN, "a1B2c3", "Xa1B2c", 1), noIdentity)},
		"across, nobody's":    {center, []func(*lab.World){reader(center, allow, decrypt)}, strings.Replace(appUserARN, "a1B2c3", "Xa1B2c", 1), refusedValue(center, strings.Replace(appUserARN, "a1B2c3", "Xa1B2c", 1), noResource)},
		"across, resource":    {center, []func(*lab.World){reader(center), shareSecret(customKey, toReader(center))}, appUserARN, refusedValue(center, appUserARN, noIdentity)},
		"across, by name":     {center, []func(*lab.World){reader(center, allow), shareSecret(customKey, toReader(center))}, appUser, answer{400, "ResourceNotFoundException", missingSecret}},
		"across, default key": {center, []func(*lab.World){reader(center, allow), shareSecret("", toReader(center))}, appUserARN, answer{400, "InvalidRequestException", "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key."}},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, append([]func(*lab.World){strict}, test.edits...)...)
			expect(t, test.want, errOf(b.secret(b.session(roleIn(test.account, "reader")), test.id)))
		})
	}
}

// TestSecretConditions: every condition key, as it fits and as it does not.
func TestSecretConditions(t *testing.T) {
	tagged := func(w *lab.World) { w.Accounts[1].Secrets[0].Tags = map[string]string{"team": "data"} }
	get := func(b *bench, edits ...func(*secretsmanager.GetSecretValueInput)) error {
		return errOf(b.secret(b.session(roleIn(appl, "reader")), appUser, edits...))
	}
	client := func(b *bench) *secretsmanager.Client { return b.secrets(b.session(roleIn(appl, "reader"))) }
	putPolicy := func(b *bench) error {
		return errOf(client(b).PutResourcePolicy(b.Context(), &secretsmanager.PutResourcePolicyInput{SecretId: aws.String(appUser), ResourcePolicy: aws.String("{}"), BlockPublicPolicy: aws.Bool(true)}))
	}
	create := func(b *bench) error {
		in := &secretsmanager.CreateSecretInput{Name: aws.String("new"), Description: aws.String("d"), KmsKeyId: aws.String(customKey), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("data")}}}
		return errOf(client(b).CreateSecret(b.Context(), in))
	}
	remove := func(b *bench) error {
		return errOf(client(b).DeleteSecret(b.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String(appUser), RecoveryWindowInDays: aws.Int64(9)}))
	}
	for key, test := range map[string]struct {
		operator, fits, not string
		ask                 func(*bench) error
	}{
		"secretsmanager:SecretId":                   {"StringEquals", appUser, appUserARN, func(b *bench) error { return get(b) }},
		"secretsmanager:ResourceTag/team":           {"StringEquals", "data", "web", func(b *bench) error { return get(b) }},
		"aws:ResourceTag/team":                      {"StringEquals", "data", "web", func(b *bench) error { return get(b) }},
		"secretsmanager:VersionStage":               {"ForAnyValue:StringEquals", "AWSCURRENT", "AWSPREVIOUS", func(b *bench) error { return get(b) }},
		"secretsmanager:VersionId":                  {"StringEquals", token1, token2, func(b *bench) error { return get(b, atVersion(token1)) }},
		"secretsmanager:BlockPublicPolicy":          {"Bool", "true", "false", putPolicy},
		"aws:ResourceAccount":                       {"StringEquals", appl, center, func(b *bench) error { return get(b) }},
		"secretsmanager:Name":                       {"StringEqualsIfExists", "new", "old", func(b *bench) error { return create(b) }},
		"secretsmanager:Description":                {"StringEquals", "d", "e", func(b *bench) error { return create(b) }},
		"secretsmanager:KmsKeyId":                   {"StringEquals", customKey, "other", func(b *bench) error { return create(b) }},
		"aws:RequestTag/team":                       {"StringEquals", "data", "web", func(b *bench) error { return create(b) }},
		"aws:TagKeys":                               {"ForAllValues:StringEquals", "team", "cost", func(b *bench) error { return create(b) }},
		"secretsmanager:RecoveryWindowInDays":       {"NumericGreaterThan", "7", "10", remove},
		"secretsmanager:ForceDeleteWithoutRecovery": {"Bool", "false", "true", remove},
	} {
		for value, denied := range map[string]bool{test.fits: false, test.not: true} {
			b := start(t, strict, tagged, reader(appl, statement("Allow", "secretsmanager:*", "Resource", "*", "Condition", map[string]any{test.operator: map[string]any{key: value}})))
			if got := answerOf(test.ask(b)); (got.Code == "AccessDeniedException") != denied {
				t.Errorf("%s %s %s: %+v", key, test.operator, value, got)
			}
		}
	}
}

// TestSecretWriteConditions: the keys of writes that read a secret first.
func TestSecretWriteConditions(t *testing.T) {
	when := func(operator, key, value string) func(*lab.World) {
		return reader(appl, statement("Allow", "secretsmanager:*", "Resource", "*", "Condition", map[string]any{operator: map[string]any{key: value}}))
	}
	put := func(b *bench) error {
		return errOf(b.secrets(b.session(roleIn(appl, "reader"))).PutSecretValue(b.Context(), &secretsmanager.PutSecretValueInput{
			SecretId: aws.String(appUser), SecretString: aws.String("x"), VersionStages: []string{"AWSPENDING"},
		}))
	}
	update := func(b *bench) error {
		return errOf(b.secrets(b.session(roleIn(appl, "reader"))).UpdateSecret(b.Context(), &secretsmanager.UpdateSecretInput{
			SecretId: aws.String(appUser), Description: aws.String("d"), KmsKeyId: aws.String(customKey),
		}))
	}
	untag := func(b *bench) error {
		return errOf(b.secrets(b.session(roleIn(appl, "reader"))).UntagResource(b.Context(), &secretsmanager.UntagResourceInput{SecretId: aws.String(appUser), TagKeys: []string{"team"}}))
	}
	for _, test := range []struct {
		operator, key, fits, not string
		ask                      func(*bench) error
	}{
		{"ForAnyValue:StringEquals", "secretsmanager:VersionStage", "AWSPENDING", "AWSCURRENT", put},
		{"StringEquals", "secretsmanager:Description", "d", "e", update},
		{"StringEquals", "secretsmanager:KmsKeyId", customKey, "other", update},
		{"ForAnyValue:StringEquals", "aws:TagKeys", "team", "cost", untag},
	} {
		expect(t, answer{}, test.ask(start(t, strict, when(test.operator, test.key, test.fits))))
		expect(t, answer{400, "AccessDeniedException", "*"}, test.ask(start(t, strict, when(test.operator, test.key, test.not))))
	}
}

// TestSecretOperationsAreAuthorized: each asks for its own action, and on what.
func TestSecretOperationsAreAuthorized(t *testing.T) {
	b := start(t, strict, reader(appl))
	c, ctx, id := b.secrets(b.session(roleIn(appl, "reader"))), t.Context(), aws.String(appUser)
	on := " on resource: " + appUserARN
	for operation, test := range map[string]struct {
		err      error
		resource string
	}{
		"BatchGetSecretValue":  {errOf(c.BatchGetSecretValue(ctx, &secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{appUser}})), ""},
		"ListSecrets":          {errOf(c.ListSecrets(ctx, &secretsmanager.ListSecretsInput{})), ""},
		"DescribeSecret":       {errOf(c.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: id})), on},
		"ListSecretVersionIds": {errOf(c.ListSecretVersionIds(ctx, &secretsmanager.ListSecretVersionIdsInput{SecretId: id})), on},
		"CreateSecret":         {errOf(c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("new")})), " on resource: new"},
		"PutSecretValue":       {errOf(c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: id, SecretString: aws.String("x")})), on},
		"UpdateSecret":         {errOf(c.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: id})), on},
		"DeleteSecret":         {errOf(c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: id})), on},
		"RestoreSecret":        {errOf(c.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: id})), on},
		"GetResourcePolicy":    {errOf(c.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: id})), on},
		"PutResourcePolicy":    {errOf(c.PutResourcePolicy(ctx, &secretsmanager.PutResourcePolicyInput{SecretId: id, ResourcePolicy: aws.String("{}")})), on},
		"DeleteResourcePolicy": {errOf(c.DeleteResourcePolicy(ctx, &secretsmanager.DeleteResourcePolicyInput{SecretId: id})), on},
		"TagResource":          {errOf(c.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: id, Tags: []types.Tag{}})), on},
		"UntagResource":        {errOf(c.UntagResource(ctx, &secretsmanager.UntagResourceInput{SecretId: id, TagKeys: []string{"a"}})), on},
	} {
		t.Run(operation, func(t *testing.T) {
			expect(t, answer{400, "AccessDeniedException", "User: arn:aws:sts::444455556666:assumed-role/reader/session is not authorized to perform: secretsmanager:" + operation +
				test.resource + " because no identity-based policy allows the secretsmanager:" + operation + " action"}, test.err)
		})
	}
	tagging := start(t, strict, reader(appl, statement("Allow", "secretsmanager:CreateSecret", "Resource", "*")))
	expect(t, answer{400, "AccessDeniedException", "User: arn:aws:sts::444455556666:assumed-role/reader/session is not authorized to perform: secretsmanager:TagResource..."},
		errOf(tagging.secrets(tagging.session(roleIn(appl, "reader"))).CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("new"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})))
}

// TestSecretsAreNotForPeople: Secrets Manager is not on the allow list of identity contexts.
func TestSecretsAreNotForPeople(t *testing.T) {
	b := start(t, strict, func(w *lab.World) {
		w.Accounts[1].Roles[1].Policies["secrets"] = policyOf(statement("Allow", "secretsmanager:*", "Resource", "*"))
	})
	expect(t, answer{400, "AccessDeniedException", "User: arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/session is not authorized to perform: " + getValue +
		" on resource: " + appUserARN + " with an explicit deny in a session policy"}, errOf(b.secret(b.person(analyst), appUser)))
	expect(t, answer{}, errOf(b.secret(b.session(enhanced), appUser)))
}

// TestSecretSignature: unsigned, of nobody, and over; at both doors.
func TestSecretSignature(t *testing.T) {
	b := start(t, strict)
	over := b.session(notebookRole, func(s *world.Session) { s.Expires = b.clock.Now().Add(-time.Second) })
	for _, door := range []string{"", b.lab.Endpoint()} {
		b.door = door
		expect(t, answer{400, "MissingAuthenticationTokenException", "Missing Authentication Token"}, errOf(b.secret(aws.AnonymousCredentials{}, appUser)))
		expect(t, answer{400, "UnrecognizedClientException", "The security token included in the request is invalid."},
			errOf(b.secret(aws.CredentialsProviderFunc(nobodysKeys), appUser)))
		expect(t, answer{400, "ExpiredTokenException", "The security token included in the request is expired"}, errOf(b.secret(over, appUser)))
	}
}

// TestResourcePolicyOfSecret: it is put, read, obeyed and taken away; bad ones are refused.
func TestResourcePolicyOfSecret(t *testing.T) {
	b := start(t, strict, reader(appl))
	c, ctx, id := b.secrets(labtest.Admin()), t.Context(), aws.String(appUser)
	as := b.session(roleIn(appl, "reader"))
	put := func(doc any, block bool) error {
		text, ok := doc.(string)
		if !ok {
			encoded, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			text = string(encoded)
		}
		return errOf(c.PutResourcePolicy(ctx, &secretsmanager.PutResourcePolicyInput{SecretId: id, ResourcePolicy: &text, BlockPublicPolicy: &block}))
	}
	to := func(arn string) map[string]any {
		return policyOf(statement("Allow", getValue, "Resource", "*", "Principal", principal(arn)))
	}
	everybody := policyOf(statement("Allow", getValue, "Resource", "*", "Principal", "*"))
	malformed := func(text string) answer { return answer{400, "MalformedPolicyDocumentException", text} }
	for name, test := range map[string]struct {
		err  error
		want answer
	}{
		"no JSON":              {put("{", false), malformed("This resource policy contains invalid Json.")},
		"no policy":            {put(`{"Version": "2012-10-17"}`, false), malformed("This resource policy contains a syntax error. ...")},
		"nobody":               {put(to(roleIn(appl, "nobody")), false), malformed("This resource policy contains an unsupported principal.")},
		"somebody gone":        {put(to("AROAEXAMPLEID1234567X"), false), malformed("This resource policy contains an unsupported principal.")},
		"everybody":            {put(everybody, true), answer{400, "PublicPolicyException", "The resource policy did not prevent broad access to the secret."}},
		"everybody's deletion": {put(policyOf(statement("Allow", "secretsmanager:DeleteSecret", "Resource", "*", "Principal", "*")), true), answer{400, "PublicPolicyException", "*"}},
		"unprotected":          {put(everybody, false), answer{}},
		"a role":               {put(to(roleIn(appl, "reader")), true), answer{}},
		"far account":          {put(to("arn:aws:iam::777788889999:role/x"), false), answer{}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, test.want, test.err) })
	}
	expect(t, answer{}, put(to(roleIn(appl, "reader")), true))
	expect(t, answer{}, errOf(b.secret(as, appUser)))
	got, err := c.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: id})
	if err != nil || !strings.Contains(aws.ToString(got.ResourcePolicy), "role/reader") {
		t.Errorf("policy %v, %v", got, err)
	}
	expect(t, answer{}, errOf(c.DeleteResourcePolicy(ctx, &secretsmanager.DeleteResourcePolicyInput{SecretId: id})))
	expect(t, answer{400, "AccessDeniedException", "*"}, errOf(b.secret(as, appUser)))
}

// TestBatchOfSecrets: what may be read is, what may not is told.
func TestBatchOfSecrets(t *testing.T) {
	b := start(t, strict, reader(appl,
		statement("Allow", []any{"secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"}, "Resource", "*"), statement("Allow", getValue, "Resource", appUserARN)))
	b.create("closed", "one")
	c := b.secrets(b.session(roleIn(appl, "reader")))
	out, err := c.BatchGetSecretValue(t.Context(), &secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{appUser, "closed"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.SecretValues) != 1 || *out.SecretValues[0].ARN != appUserARN || len(out.Errors) != 1 || *out.Errors[0].ErrorCode != "AccessDeniedException" || *out.Errors[0].SecretId != "closed" {
		t.Errorf("values %v, errors %v", out.SecretValues, out.Errors)
	}
	filtered, err := c.BatchGetSecretValue(t.Context(), &secretsmanager.BatchGetSecretValueInput{Filters: []types.Filter{{Key: "name", Values: []string{"tip"}}}})
	if err != nil || len(filtered.SecretValues) != 1 || len(filtered.Errors) != 0 {
		t.Errorf("values %v, %v", filtered, err)
	}
}
