package explain_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/diag/explain"
)

// flat is all that an explanation says.
func flat(e explain.Explanation) string {
	text, _ := json.Marshal(e) //nolint:errchkjson // strings alone
	return string(text)
}

const (
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" // of AWS's documentation
	opaque    = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDexample1234567890abcdefGHIJKL"
)

func TestOpaqueValues(t *testing.T) {
	context := "AQoJb3JpZ2luX2Vj" + strings.Repeat("Zm9vYmFyMTIz", 40)
	for text, want := range map[string]string{
		context:                            "context.opaque",
		context[:50] + "\n" + context[50:]: "context.opaque",
		opaque:                             "credentials.pasted",
		"FwoGZXIvYXdzE" + opaque:           "credentials.pasted",
		"AKIAIOSFODNN7EXAMPLE":             "credentials.id", "ASIAIOSFODNN7EXAMPLE": "credentials.id", "AROAIOSFODNN7EXAMPLE": "credentials.id", "AIDAIOSFODNN7EXAMPLE": "credentials.id",
		"aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = " + secretKey:                                           "credentials.pasted",
		"export AWS_SESSION_TOKEN=" + opaque:                                                                                       "credentials.pasted",
		`{"Version":1,"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"` + secretKey + `","SessionToken":"` + opaque + `"}`: "credentials.pasted",
		`{"Credentials":{"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"` + secretKey + `"}}`:                             "credentials.pasted",
		`{"access_token":"` + opaque + `","token_type":"Bearer","refresh_token":"0.AXoA-` + opaque + `"}`:                          "credentials.token-answer",
		`{"accessToken":"` + opaque + `","awsAdditionalDetails":{"identityContext":"` + context + `"}}`:                            "credentials.token-answer",
		`{"iss":"https://dev-123456789.okta.com","sub":"00u1","aud":"0oa1","exp":1}`:                                               "jwt.id-token",
	} {
		e := one(t, text)
		if e.ID != want {
			t.Errorf("%s, want %s: %.60s", e.ID, want, text)
		}
		for _, leak := range []string{secretKey, opaque[20:], "Zm9vYmFyMTIzZm9v"} {
			if strings.Contains(flat(e), leak) {
				t.Errorf("%s repeats %s", e.ID, leak)
			}
		}
	}
	if e := one(t, context+strings.Repeat("A", 3000)); len(e.Verdicts) != 1 || !e.Verdicts[0].Problem {
		t.Errorf("a context that is too long: %+v", e.Verdicts)
	}
}

