package lab_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/labtest"
)

func compare(tb testing.TB, want, got any) {
	tb.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("(-want +got):\n%s", diff)
	}
}

// rawSecret signs a body for Secrets Manager as the administrator, without what an SDK adds to it.
func (b *bench) rawSecret(target, body string) answer {
	b.Helper()
	door := "https://secretsmanager.eu-west-1.amazonaws.com"
	if b.door != "" {
		door = b.door
	}
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, door+"/", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", target)
	keys, err := labtest.Admin().Retrieve(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(b.Context(), keys, req, hex.EncodeToString(sum[:]), "secretsmanager", "eu-west-1", b.clock.Now()); err != nil {
		b.Fatal(err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	var bad struct {
		Code    string `json:"__type"`
		Message string
	}
	if err := json.Unmarshal(text, &bad); err != nil {
		b.Fatalf("answer %s", text)
	}
	if resp.StatusCode == http.StatusOK {
		return answer{}
	}
	return answer{resp.StatusCode, bad.Code, bad.Message}
}

// TestForceDeleteIsAuthorized: what does not exist is deleted only for whoever may delete it.
func TestForceDeleteIsAuthorized(t *testing.T) {
	b := start(t, strict, reader(appl), reader(center, statement("Allow", "secretsmanager:*", "Resource", "*")))
	for account, id := range map[string]string{appl: "nobody", center: "arn:aws:secretsmanager:eu-west-1:444455556666:secret:nobody-aBcDeF"} {
		expect(t, answer{400, "AccessDeniedException", "*"}, errOf(b.secrets(b.session(roleIn(account, "reader"))).DeleteSecret(t.Context(),
			&secretsmanager.DeleteSecretInput{SecretId: &id, ForceDeleteWithoutRecovery: aws.Bool(true)})))
	}
}

// TestSecretsWithoutSDK: what an SDK fills in or would not send.
func TestSecretsWithoutSDK(t *testing.T) {
	b := start(t, strict)
	noToken := answer{400, "InvalidRequestException", "You must provide a ClientRequestToken value. We recommend a UUID-type value."}
	for target, body := range map[string]string{
		"CreateSecret": `{"Name":"n","SecretString":"x"}`, "PutSecretValue": `{"SecretId":"` + appUser + `","SecretString":"x"}`, "UpdateSecret": `{"SecretId":"` + appUser + `","SecretString":"x"}`,
	} {
		compare(t, noToken, b.rawSecret("secretsmanager."+target, body))
	}
	put := func(value string) answer {
		return b.rawSecret("secretsmanager.PutSecretValue", `{"SecretId":"`+appUser+`","SecretString":"`+value+`","ClientRequestToken":"`+token2+`"}`)
	}
	compare(t, answer{400, "InvalidParameterException", "The secret value is longer than 65536 bytes."}, put(strings.Repeat("é", 32769)))
	compare(t, answer{}, put(strings.Repeat("é", 32768)))
	compare(t, answer{400, "InvalidParameterException", "A filter needs a Key and Values."}, b.rawSecret("secretsmanager.ListSecrets", `{"Filters":[{}]}`))
}

// TestSignatureBeatsTarget: at the endpoint door the scope of a signature says which service is meant.
func TestSignatureBeatsTarget(t *testing.T) {
	b := start(t, strict)
	b.door = b.lab.Endpoint()
	if got := b.rawSecret("AWSCognitoIdentityProviderService.InitiateAuth", `{}`); got.Code != "UnknownOperationException" {
		t.Errorf("answer %+v", got)
	}
	compare(t, answer{}, b.rawSecret("secretsmanager.ListSecrets", `{}`))
}

// TestSameValue: a version is what it was when the same request comes again, else refused.
func TestSameValue(t *testing.T) {
	b := start(t, strict)
	b.create("text", "a")
	b.create("bytes", "", func(in *secretsmanager.CreateSecretInput) { in.SecretString, in.SecretBinary = nil, []byte("a") })
	c := b.secrets(labtest.Admin())
	taken := answer{400, "ResourceExistsException", "A resource with the ID you requested already exists."}
	for _, test := range []struct {
		id     string
		text   *string
		binary []byte
		want   answer
	}{
		{"text", aws.String("a"), nil, answer{}}, {"text", aws.String("b"), nil, taken}, {"text", nil, []byte("a"), taken},
		{"bytes", nil, []byte("a"), answer{}}, {"bytes", nil, []byte("b"), taken}, {"bytes", aws.String("a"), nil, taken},
	} {
		expect(t, test.want, errOf(c.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &test.id, SecretString: test.text, SecretBinary: test.binary, ClientRequestToken: aws.String(token1)})))
		expect(t, taken, errOf(c.UpdateSecret(t.Context(), &secretsmanager.UpdateSecretInput{SecretId: &test.id, SecretString: test.text, SecretBinary: test.binary, ClientRequestToken: aws.String(token1)})))
	}
}

// TestDeprecatedVersions: 100 without a label are kept, the newest, and only ListSecretVersionIds shows them.
func TestDeprecatedVersions(t *testing.T) {
	b := start(t, strict)
	b.create("app/db", "0")
	id := func(i int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", i) }
	for i := range 104 {
		expect(t, answer{}, b.put("app/db", fmt.Sprint(i+1), id(i+1)))
	}
	c := b.secrets(labtest.Admin())
	var got []string
	pages := secretsmanager.NewListSecretVersionIdsPaginator(c, &secretsmanager.ListSecretVersionIdsInput{SecretId: aws.String("app/db"), IncludeDeprecated: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Versions {
			got = append(got, *v.VersionId)
		}
	}
	if len(got) != 102 || got[0] != id(3) || got[101] != id(104) {
		t.Errorf("%d versions, %v", len(got), got)
	}
	about, err := c.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: aws.String("app/db")})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, map[string][]string{id(103): {"AWSPREVIOUS"}, id(104): {"AWSCURRENT"}}, about.VersionIdsToStages)
}

