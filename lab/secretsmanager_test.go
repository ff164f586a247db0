package lab_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// Things of the default world about the notebook.
const (
	appUser      = "tip-notebook/app-user"
	appUserARN   = "arn:aws:secretsmanager:eu-west-1:444455556666:secret:tip-notebook/app-user-a1B2c3"
	notebookRole = "arn:aws:iam::444455556666:role/tip-notebook-role"
	token1       = "11111111-1111-4111-8111-111111111111"
	token2       = "22222222-2222-4222-8222-222222222222"
	customKey    = "arn:aws:kms:eu-west-1:444455556666:key/11112222-3333-4444-5555-666677778888"
)

const (
	missingSecret = "Secrets Manager can't find the specified secret."
	markedSecret  = "You can't perform this operation on the secret because it was marked for deletion."
)

func notebook() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(labtest.NotebookAccessKeyID, labtest.NotebookSecretAccessKey, labtest.NotebookSessionToken)
}

func (b *bench) secrets(p aws.CredentialsProvider) *secretsmanager.Client {
	return secretsmanager.NewFromConfig(b.config(p))
}

// secret reads a value; edits change the request.
func (b *bench) secret(p aws.CredentialsProvider, id string, edits ...func(*secretsmanager.GetSecretValueInput)) (*secretsmanager.GetSecretValueOutput, error) {
	in := &secretsmanager.GetSecretValueInput{SecretId: &id}
	for _, edit := range edits {
		edit(in)
	}
	return b.secrets(p).GetSecretValue(context.Background(), in)
}

func errOf[T any](_ T, err error) error { return err }

// create makes a secret as the administrator, under token1.
func (b *bench) create(name, value string, edits ...func(*secretsmanager.CreateSecretInput)) *secretsmanager.CreateSecretOutput {
	b.Helper()
	in := &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value, ClientRequestToken: aws.String(token1)}
	for _, edit := range edits {
		edit(in)
	}
	out, err := b.secrets(labtest.Admin()).CreateSecret(context.Background(), in)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func (b *bench) put(id, value, token string, stages ...string) error {
	return errOf(b.secrets(labtest.Admin()).PutSecretValue(context.Background(), &secretsmanager.PutSecretValueInput{
		SecretId: &id, SecretString: &value, ClientRequestToken: &token, VersionStages: stages,
	}))
}

func atVersion(id string) func(*secretsmanager.GetSecretValueInput) {
	return func(in *secretsmanager.GetSecretValueInput) { in.VersionId = &id }
}

func atStage(stage string) func(*secretsmanager.GetSecretValueInput) {
	return func(in *secretsmanager.GetSecretValueInput) { in.VersionStage = &stage }
}

// TestNotebookReadsItsSecret: by name, ARN and partial ARN, at both doors.
func TestNotebookReadsItsSecret(t *testing.T) {
	b := start(t)
	for _, door := range []string{"", b.lab.Endpoint()} {
		b.door = door
		for _, id := range []string{appUser, appUserARN, strings.TrimSuffix(appUserARN, "-a1B2c3")} {
			out, err := b.secret(notebook(), id)
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			var user struct{ Username, Password string }
			if err := json.Unmarshal([]byte(*out.SecretString), &user); err != nil || user.Username != "analyst@example.com" || user.Password != "analyst" {
				t.Errorf("%s: %s, %v", id, *out.SecretString, err)
			}
			if *out.ARN != appUserARN || *out.Name != appUser || !slices.Equal(out.VersionStages, []string{"AWSCURRENT"}) {
				t.Errorf("%s: %s %s %v", id, *out.ARN, *out.Name, out.VersionStages)
			}
		}
	}
}