func TestIDs(t *testing.T) {
	kind := one(t, "center.not-assigned")
	check := one(t, "center.assignment")
	unread := one(t, " `center.assignment.unread` ")
	got := [][3]string{{string(kind.Kind), kind.ID, kind.Title}, {string(check.Kind), check.ID, check.Means}, {string(unread.Kind), unread.ID, unread.Causes[0].Why[:15]}}
	want := [][3]string{
		{"finding", "center.not-assigned", "the user is not assigned"}, {"finding", "center.assignment", "Without it there is no token."},
		{"finding", "center.assignment.unread", "the credentials"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if kind.Causes[0].Command != "tip-cli diag --profile PROFILE" {
		t.Errorf("it is looked for with %q", kind.Causes[0].Command)
	}
	if diff := cmp.Diff([]string{"center.assignment", "center.not-assigned"}, append(explain.Similar("center.assignment-x", knowledge), explain.Similar("center.assigned", knowledge)...)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The events are those of the CloudTrail and the Identity Center guide, in short.
func TestCloudTrail(t *testing.T) {
	const assumed = `"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/tip-1"`
	const behalf = `,"onBehalfOf":{"userId":"94482488-3041-7030-0c6d-1a2b3c4d5e6f","identityStoreArn":"arn:aws:identitystore::111122223333:identitystore/d-1234567890"}}`
	for name, tt := range map[string]struct {
		text, id string
		problem  bool
	}{
		"on behalf":               {`{"eventVersion":"1.09",` + assumed + behalf + `,"eventSource":"s3.amazonaws.com","eventName":"GetDataAccess"}`, "cloudtrail.event", false},
		"nobody's":                {`{` + assumed + `},"eventSource":"s3.amazonaws.com","eventName":"GetDataAccess"}`, "cloudtrail.no-identity", true},
		"without a context":       {`{` + assumed + `},"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","requestParameters":{"roleArn":"arn:aws:iam::444455556666:role/x"}}`, "cloudtrail.no-identity", true},
		"with a context":          {`{` + assumed + `},"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","requestParameters":{"providedContexts":[{"providerArn":"arn:aws:iam::aws:contextProvider/IdentityCenter","contextAssertion":"` + opaque + `"}]}}`, "cloudtrail.event", false},
		"web identity":            {`{"userIdentity":{"type":"WebIdentityUser","principalId":"https://a:b:c","userName":"c"},"eventSource":"sts.amazonaws.com","eventName":"AssumeRoleWithWebIdentity","errorCode":"AccessDenied","errorMessage":"An unknown error occurred"}`, "sts.trust-refuses", false},
		"no grant":                {`{` + assumed + behalf + `,"eventSource":"s3.amazonaws.com","eventName":"GetDataAccess","errorCode":"AccessDenied","errorMessage":"You do not have READ permissions to the requested S3 Prefix: s3://b/p"}`, "grants.no-grant", false},
		"exchange":                {`{` + assumed + `},"eventSource":"sso-oauth.amazonaws.com","eventName":"CreateTokenWithIAM","requestParameters":{"clientId":"arn:aws:sso::111122223333:application/a/b","assertion":"HIDDEN_DUE_TO_SECURITY_REASONS"},"errorCode":"AccessDeniedException"}`, "exchange.denied", false},
		"Records":                 {`{"Records":[{` + assumed + `},"eventSource":"ec2.amazonaws.com","eventName":"RunInstances"}]}`, "cloudtrail.event", false},
		"EventBridge":             {`{"detail-type":"AWS API Call via CloudTrail","detail":{` + assumed + `},"eventSource":"athena.amazonaws.com","eventName":"StartQueryExecution"}}`, "cloudtrail.no-identity", true},
		"lookup-events":           {`{"Events":[{"EventName":"x","CloudTrailEvent":"{\"userIdentity\":{\"type\":\"AWSService\"},\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\"}"}]}`, "cloudtrail.event", false},
		"members of a wrong type": {`{"userIdentity":[1],"eventSource":{},"eventName":"GetObject","requestParameters":"x","additionalEventData":[],"errorCode":7}`, "cloudtrail.event", false},
		"an unknown error":        {`{` + assumed + behalf + `,"eventSource":"s3.amazonaws.com","eventName":"GetObject","errorCode":"Strange"}`, "cloudtrail.event", false},
	} {
		e := one(t, tt.text)
		if e.Kind != explain.CloudTrail || e.ID != tt.id || e.Verdicts[0].Problem != tt.problem {
			t.Errorf("%s: %s, %+v, want %s", name, e.ID, e.Verdicts, tt.id)
		}
		if strings.Contains(flat(e), opaque[20:]) {
			t.Errorf("%s: the context is repeated", name)
		}
	}
	one := `{"userIdentity":{},"eventName":"x","eventSource":"s3.amazonaws.com"}` + "\n"
	all, err := explain.Text(strings.Repeat(one, 60), knowledge)
	if err != nil || len(all) != 50 || fact(all[49], "left out") != "10 more events" {
		t.Errorf("of 60 events %d are explained: %v", len(all), err)
	}
	failed := `{"userIdentity":{},"eventName":"late","eventSource":"s3.amazonaws.com","errorCode":"AccessDenied"}`
	if all, err = explain.Text(strings.Repeat(one, 600)+failed, knowledge); err != nil || all[0].Title != "late of s3.amazonaws.com" {
		t.Errorf("the one that failed is not the first of 601: %v", err)
	}
}

func TestRedact(t *testing.T) {
	jwt := token(t, rs256, good)
	for _, text := range []string{
		"Authorization: Bearer " + jwt, "token=" + opaque, "?code=abc123secret&state=xyz987", `"client_secret": "hunter2"`, "password=hunter2", "key " + secretKey + " end",
		"code: 291219ef-c91d-4e53-b633-d6c27d6506f3", `"device_code":"TMWD-JPNH"`, "user_code: TMWD-JPNH", "X-Amz-Security-Token: hunter2", "?X-Amz-Signature=deadbeefdeadbeef",
		"-----BEGIN RSA PRIVATE KEY----- hunter2 -----END RSA PRIVATE KEY-----",
		"https://user:hunter2@proxy.example.com:3128", "id " + jwt, "AWS_SECRET_ACCESS_KEY=" + secretKey, "refresh_token: 0.AXoAhunter2", "Basic aHVudGVyMjpodW50ZXIy",
	} {
		got := explain.Redact(text)
		for _, leak := range []string{"hunter2", secretKey, opaque[20:], signature, "abc123secret", "xyz987", "291219ef", "TMWD", "deadbeef", jwt[:40], "aHVudGVyMjpo"} {
			if strings.Contains(got, leak) {
				t.Errorf("%q still has %q", got, leak)
			}
		}
	}
	for _, text := range []string{
		"arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/tip-9067642ac7-11111111-2222-3333-4444-555555555555",
		"arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef", "11111111-2222-3333-4444-555555555555",
		"software.amazon.awssdk.services.ssooidc.model.InvalidGrantException", "AWSIAMIdentityCenterAllowListForIdentityContext", "https://dev-123456789.okta.com/oauth2/default",
		"s3://amzn-s3-demo-bucket/reports/2026/11/22/data.parquet", "sts.eu-west-1.amazonaws.com",
		"https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
	} {
		if got := explain.Redact(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// FuzzText: whatever is pasted, there is an answer of bounded length that is printable and
// keeps secrets.
func FuzzText(f *testing.F) {
	for _, tt := range errorTexts {
		f.Add(tt.text)
	}
	for _, s := range []string{"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EifQ.x", `{"Records":[{"eventName":"x","userIdentity":{}}]}`, "center.assignment", opaque, `{"Error":{"Error":{}}}`, "{{{{", "\x1b[31m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := explain.Text(text+" secret_key="+secretKey, knowledge)
		if (err == nil) == (len(all) == 0) {
			t.Fatalf("%d explanations and %v", len(all), err)
		}
		for _, e := range all {
			if said := flat(e); len(said) > 200000 || strings.Contains(said, secretKey) {
				t.Errorf("%s says too much: %d bytes", e.ID, len(said))
			}
		}
		if _, err := explain.Text(text, knowledge); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