// TestTagsAddUp: 50 are the most of a secret, not of a request.
func TestTagsAddUp(t *testing.T) {
	b := start(t, strict)
	c := b.secrets(labtest.Admin())
	tag := func(from, to int) error {
		var tags []types.Tag
		for i := from; i < to; i++ {
			tags = append(tags, types.Tag{Key: aws.String(fmt.Sprint("k", i)), Value: aws.String("v")})
		}
		return errOf(c.TagResource(t.Context(), &secretsmanager.TagResourceInput{SecretId: aws.String(appUser), Tags: tags}))
	}
	expect(t, answer{}, tag(0, 30))
	expect(t, answer{400, "InvalidParameterException", "51 tags: 50 at most are allowed"}, tag(30, 51))
	expect(t, answer{}, tag(20, 50))
}

// TestNextTokens: of another list, of no list, and behind the end of one.
func TestNextTokens(t *testing.T) {
	b := start(t, strict)
	b.create("app/db", "one")
	c, ctx := b.secrets(labtest.Admin()), t.Context()
	page, err := c.ListSecrets(ctx, &secretsmanager.ListSecretsInput{MaxResults: aws.Int32(1)})
	if err != nil || page.NextToken == nil {
		t.Fatal(page, err)
	}
	invalid := answer{400, "InvalidNextTokenException", "The NextToken value is invalid."}
	encoded := func(text string) *string { return aws.String(base64.StdEncoding.EncodeToString([]byte(text))) }
	expect(t, invalid, errOf(c.BatchGetSecretValue(ctx, &secretsmanager.BatchGetSecretValueInput{Filters: []types.Filter{{Key: "all", Values: []string{""}}}, NextToken: page.NextToken})))
	expect(t, invalid, errOf(c.ListSecretVersionIds(ctx, &secretsmanager.ListSecretVersionIdsInput{SecretId: aws.String("app/db"), NextToken: page.NextToken})))
	expect(t, invalid, errOf(c.ListSecretVersionIds(ctx, &secretsmanager.ListSecretVersionIdsInput{SecretId: aws.String("app/db"), NextToken: encoded("versions " + appUserARN + " 1")})))
	for _, text := range []string{"secrets 0", "secrets -1", "secrets", "1", "secrets 9223372036854775808", "secrets x"} {
		expect(t, invalid, errOf(c.ListSecrets(ctx, &secretsmanager.ListSecretsInput{NextToken: encoded(text)})))
	}
	for _, count := range []string{"2", "100", "9223372036854775807"} {
		out, err := c.ListSecrets(ctx, &secretsmanager.ListSecretsInput{NextToken: encoded("secrets " + count)})
		if err != nil || len(out.SecretList) != 0 || out.NextToken != nil {
			t.Errorf("behind %s: %v, %v", count, out, err)
		}
	}
}

// TestSecretNamesAreOfARegion: the same name is free in another one.
func TestSecretNamesAreOfARegion(t *testing.T) {
	b := start(t, strict)
	out, err := secretsmanager.NewFromConfig(b.config(labtest.Admin()), func(o *secretsmanager.Options) { o.Region = "eu-west-2" }).
		CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String(appUser), SecretString: aws.String("x")})
	if err != nil || !strings.HasPrefix(*out.ARN, "arn:aws:secretsmanager:eu-west-2:444455556666:secret:"+appUser+"-") {
		t.Fatal(out, err)
	}
	read, err := b.secret(labtest.Admin(), appUser)
	if err != nil || *read.ARN != appUserARN {
		t.Errorf("%v, %v", read, err)
	}
}

// TestRotationTokenIsHidden: the trail leaves it out.
func TestRotationTokenIsHidden(t *testing.T) {
	b := start(t, strict)
	const rotation = "hush-hush-hush-hush-hush-hush-hush-hush"
	expect(t, answer{}, errOf(b.secrets(labtest.Admin()).PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String(appUser), SecretString: aws.String("x"), RotationToken: aws.String(rotation)})))
	if e := b.lab.Events()[0]; e.EventName != "PutSecretValue" || strings.Contains(fmt.Sprintf("%+v", e), rotation) || e.RequestParameters["rotationToken"] != nil {
		t.Errorf("event %+v", e)
	}
}