// TestSecretVersions: labels move, a request that comes twice counts once.
func TestSecretVersions(t *testing.T) {
	b := start(t, strict)
	made := b.create("app/db", "one")
	if *made.VersionId != token1 || !strings.HasPrefix(*made.ARN, "arn:aws:secretsmanager:eu-west-1:444455556666:secret:app/db-") || len(*made.ARN) != len("arn:aws:secretsmanager:eu-west-1:444455556666:secret:app/db-")+6 {
		t.Errorf("created %s %s", *made.ARN, *made.VersionId)
	}
	if again := b.create("app/db", "one"); *again.ARN != *made.ARN {
		t.Errorf("the same request made %s", *again.ARN)
	}
	for range 2 {
		expect(t, answer{}, b.put("app/db", "two", token2))
	}
	third := "33333333-3333-4333-8333-333333333333"
	expect(t, answer{}, b.put("app/db", "three", third, "AWSPENDING"))
	for name, c := range map[string]struct {
		edit   func(*secretsmanager.GetSecretValueInput)
		value  string
		stages []string
	}{
		"current": {func(*secretsmanager.GetSecretValueInput) {}, "two", []string{"AWSCURRENT"}},
		"before":  {atStage("AWSPREVIOUS"), "one", []string{"AWSPREVIOUS"}},
		"pending": {atStage("AWSPENDING"), "three", []string{"AWSPENDING"}},
		"by id":   {atVersion(token1), "one", []string{"AWSPREVIOUS"}},
		"by both": {func(in *secretsmanager.GetSecretValueInput) { atVersion(token2)(in); atStage("AWSCURRENT")(in) }, "two", []string{"AWSCURRENT"}},
	} {
		out, err := b.secret(labtest.Admin(), "app/db", c.edit)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if *out.SecretString != c.value || !slices.Equal(out.VersionStages, c.stages) {
			t.Errorf("%s: %s %v", name, *out.SecretString, out.VersionStages)
		}
	}
	list, err := b.secrets(labtest.Admin()).ListSecretVersionIds(t.Context(), &secretsmanager.ListSecretVersionIdsInput{SecretId: aws.String("app/db")})
	if err != nil || len(list.Versions) != 3 || list.Versions[0].KmsKeyIds[0] != "DefaultEncryptionKey" {
		t.Errorf("%d versions, %v", len(list.Versions), err)
	}
	expect(t, answer{}, b.put("app/db", "four", "44444444-4444-4444-8444-444444444444"))
	for deprecated, want := range map[bool]int{false: 3, true: 4} {
		list, err := b.secrets(labtest.Admin()).ListSecretVersionIds(t.Context(), &secretsmanager.ListSecretVersionIdsInput{SecretId: aws.String("app/db"), IncludeDeprecated: &deprecated})
		if err != nil || len(list.Versions) != want {
			t.Errorf("deprecated %v: %d versions, %v", deprecated, len(list.Versions), err)
		}
	}
}

