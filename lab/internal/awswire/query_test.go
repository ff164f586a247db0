package awswire_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	stsNamespace   = "https://sts.amazonaws.com/doc/2011-06-15/"
	faultNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"
	roleARN        = "RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2Fapp"
	assume         = "Action=AssumeRole&Version=2011-06-15"
)

// queryError is an error of the query protocol, byte for byte as STS answers.
func queryError(status int, ns, kind, code, message string) reply {
	if message != "" {
		message = "    <Message>" + message + "</Message>\n"
	}
	body := `<ErrorResponse xmlns="` + ns + "\">\n  <Error>\n    <Type>" + kind + "</Type>\n    <Code>" + code + "</Code>\n" + message +
		"  </Error>\n  <RequestId>ID</RequestId>\n</ErrorResponse>\n"
	return reply{Status: status, Type: "text/xml", Body: body}
}

func TestQueryRefusals(t *testing.T) {
	s := newLab(t, "sts", nil)
	one := func(text string) string { return "1 validation error detected: " + text }
	const pattern = `[\w+=,.@-]*`
	for _, c := range []struct {
		name, body string
		want       reply
	}{
		{"unknown action", "Action=NoSuchAction&Version=2011-06-15", queryError(400, faultNamespace, "Sender", "InvalidAction", "Could not find operation NoSuchAction for version 2011-06-15")},
		{"empty action", "Action=&Version=2011-06-15", queryError(400, faultNamespace, "Sender", "InvalidAction", "Could not find operation  for version 2011-06-15")},
		{"no version", "Action=AssumeRole", queryError(400, faultNamespace, "Sender", "InvalidAction", "Could not find operation AssumeRole for version NO_VERSION_SPECIFIED")},
		{"empty version", "Action=AssumeRole&Version=", queryError(400, faultNamespace, "Sender", "InvalidAction", "Could not find operation AssumeRole for version ")},
		{"other version", "Action=AssumeRole&Version=2000-01-01", queryError(400, faultNamespace, "Sender", "InvalidAction", "Could not find operation AssumeRole for version 2000-01-01")},
		{"first of two actions", "Action=No&Action=AssumeRole&Version=2011-06-15", queryError(400, faultNamespace, "Sender", "InvalidAction", "Could not find operation No for version 2011-06-15")},
		{"bad escape", "Action=%zz", queryError(400, faultNamespace, "Sender", "MalformedInput", "")},
		{"missing", assume + "&" + roleARN, queryError(400, stsNamespace, "Sender", "ValidationError", one("Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null"))},
		{"too short", assume + "&" + roleARN + "&RoleSessionName=a", queryError(400, stsNamespace, "Sender", "ValidationError", one("Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"))},
		{"too long", assume + "&" + roleARN + "&RoleSessionName=" + strings.Repeat("a", 65), queryError(400, stsNamespace, "Sender", "ValidationError", one("Value '"+strings.Repeat("a", 65)+"' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64"))},
		{"pattern", assume + "&" + roleARN + "&RoleSessionName=bad/name", queryError(400, stsNamespace, "Sender", "ValidationError", one("Value 'bad/name' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: "+pattern))},
		{
			"two violations", assume + "&" + roleARN + "&RoleSessionName=!", queryError(400, stsNamespace, "Sender", "ValidationError",
				"2 validation errors detected: Value '!' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: "+pattern+
					"; Value '!' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"),
		},
		{"low number", assume + "&" + roleARN + "&RoleSessionName=aa&DurationSeconds=899", queryError(400, stsNamespace, "Sender", "ValidationError", one("Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"))},
		{"high number", assume + "&" + roleARN + "&RoleSessionName=aa&DurationSeconds=43201", queryError(400, stsNamespace, "Sender", "ValidationError", one("Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"))},
		{"no number", assume + "&" + roleARN + "&RoleSessionName=aa&DurationSeconds=abc", queryError(400, stsNamespace, "Sender", "MalformedInput", "")},
		{"decimal", assume + "&" + roleARN + "&RoleSessionName=aa&DurationSeconds=900.0", queryError(400, stsNamespace, "Sender", "MalformedInput", "")},
		{"overflow", assume + "&" + roleARN + "&RoleSessionName=aa&DurationSeconds=2147483648", queryError(400, stsNamespace, "Sender", "MalformedInput", "")},
		{"empty number", assume + "&" + roleARN + "&RoleSessionName=aa&DurationSeconds=", queryError(400, stsNamespace, "Sender", "MalformedInput", "missing value for decimal type")},
		{
			"nested secret", assume + "&" + roleARN + "&RoleSessionName=aa&ProvidedContexts.member.1.ContextAssertion=abc", queryError(400, stsNamespace, "Sender", "ValidationError",
				one("Value at 'providedContexts.1.member.contextAssertion' failed to satisfy constraint: Member must have length greater than or equal to 4")),
		},
		{
			"element of a list", assume + "&" + roleARN + "&RoleSessionName=aa&TransitiveTagKeys.member.1=ok&TransitiveTagKeys.member.2=%21", queryError(400, stsNamespace, "Sender", "ValidationError",
				one("Value '[ok, !]' at 'transitiveTagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, "+
					`Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]`)),
		},
		{"empty list", assume + "&" + roleARN + "&RoleSessionName=aa&ProvidedContexts=", queryError(400, stsNamespace, "Sender", "ValidationError", one("Value '[]' at 'providedContexts' failed to satisfy constraint: Member must have length greater than or equal to 1"))},
		{
			"secret", "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&" + roleARN + "&RoleSessionName=aa&WebIdentityToken=abc", queryError(400, stsNamespace, "Sender", "ValidationError",
				one("Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4")),
		},
		{
			"null secret", "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&" + roleARN + "&RoleSessionName=aa", queryError(400, stsNamespace, "Sender", "ValidationError",
				one("Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null")),
		},
		{"too many names", assume + strings.Repeat("&a.b=1", 60_000), queryError(400, faultNamespace, "Sender", "MalformedInput", "too many parameters")},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, send(t, s, form(c.body))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestQueryAccepts(t *testing.T) {
	s := newLab(t, "sts", nil)
	base := assume + "&" + roleARN
	for name, body := range map[string]string{
		"unknown parameter":   base + "&RoleSessionName=aa&Unknown=value",
		"first of duplicates": base + "&RoleArn=x&RoleSessionName=aa&RoleSessionName=bad/name&Version=2000-01-01&Action=No",
		"plus and zeros":      base + "&RoleSessionName=aa&DurationSeconds=%2B0900",
		"code points":         assume + "&RoleArn=" + strings.Repeat("%C3%A9", 2048) + "&RoleSessionName=aa",
		"gap in a list":       base + "&RoleSessionName=aa&PolicyArns.member.1.arn=" + strings.Repeat("a", 20) + "&PolicyArns.member.7.arn=" + strings.Repeat("b", 20),
	} {
		t.Run(name, func(t *testing.T) {
			if got := send(t, s, form(body)); got.Status != http.StatusOK {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestQuerySpellingsOfAnIndex: whichever other spelling stands beside element 1,
// the answer is the same every time.
func TestQuerySpellingsOfAnIndex(t *testing.T) {
	s := newLab(t, "sts", nil)
	body := assume + "&" + roleARN + "&RoleSessionName=aa&PolicyArns.member.1.arn=" + strings.Repeat("a", 20)
	for _, other := range []string{"01", "%2B1", "-1", "0", "1.0", "x"} {
		for range 20 {
			if got := send(t, s, form(body+"&PolicyArns.member."+other+".arn=x")); got.Status != http.StatusOK {
				t.Fatalf("beside %s: %+v", other, got)
			}
		}
	}
}

// TestQueryRedirect: STS sends a request without an action to a web page.
func TestQueryRedirect(t *testing.T) {
	s := newLab(t, "sts", nil)
	noType := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("Action=GetCallerIdentity&Version=2011-06-15"))
	for _, c := range []struct {
		name string
		r    *http.Request
		want string
	}{
		{"no action", form("Version=2011-06-15"), "https://aws.amazon.com/iam"},
		{"no content type", noType, "https://aws.amazon.com/iam"},
		{"get", httptest.NewRequest(http.MethodGet, "/?Version=2011-06-15", http.NoBody), "https://aws.amazon.com/iam?Version=2011-06-15"},
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, c.r)
		if w.Code != http.StatusFound || w.Header().Get("Location") != c.want || w.Body.Len() != 0 || w.Header().Get("x-amzn-RequestId") == "" {
			t.Errorf("%s: %d %v %q", c.name, w.Code, w.Header(), w.Body)
		}
	}
}

func TestQueryOutput(t *testing.T) {
	s := newLab(t, "sts", nil)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?Action=GetCallerIdentity&Version=2011-06-15", http.NoBody))
	id := w.Header().Get("x-amzn-RequestId")
	want := `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult/>
  <ResponseMetadata>
    <RequestId>` + id + `</RequestId>
  </ResponseMetadata>
</GetCallerIdentityResponse>
`
	if diff := cmp.Diff(want, w.Body.String()); diff != "" {
		t.Error(diff)
	}
	if w.Header().Get("x-amz-sts-extended-request-id") == "" || w.Header().Get("Content-Type") != "text/xml" {
		t.Errorf("headers %v", w.Header())
	}
}
