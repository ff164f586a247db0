package awswire_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

type createToken = ssooidc.CreateTokenWithIAMInput

const ownError = ":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/"

func TestRESTJSONRefusals(t *testing.T) {
	s := newLab(t, "sso-oidc", nil)
	text := jsonPost("/token?aws_iam=t", "", "x")
	text.Header.Set("Content-Type", "text/plain")
	const commonError = ":http://internal.amazon.com/coral/com.amazon.coral.service/"
	bare := reply{Status: 404, Body: "<UnknownOperationException/>\n"}
	for _, c := range []struct {
		name string
		r    *http.Request
		want reply
	}{
		{"path", jsonPost("/nothing", "", "{}"), bare},
		{"sibling without the flag", jsonPost("/token", "", "{}"), bare},
		{"flag with another value", jsonPost("/token?aws_iam=f", "", "{}"), bare},
		{"method", httptest.NewRequest(http.MethodGet, "/token?aws_iam=t", http.NoBody), bare},
		{"content type", text, restJSONError(415, "UnsupportedMediaTypeException"+commonError, "{}")},
		{"no JSON", jsonPost("/token?aws_iam=t", "", "{"), restJSONError(400, "SerializationException"+commonError, "{}")},
		{"wrong type", jsonPost("/token?aws_iam=t", "", `{"clientId":1}`), restJSONError(400, "SerializationException"+commonError, `{"message":"NUMBER_VALUE can not be converted to a String"}`)},
		{
			"missing", jsonPost("/token?aws_iam=t", "", `{"clientId":"c"}`), restJSONError(400, "InvalidRequestException"+ownError,
				`{"error":"invalid_request","error_description":"1 validation error detected: Value null at 'grantType' failed to satisfy constraint: Member must not be null"}`),
		},
		{
			"empty body", jsonPost("/token?aws_iam=t", "", ""), restJSONError(400, "InvalidRequestException"+ownError,
				`{"error":"invalid_request","error_description":"2 validation errors detected: Value null at 'clientId' failed to satisfy constraint: Member must not be null; Value null at 'grantType' failed to satisfy constraint: Member must not be null"}`),
		},
	} {
		if diff := cmp.Diff(c.want, send(t, s, c.r)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestRESTXMLRefusals(t *testing.T) {
	s := newLab(t, "s3control", nil)
	const access = "/v20180820/accessgrantsinstance/dataaccess"
	one := func(text string) string { return "1 validation error detected: " + text }
	post := get(access)
	post.Method = http.MethodPost
	for _, c := range []struct {
		name string
		r    *http.Request
		want reply
	}{
		{"path", get("/v20180820/nothing"), s3Error(400, "InvalidURI", "Couldn't parse the specified URI.", "")},
		{"method", post, s3Error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.", "")},
		{"enum", get(access + "?target=s3://b/*&permission=X"), s3Error(400, "InvalidRequest", one("Value 'X' at 'permission' failed to satisfy constraint: Member must satisfy enum value set: [READ, WRITE, READWRITE]"), "")},
		{"missing", get(access + "?permission=READ"), s3Error(400, "InvalidRequest", one("Value null at 'target' failed to satisfy constraint: Member must not be null"), "")},
		{"case of a name", get(access + "?Target=s3://b/*&permission=READ"), s3Error(400, "InvalidRequest", one("Value null at 'target' failed to satisfy constraint: Member must not be null"), "")},
		{"too low", get(access + "?target=s3://b/*&permission=READ&durationSeconds=899"), s3Error(400, "InvalidRequest", one("Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"), "")},
		{"no number", get(access + "?target=s3://b/*&permission=READ&durationSeconds=x"), s3Error(400, "InvalidRequest", "", "")},
		{"no boolean", get("/v20180820/accessgrantsinstance/caller/grants?allowedByApplication=x"), s3Error(400, "InvalidRequest", "", "")},
	} {
		if diff := cmp.Diff(c.want, send(t, s, c.r)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestRESTXMLBody: bodies that are not what the model asks for.
func TestRESTXMLBody(t *testing.T) {
	s, err := awswire.NewService("s3control", awswire.WithModel(testModel(t, "s3control")))
	if err != nil {
		t.Fatal(err)
	}
	register[s3control.CreateAccessGrantInput, s3control.CreateAccessGrantOutput](s, "CreateAccessGrant", nil)
	register[s3control.DeleteAccessGrantInput, s3control.DeleteAccessGrantOutput](s, "DeleteAccessGrant", nil)
	register[s3control.TagResourceInput, s3control.TagResourceOutput](s, "TagResource", nil)
	good := `<AccessGrantsLocationId>default</AccessGrantsLocationId><Grantee><GranteeType>IAM</GranteeType></Grantee><Permission>READ</Permission>`
	request := func(body string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/v20180820/accessgrantsinstance/grant", strings.NewReader(body))
		r.Header.Set("x-amz-account-id", "111122223333")
		return r
	}
	root := func(body string) string {
		return `<CreateAccessGrantRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">` + body + `</CreateAccessGrantRequest>`
	}
	if got := send(t, s, request("<?xml version='1.0'?><!-- c -->"+root(good+"<Unknown><A/></Unknown>"))); got.Status != 200 {
		t.Errorf("%+v", got)
	}
	for name, body := range map[string]string{
		"not XML":         "{}",
		"truncated":       "<CreateAccessGrantRequest>",
		"crossed":         "<CreateAccessGrantRequest><a></CreateAccessGrantRequest></a>",
		"another root":    "<Other>" + good + "</Other>",
		"two roots":       root(good) + root(good),
		"text outside":    root(good) + "x",
		"doctype":         `<!DOCTYPE x [<!ENTITY a "b">]>` + root(good),
		"entity":          root(good + "<ApplicationArn>&a;</ApplicationArn>"),
		"element in text": root(good + "<ApplicationArn><b/></ApplicationArn>"),
		"too deep":        root(strings.Repeat("<a>", 10_000) + strings.Repeat("</a>", 10_000) + good),
		"too many":        root(strings.Repeat("<a/>", 200_000)),
		"attributes":      root("<a" + strings.Repeat(" b=''", 600_000) + "/>"),
	} {
		if diff := cmp.Diff(s3Error(400, "MalformedXML", "", ""), send(t, s, request(body))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	// Operations without output members answer without a body.
	gone := get("/v20180820/accessgrantsinstance/grant/x")
	gone.Method = http.MethodDelete
	if diff := cmp.Diff(reply{Status: 200}, send(t, s, gone)); diff != "" {
		t.Error(diff)
	}
	tag := httptest.NewRequest(http.MethodPost, "/v20180820/tags/arn:aws:s3:eu-west-1:111122223333:access-grants%2Fdefault",
		strings.NewReader(`<TagResourceRequest><Tags><Tag><Key>k</Key><Value/></Tag></Tags></TagResourceRequest>`))
	tag.Header.Set("x-amz-account-id", "111122223333")
	if diff := cmp.Diff(reply{Status: 204}, send(t, s, tag)); diff != "" {
		t.Error(diff)
	}
}

// TestFailingStream: nothing of an output that cannot be written wholly is left in
// the answer.
func TestFailingStream(t *testing.T) {
	m := testModel(t, "s3")
	m.Shapes["Expires"].Type = "timestamp"
	s, err := awswire.NewService("s3", awswire.WithModel(m), awswire.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	awswire.Handle(s, "GetObject", func(context.Context, *awswire.Caller, *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
		return &s3.GetObjectOutput{ETag: aws.String(`"etag"`), Body: io.NopCloser(brokenReader{})}, nil
	})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/bucket/a/b", http.NoBody))
	if w.Code != 500 || w.Header().Get("ETag") != "" || !strings.Contains(w.Body.String(), "<Error><Code>InternalError</Code>") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestMatches(t *testing.T) {
	admin := ssoAdmin(t, func(any) {})
	stsGet := httptest.NewRequest(http.MethodGet, "/?Action=GetCallerIdentity&Version=2011-06-15", http.NoBody)
	iamGet := httptest.NewRequest(http.MethodGet, "/?Action=GetCallerIdentity&Version=2010-05-08", http.NoBody)
	for _, c := range []struct {
		name string
		s    *awswire.Service
		r    *http.Request
		want bool
	}{
		{"oidc", newLab(t, "sso-oidc", nil), jsonPost("/token?aws_iam=t", "", "{}"), true},
		{"oidc sibling", newLab(t, "sso-oidc", nil), jsonPost("/token", "", "{}"), false},
		{"s3control", newLab(t, "s3control", nil), get("/v20180820/accessgrantsinstance/dataaccess"), true},
		{"s3control other", newLab(t, "s3control", nil), get("/v20180820/jobs"), false},
		{"json", admin, jsonPost("/", target+"PutApplicationGrant", "{}"), true},
		{"json unknown", admin, jsonPost("/", target+"No", "{}"), false},
		{"form", newLab(t, "sts", nil), form(identity), true},
		{"no form", newLab(t, "sts", nil), jsonPost("/", "", "{}"), false},
		{"query in the URL", newLab(t, "sts", nil), stsGet, true},
		{"another version", newLab(t, "sts", nil), iamGet, false},
	} {
		if got := c.s.Matches(c.r); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{"sts": "sts", "sso-oidc": "sso-oauth", "s3control": "s3"} {
		s := newLab(t, name, nil)
		if s.Name() != name || s.SigningName() != want {
			t.Errorf("%s: %s %s", name, s.Name(), s.SigningName())
		}
	}
}