// TestSecretRefusals: what is missing, taken, malformed or contradictory, in AWS's words.
func TestSecretRefusals(t *testing.T) {
	b := start(t, strict, func(w *lab.World) {
		w.Accounts[1].Secrets = append(w.Accounts[1].Secrets, world.SecretFile{Name: "empty"}, world.SecretFile{Name: "far", Region: "eu-west-2", Suffix: "aBcDeF", Value: "x"})
	})
	b.create("app/db", "one")
	c, ctx, id := b.secrets(labtest.Admin()), t.Context(), aws.String("app/db")
	noVersion := "Secrets Manager can't find the specified secret value for "
	for name, test := range map[string]struct {
		err  error
		want answer
	}{
		"unknown":         {errOf(b.secret(labtest.Admin(), "nobody")), answer{400, "ResourceNotFoundException", missingSecret}},
		"unknown ARN":     {errOf(b.secret(labtest.Admin(), strings.Replace(appUserARN, "a1B2c3", "Xa1B2c", 1))), answer{400, "ResourceNotFoundException", missingSecret}},
		"other region":    {errOf(b.secret(labtest.Admin(), "arn:aws:secretsmanager:eu-west-2:444455556666:secret:far-aBcDeF")), answer{400, "ResourceNotFoundException", missingSecret}},
		"bad name":        {errOf(b.secret(labtest.Admin(), "a b")), answer{400, "ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"}},
		"no value":        {errOf(b.secret(labtest.Admin(), "empty")), answer{400, "ResourceNotFoundException", noVersion + "staging label: AWSCURRENT"}},
		"unknown label":   {errOf(b.secret(labtest.Admin(), "app/db", atStage("AWSPENDING"))), answer{400, "ResourceNotFoundException", noVersion + "staging label: AWSPENDING"}},
		"unknown version": {errOf(b.secret(labtest.Admin(), "app/db", atVersion(token2))), answer{400, "ResourceNotFoundException", noVersion + "VersionId: " + token2}},
		"other label": {errOf(b.secret(labtest.Admin(), "app/db", atVersion(token1), atStage("AWSPREVIOUS"))),
			answer{400, "InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId."}},
		"taken": {errOf(c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: id, SecretString: aws.String("other")})),
			answer{400, "ResourceExistsException", "The operation failed because the secret app/db already exists."}},
		"taken, other value": {errOf(c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: id, SecretString: aws.String("other"), ClientRequestToken: aws.String(token1)})),
			answer{400, "ResourceExistsException", "The operation failed because the secret app/db already exists."}},
		"bad new name": {errOf(c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("a:b")})), answer{400, "ValidationException", "Invalid name..."}},
		"replica": {errOf(c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("r"), AddReplicaRegions: []types.ReplicaRegionType{{Region: aws.String("eu-west-2")}}})),
			answer{400, "InvalidParameterException", "The lab has neither replicas nor managed external secrets."}},
		"managed": {errOf(c.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: id, Type: aws.String("Vendor")})),
			answer{400, "InvalidParameterException", "The lab has neither replicas nor managed external secrets."}},
		"tag twice": {errOf(c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("t"), Tags: []types.Tag{{Key: aws.String("a")}, {Key: aws.String("a")}}})),
			answer{400, "InvalidParameterException", "The tag key a stands twice."}},
		"AWS's tag": {errOf(c.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: id, Tags: []types.Tag{{Key: aws.String("aws:a"), Value: aws.String("b")}}})),
			answer{400, "InvalidParameterException", "*"}},
		"two values": {errOf(c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: id, SecretString: aws.String("a"), SecretBinary: []byte("b")})),
			answer{400, "InvalidParameterException", "You can't specify both a binary secret value and a string secret value in the same secret."}},
		"neither value": {errOf(c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: id})), answer{400, "InvalidRequestException", "You must provide either SecretString or SecretBinary."}},
		"another value": {b.put("app/db", "other", token1), answer{400, "ResourceExistsException", "A resource with the ID you requested already exists."}},
		"put to nobody": {b.put("nobody", "x", token1), answer{400, "ResourceNotFoundException", missingSecret}},
		"short token":   {b.put("app/db", "x", "short"), answer{400, "ValidationException", "1 validation error detected:..."}},
		"next token": {errOf(c.ListSecrets(ctx, &secretsmanager.ListSecretsInput{NextToken: aws.String("eHg=")})),
			answer{400, "InvalidNextTokenException", "The NextToken value is invalid."}},
		"batch of nothing": {errOf(c.BatchGetSecretValue(ctx, &secretsmanager.BatchGetSecretValueInput{})),
			answer{400, "InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both."}},
		"batch with size": {errOf(c.BatchGetSecretValue(ctx, &secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{"app/db"}, MaxResults: aws.Int32(2)})),
			answer{400, "InvalidParameterException", "'Filters' not specified..."}},
		"short window": {errOf(c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: id, RecoveryWindowInDays: aws.Int64(6)})),
			answer{400, "InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."}},
		"long window": {errOf(c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: id, RecoveryWindowInDays: aws.Int64(31)})),
			answer{400, "InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."}},
		"force and window": {errOf(c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: id, RecoveryWindowInDays: aws.Int64(7), ForceDeleteWithoutRecovery: aws.Bool(true)})),
			answer{400, "InvalidParameterException", "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."}},
		"delete nobody": {errOf(c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: aws.String("nobody")})), answer{400, "ResourceNotFoundException", missingSecret}},
		"force nobody":  {errOf(c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: aws.String("nobody"), ForceDeleteWithoutRecovery: aws.Bool(true)})), answer{}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, test.want, test.err) })
	}
}

// TestDeletedSecret: unusable until it is restored, gone when its time is over.
func TestDeletedSecret(t *testing.T) {
	b := start(t, strict)
	b.create("app/db", "one")
	c, ctx, id := b.secrets(labtest.Admin()), t.Context(), aws.String("app/db")
	remove := func(edits ...func(*secretsmanager.DeleteSecretInput)) (*secretsmanager.DeleteSecretOutput, error) {
		in := &secretsmanager.DeleteSecretInput{SecretId: id}
		for _, edit := range edits {
			edit(in)
		}
		return c.DeleteSecret(ctx, in)
	}
	gone, err := remove()
	if err != nil || gone.DeletionDate.Sub(b.clock.Now()).Round(time.Hour) != 30*24*time.Hour {
		t.Fatalf("deletion %v, %v", gone, err)
	}
	marked := answer{400, "InvalidRequestException", markedSecret}
	for name, refused := range map[string]error{
		"get":           errOf(b.secret(labtest.Admin(), "app/db")),
		"put":           b.put("app/db", "x", token2),
		"update":        errOf(c.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: id, Description: aws.String("x")})),
		"tag":           errOf(c.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: id, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})),
		"untag":         errOf(c.UntagResource(ctx, &secretsmanager.UntagResourceInput{SecretId: id, TagKeys: []string{"a"}})),
		"policy":        errOf(c.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: id})),
		"put policy":    errOf(c.PutResourcePolicy(ctx, &secretsmanager.PutResourcePolicyInput{SecretId: id, ResourcePolicy: aws.String("{}")})),
		"delete policy": errOf(c.DeleteResourcePolicy(ctx, &secretsmanager.DeleteResourcePolicyInput{SecretId: id})),
	} {
		t.Run(name, func(t *testing.T) { expect(t, marked, refused) })
	}
	expect(t, answer{400, "InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion."},
		errOf(c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: id})))
	expect(t, answer{400, "InvalidRequestException", "You can't perform this operation on the secret because it was already scheduled for deletion."}, errOf(remove()))
	for planned, want := range map[bool]int{false: 1, true: 2} { // beside the notebook's
		list, err := c.ListSecrets(ctx, &secretsmanager.ListSecretsInput{IncludePlannedDeletion: &planned})
		if err != nil || len(list.SecretList) != want {
			t.Errorf("planned deletion %v: %d secrets, %v", planned, len(list.SecretList), err)
		}
	}
	about, err := c.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: id})
	if err != nil || about.DeletedDate == nil {
		t.Errorf("description %v, %v", about, err)
	}
	expect(t, answer{}, errOf(c.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: id})))
	expect(t, answer{}, errOf(b.secret(labtest.Admin(), "app/db")))
	expect(t, answer{}, errOf(remove(func(in *secretsmanager.DeleteSecretInput) { in.RecoveryWindowInDays = aws.Int64(7) })))
	// A clock put forward by a week would refuse every signature.
	if _, err := b.lab.State().ChangeSecret(*about.ARN, func(s *world.Secret) error {
		if window := s.Purged.Sub(s.Deleted); window != 7*24*time.Hour {
			t.Errorf("window %s", window)
		}
		s.Purged = b.clock.Now()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	missing := answer{400, "ResourceNotFoundException", missingSecret}
	expect(t, missing, errOf(b.secret(labtest.Admin(), "app/db")))
	expect(t, missing, errOf(c.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: id})))
	second := b.create("app/db", "two")
	expect(t, answer{}, errOf(remove(func(in *secretsmanager.DeleteSecretInput) { in.ForceDeleteWithoutRecovery = aws.Bool(true) })))
	expect(t, missing, errOf(b.secret(labtest.Admin(), *second.ARN)))
}

// TestDescribedSecret: what Describe, Update, Tag and Untag make of a secret, and nothing of its value.
func TestDescribedSecret(t *testing.T) {
	b := start(t, strict)
	b.create("app/db", "one", func(in *secretsmanager.CreateSecretInput) {
		in.Tags, in.KmsKeyId = []types.Tag{{Key: aws.String("team"), Value: aws.String("data")}, {Key: aws.String("old"), Value: aws.String("")}}, aws.String("alias/aws/secretsmanager")
	})
	c, ctx, id := b.secrets(labtest.Admin()), t.Context(), aws.String("app/db")
	expect(t, answer{}, errOf(c.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{
		SecretId: id, Description: aws.String("Of the database"), KmsKeyId: aws.String(customKey), SecretBinary: []byte{0, 1}, ClientRequestToken: aws.String(token2),
	})))
	expect(t, answer{}, errOf(c.UntagResource(ctx, &secretsmanager.UntagResourceInput{SecretId: id, TagKeys: []string{"old"}})))
	expect(t, answer{}, errOf(c.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: id, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})))
	read, err := b.secret(labtest.Admin(), "app/db")
	if err != nil || read.SecretString != nil || string(read.SecretBinary) != "\x00\x01" {
		t.Errorf("read %v, %v", read, err)
	}
	got, err := c.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: id})
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(*got.Name, *got.Description, *got.KmsKeyId, *got.Tags[0].Key, *got.Tags[1].Value, len(got.Tags), got.VersionIdsToStages, got.DeletedDate == nil, got.LastAccessedDate != nil)
	want := fmt.Sprint("app/db", "Of the database", customKey, "a", "data", 2, map[string][]string{token2: {"AWSCURRENT"}, token1: {"AWSPREVIOUS"}}, true, true)
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
}

// TestListedSecrets: filters, order and pages.
func TestListedSecrets(t *testing.T) {
	b := start(t, strict, func(w *lab.World) { w.Accounts[1].Secrets = nil })
	for i, name := range []string{"prod/db", "prod/api", "test/db"} {
		b.create(name, name, func(in *secretsmanager.CreateSecretInput) {
			in.Description = aws.String("Number " + fmt.Sprint(i))
			in.Tags = []types.Tag{{Key: aws.String("stage"), Value: aws.String(strings.SplitN(name, "/", 2)[0])}}
		})
		b.clock.Advance(time.Second)
	}
	c := b.secrets(labtest.Admin())
	filter := func(key types.FilterNameStringType, values ...string) func(*secretsmanager.ListSecretsInput) {
		return func(in *secretsmanager.ListSecretsInput) {
			in.Filters = append(in.Filters, types.Filter{Key: key, Values: values})
		}
	}
	sorted := func(by types.SortByType, order types.SortOrderType) func(*secretsmanager.ListSecretsInput) {
		return func(in *secretsmanager.ListSecretsInput) { in.SortBy, in.SortOrder = by, order }
	}
	for name, test := range map[string]struct {
		edit func(*secretsmanager.ListSecretsInput)
		want string
	}{
		"all":          {func(*secretsmanager.ListSecretsInput) {}, "prod/db prod/api test/db"},
		"by name":      {sorted("name", "asc"), "prod/api prod/db test/db"},
		"newest first": {sorted("created-date", "desc"), "test/db prod/api prod/db"},
		"changed":      {sorted("last-changed-date", "desc"), "test/db prod/api prod/db"},
		"accessed":     {sorted("last-accessed-date", "asc"), "prod/api prod/db test/db"},
		"name":         {filter("name", "prod/"), "prod/db prod/api"},
		"name's case":  {filter("name", "Prod"), ""},
		"not":          {filter("name", "!prod/"), "test/db"},
		"either":       {filter("name", "prod/d", "test"), "prod/db test/db"},
		"description":  {filter("description", "number 1"), "prod/api"},
		"tag key":      {filter("tag-key", "st"), "prod/db prod/api test/db"},
		"tag value":    {filter("tag-value", "test"), "test/db"},
		"everywhere":   {filter("all", "DB prod"), "prod/db"},
		"region":       {filter("primary-region", "eu-west-1"), ""},
	} {
		in := &secretsmanager.ListSecretsInput{}
		test.edit(in)
		out, err := c.ListSecrets(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range out.SecretList {
			names = append(names, *s.Name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	var names []string
	pages := secretsmanager.NewListSecretsPaginator(c, &secretsmanager.ListSecretsInput{MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.SecretList {
			names = append(names, *s.Name)
		}
	}
	if len(names) != 3 {
		t.Errorf("pages have %v", names)
	}
}

// TestSecretsManagerHosts: every form of its host name is answered for, in the region that it names.
func TestSecretsManagerHosts(t *testing.T) {
	b := start(t, strict)
	for host, want := range map[string]answer{
		"secretsmanager.eu-west-1.amazonaws.com":      {},
		"secretsmanager-fips.eu-west-1.amazonaws.com": {},
		"secretsmanager.eu-west-1.api.aws":            {},
		"secretsmanager.eu-west-2.amazonaws.com":      {400, "InvalidSignatureException", "Credential should be scoped to a valid region. "},
		"cognito-idp.eu-west-1.amazonaws.com":         {400, "UnknownOperationException", "*"}, // which has no such target
	} {
		b.door = "https://" + host
		t.Run(host, func(t *testing.T) { expect(t, want, errOf(b.secret(notebook(), appUser))) })
	}
}
